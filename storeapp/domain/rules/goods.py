"""Rules for the goods of a delivery: booked off the stock when it leaves, booked back when all of it is back.

Nobody records which goods lie in which parcel. So all of them leave the books with the first parcel, and all
come back with the last; what is in between is a question to a person, never a guess.
"""

from collections import Counter

from storeapp.domain.delivery import Delivery, DeliveryChanged, Goods, GoodsBooked, Holder
from storeapp.domain.kernel import Context, Draft
from storeapp.domain.order import Order
from storeapp.domain.rules.common import below_zero, discrepancy, load_of
from storeapp.domain.rules.promising import release_lines, reserve_lines, take_unpromised
from storeapp.domain.stock import Movement, StockMoved, stock_id


def take_off(draft: Draft, ctx: Context, delivery: Delivery) -> None:
    """Book the order's goods off the stock, unless an earlier parcel has done so."""
    order = draft.get(Order, delivery.order_id)
    if order is None or delivery.goods:
        return
    kept = release_lines(draft, order)
    goods = tuple(Goods(line.sku, line.quantity) for line in order.lines)
    _book(draft, ctx, delivery, goods=goods, movement=Movement.HANDED_OVER)
    for sku, quantity in _by_sku(goods).items():
        take_unpromised(draft, ctx, stock_id(delivery.store, sku), quantity - kept.get(sku, 0))
    draft.emit(GoodsBooked(delivery.id, goods))


def put_back(draft: Draft, ctx: Context, delivery_id: str, *, damaged: bool) -> bool:
    """Book the goods back where every parcel is in the store, and off again where they are ``damaged``.

    Where the customer kept some of the parcels, a person is asked to book what came back.

    Returns:
        Whether all goods are back.
    """
    delivery = draft.get(Delivery, delivery_id)
    if delivery is None or delivery.outside:
        return False
    if delivery.held_by(Holder.CUSTOMER):
        discrepancy(draft, ctx, "partly_returned", subject=delivery.id, data={"guide": delivery.guide})
        return False
    _book(draft, ctx, delivery, goods=delivery.goods, movement=Movement.RETURNED)
    if damaged:
        _book(draft, ctx, delivery, goods=delivery.goods, movement=Movement.DAMAGED)
    draft.emit(GoodsBooked(delivery.id, ()))
    return True


def _by_sku(goods: tuple[Goods, ...]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for one in goods:
        pieces[one.sku] += one.quantity
    return pieces


def promise_again(draft: Draft, ctx: Context, order_id: str, delivery_id: str) -> None:
    """Reserve for another round; the load is that of the order, which may have changed on the way."""
    order, delivery = draft.get(Order, order_id), draft.get(Delivery, delivery_id)
    if order is None or delivery is None:
        return
    reserve_lines(draft, ctx, order)
    pieces, weight_g = load_of(draft, order.lines)
    if (pieces, weight_g) != (delivery.pieces, delivery.weight_g):
        draft.emit(DeliveryChanged(delivery.id, delivery.mode, delivery.window, pieces, weight_g))


def _book(draft: Draft, ctx: Context, delivery: Delivery, *, goods: tuple[Goods, ...], movement: Movement) -> None:
    sign = 1 if movement is Movement.RETURNED else -1
    for one in goods:
        item_id = stock_id(delivery.store, one.sku)
        draft.emit(StockMoved(item_id, movement, sign * one.quantity, ctx.now, delivery.order_id))
        below_zero(draft, ctx, item_id)
