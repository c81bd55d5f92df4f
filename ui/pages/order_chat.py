"""The chat dialog: paste what the customer wrote, see at once what was understood, and go on with the form."""

from collections.abc import Mapping
from datetime import datetime

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from storeapp.adapters.intake.pasted import TEXT_CHARS, Draft, parse_chat
from storeapp.domain.words import Mode
from storeapp.i18n import Translator
from ui.kit.parts import Button, IconLabel, hbox, label, panel, vbox
from ui.pages.order_forms import Goods, OrderDraft, goods_text
from ui.pages.order_words import window_text

_FACTS = ("name", "phone", "address", "goods", "time", "note")
_PAUSE_MS = 150


def draft_of(read: Draft) -> OrderDraft:
    """What was understood, as the order form starts from it; articles without a code are left to the person."""
    goods = [Goods(line.sku, line.quantity or 1) for line in read.lines if line.sku]
    return OrderDraft(read.person, goods_text(goods), Mode.SCHEDULED if read.window else Mode.INSTANT, read.window)


def flags_of(read: Draft) -> tuple[str, ...]:
    """What the chat leaves open; the form asks for the mode anyway, and the place is looked up afterwards."""
    return tuple(need for need in read.needs if need not in {"mode_assumed", "no_position"})


class ChatDialog(QDialog):
    """A text box and, beside it, what is certain; what is not stays empty and is named."""

    def __init__(self, words: Translator, *, now: datetime, skus: Mapping[str, str], parent: QWidget) -> None:
        """Ask for a text.

        Args:
            words: the language.
            now: what *today* means.
            skus: the catalogue's titles to codes.
            parent: the window.
        """
        super().__init__(parent)
        self._words, self._now, self._skus = words, now, skus
        self.setWindowTitle(words.text("orders.chat.title"))
        self.setMinimumSize(760, 440)
        self.text = QPlainTextEdit()
        self.text.setPlaceholderText(words.text("orders.chat.hint"))
        self.text.setAccessibleName(words.text("orders.chat.text"))
        self.text.setTabChangesFocus(True)
        self._facts = {fact: label("", wrap=True) for fact in _FACTS}
        self._flags = QVBoxLayout()
        self._flags.setSpacing(4)
        self._accept = Button(words.text("orders.chat.accept"), kind="primary", icon="arrow-right")
        self._lay_out()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._show_read)
        self.text.textChanged.connect(self._timer.start)
        self._show_read()

    def read(self) -> Draft:
        """What the text says."""
        return parse_chat(self.text.toPlainText()[:TEXT_CHARS], now=self._now, skus=self._skus)

    def _lay_out(self) -> None:
        column = vbox(self, margins=(24, 20, 24, 20), gap=12)
        column.addWidget(label(self._words.text("orders.chat.title"), "title"))
        middle = hbox(gap=16)
        middle.addWidget(self.text, 1)
        preview = panel("sunken")
        body = vbox(preview, margins=(14, 12, 14, 12), gap=8)
        for fact, value in self._facts.items():
            body.addLayout(_fact(self._words.text(f"orders.chat.{fact}"), value))
        body.addLayout(self._flags)
        body.addStretch(1)
        middle.addWidget(preview, 1)
        column.addLayout(middle, 1)
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = hbox()
        row.addStretch(1)
        cancel = Button(self._words.text("kit.cancel"))
        cancel.clicked.connect(self.reject)
        self._accept.clicked.connect(self.accept)
        row.addWidget(cancel)
        row.addWidget(self._accept)
        return row

    def _show_read(self) -> None:
        read = self.read()
        person = read.person
        lines = [f"{line.title or line.sku} ×{line.quantity or '?'}" for line in read.lines]
        values = (
            person.name,
            person.phone,
            person.address,
            "\n".join(lines),
            window_text(read.window, now=self._now) if read.window else "",
            person.note,
        )
        for value, words in zip(self._facts.values(), values, strict=True):
            value.setText(words or "—")
        has_text = bool(self.text.toPlainText().strip())
        self._accept.setEnabled(has_text)
        self._show_flags(flags_of(read) if has_text else ())

    def _show_flags(self, needs: tuple[str, ...]) -> None:
        while item := self._flags.takeAt(0):
            if widget := item.widget():
                widget.deleteLater()
        for need in needs:
            box = QWidget()
            row = hbox(box, gap=6)
            row.addWidget(IconLabel("warning", "warn", 14))
            row.addWidget(label(self._words.text(f"need.{need}"), "caption"), 1)
            self._flags.addWidget(box)


def _fact(name: str, value: QLabel) -> QHBoxLayout:
    row = hbox(gap=8)
    caption = label(name, "caption")
    caption.setFixedWidth(64)
    row.addWidget(caption)
    row.addWidget(value, 1)
    return row
