"""The panel beside the table of orders: everything about one order, people masked until somebody asks."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLayout, QScrollArea, QVBoxLayout, QWidget
from typing_extensions import override

from storeapp.domain.incoming import Person
from storeapp.domain.moment import STORE_ZONE
from storeapp.i18n import Translator
from storeapp.services.rows import OrderDetail
from ui.kit import tokens
from ui.kit.parts import hbox, label, set_chip, vbox
from ui.pages.order_blocks import order_blocks
from ui.pages.order_person import PersonBox
from ui.pages.order_words import SHAPES, customer

REVEAL_S = 30


class OrderPanel(QFrame):
    """Shows an order; asks the page to reveal the customer, and hides what was revealed after half a minute."""

    reveal_requested = Signal()
    """The person wants to see the customer in clear."""
    code_requested = Signal()
    """The person wants to see the pickup code."""

    def __init__(self, words: Translator, buttons: Iterable[QWidget]) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._words = words
        self._detail: OrderDetail | None = None
        self._now = datetime.fromtimestamp(0, STORE_ZONE)
        self._names: Mapping[str, str] = {}
        self._secret_of = ""
        self._left_s = 0
        self._tick = QTimer(self)
        self._tick.setInterval(1000)
        self._tick.timeout.connect(self._count_down)
        self._number, self._state = label("", "title"), label("", chip="idle")
        self._from = label("", "caption")
        self._body = QVBoxLayout()
        self._buttons = QWidget()
        self._person = PersonBox(words)
        self._person.reveal.clicked.connect(self.reveal_requested)
        self._person.code.clicked.connect(self.code_requested)
        self._empty = label(words.text("orders.detail.empty"), "muted", wrap=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._lay_out(buttons)
        self.show_order(None, now=self._now)

    def show_order(
        self, detail: OrderDetail | None, *, now: datetime, names: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Show this order, or what to do where none is chosen; another order hides what was revealed.

        ``names`` are those of the staff, by id.
        """
        if detail is None or detail.order.id != self._secret_of:
            self.hide_person()
        self._detail, self._now, self._names = detail, now, names
        self._empty.setVisible(detail is None)
        self._scroll.setVisible(detail is not None)
        self._head.setVisible(detail is not None)
        self._buttons.setVisible(detail is not None)
        if detail is not None:
            self._fill(detail)

    def show_person(self, order_id: str, person: Person) -> None:
        """Show the customer in clear for a while."""
        if self._detail is not None and self._detail.order.id == order_id:
            self._begin_secret(order_id)
            self._person.show_clear(person)
            self._count_down()

    def show_code(self, order_id: str, code: str) -> None:
        """Show the pickup code for a while."""
        if self._detail is not None and self._detail.order.id == order_id:
            self._begin_secret(order_id)
            self._person.show_code(code)
            self._count_down()

    def hide_person(self) -> None:
        """Mask the customer again."""
        self._tick.stop()
        self._secret_of = ""
        self._person.hide_secrets()
        if self._detail is not None:
            self._person.show_masked(customer(self._words, self._detail.row), self._detail)

    def reveals(self) -> bool:
        """Whether something is shown in clear now."""
        return bool(self._secret_of)

    @override
    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.hide_person()

    def _begin_secret(self, order_id: str) -> None:
        self._secret_of = order_id
        self._left_s = REVEAL_S + 1
        self._tick.start()

    def _count_down(self) -> None:
        self._left_s -= 1
        if self._left_s <= 0:
            self.hide_person()
        else:
            self._person.countdown.setText(self._words.text("orders.detail.hides_in", n=self._left_s))

    def _lay_out(self, buttons: Iterable[QWidget]) -> None:
        column = vbox(self, margins=(1, 12, 1, 12), gap=10)
        self._head = QWidget()
        head = hbox(self._head, margins=(16, 0, 16, 0))
        head.addWidget(self._number)
        head.addWidget(self._state)
        head.addStretch(1)
        head.addWidget(self._from)
        column.addWidget(self._head)
        self._scroll = _scroller(self._content())
        column.addWidget(self._scroll, 1)
        column.addWidget(self._empty, 1)
        grid = QGridLayout(self._buttons)
        grid.setContentsMargins(16, 0, 16, 0)
        grid.setSpacing(tokens.GAP_S)
        for number, button in enumerate(buttons):
            grid.addWidget(button, *divmod(number, 2))
        column.addWidget(self._buttons)

    def _content(self) -> QWidget:
        content = QWidget()
        column = vbox(content, margins=(16, 0, 16, 4), gap=14)
        column.addWidget(self._person)
        self._body.setSpacing(14)
        column.addLayout(self._body)
        column.addStretch(1)
        return content

    def _fill(self, detail: OrderDetail) -> None:
        row, words = detail.row, self._words
        self._number.setText(row.order_no)
        set_chip(self._state, words.text(f"state.{row.state}"), SHAPES[row.state][1])
        self._from.setText(words.text(f"platform.{row.platform}"))
        if not self._secret_of:
            self._person.show_masked(customer(words, row), detail)
        _clear(self._body)
        for block in order_blocks(words, detail, now=self._now, names=self._names):
            self._body.addWidget(block)


def _scroller(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area


def _clear(layout: QLayout) -> None:
    while item := layout.takeAt(0):
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
