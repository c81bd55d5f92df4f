"""Rules for facts about parcels: handed over, rescued, delivered, failed, returned. A fact is never refused."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.delivery import (
    Attempt,
    AttemptEnded,
    CustodyMoved,
    Delivery,
    DeliveryAssigned,
    DeliveryReturned,
    Holder,
    Link,
    Parcel,
    Proof,
)
from storeapp.domain.exception import ExceptionCase, ExceptionKind, ExceptionResolved
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.rules.common import discrepancy, open_case
from storeapp.domain.rules.goods import promise_again, put_back, take_off
from storeapp.domain.rules.orders import close_cancelled, recall_id
from storeapp.domain.rules.paying import carrier, complete, reopen

_OTHERS = frozenset({Holder.COURIER, Holder.PICKUP_POINT})


class HandOver(Struct, frozen=True, gc=False):
    """A guide took a parcel. ``reason`` is filled where staff recorded it in spite of a verdict."""

    KIND: ClassVar[str] = "delivery.hand_over"
    FACT: ClassVar[bool] = True
    delivery_id: str
    parcel: int
    guide: str
    proof: Proof
    slip_id: str = ""
    verdict: str = ""
    reason: str = ""


class Rescue(Struct, frozen=True, gc=False):
    """Another guide took a parcel over from the one who held it, away from the counter.

    ``proof`` is a token where both showed their badges, else what staff say, with their ``reason``.
    """

    KIND: ClassVar[str] = "delivery.rescue"
    FACT: ClassVar[bool] = True
    delivery_id: str
    parcel: int
    giver: str
    guide: str
    proof: Proof
    reason: str = ""


class Deliver(Struct, frozen=True, gc=False):
    """The customer has one parcel; without ``parcel`` all that are out, or where none is, all in the store."""

    KIND: ClassVar[str] = "delivery.deliver"
    FACT: ClassVar[bool] = True
    delivery_id: str
    proof: Proof
    parcel: int | None = None
    reason: str = ""


class FailDelivery(Struct, frozen=True, gc=False):
    """The customer did not take it; the guide still holds the one parcel, or all without ``parcel``."""

    KIND: ClassVar[str] = "delivery.fail"
    FACT: ClassVar[bool] = True
    delivery_id: str
    reason: str
    returning: bool = False
    parcel: int | None = None


class ReturnDelivery(Struct, frozen=True, gc=False):
    """One parcel is back at the counter; without ``parcel`` all that are out, or where none is, the customer's."""

    KIND: ClassVar[str] = "delivery.return"
    FACT: ClassVar[bool] = True
    delivery_id: str
    reason: str
    parcel: int | None = None


class PassOn(Struct, frozen=True, gc=False):
    """A parcel lies at a pickup point, or a courier took it; without ``parcel`` all out, else all in the store.

    Raises:
        ValueError: the holder is neither; a guide, the store and the customer have commands of their own.
    """

    KIND: ClassVar[str] = "delivery.pass_on"
    FACT: ClassVar[bool] = True
    delivery_id: str
    holder: Holder
    holder_id: str
    parcel: int | None = None

    def __post_init__(self) -> None:
        if self.holder not in _OTHERS:
            raise ValueError("parcels are passed on to a courier or a pickup point")


def hand_over(command: HandOver, draft: Draft, ctx: Context) -> Refusal | None:
    """Custody moves to the guide, whatever was planned."""
    delivery = _subject(draft, ctx, command.delivery_id, parcel=command.parcel)
    parcel = delivery.parcel(command.parcel) if delivery else None
    if delivery is None or parcel is None:
        return None
    if command.reason:
        data = {"verdict": command.verdict, "reason": command.reason}
        discrepancy(draft, ctx, "recorded_by_staff", subject=delivery.id, data=data)
    if _already_there(draft, ctx, delivery, parcel, guide=command.guide):
        return None
    _leave(draft, ctx, delivery)
    link = Link(Holder.GUIDE, command.guide, ctx.now, ctx.device, ctx.actor, command.proof)
    draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    _make_responsible(draft, ctx, delivery, guide=command.guide)
    return None


def rescue(command: Rescue, draft: Draft, ctx: Context) -> Refusal | None:
    """Custody moves from guide to guide in the same round, so the slip stays what it is; the taker is responsible."""
    delivery = _subject(draft, ctx, command.delivery_id, parcel=command.parcel)
    parcel = delivery.parcel(command.parcel) if delivery else None
    if delivery is None or parcel is None:
        return None
    if command.reason:
        discrepancy(draft, ctx, "recorded_by_staff", subject=delivery.id, data={"reason": command.reason})
    holder = parcel.custodian
    if (holder.holder, holder.holder_id) != (Holder.GUIDE, command.giver):
        data = {"holder": holder.holder_id or holder.holder.value, "giver": command.giver, "guide": command.guide}
        discrepancy(draft, ctx, "rescued_from_other", subject=delivery.id, data=data)
    if holder.holder is Holder.CUSTOMER or (holder.holder, holder.holder_id) == (Holder.GUIDE, command.guide):
        return None
    _leave(draft, ctx, delivery)
    link = Link(Holder.GUIDE, command.guide, ctx.now, ctx.device, ctx.actor, command.proof)
    draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    if delivery.guide != command.guide:
        draft.emit(DeliveryAssigned(delivery.id, command.guide))
    return None


def _already_there(draft: Draft, ctx: Context, delivery: Delivery, parcel: Parcel, *, guide: str) -> bool:
    """Whether custody stays: a handover that arrives after the delivery is an older fact, not a newer one."""
    holder = parcel.custodian
    if holder.holder is Holder.STORE:
        return False
    data = {"holder": holder.holder_id, "guide": guide}
    discrepancy(draft, ctx, "handed_over_twice", subject=delivery.id, data=data)
    return holder.holder is Holder.CUSTOMER or (holder.holder is Holder.GUIDE and holder.holder_id == guide)


def _make_responsible(draft: Draft, ctx: Context, delivery: Delivery, *, guide: str) -> None:
    if delivery.guide == guide:
        return
    draft.emit(DeliveryAssigned(delivery.id, guide, delivery.eta))
    if delivery.guide:
        data = {"assigned": delivery.guide, "guide": guide}
        discrepancy(draft, ctx, "other_guide_took_it", subject=delivery.id, data=data)


def _leave(draft: Draft, ctx: Context, delivery: Delivery) -> None:
    """Parcels of a closed order that leave all the same open it again; the goods are off the stock."""
    order = draft.get(Order, delivery.order_id)
    if order is not None and order.status is not OrderStatus.OPEN:
        discrepancy(draft, ctx, "left_though_closed", subject=delivery.id, data={"status": order.status.value})
        reopen(draft, delivery)
    take_off(draft, ctx, delivery)


def _first(delivery: Delivery, number: int | None, *choices: tuple[Parcel, ...]) -> tuple[Parcel, ...]:
    """The named parcel where it is in a choice; without a name the first choice that has any."""
    if number is None:
        return next((choice for choice in choices if choice), ())
    return tuple(parcel for choice in choices for parcel in choice if parcel.number == number)


def deliver(command: Deliver, draft: Draft, ctx: Context) -> Refusal | None:
    """Custody moves to the customer; with the last parcel the order is done and the guide is paid."""
    delivery = _subject(draft, ctx, command.delivery_id, parcel=command.parcel)
    if delivery is None:
        return None
    if command.reason:
        discrepancy(draft, ctx, "recorded_by_staff", subject=delivery.id, data={"reason": command.reason})
    parcels = _first(delivery, command.parcel, delivery.outside, delivery.held_by(Holder.STORE))
    if not parcels:
        discrepancy(draft, ctx, "delivered_twice", subject=delivery.id)
        return None
    if any(parcel.custodian.holder is Holder.STORE for parcel in parcels):
        discrepancy(draft, ctx, "delivered_without_custody", subject=delivery.id)
    _leave(draft, ctx, delivery)
    link = Link(Holder.CUSTOMER, "", ctx.now, ctx.device, ctx.actor, command.proof)
    for parcel in parcels:
        draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    _finish(draft, ctx, delivery.id, guide=carrier(delivery, parcels))
    return None


def _finish(draft: Draft, ctx: Context, delivery_id: str, *, guide: str) -> None:
    delivery = draft.get(Delivery, delivery_id)
    if delivery is None or delivery.finished_at is None:
        return
    if delivery.recalled:
        discrepancy(draft, ctx, "delivered_despite_recall", subject=delivery.id)
        _end_recall(draft, ctx, delivery.id, resolution="delivered")
    complete(draft, ctx, delivery.id, guide=guide)


def _end_recall(draft: Draft, ctx: Context, delivery_id: str, *, resolution: str) -> None:
    recall = draft.get(ExceptionCase, recall_id(delivery_id))
    if recall is not None and recall.open:
        draft.emit(ExceptionResolved(recall.id, resolution, ctx.now, ctx.actor))


def fail(command: FailDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The attempt is over; the guide keeps the parcels until they are back or handed on."""
    delivery = _subject(draft, ctx, command.delivery_id, parcel=command.parcel)
    if delivery is None:
        return None
    held = _first(delivery, command.parcel, delivery.held_by(Holder.GUIDE))
    if not held:
        discrepancy(draft, ctx, "failed_without_custody", subject=delivery.id)
    attempt = Attempt.RETURNING if command.returning else Attempt.FAILED
    for parcel in held:
        draft.emit(AttemptEnded(delivery.id, parcel.number, attempt, command.reason))
    _report(draft, ctx, delivery, reason=command.reason)
    return None


def give_back(command: ReturnDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The parcels are in the store again; with the last one the goods are back, or written off as damaged."""
    delivery = _subject(draft, ctx, command.delivery_id, parcel=command.parcel)
    if delivery is None:
        return None
    parcels = _first(delivery, command.parcel, delivery.outside, delivery.held_by(Holder.CUSTOMER))
    if not parcels:
        discrepancy(draft, ctx, "returned_without_custody", subject=delivery.id)
        return None
    if any(parcel.custodian.holder is Holder.CUSTOMER for parcel in parcels):
        discrepancy(draft, ctx, "returned_after_delivery", subject=delivery.id)
        reopen(draft, delivery)
    link = Link(Holder.STORE, delivery.store, ctx.now, ctx.device, ctx.actor, Proof.STAFF)
    for parcel in parcels:
        draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    # Only where all parcels came at once does the reason speak of all the goods.
    damaged = command.reason == ExceptionKind.DAMAGED and len(parcels) == len(delivery.parcels)
    _settle_return(draft, ctx, delivery.id, reason=command.reason, damaged=damaged)
    _report(draft, ctx, delivery, reason=command.reason)
    return None


def _settle_return(draft: Draft, ctx: Context, delivery_id: str, *, reason: str, damaged: bool) -> None:
    """Once nothing is out any more, a person decides about the rest, or it is off where it was called back."""
    delivery = draft.get(Delivery, delivery_id)
    if delivery is None or not delivery.in_store:
        return
    draft.emit(DeliveryReturned(delivery.id, reason or ExceptionKind.OTHER.value))
    everything = put_back(draft, ctx, delivery.id, damaged=damaged)
    if delivery.recalled or delivery.cancelled:
        close_cancelled(draft, ctx, delivery.order_id, reason="recall")
        _end_recall(draft, ctx, delivery.id, resolution="returned")
    elif everything:
        promise_again(draft, ctx, delivery.order_id, delivery.id)


def _report(draft: Draft, ctx: Context, delivery: Delivery, *, reason: str) -> None:
    """A reason that is a kind of exception opens one; an open case of the delivery and reason is enough."""
    if reason not in set(ExceptionKind) or reason == ExceptionKind.RECALL:
        return
    case_id = f"{delivery.id}/{reason}/{delivery.parcels[0].round}"
    known = draft.get(ExceptionCase, case_id)
    if known is None or not known.open:
        open_case(
            draft,
            ctx,
            kind=ExceptionKind(reason),
            code=reason,
            subject=delivery.id,
            data={"guide": delivery.guide},
            case_id=case_id,
        )


def pass_on(command: PassOn, draft: Draft, ctx: Context) -> Refusal | None:
    """Custody moves to a pickup point or a courier."""
    delivery = _subject(draft, ctx, command.delivery_id, parcel=command.parcel)
    if delivery is None:
        return None
    there = (command.holder, command.holder_id)
    elsewhere = tuple(p for p in delivery.outside if (p.custodian.holder, p.custodian.holder_id) != there)
    parcels = _first(delivery, command.parcel, elsewhere, delivery.held_by(Holder.STORE))
    if not parcels:
        discrepancy(draft, ctx, "passed_on_twice", subject=delivery.id, data={"holder": command.holder_id})
        return None
    _leave(draft, ctx, delivery)
    link = Link(command.holder, command.holder_id, ctx.now, ctx.device, ctx.actor, Proof.STAFF)
    for parcel in parcels:
        draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    return None


def _subject(draft: Draft, ctx: Context, delivery_id: str, *, parcel: int | None) -> Delivery | None:
    """The delivery a fact is about; a fact about an unknown one or parcel is kept as a discrepancy."""
    delivery = draft.get(Delivery, delivery_id)
    if delivery is None:
        discrepancy(draft, ctx, "unknown_delivery", subject=delivery_id)
        return None
    if parcel is not None and delivery.parcel(parcel) is None:
        discrepancy(draft, ctx, "unknown_parcel", subject=delivery_id, data={"parcel": parcel})
        return None
    return delivery


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (HandOver, hand_over),
    (Rescue, rescue),
    (Deliver, deliver),
    (FailDelivery, fail),
    (ReturnDelivery, give_back),
    (PassOn, pass_on),
)
