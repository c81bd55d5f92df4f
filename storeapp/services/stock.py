"""Stock at the counter: receive, adjust, sell, count; what arrives is promised to orders that were short."""

from storeapp.domain.catalogue import Sku
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.rules.common import SHORT_STOCK
from storeapp.domain.rules.orders import ReserveOrder
from storeapp.domain.rules.stock import MAX_PIECES, CountStock, MoveStock
from storeapp.domain.stock import Movement, StockItem, stock_id
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.queries import moment
from storeapp.services.rows import MovementRow, StockRow
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

Result = tuple[Event, ...] | Refusal


def stock_rows(counter: Counter, text: str = "") -> list[StockRow]:
    """The shelves of this store; ``text`` finds SKU, barcode, name or bin."""
    skus = {sku.id: sku for sku in counter.cache.every(Sku)}
    items = {item.sku: item for item in counter.cache.every(StockItem) if item.store == counter.store}
    names = sorted(skus.keys() | items.keys())
    rows = (_row(counter.store, name, skus.get(name), items.get(name)) for name in names)
    wanted = text.strip().casefold()
    return [row for row in rows if not wanted or any(wanted in part.casefold() for part in _texts(row))]


def _texts(row: StockRow) -> tuple[str, ...]:
    return row.sku, row.barcode, row.name, row.bin


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
        counted_at=item.counted_at if item else None,
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
        events = tx.must(CountStock(counter.store, sku, quantity))
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
