"""The guided count: shelf after shelf in the order of their places, each number saved by itself."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QProgressBar
from typing_extensions import override

from storeapp.i18n import Translator
from storeapp.services.rows import CountRow, StockRow
from ui.kit import tokens
from ui.kit.parts import Button, ElidedLabel, IconLabel, hbox, label, panel, vbox
from ui.pages.stock_detail import quiet
from ui.pages.stock_words import difference_words
from ui.pages.stock_work import NumberField, captioned


class CountPanel(QFrame):
    """One shelf at a time: where it is, how many lie there, and what that changed."""

    counted = Signal(str, int)
    """SKU and pieces: save this count."""
    moved = Signal(str)
    """SKU: this shelf is asked for now."""
    ended = Signal()
    """The count is over for now."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._words = words
        self._order: list[StockRow] = []
        self._today: dict[str, CountRow] = {}
        self._sku = ""
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._share = label("", "strong")
        self._bin, self._name = label("", "display"), ElidedLabel(role="title")
        self._codes, self._result = label("", "muted"), label("", "soft", wrap=True)
        self._result_icon = IconLabel("circle-dashed", "text3")
        self._number = NumberField(words.text("stock.count.number"))
        self._save = Button(words.text("stock.count.save"), kind="primary", icon="check")
        self._lay_out()
        self._number.returnPressed.connect(self.save)
        self._save.clicked.connect(self.save)

    def show_rows(self, rows: Sequence[StockRow], counted: Sequence[CountRow]) -> None:
        """Show how far the count is; the shelf that is asked for stays."""
        self._order = sorted(rows, key=lambda row: (not row.bin, row.bin.casefold(), row.sku))
        self._today = {row.sku: row for row in counted}
        done = sum(row.sku in self._today for row in self._order)
        self._progress.setRange(0, max(1, len(self._order)))
        self._progress.setValue(done)
        self._share.setText(self._words.text("stock.count.progress", done=done, total=len(self._order)))
        self._show_result()

    def begin(self, sku: str = "") -> None:
        """Ask for a shelf, or for the first that was not counted today."""
        self.ask(sku or self._next_open(-1) or (self._order[0].sku if self._order else ""))

    def ask(self, sku: str) -> None:
        """Ask for one shelf."""
        row = next((row for row in self._order if row.sku == sku), None)
        self._sku = row.sku if row else ""
        self._bin.setText((row.bin or self._words.text("stock.count.no_bin")) if row else "")
        self._name.setText(row.name if row else self._words.text("stock.count.nothing"))
        self._codes.setText(" · ".join(filter(None, (row.sku, row.barcode))) if row else "")
        self._number.clear()
        self._number.setFocus()
        self._show_result()
        if row:
            self.moved.emit(row.sku)

    def scanned(self, sku: str) -> None:
        """An article was scanned: the same again is one more; another one saves the number that stands there."""
        if sku == self._sku:
            self._number.add_one()
            return
        if self._number.number() is not None:
            self._hand_over()
        self.ask(sku)

    @Slot()
    def save(self) -> None:
        """Save the number and go to the next shelf that is not counted."""
        if self._number.number() is None:
            self._number.setFocus()
            return
        here = self._place()
        self._hand_over()
        self.ask(self._next_open(here, without=self._sku) or self._sku)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.ended.emit()
        elif event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self._order:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            self.ask(self._order[(self._place() + step) % len(self._order)].sku)
        else:
            super().keyPressEvent(event)

    def _hand_over(self) -> None:
        number = self._number.number()
        if self._sku and number is not None:
            self.counted.emit(self._sku, number)

    def _place(self) -> int:
        return next((at for at, row in enumerate(self._order) if row.sku == self._sku), 0)

    def _next_open(self, after: int, *, without: str = "") -> str:
        """The next shelf in the walk that was not counted today, from the start again after the last."""
        around = self._order[after + 1 :] + self._order[: after + 1]
        return next((row.sku for row in around if row.sku not in self._today and row.sku != without), "")

    def _show_result(self) -> None:
        """The book's number is shown only after the count, so that nobody copies it."""
        found = self._today.get(self._sku)
        if found is None:
            self._result_icon.show_icon("circle-dashed", "text3")
            self._result.setText(self._words.text("stock.count.blind"))
            return
        row = next(row for row in self._order if row.sku == self._sku)
        icon, ink = ("circle-check", "ok") if not found.difference else ("warning", "warn")
        self._result_icon.show_icon(icon, ink)
        words = difference_words(found, self._words)
        self._result.setText(self._words.text("stock.count.result", found=words, count=row.on_hand))

    def _lay_out(self) -> None:
        column = vbox(self, margins=(16, 14, 16, 14), gap=tokens.GAP_M)
        head = hbox()
        head.addWidget(IconLabel("orders", "accent"))
        head.addWidget(label(self._words.text("stock.count"), "title"))
        head.addStretch(1)
        end = Button(self._words.text("stock.count.pause"), kind="flat")
        end.clicked.connect(self.ended)
        head.addWidget(end)
        column.addLayout(head)
        share = hbox(gap=tokens.GAP_M)
        share.addWidget(self._progress, 1)
        share.addWidget(self._share)
        column.addLayout(share)
        column.addWidget(self._card())
        column.addLayout(captioned(self._words.text("stock.count.number"), self._number))
        column.addWidget(self._save)
        result = hbox(gap=6)
        result.addWidget(self._result_icon, 0, Qt.AlignmentFlag.AlignTop)
        result.addWidget(self._result, 1)
        column.addLayout(result)
        column.addStretch(1)
        column.addWidget(quiet(self._words.text("stock.count.help")))

    def _card(self) -> QFrame:
        card = panel("sunken")
        inside = vbox(card, margins=(14, 12, 14, 12), gap=tokens.GAP_XS)
        inside.addWidget(label(self._words.text("stock.count.place"), "caption"))
        inside.addWidget(self._bin)
        inside.addWidget(self._name)
        inside.addWidget(self._codes)
        return card
