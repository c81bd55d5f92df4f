"""How the stock page writes shelves, movements and differences."""

from collections.abc import Callable
from datetime import datetime

from storeapp.domain.moment import store_day
from storeapp.i18n import Translator
from storeapp.services.rows import CountRow, MovementRow, Shelf, StockRow
from ui.desk import day_time
from ui.kit.paged_model import Cell, CellStyle, Column

Now = Callable[[], datetime]
SHAPES = {
    Shelf.NEGATIVE: ("octagon-x", "danger"),
    Shelf.SHORT: ("package-off", "warn"),
    Shelf.EMPTY: ("circle-dashed", "text3"),
    Shelf.LOW: ("warning", "warn"),
    Shelf.FINE: ("", ""),
}
"""Icon and ink of a shelf that somebody should look at."""
REASONS = ("damaged", "expired", "tester", "gift", "lost", "found", "mistake", "undone")
"""Codes of why the book was put right; free words could name people."""
ASKED_REASONS = REASONS[:-1]


def signed(quantity: int) -> str:
    """A change with its sign; the minus is as wide as the plus."""
    return f"+{quantity}" if quantity > 0 else f"\N{MINUS SIGN}{-quantity}" if quantity else "0"


def plain(quantity: int) -> str:
    """A number of pieces; below zero with a real minus."""
    return str(quantity) if quantity >= 0 else signed(quantity)


def shelf_columns(words: Translator, now: Now) -> list[Column[StockRow]]:
    """The columns of the list of shelves."""

    def text(key: str) -> str:
        return words.text(f"stock.column.{key}")

    return [
        Column("name", text("name"), lambda row: _name(row, words), CellStyle.STRONG),
        Column("sku", text("sku"), lambda row: Cell(row.sku, sub=row.barcode), CellStyle.CODE, 120),
        Column("bin", text("bin"), lambda row: Cell(row.bin or "–"), CellStyle.CODE, 72),
        Column("on_hand", text("on_hand"), _on_hand, CellStyle.NUMBER, 76),
        Column("reserved", text("reserved"), lambda row: _reserved(row, words), CellStyle.NUMBER, 116),
        Column("available", text("available"), _available, CellStyle.NUMBER, 88),
        Column("counted_at", text("counted"), lambda row: _counted(row, words, now()), CellStyle.MUTED, 104),
    ]


def _name(row: StockRow, words: Translator) -> Cell:
    fine = row.shelf is Shelf.FINE
    return Cell(row.name, sub="" if fine else words.text(f"stock.shelf.{row.shelf}", count=row.missing))


def _on_hand(row: StockRow) -> Cell:
    return Cell(plain(row.on_hand), tone="danger" if row.on_hand < 0 else "")


def _reserved(row: StockRow, words: Translator) -> Cell:
    open_ones = words.text("stock.unconfirmed", count=row.unconfirmed) if row.unconfirmed else ""
    return Cell(str(row.reserved or "–"), sub=open_ones)


def share_words(row: StockRow, words: Translator) -> str:
    """What this counter may promise by itself; nothing where it is alone, or where that is all there is."""
    if row.share is None or (row.share == row.available and not row.unconfirmed):
        return ""
    return words.text("stock.share", count=row.share)


def _available(row: StockRow) -> Cell:
    icon, ink = SHAPES[row.shelf]
    return Cell(str(row.available), icon=icon, tone=ink)


def _counted(row: StockRow, words: Translator, now: datetime) -> Cell:
    if row.counted_at is None:
        return Cell(words.text("stock.never"))
    today = store_day(row.counted_at) == store_day(now)
    return Cell(day_time(row.counted_at, now=now), icon="check" if today else "")


def movement_columns(words: Translator, now: Now) -> list[Column[MovementRow]]:
    """The columns of a shelf's history."""

    def text(key: str) -> str:
        return words.text(f"stock.column.{key}")

    return [
        Column("at", text("at"), lambda row: Cell(day_time(row.at, now=now())), CellStyle.MUTED, 96, sortable=False),
        Column("movement", text("movement"), lambda row: _movement(row, words), sortable=False),
        Column("quantity", text("quantity"), lambda row: Cell(signed(row.quantity)), CellStyle.NUMBER, 64, False),
    ]


def _movement(row: MovementRow, words: Translator) -> Cell:
    what = words.text(f"stock.movement.{row.movement}")
    reason = f"stock.reason.{row.reference}"
    return Cell(what, sub=words.text(reason) if words.has(reason) else "")


def difference_words(row: CountRow, words: Translator) -> str:
    """What a count found, in words."""
    if not row.difference:
        return words.text("stock.count.same")
    return words.text("stock.count.more" if row.difference > 0 else "stock.count.fewer", count=abs(row.difference))
