"""The board of deliveries by state: columns of cards with one selection, by mouse and keys alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QWidget

from ui.kit.card_list import CardList
from ui.kit.cards import DeliveryCard
from ui.kit.drops import DropTarget
from ui.kit.parts import hbox, label, panel, set_chip, vbox

_HEAD_PX = 26


@dataclass(frozen=True, slots=True)
class BoardColumn:
    """One state: its key, its title and what to say while it is empty; a card dropped there is unassigned."""

    key: str
    title: str
    empty: str
    takes_back: bool = False


def _head(title: str, count: QLabel) -> QWidget:
    """A column's title line; all have one height, so that the lists begin on one line."""
    head = QWidget()
    head.setFixedHeight(_HEAD_PX)
    row = hbox(head, margins=(12, 0, 12, 0))
    row.addWidget(label(title, "strong"))
    row.addWidget(count)
    row.addStretch(1)
    return head


class ColumnPanel(QObject):
    """A column's frame, count and list; ``body`` takes what a page puts above or below the list."""

    def __init__(self, column: BoardColumn) -> None:
        super().__init__()
        self.column = column
        self.list = CardList(name=column.title, empty=column.empty)
        self._count = label("0", chip="idle")
        self.frame: QFrame = panel()
        self.body = vbox(self.frame, margins=(1, 10, 1, 6), gap=8)
        self._head = _head(column.title, self._count)
        self.body.addWidget(self._head)
        self.body.addWidget(self.list, 1)

    def add_to_head(self, widget: QWidget) -> None:
        """Put a widget at the end of the title line."""
        row = self._head.layout()
        if row is not None:
            row.addWidget(widget)

    def show_cards(self, cards: Sequence[DeliveryCard], selected: str | None) -> None:
        """Show these cards, the selected one among them if it is there."""
        self.list.set_cards(cards, selected)
        if self._count.text() != str(len(cards)):
            set_chip(self._count, str(len(cards)), "idle")


class Columns(QObject):
    """Columns of cards with one selection and the keys of all; a page lays their frames out as it likes.

    It says what the person asked for; the page decides and gives new cards.
    """

    selected = Signal(str)
    """The selected delivery changed by key or mouse."""
    assign_requested = Signal(str, str)
    """Delivery id, guide id: give the delivery to this guide."""
    accept_requested = Signal(str)
    """Delivery id: do what its proposal says."""
    unassign_requested = Signal(str)
    """Delivery id: take it back from its guide."""
    opened = Signal(str)
    """Delivery id: show everything about it."""
    letter = Signal(str)
    """A plain letter was pressed on the selected card."""
    dragging = Signal(bool)
    """A card was taken up with the pointer, or let go again."""
    changed = Signal()
    """The selection or the cards changed: whoever draws the selection elsewhere draws it again."""

    def __init__(self, columns: Sequence[BoardColumn], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._selected: str | None = None
        self.guide_ids: tuple[str, ...] = ()
        """The guides that the keys 1-9 stand for."""
        self.panels = [ColumnPanel(column) for column in columns]
        for column in self.panels:
            self._connect(column)

    def set_cards(self, cards: Mapping[str, Sequence[DeliveryCard]]) -> None:
        """Show these cards by column key; columns that are not named become empty."""
        if self._selected not in {card.id for column in cards.values() for card in column}:
            self._selected = None
        self.renew_cards({column.column.key: cards.get(column.column.key, ()) for column in self.panels})

    def renew_cards(self, cards: Mapping[str, Sequence[DeliveryCard]]) -> None:
        """Show other cards of the same deliveries in these columns; the other columns stay as they are."""
        for key, shown in cards.items():
            self.panel(key).show_cards(shown, self._selected)
        self.changed.emit()

    def selected_id(self) -> str | None:
        """The selected delivery, if it is on the board."""
        return self._selected

    def selected_card(self) -> DeliveryCard | None:
        """The selected card."""
        every = (card for column in self.panels for card in column.list.cards)
        return next((card for card in every if card.id == self._selected), None)

    def select(self, delivery_id: str) -> None:
        """Select a delivery and give its column the keys."""
        for column in self.panels:
            row = next((at for at, card in enumerate(column.list.cards) if card.id == delivery_id), None)
            if row is not None:
                column.list.pick_row(row)
                column.list.setFocus(Qt.FocusReason.OtherFocusReason)

    def panel(self, key: str) -> ColumnPanel:
        """A column."""
        return next(column for column in self.panels if column.column.key == key)

    def assign_selected(self, guide_id: str) -> None:
        """Ask to give the selected delivery to a guide."""
        if self._selected is not None:
            self.assign_requested.emit(self._selected, guide_id)

    def _connect(self, column: ColumnPanel) -> None:
        cards = column.list
        cards.picked.connect(self._picked)
        cards.opened.connect(self.opened)
        cards.entered.connect(self._entered)
        cards.digit.connect(self._digit)
        cards.removed.connect(self._removed)
        cards.letter.connect(self.letter)
        cards.dragging.connect(self.dragging)
        cards.sideways.connect(lambda step: self._move(column, step))
        if column.column.takes_back:
            target = DropTarget(cards.viewport(), lambda _point: column.column.key)
            target.dropped.connect(lambda delivery, _key: self.unassign_requested.emit(delivery))

    def _picked(self, delivery_id: str) -> None:
        self._selected = delivery_id
        for column in self.panels:
            if all(card.id != delivery_id for card in column.list.cards):
                column.list.show_selected(None)
        self.selected.emit(delivery_id)
        self.changed.emit()

    def _entered(self) -> None:
        card = self.selected_card()
        if card is not None:
            accepts = card.proposal is not None and card.proposal.guide_id
            (self.accept_requested if accepts else self.opened).emit(card.id)

    def _digit(self, number: int) -> None:
        if number <= len(self.guide_ids):
            self.assign_selected(self.guide_ids[number - 1])

    def _removed(self) -> None:
        card = self.selected_card()
        if card is not None and card.guide:
            self.unassign_requested.emit(card.id)

    def _move(self, start: ColumnPanel, step: int) -> None:
        """Go to the next column that has cards, at the height of the selected one."""
        here = self.panels.index(start)
        beyond = self.panels[here + 1 :] if step > 0 else self.panels[:here][::-1]
        target = next((column.list for column in beyond if column.list.cards), None)
        if target is None:
            return
        middle = start.list.visualRect(start.list.currentIndex()).center().y()
        index = target.indexAt(QPoint(target.viewport().width() // 2, middle))
        target.pick_row(index.row() if index.isValid() else len(target.cards) - 1)
        target.setFocus(Qt.FocusReason.OtherFocusReason)
