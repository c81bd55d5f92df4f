"""The list of orders: search, filters and a table that stays smooth with 100,000 rows."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from storeapp.services.queries import COLUMN_STATES, Column, order_ids, order_rows
from storeapp.services.rows import OrderRow
from storeapp.store.lists import OrderFilter
from ui.backend import Backend
from ui.kit.paged_model import PagedModel, SortOrder, TaskProvider
from ui.kit.parts import ChoiceBox, Segments, hbox, label, vbox
from ui.kit.table_view import TableView
from ui.pages.order_words import NowSource, columns

SEARCH_PAUSE_MS = 120
FILTERS = ("open", *(column.value for column in Column), "all")
NEEDS = (
    "no_position",
    "short_stock",
    "stock_unconfirmed",
    "window_passed",
    "phone_missing",
    "phone_masked",
    "address_missing",
    "address_masked",
    "sku_unknown",
    "sku_missing",
    "mode_assumed",
    "window_default",
)
_ANY_NEED = "any"
_NEEDS_PX = 200
_ROOM_FOR_COUNT = 760
_SHEDS = ((8, 1040), (3, 900), (2, 740))
"""Columns that give way where the table is narrower than so many pixels: created, goods, area."""


def filter_of(state: str, need: str, text: str, order: SortOrder | None) -> OrderFilter:
    """What the store is asked for when these choices are on."""
    wanted = OrderFilter(text=text, open_only=state == "open")
    if state in COLUMN_STATES:
        wanted = replace(wanted, states=COLUMN_STATES[Column(state)])
    if need == _ANY_NEED:
        wanted = replace(wanted, needing=True)
    elif need:
        wanted = replace(wanted, needs=need)
    return replace(wanted, sort=order.key, descending=order.descending) if order else wanted


class OrderList(QFrame):
    """Search, filters and table; says which order is picked."""

    picked = Signal(str)
    """The delivery whose row became the picked one; empty when there is none."""

    def __init__(self, backend: Backend, words: Translator) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._words = words
        self._wanted_id = ""
        self.now = NowSource()
        self.search = QLineEdit()
        choices = [(key, words.text(f"orders.filter.{key}")) for key in FILTERS]
        self.states = Segments(choices, name=words.text("orders.filter"))
        self.needs = self._needs_box()
        self.model: PagedModel[OrderRow] = PagedModel(_Provider(backend, self), columns(words, self.now), self)
        self.table = TableView(self.model, name=words.text("page.orders"), empty=words.text("orders.empty"))
        self._count = label("", "muted")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(SEARCH_PAUSE_MS)
        self._tools = hbox()
        self._lay_out()
        self._connect()

    def add_tool(self, tool: QWidget) -> None:
        """Put a button beside the search."""
        self._tools.addWidget(tool)

    def wanted(self, order: SortOrder | None) -> OrderFilter:
        """The filter that is set now."""
        return filter_of(self.states.current(), self.needs.currentData(), self.search.text().strip(), order)

    def row(self) -> OrderRow | None:
        """The picked order, as far as it is here already."""
        index = self.table.currentIndex()
        return self.model.row(index.row()) if index.isValid() and self.table.picked_id() else None

    def look_for(self, text: str) -> None:
        """Search for a text among all orders."""
        self.states.choose("all")
        self.needs.setCurrentIndex(0)
        self.search.setText(text)

    def show_one(self, delivery_id: str) -> None:
        """Pick one delivery, whatever was filtered."""
        self._wanted_id = delivery_id
        self.states.choose("all")
        self.needs.setCurrentIndex(0)
        self.search.clear()
        self.model.refresh()

    def go_to_search(self) -> None:
        """Go to the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def show_now(self, now: datetime) -> None:
        """It is this moment now: promises may have come due."""
        self.now.set(now)
        self.table.viewport().update()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._count.setVisible(self.width() >= _ROOM_FOR_COUNT)
        for column, room in _SHEDS:
            self.table.setColumnHidden(column, self.width() < room)

    def _needs_box(self) -> ChoiceBox:
        words, box = self._words, ChoiceBox()
        box.addItem(words.text("orders.needs.all"), "")
        box.addItem(words.text("orders.needs.any"), _ANY_NEED)
        for need in NEEDS:
            box.addItem(words.text(f"need.{need}"), need)
        box.setAccessibleName(words.text("orders.needs"))
        box.setFixedWidth(_NEEDS_PX)
        return box

    def _lay_out(self) -> None:
        self.search.setPlaceholderText(self._words.text("orders.search"))
        self.search.setAccessibleName(self._words.text("orders.search"))
        self.search.setClearButtonEnabled(True)
        column = vbox(self, margins=(1, 10, 1, 1), gap=8)
        column.addLayout(self._upper())
        column.addLayout(self._lower())
        column.addWidget(self.table, 1)

    def _upper(self) -> QHBoxLayout:
        row = hbox(margins=(12, 0, 12, 0))
        row.addWidget(self.search, 1)
        row.addLayout(self._tools)
        return row

    def _lower(self) -> QHBoxLayout:
        row = hbox(margins=(10, 0, 12, 0))
        row.addWidget(self.states)
        row.addStretch(1)
        row.addWidget(self._count)
        row.addWidget(self.needs)
        return row

    def _connect(self) -> None:
        self._pause.timeout.connect(self.model.refresh)
        self.search.textChanged.connect(self._pause.start)
        self.states.chosen.connect(self.model.refresh)
        self.needs.currentIndexChanged.connect(self.model.refresh)
        self.model.loaded.connect(self._loaded)
        self.table.picked.connect(self.picked)

    def _loaded(self, count: int) -> None:
        self._count.setText(self._words.text("orders.count", n=f"{count:,}"))
        if self._wanted_id:
            wanted, self._wanted_id = self._wanted_id, ""
            self.table.pick(wanted)
        elif self.table.picked_id() is None and count:
            self.table.pick(self.model.id_at(0))
        self.picked.emit(self.table.picked_id() or "")


class _Provider(TaskProvider[OrderRow]):
    """Takes the filter from the list when ids are asked for, on the UI thread, and reads on the other."""

    def __init__(self, backend: Backend, of: OrderList) -> None:
        self._backend = backend
        self._of = of
        super().__init__(
            backend.tasks, ids=lambda _order: (), rows=lambda ids: order_rows(backend.counter(), ids), owner=of
        )

    @override
    def load_ids(
        self, order: SortOrder | None, done: Callable[[Sequence[str]], None], failed: Callable[[Exception], None]
    ) -> None:
        wanted = self._of.wanted(order)
        self._backend.read(lambda counter: order_ids(counter, wanted), done=done, failed=failed, owner=self._of)
