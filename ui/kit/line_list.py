"""Short painted lists beside the main thing of a page: goods to pick, what a guide carries, the last scans."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from ui.kit import tokens
from ui.kit.paint import CENTRE, RIGHT, Pen
from ui.kit.shortcuts import left_to_window
from ui.kit.style import BOLD, REGULAR, look

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_HEAD_PX, _PAD_PX, _GAP_PX = 26, 14, 10
_SELECTED = QStyle.StateFlag.State_Selected
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


@dataclass(frozen=True, slots=True)
class Line:
    """One line: icon and words left, a quiet detail and a bold end right; a heading has words and an end only.

    Attributes:
        key: comes back in the signals; an empty one cannot be chosen.
        text: the words.
        icon: name of the icon, in the colour ``ink``.
        ink: token of the icon's colour.
        detail: quiet words before the end.
        end: what stands at the right.
        heading: whether it is a title over the rows that follow.
    """

    key: str
    text: str
    icon: str = ""
    ink: str = "text2"
    detail: str = ""
    end: str = ""
    heading: bool = False


class LineModel(QAbstractListModel):
    """The rows in the order given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Line, ...] = ()

    def set_rows(self, rows: Sequence[Line]) -> None:
        """Show these rows."""
        if tuple(rows) == self.rows:
            return
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.rows)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return row.key
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return ", ".join(filter(None, (row.text, row.detail, row.end)))
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        choosable = index.isValid() and self.rows[index.row()].key
        return flags if choosable else flags & ~Qt.ItemFlag.ItemIsSelectable


class LineDelegate(QStyledItemDelegate):
    """Paints a row or a heading."""

    def __init__(self, height_px: int, parent: QObject) -> None:
        super().__init__(parent)
        self._height_px = height_px

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        heading = isinstance(model, LineModel) and model.rows[index.row()].heading
        return QSize(80, _HEAD_PX if heading else self._height_px)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, LineModel):
            return
        row = model.rows[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = Pen(painter, look(), painter.device().devicePixelRatio())
        if option.state & _SELECTED and row.key:
            self._mark(pen, QRectF(option.rect))
        area = QRectF(option.rect).adjusted(_PAD_PX, 0, -_PAD_PX, 0)
        if row.heading:
            pen.write(area, row.text, ink="text3")
            pen.write(area, row.end, ink="text3", align=RIGHT)
        else:
            self._line(pen, area, row)
        painter.restore()

    @staticmethod
    def _mark(pen: Pen, area: QRectF) -> None:
        pen.painter.fillRect(area, pen.style.colour("accent_bg"))
        pen.painter.fillRect(QRectF(area.x(), area.y(), 3, area.height()), pen.style.colour("accent"))

    @staticmethod
    def _line(pen: Pen, area: QRectF, row: Line) -> None:
        """The end keeps its room first, the words next; the detail gets what is left."""
        if row.icon:
            pen.icon(area.x(), area.center().y() - 9, row.icon, row.ink, size=18)
            area.adjust(18 + _GAP_PX, 0, 0, 0)
        if row.end:
            area.adjust(0, 0, -pen.write(area, row.end, px=tokens.PX_BODY, weight=BOLD, align=RIGHT) - _GAP_PX, 0)
        used = pen.write(area, row.text, px=tokens.PX_BODY, weight=REGULAR)
        area.adjust(used + _GAP_PX, 0, 0, 0)
        if row.detail and area.width() > 2 * tokens.PX_BODY:
            pen.write(area, row.detail, ink="text3", align=RIGHT)


class LineList(QListView):
    """A short list; rows with a key are chosen by key or mouse and opened by Enter or a double click."""

    picked = Signal(str)
    """The key of the row that became the current one."""
    opened = Signal(str)
    """The key of a row that got Enter or a double click."""

    def __init__(self, *, name: str, empty: str = "", height_px: int = 38) -> None:
        """Show nothing yet.

        Args:
            name: accessible name.
            empty: what to say when there are no rows.
            height_px: of a row.
        """
        super().__init__()
        self._rows = LineModel(self)
        self._empty = empty
        self.setAccessibleName(name)
        self.setModel(self._rows)
        self.setItemDelegate(LineDelegate(height_px, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(height_px)
        self.clicked.connect(self._pick)
        self.doubleClicked.connect(self._open)
        look().changed.connect(self.viewport().update)

    @property
    def rows(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._rows.rows

    def set_rows(self, rows: Sequence[Line], *, empty: str | None = None) -> None:
        """Show these rows; the chosen one stays chosen while it is there."""
        key = self.current_key()
        if empty is not None and empty != self._empty:
            self._empty = empty
            self.viewport().update()
        self._rows.set_rows(rows)
        place = next((at for at, row in enumerate(rows) if row.key and row.key == key), None)
        if place is not None:
            self.setCurrentIndex(self._rows.index(place))

    def current_key(self) -> str:
        """The key of the chosen row; empty where there is none."""
        at = self.currentIndex().row()
        return self._rows.rows[at].key if 0 <= at < len(self._rows.rows) else ""

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _ENTER and self.current_key():
            self.opened.emit(self.current_key())
            return
        if not left_to_window(event):
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._empty or self._rows.rows:
            return
        painter = QPainter(self.viewport())
        area = QRectF(self.viewport().rect()).adjusted(_PAD_PX, 0, -_PAD_PX, 0)
        painter.setFont(look().font())
        painter.setPen(look().colour("text3"))
        painter.drawText(area, int(CENTRE | Qt.TextFlag.TextWordWrap), self._empty)
        painter.end()

    def _pick(self, index: QModelIndex) -> None:
        if key := self._rows.rows[index.row()].key:
            self.picked.emit(key)

    def _open(self, index: QModelIndex) -> None:
        if key := self._rows.rows[index.row()].key:
            self.opened.emit(key)
