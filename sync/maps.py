"""Asks Tencent's location service for ways (WebService API, distance matrix); GCJ-02 begins and ends here.

The service takes its key in the address, so no address of it is ever logged, quoted in an error or kept.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence

import msgspec
import requests
from requests.adapters import HTTPAdapter

from storeapp.domain.datum import to_gcj02
from storeapp.domain.place import Position
from storeapp.domain.travel import PACES
from storeapp.domain.words import TravelMode
from storeapp.services.ports import MapAccess, MapFailed, MapWay

HOST = "https://apis.map.qq.com"
PATH = "/ws/distance/v1/matrix"
DECIMALS = 4
CONNECT_TIMEOUT_S, REPLY_TIMEOUT_S = 4.0, 10.0
MODES: Mapping[TravelMode, str] = {
    TravelMode.WALK: "walking",
    TravelMode.EBIKE: "bicycling",
    TravelMode.CAR: "driving",
}
NO_ROAD = 4
"""The status of a pair without a road nearby; its length is the straight line."""
_CODES: Mapping[int, str] = {
    110: "map_key",
    111: "map_key",
    112: "map_key",
    113: "map_key",
    120: "map_busy",
    121: "map_quota",
    190: "map_key",
    199: "map_key",
    311: "map_key",
}
"""Not authorised (source, signature, address, function), too many a second, too many a day, and bad keys."""


class _Element(msgspec.Struct, frozen=True):
    distance: float
    duration: float | None = None
    status: int = 0


class _Row(msgspec.Struct, frozen=True):
    elements: list[_Element]


class _Result(msgspec.Struct, frozen=True):
    rows: list[_Row]


class _Reply(msgspec.Struct, frozen=True):
    status: int
    result: _Result | None = None


_decoder = msgspec.json.Decoder(_Reply)


class TencentMaps:
    """The distance matrix; use it from one thread."""

    most_pairs = 200
    """Of one origin; several origins may have 625 pairs together, 25 on a side."""

    def __init__(self, access: MapAccess, *, host: str = HOST) -> None:
        self._access = access
        self._host = host
        self._session = requests.Session()
        # The environment's proxies stay in force; a redirect would carry the key somewhere else.
        for prefix in ("http://", "https://"):
            self._session.mount(prefix, HTTPAdapter(max_retries=0))
        _silence()

    def matrix(
        self, mode: TravelMode, origins: Sequence[Position], places: Sequence[Position], /
    ) -> list[list[MapWay | None]]:
        """One row for each origin.

        Raises:
            MapFailed: there is no answer.
        """
        if mode not in MODES:
            raise MapFailed("map_trouble")
        reply = self._ask({"mode": MODES[mode], "from": _written(origins), "to": _written(places)})
        rows = reply.result.rows if reply.result else []
        if len(rows) != len(origins) or any(len(row.elements) != len(places) for row in rows):
            raise MapFailed("map_trouble")
        return [[_way(element, mode) for element in row.elements] for row in rows]

    def _ask(self, parameters: Mapping[str, str]) -> _Reply:
        signed = _signed(dict(parameters) | {"key": self._access.key}, self._access.signing_key)
        try:
            response = self._session.get(
                self._host + PATH,
                params=signed,
                timeout=(CONNECT_TIMEOUT_S, REPLY_TIMEOUT_S),
                allow_redirects=False,
            )
        except requests.RequestException:
            # The cause quotes the address, and that the key.
            raise MapFailed("map_offline") from None
        if response.status_code != requests.codes.ok:
            raise MapFailed("map_busy" if response.status_code == requests.codes.too_many_requests else "map_trouble")
        return _read(response.content)


def _silence() -> None:
    """The library below writes every address it asks for to its debug log."""
    logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def _signed(parameters: dict[str, str], signing_key: str) -> dict[str, str]:
    """With the signature that the service asks for where the key has one: MD5 over path, sorted values and secret."""
    if not signing_key:
        return parameters
    text = PATH + "?" + "&".join(f"{name}={parameters[name]}" for name in sorted(parameters)) + signing_key
    return parameters | {"sig": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()}


def _read(body: bytes) -> _Reply:
    try:
        reply = _decoder.decode(body)
    except msgspec.MsgspecError:
        raise MapFailed("map_trouble") from None
    if reply.status:
        raise MapFailed(_CODES.get(reply.status, "map_trouble"))
    return reply


def _written(places: Sequence[Position]) -> str:
    shifted = (to_gcj02(place) for place in places)
    return ";".join(f"{place.lat:.{DECIMALS}f},{place.lng:.{DECIMALS}f}" for place in shifted)


def _way(element: _Element, mode: TravelMode) -> MapWay | None:
    """A pair's answer; on foot and by bicycle the service may leave the time out, and then our own pace tells it."""
    if element.status == NO_ROAD:
        return None
    metres = round(element.distance)
    seconds = round(element.duration) if element.duration else None
    if mode is TravelMode.EBIKE or seconds is None:
        # An e-bike is not ridden like a bicycle: only the way is taken over.
        seconds = PACES[mode].seconds(metres)
    return MapWay(metres, seconds)
