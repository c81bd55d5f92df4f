"""What finished deliveries teach about the ways of a store: each leg as it was, and what was learned from them.

A leg says neither who nor where: a rounded length, an hour of the day and two durations.
"""

import hashlib
from datetime import date, datetime
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.moment import STORE_ZONE
from storeapp.domain.travel import Detour
from storeapp.domain.words import TravelMode

ANY_HOUR = -1
"""Stands for the whole day among the hours."""


class Leg(Struct, frozen=True, gc=False):
    """One way between two doors, or from the store to a door, as a guide went it.

    Attributes:
        key: tells it from other legs of the day, see `leg_key`.
        mode: how the guide moved.
        hour: of the store's clock, when it began.
        metres: of the straight line, rounded to `GRAIN_M`.
        took_s: how long it took, without the time at the door.
        ahead_s: how long the whole way since the store was foretold to take up to here.
        came_s: how long it did take.
    """

    key: str
    mode: TravelMode
    hour: int
    metres: int
    took_s: int
    ahead_s: int
    came_s: int

    @property
    def late_s(self) -> int:
        """How much later than foretold; negative where earlier."""
        return self.came_s - self.ahead_s


GRAIN_M = 50
"""So coarse that a length leads to no door."""


def leg_key(delivery: str) -> str:
    """A short hash, so that two counters that saw one delivery tell of one leg."""
    return hashlib.sha256(f"leg|{delivery}".encode()).hexdigest()[:12]


def rounded_m(metres: float) -> int:
    """A length as it may be kept."""
    return round(metres / GRAIN_M) * GRAIN_M


class TravelDay(Struct, frozen=True, gc=False):
    """The legs of one day of a store."""

    KIND: ClassVar[str] = "travel_day"
    id: str
    store: str
    day: date
    legs: tuple[Leg, ...] = ()

    def leg(self, key: str) -> Leg | None:
        """The leg with this key."""
        return next((leg for leg in self.legs if leg.key == key), None)


def travel_day_id(store: str, day: date) -> str:
    """One a store and day."""
    return f"{store}/{day.isoformat()}"


class LearnedDetour(Struct, frozen=True, gc=False):
    """The detour of a mode at an hour, or at `ANY_HOUR`, from so many legs."""

    mode: TravelMode
    hour: int
    percent: int
    legs: int


class Spread(Struct, frozen=True, gc=False):
    """How far arrivals were off what was foretold, as scores of `risk.score` in rising order.

    ``mode`` is None where all modes are meant.
    """

    mode: TravelMode | None
    hour: int
    permille: tuple[int, ...]


class TravelProfile(Struct, frozen=True, gc=False):
    """What a store has learned up to a day; plans made under one version are made with these numbers."""

    KIND: ClassVar[str] = "travel_profile"
    id: str
    version: int
    learned_on: date
    legs: int
    detours: tuple[LearnedDetour, ...] = ()
    spreads: tuple[Spread, ...] = ()

    @property
    def store(self) -> str:
        """A store has one profile, under its own code."""
        return self.id

    def detour(self, mode: TravelMode, hour: int) -> LearnedDetour | None:
        """What was learned of a mode at an hour, else of the mode at any."""
        known = {(item.mode, item.hour): item for item in self.detours}
        return known.get((mode, hour)) or known.get((mode, ANY_HOUR))


def detours_at(profile: TravelProfile | None, now: datetime) -> dict[TravelMode, Detour]:
    """The learned detours of this hour, by mode."""
    if profile is None:
        return {}
    hour = store_hour(now)
    found = {mode: profile.detour(mode, hour) for mode in TravelMode}
    return {mode: Detour(item.percent, item.legs) for mode, item in found.items() if item is not None}


def store_hour(moment: datetime) -> int:
    """The hour on the store's clock."""
    return moment.astimezone(STORE_ZONE).hour


class LegsObserved(Struct, frozen=True, gc=False):
    """Guides went these ways on a day."""

    KIND: ClassVar[str] = "travel.observed"
    OF: ClassVar[type[TravelDay]] = TravelDay
    id: str
    store: str
    day: date
    legs: tuple[Leg, ...]


class ProfileLearned(Struct, frozen=True, gc=False):
    """Plans are made with these numbers from now on."""

    KIND: ClassVar[str] = "travel.learned"
    OF: ClassVar[type[TravelProfile]] = TravelProfile
    id: str
    profile: TravelProfile


ExperienceEvent = LegsObserved | ProfileLearned


def evolve(state: Any, event: ExperienceEvent) -> TravelDay | TravelProfile:
    """Apply one event."""
    match event:
        case LegsObserved():
            known: TravelDay = state or TravelDay(event.id, event.store, event.day)
            return replace(known, legs=(*known.legs, *event.legs))
        case ProfileLearned():
            return event.profile
