"""The map service's client against a server of its public form."""

import logging
from collections.abc import Iterator

import pytest

from storeapp.domain.datum import to_gcj02
from storeapp.domain.place import Position
from storeapp.domain.travel import PACES
from storeapp.domain.words import TravelMode
from storeapp.services.ports import MapAccess, MapFailed
from sync.maps import TencentMaps
from tests.support.mapserver import KEY, SIGNING_KEY, MapServer, map_server

STORE, DOOR, FAR = Position(31.1951, 121.4333), Position(31.2012, 121.4391), Position(31.2212, 121.4491)


@pytest.fixture(scope="module")
def running() -> Iterator[MapServer]:
    with map_server() as server:
        yield server


@pytest.fixture
def server(running: MapServer) -> MapServer:
    running.does.__init__()  # type: ignore[misc]  # as new for every test
    return running


def client(server: MapServer, key: str = KEY, signing: str = "") -> TencentMaps:
    return TencentMaps(MapAccess(key, signing), host=server.url)


def test_rows_are_origins_and_entries_are_places(server: MapServer) -> None:
    rows = client(server).matrix(TravelMode.CAR, [STORE, DOOR], [DOOR, FAR])
    assert [len(row) for row in rows] == [2, 2]
    first, second = rows[0]
    assert first is not None
    assert second is not None
    assert 0 < first.metres < second.metres
    assert first.seconds == pytest.approx(first.metres / 6, abs=1)


def test_places_go_out_shifted_and_rounded(server: MapServer) -> None:
    client(server).matrix(TravelMode.WALK, [Position(31.19512345, 121.43334567)], [DOOR])
    (asked,) = server.does.asked
    shifted = to_gcj02(Position(31.19512345, 121.43334567))
    assert asked["from"] == f"{shifted.lat:.4f},{shifted.lng:.4f}"
    assert asked["mode"] == "walking"
    assert set(asked) == {"mode", "from", "to", "key"}


def test_of_a_bicycle_only_the_way_is_taken_over(server: MapServer) -> None:
    ((way,),) = client(server).matrix(TravelMode.EBIKE, [STORE], [DOOR])
    assert way is not None
    assert way.seconds == PACES[TravelMode.EBIKE].seconds(way.metres)


def test_a_signing_key_signs(server: MapServer) -> None:
    assert client(server, signing=SIGNING_KEY).matrix(TravelMode.WALK, [STORE], [DOOR])
    with pytest.raises(MapFailed) as failed:
        client(server, signing="another").matrix(TravelMode.WALK, [STORE], [DOOR])
    assert failed.value.code == "map_key"


@pytest.mark.parametrize(
    ("status", "code"),
    [(121, "map_quota"), (120, "map_busy"), (190, "map_key"), (112, "map_key"), (310, "map_trouble")],
)
def test_the_service_says_why_not(server: MapServer, status: int, code: str) -> None:
    server.does.status = status
    with pytest.raises(MapFailed) as failed:
        client(server).matrix(TravelMode.WALK, [STORE], [DOOR])
    assert failed.value.code == code


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b"[]", b'{"status":0}', b'{"status":0,"result":{"rows":[]}}',
     b'{"status":0,"result":{"rows":[{"elements":[]}]}}', b'{"status":"0"}'],
)  # fmt: skip
def test_an_answer_of_another_form_is_trouble(server: MapServer, body: bytes) -> None:
    server.does.body = body
    with pytest.raises(MapFailed) as failed:
        client(server).matrix(TravelMode.WALK, [STORE], [DOOR])
    assert failed.value.code == "map_trouble"


@pytest.mark.parametrize(("http_status", "code"), [(500, "map_trouble"), (302, "map_trouble"), (429, "map_busy")])
def test_another_status_is_no_answer(server: MapServer, http_status: int, code: str) -> None:
    server.does.http_status = http_status
    with pytest.raises(MapFailed) as failed:
        client(server).matrix(TravelMode.WALK, [STORE], [DOOR])
    assert failed.value.code == code


def test_a_pair_without_a_road_is_none(server: MapServer) -> None:
    server.does.no_road = True
    assert client(server).matrix(TravelMode.CAR, [STORE], [DOOR]) == [[None]]


def test_nobody_there_is_offline_and_names_no_address() -> None:
    with map_server() as gone:
        url = gone.url
    with pytest.raises(MapFailed) as failed:
        TencentMaps(MapAccess(KEY), host=url).matrix(TravelMode.WALK, [STORE], [DOOR])
    assert failed.value.code == "map_offline"
    assert failed.value.__cause__ is None
    assert failed.value.__suppress_context__


def test_the_key_is_in_no_log_and_in_no_text_of_an_object(server: MapServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client(server).matrix(TravelMode.WALK, [STORE], [DOOR])
    assert KEY not in caplog.text
    assert KEY not in repr(MapAccess(KEY, SIGNING_KEY))
    assert SIGNING_KEY not in repr(MapAccess(KEY, SIGNING_KEY))
