"""What the hub does with a shelf once a batch is decided: confirm, drop, take back, grant, and ask a person.

Pieces are granted only while nobody else may still promise them: what is taken back from a counter is kept aside
until that counter is known to have read it.
"""

from collections.abc import Mapping

from storeapp.domain.allotment import Allotment, Lease, free, split
from storeapp.domain.exception import ExceptionCase, ExceptionKind, ExceptionResolved
from storeapp.domain.kernel import Context, Draft
from storeapp.domain.order import SHORT_STOCK, UNCONFIRMED_STOCK, LinesReserved, Order, OrderLine
from storeapp.domain.rules.common import open_case
from storeapp.domain.rules.promising import is_waiting
from storeapp.domain.stock import Share, SharesSet, StockConfirmed, StockItem, StockReserved

OVERPROMISED = "stock_overpromised"
SETTLED = "settled"


def overpromised_id(item_id: str) -> str:
    """A shelf has at most one open question about too many promises."""
    return f"{item_id}/overpromised"


def settle(draft: Draft, ctx: Context, item_id: str, *, seen: bool = False) -> None:
    """Bring the promises and shares of a shelf in order.

    Args:
        draft: where it happens.
        ctx: the hub itself; with an ``incarnation``, that of the counter which has ``seen`` the shelf as it is.
        item_id: the shelf.
        seen: whether that counter will never again promise more than it is granted now.
    """
    item = draft.get(StockItem, item_id)
    allotment = draft.get(Allotment, item_id.partition("/")[0])
    if item is None or allotment is None:
        return
    if seen:
        _let_go(draft, item, allotment.of(ctx.incarnation))
    changed = _confirm(draft, allotment, item_id) | _drop(draft, item_id)
    for order_id in sorted(changed):
        _tell_order(draft, order_id)
    _share_out(draft, allotment, item_id)
    _question(draft, ctx, item_id)


def _let_go(draft: Draft, item: StockItem, lease: Lease | None) -> None:
    """What was taken back from a counter that knows it now is free."""
    name = lease.id if lease else ""
    shares = (share._replace(held=share.granted) if share.lease == name else share for share in item.shares)
    _set(draft, item, tuple(share for share in shares if share.held))


def _set(draft: Draft, item: StockItem, shares: tuple[Share, ...]) -> None:
    if shares != item.shares:
        draft.emit(SharesSet(item.id, shares))


def _get(draft: Draft, item_id: str) -> StockItem:
    found = draft.get(StockItem, item_id)
    if found is None:
        raise LookupError("a shelf that was there is gone")
    return found


def _confirm(draft: Draft, allotment: Allotment, item_id: str) -> set[str]:
    """Promise for good what waits, the earliest first, as far as there is something free."""
    item = _get(draft, item_id)
    rest = free(allotment, item) if item.waiting else 0
    changed = set()
    for each in item.waiting:
        quantity = min(each.quantity, rest)
        if quantity:
            draft.emit(StockConfirmed(item_id, quantity, each.order_id))
            changed.add(each.order_id)
            rest -= quantity
    return changed


def _drop(draft: Draft, item_id: str) -> set[str]:
    """Take back what can't be kept: more waits than lies there unpromised. The latest goes first."""
    item = _get(draft, item_id)
    over = item.unconfirmed - max(0, item.on_hand - item.firm)
    changed = set()
    for each in reversed(item.waiting):
        quantity = min(each.quantity, over)
        if quantity > 0:
            draft.emit(StockReserved(item_id, -quantity, each.order_id, -quantity))
            _drop_lines(draft, each.order_id, item.sku, quantity)
            changed.add(each.order_id)
            over -= quantity
    return changed


def _drop_lines(draft: Draft, order_id: str, sku: str, quantity: int) -> None:
    order = draft.get(Order, order_id)
    if order is None:
        return
    reserved = []
    for line in order.lines:
        less = min(line.reserved, quantity) if line.sku == sku else 0
        reserved.append(line.reserved - less)
        quantity -= less
    draft.emit(LinesReserved(order.id, tuple(reserved), order.needs))


def _tell_order(draft: Draft, order_id: str) -> None:
    """An order says what it still lacks or waits for."""
    order = draft.get(Order, order_id)
    if order is None:
        return
    needs = [need for need in order.needs if need not in {SHORT_STOCK, UNCONFIRMED_STOCK}]
    if any(_is_short(line) for line in order.lines):
        needs.append(SHORT_STOCK)
    if is_waiting(draft, order):
        needs.append(UNCONFIRMED_STOCK)
    if tuple(needs) != order.needs:
        draft.emit(LinesReserved(order.id, tuple(line.reserved for line in order.lines), tuple(needs)))


def _is_short(line: OrderLine) -> bool:
    return line.reserved < line.quantity


def _share_out(draft: Draft, allotment: Allotment, item_id: str) -> None:
    """Take back and grant, so that nobody waits for what another counter could do without."""
    item = _get(draft, item_id)
    live = tuple(lease.id for lease in allotment.live)
    shares = {share.lease: share for share in item.shares if share.lease in live}
    lapsed = {lease.id for lease in allotment.leases if lease.lapsed}
    claims = tuple(share for share in item.shares if share.lease in lapsed)
    total = max(0, item.on_hand - item.firm - item.unconfirmed)
    wanted = split(total, allotment)
    kept = _taken_back({name: shares.get(name, Share(name, 0, 0)) for name in live}, wanted, total)
    rest = max(0, free(allotment, item) - item.unconfirmed)
    granted = [_granted(kept[name], wanted.get(name, 0), rest_of) for name, rest_of in _rests(kept, wanted, rest)]
    _set(draft, item, (*(share for share in granted if share.held), *claims))


def _taken_back(shares: Mapping[str, Share], wanted: Mapping[str, int], total: int) -> dict[str, Share]:
    """With fewer pieces where more are granted than there are, or where one has less than half of its part."""
    over = sum(share.granted for share in shares.values()) - total
    starving = any(2 * shares[name].granted < wanted.get(name, 0) for name in shares)
    kept = {}
    for name, share in reversed(list(shares.items())):
        spare = max(0, share.granted - wanted.get(name, 0))
        less = spare if starving else min(spare, max(0, over))
        over -= less
        kept[name] = share._replace(granted=share.granted - less)
    return {name: kept[name] for name in shares}


def _rests(shares: Mapping[str, Share], wanted: Mapping[str, int], rest: int) -> list[tuple[str, int]]:
    """How much of what is free each may take, in their order."""
    rests = []
    for name, share in shares.items():
        more = max(0, min(wanted.get(name, 0) - share.held, rest))
        rests.append((name, more))
        rest -= more
    return rests


def _granted(share: Share, wanted: int, rest: int) -> Share:
    granted = max(share.granted, min(wanted, share.held + rest))
    return share._replace(granted=granted, held=max(share.held, granted))


def _question(draft: Draft, ctx: Context, item_id: str) -> None:
    """More is promised for good than lies there: facts and old promises contradict, and a person decides."""
    item = _get(draft, item_id)
    case = draft.get(ExceptionCase, overpromised_id(item_id))
    missing = item.firm - max(0, item.on_hand)
    if missing > 0 and item.on_hand >= 0 and not (case and case.open):
        open_case(
            draft,
            ctx,
            kind=ExceptionKind.DISCREPANCY,
            code=OVERPROMISED,
            subject=item_id,
            data={"sku": item.sku, "quantity": missing},
            case_id=overpromised_id(item_id),
        )
    elif missing <= 0 and case is not None and case.open:
        draft.emit(ExceptionResolved(case.id, SETTLED, ctx.now, ctx.actor))
