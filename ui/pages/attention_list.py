"""The list of what waits: headings and two-line rows, driven by keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from ui.kit import tokens
from ui.kit.paint import CENTRE, RIGHT, Pen
from ui.kit.shortcuts import left_to_window
from ui.kit.style import BOLD, MEDIUM, look

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_ROW_PX, _HEAD_PX, _AGE_PX = 54, 34, 90
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SELECTED = QStyle.StateFlag.State_Selected


@dataclass(frozen=True, slots=True)
class Line:
    """One row, or a heading where it has no id; ``note`` stands at the right."""

    id: str
    text: str
    sub: str = ""
    note: str = ""
    icon: str = ""
    ink: str = "text2"


class _Model(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.lines: tuple[Line, ...] = ()

    def set_lines(self, lines: Sequence[Line]) -> None:
        self.beginResetModel()
        self.lines = tuple(lines)
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.lines)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(filter(None, (line.text, line.sub, line.note)))
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        is_row = index.isValid() and bool(self.lines[index.row()].id)
        return super().flags(index) if is_row else Qt.ItemFlag.NoItemFlags


class _Delegate(QStyledItemDelegate):
    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        is_row = isinstance(model, _Model) and bool(model.lines[index.row()].id)
        return QSize(120, _ROW_PX if is_row else _HEAD_PX)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, _Model):
            return
        line = model.lines[index.row()]
        pen = Pen(painter, look(), painter.device().devicePixelRatio())
        if line.id:
            self._row(pen, QRectF(option.rect), line, selected=bool(option.state & _SELECTED))
        else:
            self._heading(pen, QRectF(option.rect), line)

    @staticmethod
    def _heading(pen: Pen, rect: QRectF, line: Line) -> None:
        words = rect.adjusted(16, 8, -16, 0)
        used = pen.write(words, line.text, ink="text2", weight=BOLD)
        pen.write(words.adjusted(used + 8, 0, 0, 0), line.note, ink="text3")
        pen.painter.fillRect(QRectF(rect.x(), rect.bottom() - 1, rect.width(), 1), pen.style.colour("strong"))

    @staticmethod
    def _row(pen: Pen, rect: QRectF, line: Line, *, selected: bool) -> None:
        colour = pen.style.colour
        pen.painter.fillRect(rect, colour("accent_bg" if selected else "surface"))
        pen.painter.fillRect(QRectF(rect.x(), rect.bottom() - 1, rect.width(), 1), colour("border"))
        if selected:
            pen.painter.fillRect(QRectF(rect.x(), rect.y(), 3, rect.height()), colour("accent"))
        pen.icon(rect.x() + 16, rect.y() + 10, line.icon, line.ink, size=16)
        upper = QRectF(rect.x() + 42, rect.y() + 7, rect.width() - 42 - 16 - _AGE_PX, 20)
        pen.write(upper, line.text, px=tokens.PX_STRONG, weight=MEDIUM)
        pen.write(upper.translated(0, 21), line.sub, ink="text2")
        age = QRectF(rect.right() - 16 - _AGE_PX, rect.y() + 8, _AGE_PX, 18)
        pen.write(age, line.note, ink="text3", align=RIGHT)


class WaitingList(QListView):
    """What waits, one under the other; it only says what the person asked for."""

    picked = Signal(str)
    """The row that became the selected one."""
    entered = Signal()
    """Enter or a double click on the selected row."""
    digit = Signal(int)
    """A key 1-9 on the selected row."""

    def __init__(self, *, name: str, empty: tuple[str, str]) -> None:
        """Make it; ``empty`` is what to say, in two lines, when nothing waits."""
        super().__init__()
        self._empty = empty
        self._lines = _Model(self)
        self._restoring = False
        self.setAccessibleName(name)
        self.setModel(self._lines)
        self.setItemDelegate(_Delegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(lambda _index: self.entered.emit())
        look().changed.connect(self.viewport().update)

    @property
    def lines(self) -> tuple[Line, ...]:
        """The rows and headings shown."""
        return self._lines.lines

    def picked_id(self) -> str:
        """The selected row; empty for none."""
        index = self.currentIndex()
        return self._lines.lines[index.row()].id if index.isValid() else ""

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these; the selection stays where its id is, else it goes to what took its place."""
        before, row = self.picked_id(), self.currentIndex().row()
        self._restoring = True
        self._lines.set_lines(lines)
        self._restoring = False
        if not self._select(before):
            self._select_near(row)

    def pick(self, row_id: str) -> bool:
        """Select a row by its id; returns whether it is there."""
        return self._select(row_id)

    def _select(self, row_id: str) -> bool:
        row = next((at for at, line in enumerate(self.lines) if line.id and line.id == row_id), None)
        if row is not None:
            self.setCurrentIndex(self._lines.index(row))
        return row is not None

    def _select_near(self, row: int) -> None:
        rows = [at for at, line in enumerate(self.lines) if line.id]
        if rows:
            self.setCurrentIndex(self._lines.index(min(rows, key=lambda at: (abs(at - row), -at))))
        else:
            self.picked.emit("")

    @override
    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and not self._restoring:
            self.picked.emit(self.lines[current.row()].id)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self._select_near(0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if left_to_window(event):
            return
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key in _ENTER:
            self.entered.emit()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.digit.emit(key - Qt.Key.Key_0)
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.lines:
            painter = QPainter(self.viewport())
            pen = Pen(painter, look(), self.devicePixelRatioF())
            middle = QRectF(self.viewport().rect()).center()
            pen.icon(middle.x() - 16, middle.y() - 60, "circle-check", "ok", size=32)
            box = QRectF(0, middle.y() - 16, self.viewport().width(), 24)
            pen.write(box, self._empty[0], px=tokens.PX_TITLE, weight=BOLD, align=CENTRE)
            pen.write(box.translated(0, 28), self._empty[1], ink="text2", px=tokens.PX_BODY, align=CENTRE)
            painter.end()
