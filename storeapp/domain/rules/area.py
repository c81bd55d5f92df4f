"""Rules for the area that a store serves, and for what is kept of past demand."""

from collections.abc import Callable
from datetime import date
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.area import (
    LEAST_CORNERS,
    MOST_CORNERS,
    MOST_ZONES,
    AreaRule,
    AreaSet,
    Corner,
    DemandDay,
    DemandNoted,
    DemandPoint,
    ServiceArea,
    demand_day_id,
)
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.words import Role


class SetArea(Struct, frozen=True, gc=False):
    """Serve another area; the rule's version is the one that the person saw, plus one."""

    KIND: ClassVar[str] = "area.set"
    FACT: ClassVar[bool] = False
    store: str
    rule: AreaRule


class NoteDemand(Struct, frozen=True, gc=False):
    """State where orders were asked for."""

    KIND: ClassVar[str] = "area.note_demand"
    FACT: ClassVar[bool] = True
    store: str
    day: date
    points: tuple[DemandPoint, ...]


def set_area(command: SetArea, draft: Draft, ctx: Context) -> Refusal | None:
    """A manager's; it follows the rule that the person saw, and holds from when it is set on."""
    if ctx.role is not Role.MANAGER:
        return Refusal("manager_only")
    rule = command.rule
    zones = rule.zones
    if len(zones) > MOST_ZONES or not all(map(_is_zone, zones)):
        return Refusal("zone_bad", {"least": LEAST_CORNERS, "most": MOST_CORNERS})
    known = draft.get(ServiceArea, command.store)
    before = known.rules[-1] if known and known.rules else None
    if rule.version != (before.version if before else 0) + 1:
        return Refusal("stale_area", {"version": before.version if before else 0})
    draft.emit(AreaSet(command.store, rule))
    return None


def _is_zone(zone: tuple[Corner, ...]) -> bool:
    on_globe = all(-90 <= corner.lat <= 90 and -180 <= corner.lng <= 180 for corner in zone)
    return on_globe and LEAST_CORNERS <= len(zone) <= MOST_CORNERS


def note_demand(command: NoteDemand, draft: Draft, ctx: Context) -> Refusal | None:
    """What another counter has told already is not told again."""
    key = demand_day_id(command.store, command.day)
    known = draft.get(DemandDay, key)
    told = {point.key for point in known.points} if known else set()
    new = tuple({point.key: point for point in command.points if point.key not in told}.values())
    if new:
        draft.emit(DemandNoted(key, command.store, command.day, new))
    return None


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (SetArea, set_area),
    (NoteDemand, note_demand),
)
