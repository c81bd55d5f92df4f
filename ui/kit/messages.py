"""The one door for messages: the result of the last action stays in sight, with its undo, and stops nobody."""

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from PySide6.QtCore import QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QProgressBar, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.parts import Button, ElidedLabel, IconLabel, hbox, label, restyle, vbox

_REMEMBERED = 20


class Level(StrEnum):
    """How a message is meant; each has its icon."""

    INFO = "info"
    DONE = "done"
    WARN = "warn"
    FAILED = "failed"


_SHAPES = {
    Level.INFO: ("info", "accent"),
    Level.DONE: ("circle-check", "ok"),
    Level.WARN: ("warning", "warn"),
    Level.FAILED: ("octagon-x", "danger"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said: how, what, and whether undo takes it back."""

    level: Level
    text: str
    undoable: bool = False


class MessageLine(QWidget):
    """The last message in the top bar: icon, words, undo with its key; a click lists the earlier ones."""

    undo_requested = Signal()
    """The person wants the last action taken back."""

    def __init__(self, words: Translator, *, undo_key: str = "Ctrl Z") -> None:
        super().__init__()
        self._words = words
        self._said: deque[Message] = deque(maxlen=_REMEMBERED)
        self._list: QFrame | None = None
        self._icon = IconLabel("info", "accent")
        self._text = ElidedLabel(role="soft")
        self._undo = Button(words.text("kit.undo"), kind="flat", icon="undo")
        self._key = label(undo_key, "key")
        row = hbox(self, gap=6)
        for widget in (self._icon, self._text, self._key, self._undo):
            row.addWidget(widget)
        row.addStretch(1)
        self._undo.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._undo.clicked.connect(self.undo_requested)
        self.hide()

    def say(self, level: Level, text: str, *, undoable: bool = False) -> None:
        """Show a message instead of the last one."""
        self._said.appendleft(Message(level, text, undoable))
        self._icon.show_icon(*_SHAPES[level])
        self._text.setText(text)
        self._key.setVisible(undoable)
        self._undo.setVisible(undoable)
        self.setAccessibleName(text)
        self.show()

    def said(self) -> tuple[Message, ...]:
        """The last messages, newest first."""
        return tuple(self._said)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._list is None:
            self._open()
        else:
            self._close()

    def _open(self) -> None:
        self._list = _MessageList(self._said, self.window())
        self._list.setAccessibleName(self._words.text("kit.messages"))
        self._list.adjustSize()
        self._list.move(self.mapTo(self.window(), QPoint(0, self.height() + tokens.GAP_S)))
        self._list.closed.connect(self._close)
        self._list.show()
        self._list.setFocus()

    @Slot()
    def _close(self) -> None:
        if self._list is not None:
            self._list.deleteLater()
        self._list = None


class _MessageList(QFrame):
    """Earlier messages in full; Esc, a click or leaving it closes it."""

    closed = Signal()

    def __init__(self, messages: deque[Message], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("popup")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMaximumWidth(560)
        column = vbox(self, margins=(12, 10, 12, 10), gap=6)
        for message in messages:
            row = hbox(gap=8)
            row.addWidget(IconLabel(*_SHAPES[message.level]), 0, Qt.AlignmentFlag.AlignTop)
            words = label(message.text, "soft", wrap=True)
            words.setMinimumWidth(420)
            row.addWidget(words, 1)
            column.addLayout(row)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
            return
        super().keyPressEvent(event)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.closed.emit()


class ProgressStrip(QFrame):
    """Long work at the foot of the page: it says how far it is and covers nothing that must be pressed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self._text = ElidedLabel(role="soft")
        self._share = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        row = hbox(self, margins=(12, 8, 12, 8), gap=12)
        row.addWidget(IconLabel("sync", "accent"))
        row.addWidget(self._text, 2)
        row.addWidget(self._bar, 3)
        row.addWidget(self._share)
        self.hide()

    def show_progress(self, text: str, done: int, total: int) -> None:
        """Show how far the work is; a total of 0 means that nobody knows."""
        self._text.setText(text)
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._share.setText(f"{done * 100 // total} %" if total else "")
        self._bar.setAccessibleName(text)
        restyle(self._bar)
        self.show()
        self.raise_()
