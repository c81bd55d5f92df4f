"""How far and how long it is between the places of one planning problem; a map service may answer instead."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
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


class SourceKind(StrEnum):
    """Where a travel time comes from, the least sure first."""

    ESTIMATED = "estimated"
    """The straight line and the policy's detour."""
    LEARNED = "learned"
    """The straight line and the detour that the store's own finished deliveries show."""
    ROADS = "roads"
    """The shortest way on the road map that IT gave this store."""
    MAP = "map"
    """A map service, asked before."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a travel time comes from.

    ``percent`` is the detour over the straight line; ``legs`` counts the finished deliveries it was learned from;
    ``age_s`` tells how long ago a map service said it.
    """

    kind: SourceKind
    percent: int = 0
    legs: int = 0
    age_s: int = 0


@dataclass(frozen=True, slots=True)
class Detour:
    """How much longer a way is than the straight line, as the times of ``legs`` finished deliveries show."""

    percent: int
    legs: int = 0


class Travel(Protocol):
    """Port: lengths and times between places, which are known by their index.

    A row may be made when it is first asked for. Times should obey the triangle inequality; where they do not,
    a plan is still feasible, only dearer than it must be.
    """

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way in metres from one place to every place."""

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The time in seconds from one place to every place."""

    def source(self, origin: int, place: int, mode: TravelMode, /) -> Source:
        """Where the time between two places comes from."""


class Haversine:
    """Great-circle distance times a detour factor; needs no network and no map.

    Ways are as long as ``detour_percent`` says; times follow ``detours`` of the modes for which one was learned.
    ``points`` are the places on the unit sphere, ``factor`` makes metres of half angles.
    """

    def __init__(
        self,
        places: Sequence[Position],
        *,
        detour_percent: int = 135,
        paces: Mapping[TravelMode, Pace] = PACES,
        detours: Mapping[TravelMode, Detour] | None = None,
    ) -> None:
        self.points = [_unit_vector(place) for place in places]
        self.factor = 2 * EARTH_RADIUS_M * detour_percent / 100
        self.paces = paces
        self.percent = detour_percent
        self.detours = detours or {}
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
            seconds, learned = self.paces[mode].seconds, self.detours.get(mode)
            metres = self.metres_from(place)
            if learned is not None and learned.percent != self.percent:
                percent, usual = learned.percent, self.percent
                metres = [-(-way * percent // usual) for way in metres]
            row = self._seconds[place, mode] = [seconds(way) for way in metres]
        return row

    def source(self, _origin: int, _place: int, mode: TravelMode, /) -> Source:
        """Learned where finished deliveries had a say, else estimated."""
        learned = self.detours.get(mode)
        if learned is None:
            return Source(SourceKind.ESTIMATED, self.percent)
        return Source(SourceKind.LEARNED, learned.percent, learned.legs)


class ByStore:
    """Travel in a region of stores, of which each knows its own ways: a way takes as long as where it begins.

    ``bases`` have the same places and lengths; ``of`` tells whose base counts, by place.
    """

    def __init__(self, bases: Sequence[Haversine], of: Sequence[int]) -> None:
        self.bases = bases
        self.of = of

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way in metres, which is the same for all stores."""
        return self.bases[self.of[place]].metres_from(place)

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The time in seconds as the store knows it."""
        return self.bases[self.of[place]].seconds_from(place, mode)

    def source(self, origin: int, place: int, mode: TravelMode, /) -> Source:
        """Learned where that store has learned, else estimated."""
        return self.bases[self.of[origin]].source(origin, place, mode)


def _unit_vector(place: Position) -> tuple[float, float, float]:
    place = to_wgs84(place)
    lat, lng = math.radians(place.lat), math.radians(place.lng)
    return math.cos(lat) * math.cos(lng), math.cos(lat) * math.sin(lng), math.sin(lat)


@dataclass(frozen=True, slots=True)
class Told:
    """What a map service said of one way, so long ago."""

    seconds: int
    age_s: int


class Overlaid:
    """Travel in which some times were told by a map service; lengths and all other times stay."""

    def __init__(self, base: Travel, told: Mapping[tuple[int, TravelMode], Mapping[int, Told]]) -> None:
        self._base = base
        self._told = told
        self._seconds: dict[tuple[int, TravelMode], list[int]] = {}

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way as the base has it, because it is compared with ways that no service was asked about."""
        return self._base.metres_from(place)

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The service's time where there is one."""
        told = self._told.get((place, mode))
        if told is None:
            return self._base.seconds_from(place, mode)
        row = self._seconds.get((place, mode))
        if row is None:
            row = self._seconds[place, mode] = list(self._base.seconds_from(place, mode))
            for there, said in told.items():
                row[there] = said.seconds
        return row

    def source(self, origin: int, place: int, mode: TravelMode, /) -> Source:
        """The service where it was asked about this way."""
        said = self._told.get((origin, mode), {}).get(place)
        return Source(SourceKind.MAP, age_s=said.age_s) if said else self._base.source(origin, place, mode)


class OnRoads:
    """Travel along measured ways; what the measuring does not know is as in the base.

    ``ways`` hold metres by mode, from each place to each place, -1 where unknown. ``slowness`` multiplies the way of a
    mode when its time is told: what finished deliveries took over what the bare ways say.
    """

    def __init__(
        self,
        base: Travel,
        ways: Mapping[TravelMode, Sequence[Sequence[int]]],
        *,
        slowness: Mapping[TravelMode, float] | None = None,
        paces: Mapping[TravelMode, Pace] = PACES,
    ) -> None:
        self._base = base
        self._ways = ways
        self._slowness = slowness or {}
        self._paces = paces
        self._shortest = next((ways[mode] for mode in (TravelMode.WALK, TravelMode.EBIKE) if mode in ways), None)
        self._metres: dict[int, list[int]] = {}
        self._seconds: dict[tuple[int, TravelMode], list[int]] = {}

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way on foot, which is the shortest that the map has."""
        if self._shortest is None:
            return self._base.metres_from(place)
        row = self._metres.get(place)
        if row is None:
            known, guessed = self._shortest[place], self._base.metres_from(place)
            row = self._metres[place] = [a if a >= 0 else b for a, b in zip(known, guessed, strict=True)]
        return row

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The time along the mode's own ways at its pace."""
        if mode not in self._ways:
            return self._base.seconds_from(place, mode)
        row = self._seconds.get((place, mode))
        if row is None:
            seconds, slow = self._paces[mode].seconds, self._slowness.get(mode, 1.0)
            guessed = self._base.seconds_from(place, mode)
            ways = self._ways[mode][place]
            row = [seconds(math.ceil(a * slow)) if a >= 0 else b for a, b in zip(ways, guessed, strict=True)]
            self._seconds[place, mode] = row
        return row

    def source(self, origin: int, place: int, mode: TravelMode, /) -> Source:
        """The map where it knows the way."""
        if mode in self._ways and self._ways[mode][origin][place] >= 0:
            return Source(SourceKind.ROADS)
        return self._base.source(origin, place, mode)
