"""How far and how long it is between the places of one planning problem; a map service may answer instead."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from storeapp.domain.datum import to_wgs84
from storeapp.domain.place import EARTH_RADIUS_M, Position
from storeapp.domain.words import TravelMode

WALKING_M_S = 1.25


@dataclass(frozen=True, slots=True)
class Pace:
    """How one travel mode moves and what it costs.

    ``overhead_s`` is spent on every leg (unlocking, waiting for the train), unless walking is faster;
    ``km_li`` is the price of a kilometre in li, a thousandth of a yuan.
    """

    speed_m_s: float
    km_li: int
    overhead_s: int = 0

    def seconds(self, metres: int) -> int:
        """Door to door, rounded up; never longer than on foot, and a detour never saves time."""
        if metres <= 0:
            return 0
        return math.ceil(min(metres / min(WALKING_M_S, self.speed_m_s), self.overhead_s + metres / self.speed_m_s))


PACES: Mapping[TravelMode, Pace] = {
    TravelMode.WALK: Pace(WALKING_M_S, 600),
    TravelMode.EBIKE: Pace(5.0, 400, 30),
    TravelMode.METRO: Pace(7.0, 500, 420),
    TravelMode.CAR: Pace(5.5, 1200, 150),
}
"""What is assumed until finished deliveries of the store have taught better."""


class Travel(Protocol):
    """Port: lengths and times between places, which are known by their index.

    A row may be made when it is first asked for. Times should obey the triangle inequality; where they do not,
    a plan is still feasible, only dearer than it must be.
    """

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way in metres from one place to every place."""

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The time in seconds from one place to every place."""


class Haversine:
    """Great-circle distance times a detour factor; needs no network and no map.

    ``points`` are the places on the unit sphere, ``factor`` makes metres of half angles.
    """

    def __init__(
        self, places: Sequence[Position], *, detour_percent: int = 135, paces: Mapping[TravelMode, Pace] = PACES
    ) -> None:
        self.points = [_unit_vector(place) for place in places]
        self.factor = 2 * EARTH_RADIUS_M * detour_percent / 100
        self.paces = paces
        self._metres: dict[int, list[int]] = {}
        self._seconds: dict[tuple[int, TravelMode], list[int]] = {}

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way in metres, rounded up, so that a detour is never shorter than the direct way."""
        row = self._metres.get(place)
        if row is None:
            row = self._metres[place] = self._row(place)
        return row

    def _row(self, place: int) -> list[int]:
        x, y, z = self.points[place]
        factor, ceil, asin, dist = self.factor, math.ceil, math.asin, math.dist
        here = (x, y, z)
        # Half the chord of the unit sphere is the sine of half the angle; below a centimetre it is the same place.
        return [ceil(factor * asin(min(1.0, dist(here, there) / 2)) - 0.01) for there in self.points]

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The time in seconds at the mode's pace."""
        row = self._seconds.get((place, mode))
        if row is None:
            seconds = self.paces[mode].seconds
            row = self._seconds[place, mode] = [seconds(metres) for metres in self.metres_from(place)]
        return row


def _unit_vector(place: Position) -> tuple[float, float, float]:
    place = to_wgs84(place)
    lat, lng = math.radians(place.lat), math.radians(place.lng)
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)
