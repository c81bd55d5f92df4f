"""Stock at the counter: receive, adjust, sell, count; what arrives is promised to orders that were short."""

from dataclasses import replace
from datetime import date, datetime

from storeapp.domain.catalogue import Sku
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.moment import day_bounds
from storeapp.domain.order import SHORT_STOCK
from storeapp.domain.rules.orders import ReserveOrder
from storeapp.domain.rules.stock import MAX_PIECES, CountStock, MoveStock
from storeapp.domain.stock import Movement, StockItem, stock_id
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.queries import moment
from storeapp.services.rows import CountRow, MovementRow, StockRow
from storeapp.services.shares import present_lease
from storeapp.store import lists
from storeapp.store.lists import OrderFilter
from storeapp.store.views import stamp

Result = tuple[Event, ...] | Refusal


def stock_rows(counter: Counter, text: str = "") -> list[StockRow]:
    """The shelves of this store; ``text`` finds SKU, barcode, name or bin."""
    skus = {sku.id: sku for sku in counter.cache.every(Sku)}
    items = {item.sku: item for item in counter.cache.every(StockItem) if item.store == counter.store}
    names = sorted(skus.keys() | items.keys())
    missing, opened = lists.pieces_short(counter.cache.db), lists.openings(counter.cache.db)
    lease = present_lease(counter)
    rows = (
        replace(
            _row(counter.store, name, skus.get(name), items.get(name)),
            missing=missing.get(name, 0),
            share=_share(items.get(name), lease) if counter.enrolled else None,
            counted_at=_counted_at(items.get(name), opened),
        )
        for name in names
    )
    return [row for row in rows if matches(row, text)]


def share_lapsed(counter: Counter) -> bool:
    """Whether this counter has not spoken to its hub for so long that all it promises is unconfirmed."""
    return counter.enrolled and not present_lease(counter)


def _share(item: StockItem | None, lease: str) -> int:
    return item.share(lease).granted if item and lease else 0


def matches(row: StockRow, text: str) -> bool:
    """Whether a typed text finds a shelf by SKU, barcode, name or bin; nothing typed finds all."""
    wanted = text.strip().casefold()
    return any(wanted in part.casefold() for part in (row.sku, row.barcode, row.name, row.bin))


def _counted_at(item: StockItem | None, opened: set[tuple[str, str]]) -> datetime | None:
    """When the shelf was counted last; what stood in the first table was counted by nobody here."""
    if item is None or item.counted_at is None or (item.id, stamp(item.counted_at)) in opened:
        return None
    return item.counted_at


def _row(store: str, name: str, sku: Sku | None, item: StockItem | None) -> StockRow:
    return StockRow(
        id=stock_id(store, name),
        sku=name,
        barcode=sku.barcode if sku else "",
        name=sku.name if sku else name,
        bin=item.bin if item else "",
        on_hand=item.on_hand if item else 0,
        reserved=item.reserved if item else 0,
        available=item.available if item else 0,
        counted_at=None,
        unconfirmed=item.unconfirmed if item else 0,
    )


def find_sku(counter: Counter, text: str) -> str | None:
    """The SKU that a code or a scanned barcode means; None where nothing or several fit."""
    skus = counter.cache.every(Sku)
    wanted = text.strip().casefold()
    found = [sku.id for sku in skus if wanted in {sku.id.casefold(), sku.barcode.casefold()}]
    return found[0] if len(found) == 1 else None


def movements(counter: Counter, sku: str) -> list[MovementRow]:
    """What happened to a shelf here, the latest first."""
    rows = lists.movements_of(counter.cache.db, stock_id(counter.store, sku))
    return [MovementRow(moment(at), kind, quantity, reference, actor) for at, kind, quantity, reference, actor in rows]


def counted_on(counter: Counter, day: date) -> list[CountRow]:
    """The shelves that were counted on a store day, in the order of their bins.

    Of a day in the past only those are known that no later day counted again, or whose book was wrong.
    """
    start, end = day_bounds(day)
    differences = lists.count_differences(counter.cache.db, start=start, end=end)
    opened = lists.openings(counter.cache.db)
    skus = {sku.id: sku.name for sku in counter.cache.every(Sku)}
    rows = []
    for item in counter.cache.every(StockItem):
        difference, at = differences.get(item.id, (0, ""))
        last = _counted_at(item, opened)
        counted_at = last if last is not None and start <= last < end else moment(at) if at else None
        if item.store == counter.store and counted_at is not None:
            rows.append(
                CountRow(item.sku, skus.get(item.sku, item.sku), item.bin, counted_at, difference, item.on_hand)
            )
    return sorted(rows, key=lambda row: (row.bin, row.sku))


def receive(counter: Counter, actor: Actor, sku: str, quantity: int) -> Result:
    """Pieces arrived.

    Refusals: ``sku_unknown``, ``bad_quantity``.
    """
    return _move(counter, actor, sku, Movement.RECEIVED, quantity=quantity)


def sell(counter: Counter, actor: Actor, sku: str, quantity: int) -> Result:
    """Pieces were sold over the counter; a fact even where the book has none.

    Refusals: ``sku_unknown``, ``bad_quantity``.
    """
    return _move(counter, actor, sku, Movement.SOLD, quantity=quantity, sign=-1)


def adjust(counter: Counter, actor: Actor, sku: str, difference: int, reason: str) -> Result:
    """Put the book right by a difference, with a reason.

    Refusals: ``sku_unknown``, ``bad_quantity``, ``reason_missing``.
    """
    if not reason.strip():
        return Refusal("reason_missing")
    sign = 1 if difference > 0 else -1
    return _move(counter, actor, sku, Movement.ADJUSTED, quantity=abs(difference), sign=sign, reason=reason.strip())


def _move(
    counter: Counter, actor: Actor, sku: str, kind: Movement, *, quantity: int, sign: int = 1, reason: str = ""
) -> Result:
    if not 0 < quantity <= MAX_PIECES:
        return Refusal("bad_quantity")
    with counter.transaction(actor) as tx:
        if tx.get(Sku, sku) is None:
            return Refusal("sku_unknown", {"sku": sku})
        events = tx.must(MoveStock(counter.store, sku, kind, sign * quantity, reason))
        if sign > 0:
            _promise(counter, tx, sku)
        return events


def count(counter: Counter, actor: Actor, sku: str, quantity: int) -> Result:
    """The shelf was counted.

    Refusals: ``sku_unknown``, ``bad_quantity``.
    """
    if not 0 <= quantity <= MAX_PIECES:
        return Refusal("bad_quantity")
    with counter.transaction(actor) as tx:
        if tx.get(Sku, sku) is None:
            return Refusal("sku_unknown", {"sku": sku})
        item = tx.get(StockItem, stock_id(counter.store, sku))
        events = tx.must(CountStock(counter.store, sku, quantity, item.on_hand if item else 0))
        _promise(counter, tx, sku)
        return events


def _promise(counter: Counter, tx: Transaction, sku: str) -> None:
    """Offer new pieces to open orders that were short of this SKU, the most urgent first."""
    wanted = OrderFilter(open_only=True, needs=SHORT_STOCK, sort="window_end", descending=False, limit=200)
    for delivery_id in lists.delivery_ids(counter.cache.db, wanted, hashes=()):
        item = tx.get(StockItem, stock_id(counter.store, sku))
        if item is None or not item.available:
            return
        tx.must(ReserveOrder(delivery_id.rsplit("-", 1)[0]))
