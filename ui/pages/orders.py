"""The orders page: every order in a table, everything about one beside it, and all that can be done with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from typing_extensions import override

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.people import Staff
from storeapp.services.counter import Counter
from storeapp.services.queries import order_detail
from storeapp.services.rows import OrderDetail, OrderRow
from ui.desk import Desk
from ui.kit.actions import Action
from ui.kit.keymap import Key
from ui.kit.parts import Button, hbox
from ui.kit.worker import Ticket
from ui.pages.base import PageBase
from ui.pages.order_acts import IN_STORE, OPEN, PRINTABLE, RETURNED, OrderActs
from ui.pages.order_detail import OrderPanel
from ui.pages.order_new import NewOrders
from ui.pages.order_table import OrderList
from ui.pages.row_actions import RowActions
from ui.pages.slip_acts import SlipActs

TICK_MS = 30_000
SETTLE_MS = 40
"""How long a row must stay picked before its detail is read, so that holding an arrow key stays smooth."""
_PANEL_PX, _NARROW_PANEL_PX, _WIDE_PX = 372, 320, 1150


class OrdersPage(PageBase):
    """The list, and the panel of the picked order."""

    TITLE: ClassVar[str] = "page.orders"
    KEYS: ClassVar[tuple[str, ...]] = (
        "orders.find",
        "orders.new",
        "orders.paste",
        "orders.import",
        "orders.correct",
        "orders.locate",
        "orders.print",
        "orders.cancel",
    )
    MENU: ClassVar[tuple[str, ...]] = (
        "orders.reveal",
        "orders.code",
        "orders.correct",
        "orders.locate",
        "orders.reschedule",
        "orders.print",
        "orders.priority",
        "orders.split",
        "orders.retry",
        "orders.report",
        "orders.cancel",
    )
    TOOLS: ClassVar[tuple[str, ...]] = ("orders.new", "orders.paste", "orders.import")
    PANEL: ClassVar[tuple[str, ...]] = (
        "orders.correct",
        "orders.locate",
        "orders.reschedule",
        "orders.print",
        "orders.split",
        "orders.cancel",
        "orders.retry",
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._asked: Ticket | None = None
        self.acts, self.slips, self.new = OrderActs(desk, self), SlipActs(desk, self), NewOrders(desk, self)
        self.list = OrderList(desk.backend, desk.words)
        self._register()
        for each in self.TOOLS:
            self.list.add_tool(desk.actions.button(each))
        self.panel = OrderPanel(desk.words, self._panel_buttons())
        page = hbox(self, margins=(10, 10, 10, 10), gap=10)
        page.addWidget(self.list, 1)
        page.addWidget(self.panel)
        self._connect()

    def _panel_buttons(self) -> list[Button]:
        """A button for each act; *send again* is there only for what came back."""
        buttons = {each: self.desk.actions.button(each) for each in self.PANEL}
        self._retry = buttons["orders.retry"]
        return list(buttons.values())

    @override
    def take_files(self, paths: Sequence[Path]) -> None:
        self.new.import_files(paths)

    def show_subject(self, subject: str) -> None:
        """Show one delivery, whatever is filtered."""
        self.list.show_one(subject)

    @override
    def on_shown(self) -> None:
        super().on_shown()
        self.list.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def take_scan(self, text: str, /) -> bool:
        """An order number or an article was scanned: look for it."""
        self.list.look_for(text)
        return True

    def refresh(self) -> None:
        """Read the ids, the picked order and the time again."""
        self._read_now()
        self.list.model.refresh()

    def picked(self) -> OrderRow | None:
        """The order that acts are about."""
        return self.list.row()

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.panel.setFixedWidth(_PANEL_PX if self.width() > _WIDE_PX else _NARROW_PANEL_PX)

    @override
    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._tick.stop()

    def _register(self) -> None:
        make, acts, new = RowActions("orders", self.picked).make, self.acts, self.new
        for action in (
            Action("orders.find", "orders.act.find", self.list.go_to_search, icon="search", shortcut=Key.FIND_HERE),
            Action("orders.new", "orders.act.new", new.type_in, icon="plus", shortcut=Key.NEW),
            Action("orders.paste", "orders.act.paste", new.paste, icon="copy", shortcut=Key.PASTE_CHAT),
            Action("orders.import", "orders.act.import", new.choose_files, icon="import", shortcut=Key.IMPORT),
            make("reveal", acts.reveal, icon="eye", shortcut=Key.SHOW_CUSTOMER, test=_known),
            make("code", acts.show_code, icon="key", shortcut=Key.SHOW_CODE, test=_known),
            make("correct", acts.correct, icon="edit", shortcut=Key.EDIT, states=OPEN),
            make("locate", acts.locate, icon="map-pin", shortcut=Key.LOCATE, states=OPEN),
            make("reschedule", acts.reschedule, icon="calendar", shortcut=Key.RESCHEDULE, states=OPEN),
            make("print", self._print, icon="printer", shortcut=Key.PRINT, states=PRINTABLE),
            make("priority", acts.prioritise, icon="chevrons-up", shortcut=Key.PRIORITY, states=PRINTABLE),
            make("split", acts.split, icon="boxes", shortcut=Key.SPLIT, states=IN_STORE),
            make("retry", acts.retry, icon="sync", shortcut=Key.SEND_AGAIN, states=RETURNED),
            make("report", acts.report, icon="flag", shortcut=Key.REPORT_PROBLEM),
            make("cancel", acts.cancel, icon="x", shortcut=Key.CANCEL, states=OPEN),
        ):
            self.desk.actions.add(action, self)

    def _connect(self) -> None:
        self._settle = _timer(self, SETTLE_MS, self._read_detail, once=True)
        self._tick = _timer(self, TICK_MS, self._read_now)
        table, acts = self.list.table, self.desk.actions
        self.list.picked.connect(self._picked)
        self.list.model.failed.connect(self.desk.failed)
        table.opened.connect(lambda _id: acts.trigger("orders.reveal"))
        table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        table.customContextMenuRequested.connect(self._menu)
        self.panel.reveal_requested.connect(lambda: acts.trigger("orders.reveal"))
        self.panel.code_requested.connect(lambda: acts.trigger("orders.code"))
        self.acts.person_revealed.connect(self.panel.show_person)
        self.acts.code_revealed.connect(self.panel.show_code)
        self.desk.session.signed_out.connect(self.panel.hide_person)

    def _print(self, row: OrderRow) -> None:
        self.slips.print_slips([row.id])

    def _menu(self, point: QPoint) -> None:
        self.desk.actions.refresh()
        self.desk.actions.menu(self.MENU, self).popup(self.list.table.viewport().mapToGlobal(point))

    def _read_now(self) -> None:
        self.desk.backend.read(lambda counter: counter.clock.now(), done=self.list.show_now, owner=self)

    def _picked(self, _delivery_id: str) -> None:
        self.desk.actions.refresh()
        self._settle.start()

    def _read_detail(self) -> None:
        picked = self.list.table.picked_id() or ""
        if self._asked is not None:
            self._asked.cancel()
        self._asked = self.desk.backend.read(
            lambda counter: _detail(counter, picked), done=self._show_detail, failed=self.desk.failed, owner=self
        )

    def _show_detail(self, read: "_Read") -> None:
        self._retry.setVisible(read.detail is not None and read.detail.row.state is DeliveryState.RETURNED)
        self.panel.show_order(read.detail, now=read.now, names=read.names)
        self.desk.actions.refresh()


def _known(row: OrderRow) -> bool:
    return row.person.known


@dataclass(frozen=True, slots=True)
class _Read:
    """What the panel shows: the order, the time, and who the staff are."""

    detail: OrderDetail | None
    now: datetime
    names: Mapping[str, str]


def _detail(counter: Counter, delivery_id: str) -> _Read:
    names = {staff.id: staff.name for staff in counter.cache.every(Staff)}
    detail = order_detail(counter, delivery_id) if delivery_id else None
    return _Read(detail, counter.clock.now(), names)


def _timer(owner: OrdersPage, interval_ms: int, call: Callable[[], None], *, once: bool = False) -> QTimer:
    timer = QTimer(owner)
    timer.setInterval(interval_ms)
    timer.setSingleShot(once)
    timer.timeout.connect(call)
    return timer
