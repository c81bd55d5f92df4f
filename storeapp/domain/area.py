"""Where a store delivers: caps, zones and the reach of the guides on shift, as rules with a history.

Places are judged on a grid of `CELL_M` around the store, so that past orders can be judged again when nobody knows any
more where exactly they went.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.datum import to_wgs84
from storeapp.domain.place import EARTH_RADIUS_M, Position
from storeapp.domain.travel import PACES, Detour, Pace
from storeapp.domain.words import TravelMode

CELL_M = 500
LEAST_CORNERS = 3
MOST_CORNERS = 500
MOST_ZONES = 200


class Cell(NamedTuple):
    """A square of the grid: how many squares north and east of the one around the store."""

    north: int
    east: int

    @property
    def away_m(self) -> float:
        """From the store to the middle."""
        return math.hypot(self.north, self.east) * CELL_M


def spot_of(place: Position, store: Position) -> tuple[float, float]:
    """How many squares north and east of the store a place lies."""
    place, store = to_wgs84(place), to_wgs84(store)
    north_m = math.radians(place.lat - store.lat) * EARTH_RADIUS_M
    east_m = math.radians(place.lng - store.lng) * math.cos(math.radians(store.lat)) * EARTH_RADIUS_M
    return north_m / CELL_M, east_m / CELL_M


def cell_of(place: Position, store: Position) -> Cell:
    """The square that a place lies in."""
    north, east = spot_of(place, store)
    return Cell(math.floor(north + 0.5), math.floor(east + 0.5))


def middle_of(cell: Cell, store: Position) -> Position:
    """The middle of a square."""
    store = to_wgs84(store)
    lat = store.lat + math.degrees(cell.north * CELL_M / EARTH_RADIUS_M)
    lng = store.lng + math.degrees(cell.east * CELL_M / EARTH_RADIUS_M / math.cos(math.radians(store.lat)))
    return Position(lat, lng)


class Corner(NamedTuple):
    """One corner of a zone, in degrees (WGS-84)."""

    lat: float
    lng: float


class AreaVerdict(StrEnum):
    """Whether an order can be taken on, or why not."""

    INSIDE = "inside"
    OUTSIDE_RADIUS = "outside_radius"
    OUTSIDE_ZONES = "outside_zones"
    OUT_OF_REACH = "out_of_reach"
    DAY_FULL = "day_full"


class AreaRule(Struct, frozen=True, gc=False):
    """What is served from ``since`` on.

    Attributes:
        version: counts the store's rules from 1.
        since: from when it holds.
        radius_m: how far from the store at most, 0 for no bound.
        orders_a_day: how many orders one day may have, 0 for no bound.
        reach_minutes: how long the way from the store may take for some guide on shift, 0 where shifts do not matter.
        zones: polygons that are served; with ``cells`` none, everything is.
        cells: squares that are served beside the zones.
    """

    version: int
    since: datetime
    radius_m: int = 0
    orders_a_day: int = 0
    reach_minutes: int = 0
    zones: tuple[tuple[Corner, ...], ...] = ()
    cells: tuple[Cell, ...] = ()


class ServiceArea(Struct, frozen=True, gc=False):
    """A store's rules, the newest last; its id is the store's."""

    KIND: ClassVar[str] = "service_area"
    id: str
    rules: tuple[AreaRule, ...] = ()

    @property
    def store(self) -> str:
        """Whose area it is."""
        return self.id

    def at(self, moment: datetime) -> AreaRule | None:
        """The rule that holds at a moment, None before the first."""
        return next((rule for rule in reversed(self.rules) if rule.since <= moment), None)


class DemandPoint(Struct, frozen=True, gc=False):
    """One order that was asked for: at which hour, how far north and east; ``key`` tells it from others of the day."""

    key: str
    hour: int
    cell: Cell


class DemandDay(Struct, frozen=True, gc=False):
    """Where the orders of one day went, on the grid; nobody's door can be told from it."""

    KIND: ClassVar[str] = "demand_day"
    id: str
    store: str
    day: date
    points: tuple[DemandPoint, ...] = ()


def demand_day_id(store: str, day: date) -> str:
    """One a store and day."""
    return f"{store}/{day.isoformat()}"


class AreaSet(Struct, frozen=True, gc=False):
    """A store serves another area from now on."""

    KIND: ClassVar[str] = "area.set"
    OF: ClassVar[type[ServiceArea]] = ServiceArea
    id: str
    rule: AreaRule


class DemandNoted(Struct, frozen=True, gc=False):
    """These orders were asked for on a day."""

    KIND: ClassVar[str] = "area.demand_noted"
    OF: ClassVar[type[DemandDay]] = DemandDay
    id: str
    store: str
    day: date
    points: tuple[DemandPoint, ...]


AreaEvent = AreaSet | DemandNoted


def evolve(state: Any, event: AreaEvent) -> ServiceArea | DemandDay:
    """Apply one event."""
    match event:
        case AreaSet():
            area: ServiceArea = state or ServiceArea(event.id)
            return replace(area, rules=(*area.rules, event.rule))
        case DemandNoted():
            day: DemandDay = state or DemandDay(event.id, event.store, event.day)
            return replace(day, points=(*day.points, *event.points))


# -- judging


@dataclass(frozen=True, slots=True)
class OnShift:
    """A guide who works at an hour; ``home`` only where that hour is the last and the way leads home."""

    mode: TravelMode
    home: Cell | None = None


class Judge:
    """Judges places by one rule; what it found for a square is remembered."""

    def __init__(
        self,
        rule: AreaRule,
        store: Position,
        *,
        detour_percent: int = 135,
        detours: Mapping[TravelMode, Detour] | None = None,
        paces: Mapping[TravelMode, Pace] = PACES,
    ) -> None:
        self._rule = rule
        self._store = to_wgs84(store)
        self._usual = detour_percent
        self._detours = detours or {}
        self._paces = paces
        self._zones: dict[Cell, bool] = {}

    def verdict(self, cell: Cell, guides: Sequence[OnShift], *, taken: int = 0) -> AreaVerdict:
        """Whether one more order to a square can be taken on.

        Args:
            cell: where it goes.
            guides: who works at that hour.
            taken: how many orders the day has already.
        """
        rule = self._rule
        if rule.radius_m and cell.away_m > rule.radius_m:
            return AreaVerdict.OUTSIDE_RADIUS
        if not self._in_zones(cell):
            return AreaVerdict.OUTSIDE_ZONES
        if rule.reach_minutes and not any(self._reaches(guide, cell) for guide in guides):
            return AreaVerdict.OUT_OF_REACH
        if rule.orders_a_day and taken >= rule.orders_a_day:
            return AreaVerdict.DAY_FULL
        return AreaVerdict.INSIDE

    def _in_zones(self, cell: Cell) -> bool:
        rule = self._rule
        if not rule.zones and not rule.cells:
            return True
        found = self._zones.get(cell)
        if found is None:
            middle = middle_of(cell, self._store)
            found = cell in rule.cells or any(within(middle, zone) for zone in rule.zones)
            self._zones[cell] = found
        return found

    def _reaches(self, guide: OnShift, cell: Cell) -> bool:
        """There in time from the store, or on the way home with no more detour than that."""
        most_s = self._rule.reach_minutes * 60
        there_s = self._seconds(guide.mode, cell.away_m)
        if there_s <= most_s:
            return True
        if guide.home is None:
            return False
        rest = Cell(guide.home.north - cell.north, guide.home.east - cell.east)
        detour_s = there_s + self._seconds(guide.mode, rest.away_m) - self._seconds(guide.mode, guide.home.away_m)
        return detour_s <= most_s

    def _seconds(self, mode: TravelMode, metres: float) -> int:
        learned = self._detours.get(mode)
        percent = learned.percent if learned else self._usual
        return self._paces[mode].seconds(math.ceil(metres * percent / 100))


def within(place: Position, zone: Sequence[Corner]) -> bool:
    """Whether a place lies in a polygon, by counting how often a ray to the east crosses its border."""
    inside = False
    for a, b in zip(zone, (*zone[1:], zone[0]), strict=True):
        if (a.lat > place.lat) != (b.lat > place.lat):
            crossing = a.lng + (place.lat - a.lat) / (b.lat - a.lat) * (b.lng - a.lng)
            inside ^= place.lng < crossing
    return inside


# -- replaying


@dataclass(frozen=True, slots=True)
class DayReplay:
    """What a rule would have made of one day: how many orders there were, and how many by verdict."""

    day: date
    orders: int
    counts: Mapping[AreaVerdict, int]

    @property
    def inside(self) -> int:
        """How many would have been taken on."""
        return self.counts.get(AreaVerdict.INSIDE, 0)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a rule would have made of some days."""

    days: tuple[DayReplay, ...]

    def count(self, verdict: AreaVerdict) -> int:
        """How many orders got a verdict."""
        return sum(day.counts.get(verdict, 0) for day in self.days)

    @property
    def orders(self) -> int:
        """How many there were."""
        return sum(day.orders for day in self.days)

    @property
    def full_days(self) -> int:
        """On how many days the cap was reached."""
        return sum(bool(day.counts.get(AreaVerdict.DAY_FULL)) for day in self.days)


Shifts = Mapping[tuple[date, int], Sequence[OnShift]]
"""Who worked on a day at an hour."""


def replay(judge: Judge, days: Iterable[DemandDay], shifts: Shifts) -> Replay:
    """Judge past orders by a rule, hour by hour; those that it takes on count towards the day's cap."""
    return Replay(tuple(_replayed(judge, day, shifts) for day in days))


def _replayed(judge: Judge, day: DemandDay, shifts: Shifts) -> DayReplay:
    counts: dict[AreaVerdict, int] = {}
    for point in sorted(day.points, key=lambda point: (point.hour, point.key)):
        taken = counts.get(AreaVerdict.INSIDE, 0)
        verdict = judge.verdict(point.cell, shifts.get((day.day, point.hour), ()), taken=taken)
        counts[verdict] = counts.get(verdict, 0) + 1
    return DayReplay(day.day, len(day.points), counts)
