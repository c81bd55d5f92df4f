"""Rules for orders: taken on, changed, corrected, rescheduled, cancelled, forgotten."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.delivery import (
    BEFORE_CUSTODY,
    Attempt,
    Delivery,
    DeliveryCancelled,
    DeliveryChanged,
    DeliveryOpened,
    DeliveryRecalled,
    DeliveryState,
    Holder,
    Link,
    Parcel,
    Proof,
)
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.moment import Window
from storeapp.domain.order import (
    UNCONFIRMED_STOCK,
    Order,
    OrderCancelled,
    OrderChanged,
    OrderForgotten,
    OrderLine,
    OrderPlaced,
    OrderStatus,
    order_id,
    with_reservations,
)
from storeapp.domain.rules.common import (
    discrepancy,
    load_of,
    open_case,
    without_reservations,
)
from storeapp.domain.rules.paying import carrier, complete
from storeapp.domain.rules.promising import promise_lines, release_lines, reserve_lines
from storeapp.domain.words import Mode, Platform


class PlaceOrder(Struct, frozen=True, gc=False):
    """An order as its platform states it now. ``revise`` says that it differs from what this counter knew."""

    KIND: ClassVar[str] = "order.place"
    FACT: ClassVar[bool] = True
    platform: Platform
    order_no: str
    store: str
    mode: Mode
    window: Window
    lines: tuple[OrderLine, ...]
    created_at: datetime
    updated_at: datetime | None
    sealed: str
    located: bool
    needs: tuple[str, ...] = ()
    digest: str = ""
    revise: bool = False


class CorrectOrder(Struct, frozen=True, gc=False):
    """Staff mended the customer's data or the goods, or found the position by hand."""

    KIND: ClassVar[str] = "order.correct"
    FACT: ClassVar[bool] = False
    order_id: str
    sealed: str
    located: bool
    needs: tuple[str, ...]
    lines: tuple[OrderLine, ...] | None = None


class RescheduleOrder(Struct, frozen=True, gc=False):
    """The customer agreed to another promise."""

    KIND: ClassVar[str] = "order.reschedule"
    FACT: ClassVar[bool] = False
    order_id: str
    mode: Mode
    window: Window


class CancelOrder(Struct, frozen=True, gc=False):
    """Somebody calls the order off; after custody it becomes a recall."""

    KIND: ClassVar[str] = "order.cancel"
    FACT: ClassVar[bool] = False
    order_id: str
    reason: str
    by_platform: bool = False


class ReserveOrder(Struct, frozen=True, gc=False):
    """New stock has come: promise what was short."""

    KIND: ClassVar[str] = "order.reserve"
    FACT: ClassVar[bool] = False
    order_id: str


class ForgetOrder(Struct, frozen=True, gc=False):
    """The grace period is over: the key is destroyed, and the ciphertext is dropped."""

    KIND: ClassVar[str] = "order.forget"
    FACT: ClassVar[bool] = True
    order_id: str


_SETTLED_BY_A_PROMISE = frozenset({"window_passed", "window_default", "mode_assumed"})


def recall_id(delivery_id: str) -> str:
    """A delivery has at most one recall."""
    return f"{delivery_id}/recall"


def place(command: PlaceOrder, draft: Draft, ctx: Context) -> Refusal | None:
    """Take the order on, or bring it up to date; an order that is over or unchanged stays as it is."""
    name = order_id(command.platform, command.order_no)
    known = draft.get(Order, name)
    if known is None:
        _place_new(name, command, draft, ctx)
    elif known.store != command.store:
        discrepancy(draft, ctx, "order_of_other_store", subject=known.delivery_id, data={"store": known.store})
    elif known.status is OrderStatus.OPEN and command.revise and not _older(command, known):
        _change(draft, ctx, known, _changed(known, command))
    elif UNCONFIRMED_STOCK in known.needs:
        _promise(draft, ctx, known)
    return None


def _older(command: PlaceOrder, known: Order) -> bool:
    if command.updated_at is None or known.updated_at is None:
        return False
    return command.updated_at < known.updated_at


def _place_new(name: str, command: PlaceOrder, draft: Draft, ctx: Context) -> None:
    order = Order(
        id=name,
        platform=command.platform,
        order_no=command.order_no,
        store=command.store,
        mode=command.mode,
        window=command.window,
        lines=without_reservations(command.lines),
        created_at=command.created_at,
        updated_at=command.updated_at,
        sealed=command.sealed,
        located=command.located,
        digest=command.digest,
        needs=command.needs,
    )
    promises = promise_lines(draft, ctx, order)
    # What is promised stands on the order from the first: then it is written once, and not changed at once.
    order = replace(order, lines=with_reservations(order.lines, promises.reserved), needs=promises.needs)
    draft.emit(OrderPlaced(name, order))
    job = _job(draft, ctx, order)
    draft.emit(DeliveryOpened(job.id, job))


def _job(draft: Draft, ctx: Context, order: Order) -> Delivery:
    pieces, weight_g = load_of(draft, order.lines)
    here = Link(Holder.STORE, order.store, ctx.now, ctx.device, ctx.actor, Proof.NONE)
    return Delivery(
        id=order.delivery_id,
        order_id=order.id,
        store=order.store,
        mode=order.mode,
        window=order.window,
        pieces=pieces,
        weight_g=weight_g,
        parcels=(Parcel(1, (here,), attempt=Attempt.UNDER_WAY),),
    )


def _changed(known: Order, command: PlaceOrder) -> OrderChanged:
    return OrderChanged(
        known.id,
        mode=command.mode,
        window=command.window,
        lines=without_reservations(command.lines),
        updated_at=command.updated_at,
        sealed=command.sealed,
        located=command.located,
        needs=command.needs,
        digest=command.digest,
    )


def _change(draft: Draft, ctx: Context, known: Order, event: OrderChanged) -> None:
    """Change an open order; other goods are promised anew, if they are still in the store."""
    delivery = draft.get(Delivery, known.delivery_id)
    in_store = delivery is None or delivery.state in BEFORE_CUSTODY
    kept: dict[str, int] = {}
    if _goods(event.lines) == _goods(known.lines):
        event = replace(event, lines=_still_reserved(event.lines, known.lines))
    elif in_store:
        kept = release_lines(draft, known)
    draft.emit(event)
    changed = draft.get(Order, known.id)
    if changed is not None and in_store:
        reserve_lines(draft, ctx, changed, kept=kept)
    if delivery is not None:
        _change_job(draft, ctx, delivery, event, in_store=in_store)


def _goods(lines: tuple[OrderLine, ...]) -> list[tuple[str, int]]:
    return [(line.sku, line.quantity) for line in lines]


def _still_reserved(lines: tuple[OrderLine, ...], known: tuple[OrderLine, ...]) -> tuple[OrderLine, ...]:
    return tuple(replace(line, reserved=old.reserved) for line, old in zip(lines, known, strict=True))


def _change_job(draft: Draft, ctx: Context, delivery: Delivery, event: OrderChanged, *, in_store: bool) -> None:
    """What is on its way weighs what it weighed; a person tells the guide what is different."""
    load = load_of(draft, event.lines) if in_store else (delivery.pieces, delivery.weight_g)
    draft.emit(DeliveryChanged(delivery.id, event.mode, event.window, *load))
    if not in_store:
        kind = ExceptionKind.CHANGED_IN_CUSTODY
        open_case(draft, ctx, kind=kind, code=kind.value, subject=delivery.id)


def correct(command: CorrectOrder, draft: Draft, ctx: Context) -> Refusal | None:
    """Replace the sealed data, and the goods where they are given."""
    order = draft.get(Order, command.order_id)
    if order is None or order.status is not OrderStatus.OPEN:
        return _not_open(order)
    event = OrderChanged(
        order.id,
        mode=order.mode,
        window=order.window,
        lines=without_reservations(command.lines or order.lines),
        updated_at=order.updated_at,
        sealed=command.sealed,
        located=command.located,
        needs=command.needs,
        digest=order.digest,
    )
    _change(draft, ctx, order, event)
    return None


def reschedule(command: RescheduleOrder, draft: Draft, ctx: Context) -> Refusal | None:
    """Promise another window."""
    order = draft.get(Order, command.order_id)
    if order is None or order.status is not OrderStatus.OPEN:
        return _not_open(order)
    needs = tuple(need for need in order.needs if need not in _SETTLED_BY_A_PROMISE)
    event = OrderChanged(
        order.id,
        mode=command.mode,
        window=command.window,
        lines=without_reservations(order.lines),
        updated_at=order.updated_at,
        sealed=order.sealed,
        located=order.located,
        needs=needs,
        digest=order.digest,
    )
    _change(draft, ctx, order, event)
    return None


def cancel(command: CancelOrder, draft: Draft, ctx: Context) -> Refusal | None:
    """Call it off before custody, recall it after, and note a refund that came too late."""
    order = draft.get(Order, command.order_id)
    if order is None:
        return _not_open(order)
    delivery = draft.get(Delivery, order.delivery_id)
    if order.status is OrderStatus.CANCELLED:
        return None if command.by_platform else _not_open(order)
    if delivery is not None and delivery.state in {DeliveryState.DELIVERED, DeliveryState.COLLECTED}:
        return _refunded(command, draft, ctx, delivery)
    if delivery is None or delivery.in_store:
        close_cancelled(draft, ctx, order.id, reason=command.reason)
        return None
    _recall(draft, ctx, delivery, reason=command.reason)
    return None


def close_cancelled(draft: Draft, ctx: Context, order_id: str, *, reason: str) -> None:
    """What the customer doesn't have is in the store: free the goods and end the job.

    Where the customer kept some parcels, the order is done with these.
    """
    order = draft.get(Order, order_id)
    if order is None:
        return
    release_lines(draft, order)
    delivery = draft.get(Delivery, order.delivery_id)
    if delivery is not None:
        draft.emit(DeliveryCancelled(delivery.id, ctx.now))
    arrived = delivery.held_by(Holder.CUSTOMER) if delivery else ()
    if delivery is not None and arrived:
        complete(draft, ctx, delivery.id, guide=carrier(delivery, arrived))
    else:
        draft.emit(OrderCancelled(order.id, reason, ctx.now))


def _refunded(command: CancelOrder, draft: Draft, ctx: Context, delivery: Delivery) -> Refusal | None:
    if not command.by_platform:
        return Refusal("already_delivered")
    case_id = f"{delivery.id}/refunded"
    if draft.get(ExceptionCase, case_id) is None:
        kind = ExceptionKind.REFUNDED_AFTER_DELIVERY
        open_case(draft, ctx, kind=kind, code=kind.value, subject=delivery.id, case_id=case_id)
    return None


def _recall(draft: Draft, ctx: Context, delivery: Delivery, *, reason: str) -> None:
    if delivery.recalled:
        return
    draft.emit(DeliveryRecalled(delivery.id))
    open_case(
        draft,
        ctx,
        kind=ExceptionKind.RECALL,
        code="recall",
        subject=delivery.id,
        data={"guide": delivery.guide, "reason": reason},
        case_id=recall_id(delivery.id),
    )


def reserve(command: ReserveOrder, draft: Draft, ctx: Context) -> Refusal | None:
    """Promise what was short, as far as there is stock now."""
    order = draft.get(Order, command.order_id)
    if order is None or order.status is not OrderStatus.OPEN:
        return _not_open(order)
    _promise(draft, ctx, order)
    return None


def _promise(draft: Draft, ctx: Context, order: Order) -> None:
    delivery = draft.get(Delivery, order.delivery_id)
    if delivery is not None and delivery.state in BEFORE_CUSTODY:
        reserve_lines(draft, ctx, order)


def forget(command: ForgetOrder, draft: Draft, ctx: Context) -> Refusal | None:
    """Drop the ciphertext of an order that is over."""
    order = draft.get(Order, command.order_id)
    if order is not None and order.status is not OrderStatus.OPEN and order.sealed:
        draft.emit(OrderForgotten(order.id))
    return None


def _not_open(order: Order | None) -> Refusal:
    return Refusal("unknown_order") if order is None else Refusal("order_closed", {"status": order.status.value})


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (PlaceOrder, place),
    (CorrectOrder, correct),
    (RescheduleOrder, reschedule),
    (CancelOrder, cancel),
    (ReserveOrder, reserve),
    (ForgetOrder, forget),
)
