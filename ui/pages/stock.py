"""The stock page: what lies where, what is missing, and receiving, selling, adjusting and counting it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import ClassVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QLineEdit, QStackedWidget
from typing_extensions import override

from storeapp.domain.moment import store_day
from storeapp.services import stock
from storeapp.services.counter import Counter
from storeapp.services.rows import CountRow, MovementRow, Shelf, StockRow
from ui.desk import Desk
from ui.kit.actions import Action
from ui.kit.keymap import Key
from ui.kit.messages import Level
from ui.kit.paged_model import PagedModel
from ui.kit.parts import Segments, hbox, panel, vbox
from ui.kit.row_list import RowList
from ui.kit.table_view import TableView
from ui.pages.base import PageBase
from ui.pages.stock_acts import StockActs
from ui.pages.stock_count import CountPanel
from ui.pages.stock_detail import ShelfDetail
from ui.pages.stock_words import shelf_columns
from ui.pages.stock_work import Entry, Work, WorkPanel

_SIDE_PX, _SIDE_NARROW_PX, _WIDE_PX = 372, 320, 1150
_BIN_COLUMN = 2
COUNT = "count/"
"""In front of a subject: go to this shelf and count it."""
_FILTERS: dict[str, Callable[[StockRow], bool]] = {
    "all": lambda _row: True,
    "short": lambda row: row.shelf in (Shelf.SHORT, Shelf.EMPTY, Shelf.LOW),
    "uncounted": lambda row: row.counted_at is None,
    "negative": lambda row: row.on_hand < 0,
}


@dataclass(frozen=True, slots=True)
class _Read:
    rows: list[StockRow]
    counted: list[CountRow]
    now: datetime


class StockPage(PageBase):
    """A list of shelves beside one shelf or one kind of work."""

    TITLE: ClassVar[str] = "page.stock"
    KEYS: ClassVar[tuple[str, ...]] = (
        "stock.find",
        "stock.receive",
        "stock.sell",
        "stock.adjust",
        "stock.count",
        "stock.back",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._read = _Read([], [], datetime.min)  # noqa: DTZ901 - stands for "not read yet"
        self._wanted, self._to_count = "", False
        self._acts = StockActs(desk, self)
        self._list: RowList[StockRow] = RowList(lambda row: row.sku)
        words = desk.words
        self._model = PagedModel(self._list, shelf_columns(words, self._now), self)
        self._table = TableView(self._model, name=words.text("page.stock"), empty=words.text("stock.empty"))
        self._find = QLineEdit()
        self._find.setPlaceholderText(words.text("stock.find"))
        self._find.setAccessibleName(words.text("stock.find"))
        self._find.setClearButtonEnabled(True)
        choices = [(key, words.text(f"stock.filter.{key}")) for key in _FILTERS]
        self._filter = Segments(choices, name=words.text("stock.filter"))
        self._add_actions()
        self._detail = ShelfDetail(desk, self._now)
        self._works = {work: WorkPanel(words, work) for work in Work}
        self._count = CountPanel(words)
        self._side = QStackedWidget()
        self._lay_out()
        self._wire()

    def _now(self) -> datetime:
        return self._read.now

    # -- reading

    @override
    def refresh(self) -> None:
        self.desk.backend.read(_read, done=self._show, failed=self.desk.failed, owner=self)

    def _show(self, read: _Read) -> None:
        self._read = read
        for key, fits in _FILTERS.items():
            count = sum(map(fits, read.rows))
            name = self.desk.words.text(f"stock.filter.{key}")
            self._filter.set_text(key, f"{name} {count}" if key != "all" and count else name)
        self._count.show_rows(read.rows, read.counted)
        self._show_list()

    @Slot()
    def _show_list(self) -> None:
        wanted = self._find.text().strip().casefold()
        fits = _FILTERS[self._filter.current()]
        rows = [row for row in self._read.rows if fits(row) and stock.matches(row, wanted)]
        self._list.set_rows(rows)
        self._model.refresh()
        if self._table.picked_id() is None and rows:
            self._table.pick(rows[0].sku)
        if self._wanted:
            self._go_to_wanted()
        self._show_detail(self._table.picked_id() or "")

    def _go_to_wanted(self) -> None:
        """Go where another page pointed, once the shelves are read."""
        sku, self._wanted = self._wanted, ""
        self._table.pick(sku)
        if self._to_count:
            self._to_count = False
            self._begin_count(sku)

    @Slot(str)
    def _show_detail(self, sku: str) -> None:
        row = self._row(sku)
        if row is None:
            self._detail.show_shelf(None, ())
            return
        show: Callable[[list[MovementRow]], None] = partial(self._show_movements, row)
        self.desk.backend.read(
            lambda counter: stock.movements(counter, sku), done=show, failed=self.desk.failed, owner=self
        )

    def _show_movements(self, row: StockRow, movements: Sequence[MovementRow]) -> None:
        if row.sku == self._table.picked_id():
            self._detail.show_shelf(row, movements)

    def _row(self, sku: str) -> StockRow | None:
        return next((row for row in self._read.rows if row.sku == sku), None)

    @override
    def show_subject(self, subject: str) -> None:
        """Show one shelf, by its SKU or by the id of its stock item; ``count/`` in front asks to count it."""
        self._to_count = subject.startswith(COUNT)
        self._wanted = subject.rpartition("/")[2]
        self._filter.choose("all")
        self._find.clear()
        if self._read.rows:
            self._show_list()

    # -- work

    def _begin(self, work: Work) -> None:
        def go() -> None:
            panel_ = self._works[work]
            self._show_side(panel_)
            panel_.begin(self._row(self._table.picked_id() or "") if self._table.hasFocus() else None)

        self.desk.signed_in(go)

    def _begin_count(self, sku: str = "") -> None:
        def go() -> None:
            self._show_side(self._count)
            self._model.sort(_BIN_COLUMN)
            self._count.begin(sku)

        self.desk.signed_in(go)

    @Slot()
    def _end(self) -> None:
        self._show_side(self._detail)
        self._table.setFocus()

    def _show_side(self, side: ShelfDetail | WorkPanel | CountPanel) -> None:
        self._side.setCurrentWidget(side)
        self.keys_changed()

    @override
    def take_scan(self, text: str, /) -> bool:
        """Show the article, or count one more of it."""
        self._look_up(text, self._take_scanned)
        return True

    @Slot(str)
    def _look_up(self, code: str, take: Callable[[str, str | None], None] | None = None) -> None:
        self.desk.backend.read(
            lambda counter: stock.find_sku(counter, code),
            done=partial(take or self._take_typed, code),
            failed=self.desk.failed,
            owner=self,
        )

    def _take_typed(self, code: str, sku: str | None) -> None:
        self._take_scanned(code, sku)

    def _take_scanned(self, code: str, sku: str | None) -> None:
        side = self._side.currentWidget()
        row = self._row(sku) if sku else None
        if row is None:
            if isinstance(side, WorkPanel):
                side.not_found(code)
            else:
                self.desk.say(Level.WARN, self.desk.words.text("stock.work.unknown", code=code[:24]))
            return
        self._table.pick(row.sku)
        if isinstance(side, WorkPanel):
            side.scanned(row)
        elif isinstance(side, CountPanel):
            side.scanned(row.sku)
        else:
            self._show_detail(row.sku)

    @Slot(object)
    def _save(self, entry: Entry) -> None:
        self._acts.save(entry, self._works[entry.work].saved)

    @Slot(str, int)
    def _save_count(self, sku: str, quantity: int) -> None:
        row = self._row(sku)
        if row is not None:
            self._acts.count(row, quantity, partial(self._count_again, sku))

    def _count_again(self, sku: str) -> None:
        self._show_side(self._count)
        self._count.ask(sku)

    # -- building

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._find.text():
            self._find.clear()
            self._table.setFocus()
            return
        super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._side.setFixedWidth(_SIDE_PX if self.width() >= _WIDE_PX else _SIDE_NARROW_PX)

    def _add_actions(self) -> None:
        add = self.desk.actions.add
        add(Action("stock.find", "stock.find.short", self._find.setFocus, icon="search", shortcut=Key.FIND_HERE), self)
        keys = {
            Work.RECEIVE: ("import", Key.RECEIVE),
            Work.SELL: ("minus", Key.SELL),
            Work.ADJUST: ("edit", Key.ADJUST),
        }
        for work, (icon, key) in keys.items():
            begin = partial(self._begin, work)
            add(Action(f"stock.{work}", f"stock.{work}", begin, icon=icon, shortcut=key), self)
        add(Action("stock.count", "stock.count", self._begin_count, icon="orders", shortcut=Key.COUNT), self)
        hint = Action("stock.back", "stock.back", self._end, hint="Esc", enabled=self._at_work)
        add(hint, self)

    def _at_work(self) -> bool:
        return isinstance(self._side.currentWidget(), WorkPanel | CountPanel) if hasattr(self, "_side") else False

    def _lay_out(self) -> None:
        row = hbox(self, margins=(10, 10, 10, 10), gap=10)
        frame = panel()
        column = vbox(frame, margins=(1, 10, 1, 1), gap=8)
        head = hbox(margins=(12, 0, 12, 0), gap=12)
        head.addWidget(self._filter)
        head.addStretch(1)
        self._find.setFixedWidth(260)
        head.addWidget(self._find)
        column.addLayout(head)
        column.addWidget(self._table, 1)
        row.addWidget(frame, 1)
        for side in (self._detail, *self._works.values(), self._count):
            self._side.addWidget(side)
        row.addWidget(self._side)
        self.setFocusProxy(self._table)

    def _wire(self) -> None:
        self._filter.chosen.connect(self._show_list)
        self._find.textChanged.connect(self._show_list)
        self._table.picked.connect(self._show_detail)
        self._count.moved.connect(self._table.pick)
        self._count.counted.connect(self._save_count)
        self._count.ended.connect(self._end)
        for work in self._works.values():
            work.wanted.connect(self._look_up)
            work.entered.connect(self._save)
            work.ended.connect(self._end)


def _read(counter: Counter) -> _Read:
    now = counter.clock.now()
    return _Read(stock.stock_rows(counter), stock.counted_on(counter, store_day(now)), now)
