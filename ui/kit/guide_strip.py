"""The guides beside the board: whom a card can be dropped on, with load and shift at a glance."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from ui.kit import tokens
from ui.kit.cards import GuideCard
from ui.kit.drops import DropTarget
from ui.kit.paint import CENTRE, RIGHT, Pen
from ui.kit.style import BOLD, look

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_ROW_PX = 60
_KEYS = 9


class GuideModel(QAbstractListModel):
    """The guides, in the order that gives them their keys 1-9."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.guides: tuple[GuideCard, ...] = ()
        self.hovered = ""
        self.proposed = ""

    def set_guides(self, guides: Sequence[GuideCard]) -> None:
        """Show these guides."""
        self.beginResetModel()
        self.guides = tuple(guides)
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.guides)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        guide = self.guides[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return guide.id
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            load = f"{guide.load}/{guide.capacity}"
            return ", ".join(filter(None, (guide.name, guide.detail, load, guide.shift, guide.why_not)))
        return None


class GuideDelegate(QStyledItemDelegate):
    """Paints a guide: key, initials, name, what they do, shift, and the load as a bar with its numbers."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(120, _ROW_PX)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, GuideModel):
            return
        guide = model.guides[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = Pen(painter, look(), painter.device().devicePixelRatio())
        row = QRectF(option.rect).adjusted(8.5, 2.5, -8.5, -2.5)
        self._ground(pen, row, over=guide.id == model.hovered, proposed=guide.id == model.proposed)
        self._person(pen, row, guide, index.row() + 1)
        self._load(pen, QRectF(row.right() - 58, row.y() + 11, 48, 30), guide)
        painter.restore()

    @staticmethod
    def _ground(pen: Pen, row: QRectF, *, over: bool, proposed: bool) -> None:
        colour = pen.style.colour
        line = Qt.PenStyle.SolidLine if over or not proposed else Qt.PenStyle.DashLine
        pen.painter.setBrush(colour("accent_bg" if over else "surface"))
        pen.painter.setPen(QPen(colour("accent" if over or proposed else "border"), 2 if over else 1, line))
        pen.painter.drawRoundedRect(row, tokens.RADIUS_CARD, tokens.RADIUS_CARD)

    @staticmethod
    def _person(pen: Pen, row: QRectF, guide: GuideCard, number: int) -> None:
        if number <= _KEYS:
            key = QRectF(row.x() + 8, row.center().y() - 9, 18, 18)
            pen.painter.setBrush(pen.style.colour("sunken"))
            pen.painter.setPen(QPen(pen.style.colour("border"), 1))
            pen.painter.drawRoundedRect(key, 4, 4)
            pen.write(key, str(number), ink="text2", align=CENTRE)
        pen.avatar(QRectF(row.x() + 33, row.center().y() - 14, 28, 28), guide.name)
        words = QRectF(row.x() + 69, row.y() + 8, row.width() - 69 - 68, 19)
        pen.write(words, guide.name, px=tokens.PX_BODY, weight=BOLD, ink="text3" if guide.why_not else "text")
        second = words.translated(0, 19)
        pen.write(second, guide.why_not or guide.detail, ink="warn" if guide.why_not else "text3")

    @staticmethod
    def _load(pen: Pen, area: QRectF, guide: GuideCard) -> None:
        upper = QRectF(area.x() - 20, area.y() - 3, area.width() + 20, 19)
        full = guide.load >= guide.capacity
        numbers = pen.write(
            upper, f"{guide.load}/{guide.capacity}", ink="warn" if full else "text2", weight=BOLD, align=RIGHT
        )
        if full:
            pen.icon(upper.right() - numbers - 18, upper.y() + 3, "hand", "warn")
        bar = QRectF(area.x(), area.y() + 21, area.width(), 5)
        pen.painter.setPen(Qt.PenStyle.NoPen)
        pen.painter.setBrush(pen.style.colour("idle_bg"))
        pen.painter.drawRoundedRect(bar, 2.5, 2.5)
        share = min(1.0, guide.load / guide.capacity) if guide.capacity else 1.0
        if share:
            bar.setWidth(max(5.0, bar.width() * share))
            pen.painter.setBrush(pen.style.colour("warn" if full else "accent"))
            pen.painter.drawRoundedRect(bar, 2.5, 2.5)


class GuideStrip(QListView):
    """The list of guides; a card dropped on one, or Enter on one, asks for an assignment."""

    dropped = Signal(str, str)
    """A delivery's id and the guide it was dropped on."""
    chosen = Signal(str)
    """A guide got Enter or a double click."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._guides = GuideModel(self)
        self.setAccessibleName(name)
        self.setModel(self._guides)
        self.setItemDelegate(GuideDelegate(self))
        self.setUniformItemSizes(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._target = DropTarget(self.viewport(), self._guide_at)
        self._target.hovered.connect(self._hover)
        self._target.dropped.connect(self.dropped)
        self.doubleClicked.connect(self._choose)
        look().changed.connect(self.viewport().update)

    @property
    def guides(self) -> tuple[GuideCard, ...]:
        """The guides shown."""
        return self._guides.guides

    def set_guides(self, guides: Sequence[GuideCard]) -> None:
        """Show these guides."""
        self._guides.set_guides(guides)

    def show_proposed(self, guide_id: str) -> None:
        """Outline the guide that the selected card's proposal names."""
        self._guides.proposed = guide_id
        self.viewport().update()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._choose(self.currentIndex())
            return
        super().keyPressEvent(event)

    def _guide_at(self, point: QPoint) -> str:
        index = self.indexAt(point)
        return self._guides.guides[index.row()].id if index.isValid() else ""

    def _hover(self, guide_id: str) -> None:
        self._guides.hovered = guide_id
        self.viewport().update()

    def _choose(self, index: QModelIndex) -> None:
        self.chosen.emit(self._guides.guides[index.row()].id)
