"""How the page of a day writes figures, shares and rows."""

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from storeapp.domain.moment import STORE_ZONE
from storeapp.domain.money import fen_to_yuan
from storeapp.domain.statement import DayTotals
from storeapp.i18n import Translator
from storeapp.services.day import Arrival, GuideDay
from storeapp.services.rows import CountRow, OrderRow
from ui.kit.charts import Point
from ui.kit.paged_model import Cell, CellStyle, Column
from ui.pages.order_words import SHAPES, short_number, window_text
from ui.pages.stock_words import signed

Now = Callable[[], datetime]
FIGURES = ("orders", "delivered", "on_time", "open", "cancelled", "exceptions", "earnings")


@dataclass(frozen=True, slots=True)
class LeftRow:
    """An order that the day leaves to the next; ``guide`` has it, or is responsible for it."""

    id: str
    order: OrderRow
    guide: str
    parcels_out: int


def share(part: int, whole: int) -> str:
    """A share in whole percent; a dash where there is nothing to share."""
    return f"{part * 100 // whole} %" if whole else "–"


def figures(totals: DayTotals) -> dict[str, str]:
    """The figures of a day as text."""
    return {
        "orders": str(totals.orders),
        "delivered": str(totals.delivered),
        "on_time": share(totals.on_time, totals.delivered),
        "open": str(totals.open),
        "cancelled": str(totals.cancelled),
        "exceptions": str(totals.exceptions),
        "earnings": f"¥{fen_to_yuan(totals.earnings_fen)}",
    }


def by_hour(arrivals: Sequence[Arrival]) -> tuple[list[Point], list[Point]]:
    """How many arrived in each hour from the first to the last, and which share of them in time, in percent."""
    all_of = Tally(_hour(arrival.at) for arrival in arrivals)
    timely = Tally(_hour(arrival.at) for arrival in arrivals if arrival.on_time)
    hours = range(min(all_of), max(all_of) + 1) if all_of else range(0)
    counts = [Point(f"{hour:02d}", all_of[hour], str(all_of[hour] or "")) for hour in hours]
    shares = [
        Point(f"{hour:02d}", timely[hour] * 100 / all_of[hour], share(timely[hour], all_of[hour]))
        for hour in hours
        if all_of[hour]
    ]
    return counts, shares


def _hour(moment: datetime) -> int:
    return moment.astimezone(STORE_ZONE).hour


def guide_columns(words: Translator) -> list[Column[GuideDay]]:
    """The columns of who did what."""

    def text(key: str) -> str:
        return words.text(f"report.column.{key}")

    def name(row: GuideDay) -> Cell:
        return Cell(row.name, sub=words.text("report.guide.paid_by", store=row.paid_by) if row.paid_by else "")

    return [
        Column("name", text("guide"), name, CellStyle.STRONG),
        Column("deliveries", text("deliveries"), lambda row: Cell(str(row.deliveries)), CellStyle.NUMBER, 80),
        Column("on_time", text("on_time"), _on_time, CellStyle.NUMBER, 96),
        Column("earnings_fen", text("earnings"), lambda row: Cell(_yuan(row.earnings_fen)), CellStyle.NUMBER, 96),
    ]


def _on_time(row: GuideDay) -> Cell:
    return Cell(f"{row.on_time} · {share(row.on_time, row.deliveries)}" if row.deliveries else "–")


def _yuan(amount_fen: int) -> str:
    return f"¥{fen_to_yuan(amount_fen)}" if amount_fen else "–"


def left_columns(words: Translator, now: Now) -> list[Column[LeftRow]]:
    """The columns of what is left to the next day."""

    def text(key: str) -> str:
        return words.text(f"report.column.{key}")

    return [
        Column("order", text("order"), _order, CellStyle.CODE, sortable=False),
        Column("state", text("state"), lambda row: _state(row, words), CellStyle.CHIP, 128, sortable=False),
        Column("guide", text("guide"), lambda row: Cell(row.guide or "–"), CellStyle.TEXT, 88, sortable=False),
        Column(
            "promise",
            text("promise"),
            lambda row: Cell(window_text(row.order.window, now=now())),
            CellStyle.CODE,
            124,
            sortable=False,
        ),
    ]


def _order(row: LeftRow) -> Cell:
    return Cell(short_number(row.order.order_no), sub=row.order.goods)


def _state(row: LeftRow, words: Translator) -> Cell:
    icon, tone = SHAPES[row.order.state]
    return Cell(words.text(f"state.{row.order.state}"), icon=icon, tone=tone)


def count_columns(words: Translator) -> list[Column[CountRow]]:
    """The columns of what was counted."""

    def text(key: str) -> str:
        return words.text(f"report.column.{key}")

    return [
        Column("name", text("article"), lambda row: Cell(row.name, sub=row.sku), CellStyle.TEXT),
        Column("difference", text("difference"), _difference, CellStyle.NUMBER, 88),
        Column("on_hand", text("on_hand"), lambda row: Cell(str(row.on_hand)), CellStyle.NUMBER, 72),
    ]


def _difference(row: CountRow) -> Cell:
    if not row.difference:
        return Cell("0")
    return Cell(signed(row.difference), icon="warning", tone="warn")


def worst_first(rows: Iterable[CountRow]) -> list[CountRow]:
    """The counts that contradicted the book most before the others."""
    return sorted(rows, key=lambda row: (-abs(row.difference), row.sku))
