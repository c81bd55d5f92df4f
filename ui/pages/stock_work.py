"""Receiving, selling and adjusting: scan, number, Enter, and the next one."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QIntValidator, QKeyEvent
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from storeapp.services.rows import StockRow
from ui.kit import tokens
from ui.kit.parts import Button, ChoiceBox, CodeLineEdit, ElidedLabel, IconLabel, hbox, label, vbox
from ui.kit.style import BOLD, look
from ui.pages.stock_detail import quiet
from ui.pages.stock_words import ASKED_REASONS, signed

_REMEMBERED = 8
_MOST = 99_999


class Work(StrEnum):
    """What somebody does with one shelf after the other."""

    RECEIVE = "receive"
    SELL = "sell"
    ADJUST = "adjust"


@dataclass(frozen=True, slots=True)
class Entry:
    """What was typed: the shelf, pieces (an adjustment with its sign), and why."""

    work: Work
    sku: str
    name: str
    quantity: int
    reason: str = ""


class NumberField(CodeLineEdit):
    """A large field for pieces; ``signed_`` ones take a minus."""

    def __init__(self, name: str, *, signed_: bool = False) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setValidator(QIntValidator(-_MOST if signed_ else 0, _MOST, self))
        self.setFont(look().font(tokens.PX_DISPLAY, BOLD, tabular=True))
        self.setProperty("desk", "true")

    def number(self) -> int | None:
        """What was typed, if it is a number."""
        try:
            return int(self.text())
        except ValueError:
            return None

    def add_one(self) -> None:
        """One more was scanned; the piece that opened the field counts."""
        self.setText(str((self.number() or 1) + 1))
        self.selectAll()


def captioned(name: str, field: QWidget) -> QVBoxLayout:
    """A field under its name."""
    made = vbox(gap=tokens.GAP_XS)
    caption = label(name, "caption")
    caption.setBuddy(field)
    made.addWidget(caption)
    made.addWidget(field)
    return made


class WorkPanel(QFrame):
    """The panel for one kind of work; it only says what was typed."""

    wanted = Signal(str)
    """Somebody typed a code or barcode: find it."""
    entered = Signal(object)
    """An ``Entry`` is to be saved."""
    ended = Signal()
    """The work is over."""

    def __init__(self, words: Translator, work: Work) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._words, self.work = words, work
        self._row: StockRow | None = None
        self._done: deque[str] = deque(maxlen=_REMEMBERED)
        self._code = CodeLineEdit()
        self._code.setPlaceholderText(words.text("stock.work.code"))
        self._code.setAccessibleName(words.text("stock.work.code"))
        self._name, self._about = ElidedLabel(role="title"), label("", "muted")
        self._number = NumberField(words.text("stock.work.quantity"), signed_=work is Work.ADJUST)
        self._reason = self._reasons()
        self._save = Button(words.text(f"stock.work.{work}.save"), kind="primary", icon="check")
        self._lines = [ElidedLabel(role="soft") for _ in range(_REMEMBERED)]
        self._before = label(words.text("stock.work.done"), "caption")
        self._error = label("", "error", wrap=True)
        self._lay_out()
        self._code.returnPressed.connect(self._find)
        self._number.returnPressed.connect(self.save)
        self._save.clicked.connect(self.save)
        self.show_shelf(None)

    def begin(self, row: StockRow | None) -> None:
        """Start the work, with a shelf where one is chosen already."""
        self._done.clear()
        self._show_done()
        self.show_shelf(row)
        (self._code if row is None else self._number).setFocus()

    def scanned(self, row: StockRow) -> None:
        """An article was scanned: the same again is one more; another one saves what was open."""
        if self._row is not None and self._row.sku == row.sku:
            self._number.add_one()
            return
        if self._row is not None and self.work is not Work.ADJUST:
            self.save()
        self.show_shelf(row)
        self._number.setFocus()

    def show_shelf(self, row: StockRow | None) -> None:
        """Ask for the pieces of this shelf, or for a shelf."""
        self._row = row
        self._error.hide()
        self._code.clear()
        self._name.setText(row.name if row else self._words.text("stock.work.scan_first"))
        self._about.setText(self._describe(row) if row else self._words.text(f"stock.work.{self.work}.hint"))
        self._number.setText("1" if row and self.work is not Work.ADJUST else "")
        self._number.selectAll()
        for widget in (self._number, self._reason, self._save):
            widget.setEnabled(row is not None)

    def not_found(self, code: str) -> None:
        """Say that nothing has this code."""
        self._complain(self._words.text("stock.work.unknown", code=code[:24]))

    def saved(self, entry: Entry) -> None:
        """Note what was saved, and be ready for the next."""
        quantity = -entry.quantity if entry.work is Work.SELL else entry.quantity
        self._done.appendleft(f"{signed(quantity)}  {entry.name}")
        self._show_done()

    @Slot()
    def save(self) -> None:
        """Hand over what was typed."""
        number = self._number.number()
        if self._row is None:
            self._code.setFocus()
        elif not number:
            self._complain(self._words.text("stock.work.number_missing"))
            self._number.setFocus()
        else:
            reason = str(self._reason.currentData()) if self.work is Work.ADJUST else ""
            entry = Entry(self.work, self._row.sku, self._row.name, number, reason)
            self.show_shelf(None)
            self._code.setFocus()
            self.entered.emit(entry)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self._row is not None and self._done:
                self.show_shelf(None)
                self._code.setFocus()
            else:
                self.ended.emit()
            return
        super().keyPressEvent(event)

    def _find(self) -> None:
        if self._code.text().strip():
            self.wanted.emit(self._code.text().strip())

    def _complain(self, text: str) -> None:
        self._error.setText(text)
        self._error.show()

    def _describe(self, row: StockRow) -> str:
        parts = (row.sku, row.bin, self._words.text("stock.work.on_hand", count=row.on_hand))
        return " · ".join(filter(None, parts))

    def _show_done(self) -> None:
        for line, text in zip(self._lines, [*self._done, *[""] * _REMEMBERED], strict=False):
            line.setText(text)
            line.setVisible(bool(text))
        self._before.setVisible(bool(self._done))

    def _reasons(self) -> ChoiceBox:
        box = ChoiceBox()
        box.setAccessibleName(self._words.text("stock.work.reason"))
        for code in ASKED_REASONS:
            box.addItem(self._words.text(f"stock.reason.{code}"), code)
        return box

    def _lay_out(self) -> None:
        column = vbox(self, margins=(16, 14, 16, 14), gap=tokens.GAP_M)
        head = hbox()
        head.addWidget(IconLabel("scan", "accent"))
        head.addWidget(label(self._words.text(f"stock.{self.work}"), "title"))
        head.addStretch(1)
        end = Button(self._words.text("stock.work.end"), kind="flat")
        end.clicked.connect(self.ended)
        head.addWidget(end)
        column.addLayout(head)
        column.addWidget(self._code)
        found = vbox(gap=tokens.GAP_XS)
        found.addWidget(self._name)
        found.addWidget(self._about)
        column.addLayout(found)
        column.addLayout(captioned(self._words.text("stock.work.quantity"), self._number))
        if self.work is Work.ADJUST:
            column.addLayout(captioned(self._words.text("stock.work.reason"), self._reason))
        column.addWidget(self._error)
        self._error.hide()
        column.addWidget(self._save)
        adjusting = self.work is Work.ADJUST
        column.addWidget(quiet(self._words.text("stock.work.again.adjust" if adjusting else "stock.work.again")))
        column.addSpacing(tokens.GAP_S)
        done = vbox(gap=tokens.GAP_S)
        for line in (self._before, *self._lines):
            done.addWidget(line)
        column.addLayout(done)
        column.addStretch(1)
