"""Rules for the end of an order: it is completed and its guide paid once, and both are undone by a later fact."""

from datetime import datetime

from storeapp.domain.catalogue import BRAND_POLICY, Policy
from storeapp.domain.delivery import Delivery, Holder, Parcel
from storeapp.domain.kernel import Context, Draft
from storeapp.domain.lending import guide_for
from storeapp.domain.moment import store_day
from storeapp.domain.order import Order, OrderCompleted, OrderReopened, OrderStatus
from storeapp.domain.statement import Earning, EarningAdded, EarningRemoved, Statement, statement_id


def complete(draft: Draft, ctx: Context, delivery_id: str, *, guide: str) -> None:
    """The customer has everything there will be: close the order and pay the guide, if one brought it."""
    delivery = draft.get(Delivery, delivery_id)
    order = draft.get(Order, delivery.order_id) if delivery else None
    if delivery is None or order is None:
        return
    draft.emit(OrderCompleted(order.id, ctx.now))
    if guide:
        draft.emit(_earning(draft, delivery, guide=guide))


def _earning(draft: Draft, delivery: Delivery, *, guide: str) -> EarningAdded:
    policy = draft.get(Policy, BRAND_POLICY) or Policy()
    at = _finished(delivery)
    amount_fen = policy.rate_fen.get(delivery.mode, 0)
    home = _home_of(draft, delivery, guide=guide)
    if home and policy.cross_percent:
        amount_fen = amount_fen * policy.cross_percent // 100
    earning = Earning(delivery.id, delivery.mode, amount_fen, at, bool(delivery.on_time))
    day = store_day(at)
    name = statement_id(guide, day, at=delivery.store if home else "")
    return EarningAdded(name, guide, delivery.store, day, earning, home)


def _home_of(draft: Draft, delivery: Delivery, *, guide: str) -> str:
    """The store that pays the guide where it is another one than the delivery's; empty where it is the same."""
    payee = guide_for(draft, guide, delivery.store)
    return payee.store if payee is not None and payee.store != delivery.store else ""


def _finished(delivery: Delivery) -> datetime:
    if delivery.finished_at is None:
        raise ValueError("an unfinished delivery is not paid")
    return delivery.finished_at


def reopen(draft: Draft, delivery: Delivery) -> None:
    """What was closed goes on; what was paid for it is taken back. ``delivery`` is as it was when it closed."""
    order = draft.get(Order, delivery.order_id)
    if order is None or order.status is OrderStatus.OPEN:
        return
    draft.emit(OrderReopened(order.id))
    if delivery.finished_at is None:
        return
    day = store_day(delivery.finished_at)
    for guide in sorted(_possible_payees(delivery)):
        for name in (statement_id(guide, day), statement_id(guide, day, at=delivery.store)):
            statement = draft.get(Statement, name)
            if statement is not None and any(earning.delivery_id == delivery.id for earning in statement.earnings):
                draft.emit(EarningRemoved(statement.id, delivery.id))


def _possible_payees(delivery: Delivery) -> set[str]:
    carriers = {link.holder_id for p in delivery.parcels for link in p.chain if link.holder is Holder.GUIDE}
    return carriers | ({delivery.guide} if delivery.guide else set())


def carrier(delivery: Delivery, parcels: tuple[Parcel, ...]) -> str:
    """The guide who brought these parcels, else the one who was responsible; empty for nobody."""
    links = [link for parcel in parcels for link in parcel.chain if link.holder is Holder.GUIDE]
    return links[-1].holder_id if links else delivery.guide
