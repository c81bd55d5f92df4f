"""Rules for facts about parcels: handed over, delivered, failed, returned. A fact is never refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from storeapp.domain.catalogue import BRAND_POLICY, Policy
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
from storeapp.domain.moment import store_day
from storeapp.domain.order import Order, OrderCompleted, OrderReopened, OrderStatus
from storeapp.domain.rules.common import discrepancy, move_goods, open_case, release_lines, reserve_lines
from storeapp.domain.rules.orders import close_cancelled, recall_id
from storeapp.domain.statement import Earning, EarningAdded, EarningRemoved, Statement, statement_id
from storeapp.domain.stock import Movement


@dataclass(frozen=True, slots=True)
class HandOver:
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


@dataclass(frozen=True, slots=True)
class Deliver:
    """The customer has the parcels."""

    KIND: ClassVar[str] = "delivery.deliver"
    FACT: ClassVar[bool] = True
    delivery_id: str
    proof: Proof
    parcel: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FailDelivery:
    """The customer did not take it; the guide still holds it."""

    KIND: ClassVar[str] = "delivery.fail"
    FACT: ClassVar[bool] = True
    delivery_id: str
    reason: str
    returning: bool = False


@dataclass(frozen=True, slots=True)
class ReturnDelivery:
    """The parcels are back at the counter."""

    KIND: ClassVar[str] = "delivery.return"
    FACT: ClassVar[bool] = True
    delivery_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class PassOn:
    """The parcels lie at a pickup point, or a third-party courier took them."""

    KIND: ClassVar[str] = "delivery.pass_on"
    FACT: ClassVar[bool] = True
    delivery_id: str
    holder: Holder
    holder_id: str


def hand_over(command: HandOver, draft: Draft, ctx: Context) -> Refusal | None:
    """Custody moves to the guide, whatever was planned."""
    delivery = _subject(draft, ctx, command.delivery_id)
    parcel = delivery.parcel(command.parcel) if delivery else None
    if delivery is None or parcel is None:
        return None
    if command.reason:
        data = {"verdict": command.verdict, "reason": command.reason}
        discrepancy(draft, ctx, "recorded_by_staff", subject=delivery.id, data=data)
    if _already_there(draft, ctx, delivery, parcel, guide=command.guide):
        return None
    _leave_store(draft, ctx, delivery)
    link = Link(Holder.GUIDE, command.guide, ctx.now, ctx.device, ctx.actor, command.proof)
    draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    _make_responsible(draft, ctx, delivery, guide=command.guide)
    return None


def _already_there(draft: Draft, ctx: Context, delivery: Delivery, parcel: Parcel, *, guide: str) -> bool:
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


def _leave_store(draft: Draft, ctx: Context, delivery: Delivery) -> None:
    """The first parcel that leaves takes the order's goods off the stock."""
    order = draft.get(Order, delivery.order_id)
    if order is None or _is_out(delivery):
        return
    if order.status is not OrderStatus.OPEN:
        discrepancy(draft, ctx, "left_though_closed", subject=delivery.id, data={"status": order.status.value})
        draft.emit(OrderReopened(order.id))
    release_lines(draft, order)
    move_goods(draft, ctx, order, Movement.HANDED_OVER)


def _is_out(delivery: Delivery) -> bool:
    return any(parcel.custodian.holder is not Holder.STORE for parcel in delivery.parcels)


def deliver(command: Deliver, draft: Draft, ctx: Context) -> Refusal | None:
    """Custody moves to the customer, the guide is paid, and the order is done when it was the last parcel."""
    delivery = _subject(draft, ctx, command.delivery_id)
    if delivery is None:
        return None
    if command.reason:
        discrepancy(draft, ctx, "recorded_by_staff", subject=delivery.id, data={"reason": command.reason})
    wanted = [p for p in delivery.parcels if command.parcel in {None, p.number}]
    open_parcels = [p for p in wanted if p.custodian.holder is not Holder.CUSTOMER]
    if not open_parcels:
        discrepancy(draft, ctx, "delivered_twice", subject=delivery.id)
        return None
    if any(p.custodian.holder is Holder.STORE for p in open_parcels):
        discrepancy(draft, ctx, "delivered_without_custody", subject=delivery.id)
        _leave_store(draft, ctx, delivery)
    link = Link(Holder.CUSTOMER, "", ctx.now, ctx.device, ctx.actor, command.proof)
    for parcel in open_parcels:
        draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    _finish(draft, ctx, delivery, guide=_carrier(delivery, open_parcels))
    return None


def _carrier(delivery: Delivery, parcels: list[Parcel]) -> str:
    holders = [link for parcel in parcels for link in parcel.chain if link.holder is Holder.GUIDE]
    return holders[-1].holder_id if holders else delivery.guide


def _finish(draft: Draft, ctx: Context, before: Delivery, *, guide: str) -> None:
    delivery = draft.get(Delivery, before.id)
    order = draft.get(Order, before.order_id)
    if delivery is None or order is None or delivery.finished_at is None:
        return
    if delivery.recalled:
        discrepancy(draft, ctx, "delivered_despite_recall", subject=delivery.id)
    draft.emit(OrderCompleted(order.id, ctx.now))
    if guide:
        _pay(draft, ctx, delivery, guide=guide)


def _pay(draft: Draft, ctx: Context, delivery: Delivery, *, guide: str) -> None:
    policy = draft.get(Policy, BRAND_POLICY) or Policy()
    day = store_day(ctx.now)
    earning = Earning(delivery.id, delivery.mode, policy.rate_fen[delivery.mode], ctx.now, bool(delivery.on_time))
    draft.emit(EarningAdded(statement_id(guide, day), guide, delivery.store, day, earning))


def fail(command: FailDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The attempt is over; the guide keeps the parcels until they are back or handed on."""
    delivery = _subject(draft, ctx, command.delivery_id)
    if delivery is None:
        return None
    held = [p for p in delivery.parcels if p.custodian.holder is Holder.GUIDE]
    if not held:
        discrepancy(draft, ctx, "failed_without_custody", subject=delivery.id)
    attempt = Attempt.RETURNING if command.returning else Attempt.FAILED
    for parcel in held:
        draft.emit(AttemptEnded(delivery.id, parcel.number, attempt, command.reason))
    _report(draft, ctx, delivery, reason=command.reason)
    return None


def give_back(command: ReturnDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The goods are in the store again; damaged ones are written off at once."""
    delivery = _subject(draft, ctx, command.delivery_id)
    order = draft.get(Order, delivery.order_id) if delivery else None
    if delivery is None or order is None:
        return None
    outside = [p for p in delivery.parcels if p.custodian.holder is not Holder.STORE]
    if not outside:
        discrepancy(draft, ctx, "returned_without_custody", subject=delivery.id)
        return None
    if any(p.custodian.holder is Holder.CUSTOMER for p in outside):
        _undo_delivered(draft, ctx, delivery, order)
    link = Link(Holder.STORE, delivery.store, ctx.now, ctx.device, ctx.actor, Proof.STAFF)
    for parcel in outside:
        draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    draft.emit(DeliveryReturned(delivery.id, command.reason))
    move_goods(draft, ctx, order, Movement.RETURNED)
    if command.reason == ExceptionKind.DAMAGED:
        move_goods(draft, ctx, order, Movement.DAMAGED)
    _after_return(draft, ctx, delivery, reason=command.reason)
    return None


def _undo_delivered(draft: Draft, ctx: Context, delivery: Delivery, order: Order) -> None:
    discrepancy(draft, ctx, "returned_after_delivery", subject=delivery.id)
    if order.status is not OrderStatus.OPEN:
        draft.emit(OrderReopened(order.id))
    statement = statement_id(delivery.guide, store_day(delivery.finished_at or ctx.now))
    if draft.get(Statement, statement) is not None:
        draft.emit(EarningRemoved(statement, delivery.id))


def _after_return(draft: Draft, ctx: Context, before: Delivery, *, reason: str) -> None:
    order = draft.get(Order, before.order_id)
    if order is None:
        return
    if before.recalled:
        close_cancelled(draft, ctx, order, reason="recall")
        recall = draft.get(ExceptionCase, recall_id(before.id))
        if recall is not None and recall.open:
            draft.emit(ExceptionResolved(recall.id, "returned", ctx.now, ctx.actor))
    else:
        reserve_lines(draft, order)
    _report(draft, ctx, before, reason=reason)


def _report(draft: Draft, ctx: Context, delivery: Delivery, *, reason: str) -> None:
    """A reason that is a kind of exception opens one; an open case of the delivery and reason is enough."""
    if reason not in set(ExceptionKind) or reason == ExceptionKind.RECALL:
        return
    case_id = f"{delivery.id}/{reason}/{delivery.parcels[0].round}"
    if draft.get(ExceptionCase, case_id) is None:
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
    delivery = _subject(draft, ctx, command.delivery_id)
    if delivery is None:
        return None
    _leave_store(draft, ctx, delivery)
    link = Link(command.holder, command.holder_id, ctx.now, ctx.device, ctx.actor, Proof.STAFF)
    for parcel in delivery.parcels:
        if parcel.custodian.holder is not Holder.CUSTOMER:
            draft.emit(CustodyMoved(delivery.id, parcel.number, link))
    return None


def _subject(draft: Draft, ctx: Context, delivery_id: str) -> Delivery | None:
    """The delivery a fact is about; a fact about an unknown one is kept as a discrepancy."""
    delivery = draft.get(Delivery, delivery_id)
    if delivery is None:
        discrepancy(draft, ctx, "unknown_delivery", subject=delivery_id)
    return delivery


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (HandOver, hand_over),
    (Deliver, deliver),
    (FailDelivery, fail),
    (ReturnDelivery, give_back),
    (PassOn, pass_on),
)
