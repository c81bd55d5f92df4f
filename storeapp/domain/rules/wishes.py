"""Rules for what staff ask of the planner: a delivery kept for a guide, kept from one, or put before others."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.delivery import (
    FINISHED,
    Delivery,
    DeliveryPinned,
    DeliveryPrioritised,
    DeliveryState,
    GuidesBanned,
)
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.lending import guide_for

MOST_PRIORITY = 2
_OVER = FINISHED | {DeliveryState.WITH_COURIER, DeliveryState.AT_PICKUP_POINT}


class PinDelivery(Struct, frozen=True, gc=False):
    """Keep a delivery for one guide; with an empty ``guide`` anybody may take it again."""

    KIND: ClassVar[str] = "delivery.pin"
    FACT: ClassVar[bool] = False
    delivery_id: str
    guide: str


class BanGuide(Struct, frozen=True, gc=False):
    """Keep a delivery from a guide; ``lifted`` takes that back."""

    KIND: ClassVar[str] = "delivery.ban"
    FACT: ClassVar[bool] = False
    delivery_id: str
    guide: str
    lifted: bool = False


class PrioritiseDelivery(Struct, frozen=True, gc=False):
    """Say how much more than others a delivery must not be left, from 0 to `MOST_PRIORITY`."""

    KIND: ClassVar[str] = "delivery.prioritise"
    FACT: ClassVar[bool] = False
    delivery_id: str
    priority: int


def pin(command: PinDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The last word counts; who has it already keeps it until somebody assigns it anew."""
    delivery = draft.get(Delivery, command.delivery_id)
    refusal = _askable(delivery)
    if refusal is None and command.guide:
        refusal = _knows(draft, command.guide, delivery)
    if refusal or delivery is None:
        return refusal
    if delivery.pinned != command.guide:
        draft.emit(DeliveryPinned(delivery.id, command.guide))
    return None


def ban(command: BanGuide, draft: Draft, ctx: Context) -> Refusal | None:
    """A guide who is both pinned and banned is a contradiction that the plan tells of; two counters may make one."""
    delivery = draft.get(Delivery, command.delivery_id)
    refusal = _askable(delivery)
    if refusal is None and not command.lifted:
        refusal = _knows(draft, command.guide, delivery)
    if refusal or delivery is None:
        return refusal
    others = {guide for guide in delivery.banned if guide != command.guide}
    banned = tuple(sorted(others if command.lifted else others | {command.guide}))
    if banned != delivery.banned:
        draft.emit(GuidesBanned(delivery.id, banned))
    return None


def prioritise(command: PrioritiseDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The last word counts."""
    delivery = draft.get(Delivery, command.delivery_id)
    refusal = _askable(delivery)
    if refusal is None and not 0 <= command.priority <= MOST_PRIORITY:
        refusal = Refusal("bad_priority", {"most": MOST_PRIORITY})
    if refusal or delivery is None:
        return refusal
    if delivery.priority != command.priority:
        draft.emit(DeliveryPrioritised(delivery.id, command.priority))
    return None


def _askable(delivery: Delivery | None) -> Refusal | None:
    if delivery is None:
        return Refusal("unknown_delivery")
    return Refusal("not_assignable", {"state": delivery.state.value}) if delivery.state in _OVER else None


def _knows(draft: Draft, guide: str, delivery: Delivery | None) -> Refusal | None:
    known = guide_for(draft, guide, delivery.store if delivery else "")
    return None if known is not None and known.active else Refusal("unknown_guide", {"guide": guide})


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (PinDelivery, pin),
    (BanGuide, ban),
    (PrioritiseDelivery, prioritise),
)
