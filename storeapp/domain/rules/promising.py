"""Rules for promising pieces to orders: firmly as far as this counter's share goes, unconfirmed past it.

Who decides with the last word may promise firmly what nobody holds, too. A counter that stands alone holds nothing
back for anybody, so all that it promises is firm.
"""

from collections import Counter

from msgspec import Struct

from storeapp.domain.allotment import Allotment, free
from storeapp.domain.catalogue import Sku
from storeapp.domain.kernel import Context, Draft
from storeapp.domain.order import (
    SHORT_STOCK,
    STOCK_NEEDS,
    UNCONFIRMED_STOCK,
    UNKNOWN_SKU,
    LinesReserved,
    Order,
    OrderLine,
)
from storeapp.domain.stock import Share, ShareMoved, StockConfirmed, StockItem, StockReserved, stock_id


def release_lines(draft: Draft, order: Order) -> dict[str, int]:
    """Set free what the order still holds; returns how much of it had been promised for good, by SKU."""
    kept: Counter[str] = Counter()
    for line in order.lines:
        if line.reserved:
            item_id = stock_id(order.store, line.sku)
            item = draft.get(StockItem, item_id)
            unconfirmed = min(line.reserved, item.waiting_for(order.id)) if item else 0
            draft.emit(StockReserved(item_id, -line.reserved, order.id, -unconfirmed))
            kept[line.sku] += line.reserved - unconfirmed
    needs = tuple(n for n in order.needs if n not in STOCK_NEEDS)
    _note(draft, order, Promises((0,) * len(order.lines), needs))
    return dict(kept)


def reserve_lines(draft: Draft, ctx: Context, order: Order, *, kept: dict[str, int] | None = None) -> None:
    """Promise as much of each line as is available, on top of what is held; the order says what is short or open.

    Args:
        draft: where it happens.
        ctx: who promises.
        order: what is promised to it.
        kept: what the same command has just set free, by SKU: that was promised for good, and can be again.
    """
    _note(draft, order, promise_lines(draft, ctx, order, kept=kept))


def promise_lines(draft: Draft, ctx: Context, order: Order, *, kept: dict[str, int] | None = None) -> "Promises":
    """The same without a word of it on the order, which the caller is about to write."""
    rest = dict(kept or {})
    reserved, may_wait = [], False
    needs = [need for need in order.needs if need not in STOCK_NEEDS]
    for line in order.lines:
        more, waits = _promise(draft, ctx, order, line, rest)
        reserved.append(line.reserved + more)
        may_wait = may_wait or waits
        if draft.get(Sku, line.sku) is None and UNKNOWN_SKU not in needs:
            needs.append(UNKNOWN_SKU)
        if reserved[-1] < line.quantity and SHORT_STOCK not in needs:
            needs.append(SHORT_STOCK)
    if may_wait and is_waiting(draft, order):
        needs.append(UNCONFIRMED_STOCK)
    return Promises(tuple(reserved), tuple(needs))


def is_waiting(draft: Draft, order: Order) -> bool:
    """Whether something of an order is unconfirmed."""
    items = (draft.get(StockItem, stock_id(order.store, sku)) for sku in {line.sku for line in order.lines})
    return any(item.waiting_for(order.id) for item in items if item is not None and item.waiting)


def _note(draft: Draft, order: Order, promises: "Promises") -> None:
    if promises.reserved != tuple([line.reserved for line in order.lines]) or promises.needs != order.needs:
        draft.emit(LinesReserved(order.id, promises.reserved, promises.needs))


class Promises(Struct, frozen=True, gc=False):
    """How many pieces of each line are promised, in the order of the lines, and what the order lacks now."""

    reserved: tuple[int, ...]
    needs: tuple[str, ...]


def _taken(mine: int, quantity: int, kept: int) -> int:
    """How many of so many firm pieces come out of a share of ``mine``: what was kept is given again first."""
    return min(mine, max(0, quantity - kept))


def _promise(draft: Draft, ctx: Context, order: Order, line: OrderLine, kept: dict[str, int]) -> tuple[int, bool]:
    """Promise what a line lacks: how many pieces more, and whether anything on their shelf may be unconfirmed."""
    item_id = stock_id(order.store, line.sku)
    item = draft.get(StockItem, item_id)
    if item is None:
        return 0, False
    if item.waiting:
        item = _confirm(draft, ctx, order, item)
    mine_again = kept.get(line.sku, 0)
    lease, mine, rest = _room(draft, ctx, item, order.id, mine_again)
    limit = mine + rest
    more = min(line.quantity - line.reserved, max(item.available, limit))
    if more <= 0:
        return 0, bool(item.waiting)
    firm = min(more, limit)
    share = _taken(mine, firm, mine_again) if mine else 0
    if mine_again:
        kept[line.sku] = max(0, mine_again - firm)
    draft.emit(StockReserved(item_id, more, order.id, more - firm, share, lease if share else ""))
    return more, bool(item.waiting) or firm < more


def _confirm(draft: Draft, ctx: Context, order: Order, item: StockItem) -> StockItem:
    """What the order waits for, out of the share of who promises now."""
    lease, mine, rest = _room(draft, ctx, item, order.id, 0)
    quantity = min(item.waiting_for(order.id), mine + rest)
    if not quantity:
        return item
    share = _taken(mine, quantity, 0)
    draft.emit(StockConfirmed(item.id, quantity, order.id, share, lease if share else ""))
    return draft.get(StockItem, item.id) or item


_Room = tuple[str, int, int]
"""What may be promised firmly: of which lease, how much out of its share, and how much from elsewhere."""


def _room(draft: Draft, ctx: Context, item: StockItem, order_id: str, kept: int) -> _Room:
    allotment = draft.get(Allotment, item.store) if ctx.incarnation or item.shares else None
    if ctx.final or not ctx.incarnation:
        # Who waits for unconfirmed pieces was earlier.
        others = item.unconfirmed - item.waiting_for(order_id) if item.waiting else 0
        rest = max(kept, free(allotment, item) - others)
        if allotment is None:
            return "", 0, rest
        share = _share(allotment, ctx, item)
        return share.lease, share.held, rest
    share = _share(allotment, ctx, item)
    live = {lease.id for lease in allotment.live} if allotment else set()
    elsewhere = sum(each.granted for each in item.shares if each.lease != share.lease and each.lease in live)
    granted = min(share.granted, max(0, item.on_hand - item.firm - elsewhere - kept))
    return share.lease, granted, kept


def _share(allotment: Allotment | None, ctx: Context, item: StockItem) -> Share:
    """Out of which share this counter promises at this moment; a lease that has lapsed counts for what was before."""
    lease = allotment.of(ctx.incarnation) if allotment else None
    mine = lease is not None and lease.device == ctx.device and lease.covers(ctx.now)
    return item.share(lease.id) if lease is not None and mine else Share("", 0, 0)


def take_unpromised(draft: Draft, ctx: Context, item_id: str, quantity: int) -> None:
    """Pieces left through this counter that nobody was promised: they come out of its share first."""
    if quantity > 0:
        _move_share(draft, ctx, item_id, -quantity)


def keep_unpromised(draft: Draft, ctx: Context, item_id: str, quantity: int) -> None:
    """Pieces arrived at this counter: a fact, so it may promise them at once."""
    _move_share(draft, ctx, item_id, quantity)


def _move_share(draft: Draft, ctx: Context, item_id: str, quantity: int) -> None:
    item = draft.get(StockItem, item_id) if ctx.incarnation else None
    if item is None:
        return
    share = _share(draft.get(Allotment, item.store), ctx, item)
    if share.lease and (quantity > 0 or share.held):
        draft.emit(ShareMoved(item_id, share.lease, quantity))
