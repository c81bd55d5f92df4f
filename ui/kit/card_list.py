"""One column of delivery cards: a list of ids and cards, painted, dragged and driven by keys."""

from collections.abc import Container, Iterable, Iterator, Sequence
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
from PySide6.QtGui import QCursor, QDrag, QFocusEvent, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from ui.kit import tokens
from ui.kit.cards import PRIORITY, UNSURE, DeliveryCard, Urgency
from ui.kit.paint import RIGHT, Pen, delivery_mime
from ui.kit.shortcuts import left_to_window
from ui.kit.stencils import Frame
from ui.kit.style import BOLD, MEDIUM, look

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_SHAPES = {
    Urgency.CALM: ("clock", "text2"),
    Urgency.SOON: ("clock-alert", "warn"),
    Urgency.LATE: ("warning", "danger"),
    Urgency.BLOCKED: ("package-off", "warn"),
    Urgency.BACK: ("corner-down-left", "warn"),
    Urgency.DONE: ("circle-check", "ok"),
    Urgency.OFF: ("x", "text3"),
}
_SHORT_PX, _TALL_PX = 58, 82
_MARK_PX = 18
_WORD_PX = 44
"""Room in which a street or goods can still be told apart."""
_SELECTED = QStyle.StateFlag.State_Selected
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CardModel(QAbstractListModel):
    """The cards of one column, in the order given."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.cards: tuple[DeliveryCard, ...] = ()

    def set_cards(self, cards: Sequence[DeliveryCard]) -> None:
        """Show these cards: only those that differ are painted again, and of the others none moves without need."""
        wanted = tuple(cards)
        if wanted == self.cards:
            return
        self._drop({card.id for card in wanted})
        if not self._fill(wanted):
            self.beginResetModel()
            self.cards = wanted
            self.endResetModel()
            return
        self._change(wanted)

    def _drop(self, kept: Container[str]) -> None:
        """Take the cards away that are not shown any more."""
        for row in reversed(range(len(self.cards))):
            if self.cards[row].id not in kept:
                self.beginRemoveRows(_NOWHERE, row, row)
                self.cards = (*self.cards[:row], *self.cards[row + 1 :])
                self.endRemoveRows()

    def _fill(self, wanted: Sequence[DeliveryCard]) -> bool:
        """Put new cards between the others; returns False where those stand in another order."""
        known = {card.id for card in self.cards}
        if [card.id for card in wanted if card.id in known] != [card.id for card in self.cards]:
            return False
        for row, card in enumerate(wanted):
            if card.id not in known:
                self.beginInsertRows(_NOWHERE, row, row)
                self.cards = (*self.cards[:row], card, *self.cards[row:])
                self.endInsertRows()
        return True

    def _change(self, wanted: Sequence[DeliveryCard]) -> None:
        changed = [row for row, card in enumerate(wanted) if card != self.cards[row]]
        taller = any(_height(wanted[row]) != _height(self.cards[row]) for row in changed)
        self.cards = tuple(wanted)
        for row in changed:
            self.dataChanged.emit(self.index(row), self.index(row))
        if taller:
            self.layoutChanged.emit()

    def row_of(self, delivery_id: str) -> int | None:
        """Where a delivery stands, or None."""
        return next((row for row, card in enumerate(self.cards) if card.id == delivery_id), None)

    @override
    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.cards)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        card = self.cards[index.row()]
        if role == Qt.ItemDataRole.UserRole:
            return card.id
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return spoken(card)
        return None

    @override
    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else flags


def spoken(card: DeliveryCard) -> str:
    """A card as a screen reader says it."""
    proposal = card.proposal
    proposed = (proposal.guide, proposal.eta, proposal.reason) if proposal else ()
    parts = (
        card.priority_name,
        card.customer,
        card.number,
        card.area,
        card.goods,
        card.promise,
        card.left,
        card.guide,
        *proposed,
    )
    return ", ".join(filter(None, parts))


def _height(card: DeliveryCard) -> int:
    return _TALL_PX if card.proposal or card.guide else _SHORT_PX


def _that_fits(pen: Pen, room_px: float, words: Iterable[str]) -> str:
    """The words as far as there is room; one of which a letter would be left says nothing."""
    shown = ""
    for word in words:
        if shown and pen.width(f"{shown} · ") + min(_WORD_PX, pen.width(word)) > room_px:
            break
        shown = f"{shown} · {word}" if shown else word
    return shown


def _marks(card: DeliveryCard) -> Iterator[tuple[str, str]]:
    """What stands before the name, however narrow the column: icons and inks."""
    if card.priority:
        yield PRIORITY[min(card.priority, len(PRIORITY)) - 1], "accent"
    if card.unsure:
        yield UNSURE, "warn"


class CardDelegate(QStyledItemDelegate):
    """Paints a delivery in two or three lines; the third is the proposal (dashed) or the guide."""

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        model = index.model()
        return QSize(120, _height(model.cards[index.row()]) if isinstance(model, CardModel) else _SHORT_PX)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, CardModel):
            return
        selected = bool(option.state & _SELECTED)
        frame = QRectF(option.rect).adjusted(8.5, 2.5, -8.5, -2.5)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = Pen(painter, look(), painter.device().devicePixelRatio())
        self._frame(pen, frame, selected=selected)
        card = model.cards[index.row()]
        self._upper(pen, frame.adjusted(11, 6, -11, 0), card)
        lower = QRectF(frame.x() + 11, frame.bottom() - 27, frame.width() - 22, 22)
        if card.proposal:
            self._proposal(pen, lower, card)
        elif card.guide:
            self._guide(pen, lower, card)
        painter.restore()

    @staticmethod
    def _frame(pen: Pen, frame: QRectF, *, selected: bool) -> None:
        chosen, plain = ("accent_bg", "accent"), ("surface", "border")
        pen.frame(frame, Frame(*(chosen if selected else plain), tokens.RADIUS_CARD, 2 if selected else 1))

    @staticmethod
    def _upper(pen: Pen, area: QRectF, card: DeliveryCard) -> None:
        shape, ink = _SHAPES[card.urgency]
        first = QRectF(area.x(), area.y(), area.width(), 20)
        weight = MEDIUM if card.urgency in (Urgency.CALM, Urgency.DONE, Urgency.OFF) else BOLD
        left = pen.write(first, card.left, ink=ink, px=tokens.PX_BODY, weight=weight, align=RIGHT)
        pen.icon(first.right() - left - 19, first.y() + 3, shape, ink)
        room = first.width() - left - 26
        number = f"#{card.number}"
        for icon, ink in _marks(card):
            pen.icon(first.x() - 2, first.y() + 2, icon, ink)
            first, room = first.adjusted(_MARK_PX, 0, 0, 0), room - _MARK_PX
        name_px = pen.width(card.customer, px=tokens.PX_STRONG, weight=BOLD)
        beside = name_px + 8 + pen.width(number) <= room
        pen.write(QRectF(first.x(), first.y(), room, 20), card.customer, px=tokens.PX_STRONG, weight=BOLD)
        if beside:
            pen.write(first.adjusted(name_px + 8, 1, 0, 1), number, ink="text3")
        second = QRectF(area.x(), area.y() + 21, area.width(), 18)
        words = (card.area, card.goods) if beside else (number, card.area, card.goods)
        promise = pen.write(second, card.promise, ink="text3", align=RIGHT)
        rest = second.adjusted(0, 0, -promise - 8, 0)
        pen.write(rest, _that_fits(pen, rest.width(), filter(None, words)), ink="text2")

    @staticmethod
    def _proposal(pen: Pen, line: QRectF, card: DeliveryCard) -> None:
        proposal = card.proposal
        if proposal is None:
            return
        if not proposal.guide_id:
            pen.icon(line.x() + 3, line.y() + 4, "minus", "text3")
            pen.write(line.adjusted(21, 0, -2, 0), proposal.reason, ink="text3")
            return
        pen.frame(line.adjusted(-3, 0, 3, 0), Frame("", "accent", tokens.RADIUS_CHIP, dashed=True))
        pen.icon(line.x() + 3, line.y() + 4, "sparkles", "accent")
        words = line.adjusted(21, 0, -2, 0)
        used = pen.write(words, f"{proposal.guide} {proposal.eta}", ink="accent", weight=BOLD) + 8
        pen.write(words.adjusted(min(used, words.width()), 0, 0, 0), proposal.reason, ink="text2")

    @staticmethod
    def _guide(pen: Pen, line: QRectF, card: DeliveryCard) -> None:
        pen.avatar(QRectF(line.x(), line.y(), 22, 22), card.guide)
        words = line.adjusted(29, 0, 0, 0)
        used = pen.write(words, card.guide, weight=MEDIUM) + 8
        if used + pen.width(card.progress) <= words.width():
            pen.write(words.adjusted(used, 0, 0, 0), card.progress, ink="text3")


class CardList(QListView):
    """A column's list; it owns no rules, it only says what the person asked for."""

    picked = Signal(str)
    """The delivery that became the selected one by key or mouse."""
    sideways = Signal(int)
    """The person wants the next column: +1 right, -1 left."""
    digit = Signal(int)
    """A key 1-9 on the selected card."""
    entered = Signal()
    """Enter on the selected card."""
    removed = Signal()
    """Delete on the selected card."""
    letter = Signal(str)
    """A plain letter on the selected card."""
    opened = Signal(str)
    """A double-clicked delivery."""
    dragging = Signal(bool)
    """A card was taken up with the pointer, or let go again."""

    def __init__(self, *, name: str, empty: str) -> None:
        super().__init__()
        self._empty = empty
        self._cards = CardModel(self)
        self._restoring = False
        self.setAccessibleName(name)
        self.setModel(self._cards)
        self.setItemDelegate(CardDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setDragEnabled(True)
        self.doubleClicked.connect(self._open)
        look().changed.connect(self.viewport().update)

    @property
    def cards(self) -> tuple[DeliveryCard, ...]:
        """The cards shown."""
        return self._cards.cards

    def set_cards(self, cards: Sequence[DeliveryCard], selected: str | None) -> None:
        """Show these cards and keep the selection where its id is."""
        if tuple(cards) == self._cards.cards:
            self.show_selected(selected)
            return
        anchor = self._anchor()
        self._restoring = True
        self._cards.set_cards(cards)
        self.show_selected(selected)
        self._restoring = False
        if anchor is not None:
            self._keep(*anchor)

    def _anchor(self) -> tuple[str, int] | None:
        """The card that must not move, and where it stands: the one under the pointer, else the uppermost."""
        pointer = self.viewport().mapFromGlobal(QCursor.pos())
        inside = self.underMouse() and self.viewport().rect().contains(pointer)
        index = self.indexAt(pointer) if inside else self.indexAt(QPoint(self.viewport().width() // 2, 1))
        return (self._cards.cards[index.row()].id, self.visualRect(index).y()) if index.isValid() else None

    def _keep(self, delivery_id: str, y: int) -> None:
        """Scroll so that a card stands where it stood, as far as there is something to scroll."""
        row = self._cards.row_of(delivery_id)
        if row is not None:
            self.executeDelayedItemsLayout()
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + self.visualRect(self._cards.index(row)).y() - y)

    def show_selected(self, delivery_id: str | None) -> None:
        """Draw the selection on this delivery, or nowhere, without telling anybody."""
        row = self._cards.row_of(delivery_id) if delivery_id else None
        before, self._restoring = self._restoring, True
        if row is None:
            self.setCurrentIndex(QModelIndex())
        else:
            self.setCurrentIndex(self._cards.index(row))
        self._restoring = before

    def pick_row(self, row: int) -> None:
        """Select a row as if by hand."""
        if self._cards.rowCount():
            self.setCurrentIndex(self._cards.index(min(max(row, 0), self._cards.rowCount() - 1)))

    @override
    def currentChanged(self, current: Index, previous: Index) -> None:
        super().currentChanged(current, previous)
        if current.isValid() and not self._restoring:
            self.picked.emit(self._cards.cards[current.row()].id)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid():
            self.pick_row(0)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if left_to_window(event):
            return
        if event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.sideways.emit(1 if key == Qt.Key.Key_Right else -1)
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9:
            self.digit.emit(key - Qt.Key.Key_0)
        elif key in _ENTER:
            self.entered.emit()
        elif key == Qt.Key.Key_Delete:
            self.removed.emit()
        elif event.text().isalpha():
            self.letter.emit(event.text().lower())
        else:
            super().keyPressEvent(event)

    @override
    def startDrag(self, supportedActions: Qt.DropAction) -> None:
        index = self.currentIndex()
        if not index.isValid():
            return
        drag = QDrag(self)
        drag.setMimeData(delivery_mime(self._cards.cards[index.row()].id))
        drag.setPixmap(self.viewport().grab(self.visualRect(index)))
        self.dragging.emit(True)
        drag.exec(Qt.DropAction.CopyAction)
        self.dragging.emit(False)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._cards.rowCount():
            painter = QPainter(self.viewport())
            painter.setFont(look().font(tokens.PX_CAPTION))
            painter.setPen(look().colour("text3"))
            top = self.viewport().rect().adjusted(12, 20, -12, 0)
            painter.drawText(top, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, self._empty)
            painter.end()

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self._cards.cards[index.row()].id)
