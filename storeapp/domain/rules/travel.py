"""Rules for what a store learns from its finished deliveries."""

from collections.abc import Callable
from datetime import date
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.experience import (
    Leg,
    LegsObserved,
    ProfileLearned,
    TravelDay,
    TravelProfile,
    travel_day_id,
)
from storeapp.domain.kernel import Command, Context, Draft, Refusal


class ObserveLegs(Struct, frozen=True, gc=False):
    """State how long ways took."""

    KIND: ClassVar[str] = "travel.observe"
    FACT: ClassVar[bool] = True
    store: str
    day: date
    legs: tuple[Leg, ...]


class LearnTravel(Struct, frozen=True, gc=False):
    """Plan with other numbers from now on."""

    KIND: ClassVar[str] = "travel.learn"
    FACT: ClassVar[bool] = False
    profile: TravelProfile


def observe_legs(command: ObserveLegs, draft: Draft, ctx: Context) -> Refusal | None:
    """What another counter has told already is not told again."""
    key = travel_day_id(command.store, command.day)
    known = draft.get(TravelDay, key)
    told = {leg.key for leg in known.legs} if known else set()
    new = tuple({leg.key: leg for leg in command.legs if leg.key not in told}.values())
    if new:
        draft.emit(LegsObserved(key, command.store, command.day, new))
    return None


def learn_travel(command: LearnTravel, draft: Draft, ctx: Context) -> Refusal | None:
    """Of two counters that learned from the same days the first is enough."""
    known = draft.get(TravelProfile, command.profile.id)
    if known is None or known.version < command.profile.version:
        draft.emit(ProfileLearned(command.profile.id, command.profile))
    return None


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (ObserveLegs, observe_legs),
    (LearnTravel, learn_travel),
)
