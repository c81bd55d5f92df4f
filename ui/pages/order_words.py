"""Turns rows of orders into what tables, cards and panels show, so that all pages say the same of one state."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.order import REMARKS, UNCONFIRMED_STOCK
from storeapp.i18n import Translator
from storeapp.services.rows import OrderRow
from ui.desk import clock_time
from ui.kit.cards import PRIORITY, UNSURE, Urgency
from ui.kit.paged_model import Cell, CellStyle, Column

SOON = timedelta(minutes=30)
"""From here on a promise counts as in danger."""
SHAPES: dict[DeliveryState, tuple[str, str]] = {
    DeliveryState.WAITING: ("clock", "idle"),
    DeliveryState.ASSIGNED: ("user", "accent"),
    DeliveryState.IN_CUSTODY: ("navigation", "accent"),
    DeliveryState.PARTLY_DELIVERED: ("package", "warn"),
    DeliveryState.DELIVERED: ("circle-check", "ok"),
    DeliveryState.FAILED: ("warning", "warn"),
    DeliveryState.RETURNING: ("corner-down-left", "warn"),
    DeliveryState.RETURNED: ("corner-down-left", "warn"),
    DeliveryState.AT_PICKUP_POINT: ("map-pin", "accent"),
    DeliveryState.COLLECTED: ("circle-check", "ok"),
    DeliveryState.WITH_COURIER: ("truck", "accent"),
    DeliveryState.CANCELLED: ("x", "idle"),
}
"""Icon and tone of each state."""
_OVER = frozenset({DeliveryState.DELIVERED, DeliveryState.COLLECTED, DeliveryState.CANCELLED})
_TO_CHOOSE = frozenset({DeliveryState.WAITING, DeliveryState.ASSIGNED, DeliveryState.RETURNED})
_NUMBER_CHARS, _NUMBER_TAIL = 13, 8
_CALLED_CHARS, _CALLED_TAIL = 6, 4
"""Papers show the same four characters as the end of an order's number."""
SHORT_STOCK = "short_stock"
NOT_LOCATED = "no_position"


def urgency(row: OrderRow, now: datetime) -> Urgency:
    """How a delivery's promise stands."""
    if row.state in _OVER:
        return Urgency.OFF if row.state is DeliveryState.CANCELLED else Urgency.DONE
    if row.window.end <= now:
        return Urgency.LATE
    if SHORT_STOCK in row.needs and row.state is DeliveryState.WAITING:
        return Urgency.BLOCKED
    return Urgency.SOON if row.window.end - now <= SOON else Urgency.CALM


def pressing(needs: Sequence[str]) -> tuple[str, ...]:
    """The needs that ask for an act, without the remarks."""
    return tuple(need for need in needs if need not in REMARKS)


def is_unconfirmed(row: OrderRow) -> bool:
    """Whether another counter may have promised the same goods."""
    return UNCONFIRMED_STOCK in row.needs and row.state not in _OVER


def priority_of(row: OrderRow) -> int:
    """How much a delivery goes before others; 0 once it has left, because nobody chooses any more."""
    return row.priority if row.state in _TO_CHOOSE else 0


def priority_name(words: Translator, row: OrderRow) -> str:
    """The same in words; nothing for one as any other."""
    return words.text(f"priority.{priority_of(row)}") if priority_of(row) else ""


def _number_cell(row: OrderRow) -> Cell:
    """The number, with the mark of its priority."""
    step = priority_of(row)
    if not step:
        return Cell(short_number(row.order_no))
    return Cell(short_number(row.order_no), icon=PRIORITY[step - 1], tone="accent")


def time_left(words: Translator, end: datetime, now: datetime) -> str:
    """How long until a promise ends, or for how long it has been over."""
    minutes = int((end - now).total_seconds() // 60)
    late, minutes = minutes < 0, abs(minutes)
    if minutes < 120:
        return words.text("time.late_minutes" if late else "time.minutes", n=minutes)
    if minutes < 48 * 60:
        return words.text("time.late_hours" if late else "time.hours", n=minutes // 60)
    return words.text("time.late_days" if late else "time.days", n=minutes // (24 * 60))


def window_text(window: Window, *, now: datetime) -> str:
    """A promise on the store's clock, with the day where it is not today."""
    start, end = window.start.astimezone(STORE_ZONE), window.end.astimezone(STORE_ZONE)
    day = "" if store_day(window.start) == store_day(now) else start.strftime("%m-%d ")
    other = "" if start.date() == end.date() else end.strftime("%m-%d ")
    return f"{day}{start:%H:%M}–{other}{end:%H:%M}"


def short_number(order_no: str) -> str:
    """An order number as tables and cards show it: of a long one the end, which differs."""
    return order_no if len(order_no) <= _NUMBER_CHARS else f"…{order_no[-_NUMBER_TAIL:]}"


def card_number(order_no: str) -> str:
    """An order number as people call it across the counter: without its sign, of a long one the last digits."""
    bare = order_no.removeprefix("#")
    return bare if len(bare) <= _CALLED_CHARS else bare[-_CALLED_TAIL:]


def amount(fen: int) -> str:
    """Money as people write it."""
    return f"¥{fen // 100:,}.{fen % 100:02d}"


def state_cell(words: Translator, row: OrderRow) -> Cell:
    """The state as a chip."""
    icon, tone = SHAPES[row.state]
    return Cell(words.text(f"state.{row.state}"), icon=icon, tone=tone)


def needs_cell(words: Translator, row: OrderRow) -> Cell:
    """The first need and how many more; nothing for an order that is over."""
    needs = pressing(row.needs)
    if row.state in _OVER:
        return Cell("")
    if not needs:
        return Cell(words.text("orders.unconfirmed"), icon=UNSURE) if is_unconfirmed(row) else Cell("")
    more = f" +{len(needs) - 1}" if len(needs) > 1 else ""
    return Cell(words.text(f"need.{needs[0]}") + more, icon="warning", tone="warn")


def promise_cell(row: OrderRow, now: datetime) -> Cell:
    """The promise, with a mark where it is in danger or was not kept."""
    text = window_text(row.window, now=now)
    how = urgency(row, now)
    late = row.finished_at is not None and row.finished_at > row.window.end
    if how is Urgency.LATE or (late and row.state is not DeliveryState.CANCELLED):
        return Cell(text, icon="warning", tone="danger")
    return Cell(text, icon="clock-alert", tone="warn") if how is Urgency.SOON else Cell(text)


def customer(words: Translator, row: OrderRow) -> str:
    """The masked name, or that nobody knows it any more."""
    if row.person.known:
        return row.person.name or words.text("orders.nameless")
    return words.text("orders.forgotten" if row.state in _OVER and row.person.forgotten else "orders.locked")


def columns(words: Translator, now: "NowSource") -> list[Column[OrderRow]]:
    """The table of orders; keys are what the store sorts by."""

    def title(code: str) -> str:
        return words.text(f"orders.column.{code}")

    return [
        Column("order_no", title("number"), _number_cell, CellStyle.CODE, 118),
        Column("customer", title("customer"), lambda r: Cell(customer(words, r)), CellStyle.STRONG, 74, sortable=False),
        Column("area", title("area"), lambda r: Cell(r.person.area), CellStyle.MUTED, sortable=False),
        Column("goods", title("goods"), lambda r: Cell(r.goods), sortable=False),
        Column("state", title("state"), lambda r: state_cell(words, r), CellStyle.CHIP, 134),
        Column("guide", title("guide"), lambda r: Cell(r.guide_name), width=76),
        Column("window_end", title("promise"), lambda r: promise_cell(r, now.now()), CellStyle.CODE, 134),
        Column("needs", title("needs"), lambda r: needs_cell(words, r), width=138, sortable=False),
        Column("created_at", title("created"), lambda r: Cell(_day_time(r.created_at, now.now())), CellStyle.CODE, 104),
    ]


def _day_time(moment: datetime, now: datetime) -> str:
    local = moment.astimezone(STORE_ZONE)
    return clock_time(moment) if store_day(moment) == store_day(now) else local.strftime("%m-%d %H:%M")


class NowSource:
    """The counter's time as the page last read it: the window must not ask the database thread to paint."""

    def __init__(self) -> None:
        self._now = datetime.fromtimestamp(0, STORE_ZONE)

    def now(self) -> datetime:
        """The moment last read."""
        return self._now

    def set(self, moment: datetime) -> None:
        """It is this moment now."""
        self._now = moment
