"""The search field of the window: Ctrl+K, type, Enter; it finds actions at once and records as pages answer."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.actions import ActionRegistry
from ui.kit.paint import RIGHT, Pen
from ui.kit.parts import label, panel, vbox
from ui.kit.style import MEDIUM, look

Index = QModelIndex | QPersistentModelIndex
_NOWHERE = QModelIndex()
_ACTION = "action:"
_SHOWN = 8
_ACTIONS_BESIDE_RECORDS = 4
_WIDTH_PX = 420


@dataclass(frozen=True, slots=True)
class Found:
    """One result: ``id`` comes back when it is chosen; ``note`` stands at the right, such as a key or a state."""

    id: str
    text: str
    sub: str = ""
    icon: str = "search"
    note: str = ""


class _FoundModel(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.found: tuple[Found, ...] = ()

    def set_found(self, found: Sequence[Found]) -> None:
        self.beginResetModel()
        self.found = tuple(found)
        self.endResetModel()

    @override
    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.found)

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        one = self.found[index.row()]
        words = ", ".join(filter(None, (one.text, one.sub, one.note)))
        return words if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole) else None


class _FoundDelegate(QStyledItemDelegate):
    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, tokens.ROW_PX)

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, _FoundModel):
            return
        one = model.found[index.row()]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row = QRectF(option.rect).adjusted(4, 1, -4, -1)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(look().colour("accent_bg"))
            painter.drawRoundedRect(row, tokens.RADIUS_CONTROL, tokens.RADIUS_CONTROL)
        pen = Pen(painter, look(), painter.device().devicePixelRatio())
        pen.icon(row.x() + 8, row.center().y() - 8, one.icon, "text2", size=16)
        note = pen.write(row.adjusted(0, 0, -10, 0), one.note, ink="text3", align=RIGHT)
        words = row.adjusted(34, 0, -note - 20, 0)
        used = pen.write(words, one.text, px=tokens.PX_BODY, weight=MEDIUM) + 8
        pen.write(words.adjusted(min(used, words.width()), 0, 0, 0), one.sub, ink="text3")
        painter.restore()


class Finder(QLineEdit):
    """The field; its results hang below it inside the window, so that the keys stay with the field."""

    searched = Signal(str)
    """The words to look for, after each key; answer with ``show_records``."""
    chosen = Signal(str)
    """The id of the record that was chosen."""
    left = Signal()
    """The keys are free for the page again."""

    def __init__(self, words: Translator, actions: ActionRegistry) -> None:
        super().__init__()
        self._actions, self._words = actions, words
        self._nothing = False
        self._records: tuple[Found, ...] = ()
        self._popup: QFrame | None = None
        self._model = _FoundModel(self)
        self.setPlaceholderText(words.text("kit.search"))
        self.setAccessibleName(words.text("kit.search"))
        self.setClearButtonEnabled(False)
        self._key = label("Ctrl K", "key")
        self._key.setParent(self)
        self._key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._glass = self.addAction(look().icon("search", "text3"), QLineEdit.ActionPosition.LeadingPosition)
        look().changed.connect(self._recolour)
        self.textEdited.connect(self._edited)
        self.textChanged.connect(self._show_key)

    def show_records(self, text: str, records: Sequence[Found]) -> None:
        """Show what was found for ``text``; an answer that comes after further keys is dropped."""
        if text == self.text().strip():
            self._records = tuple(records)
            self._nothing = bool(text) and not records
            self._show()

    def results(self) -> tuple[Found, ...]:
        """What is listed."""
        return self._model.found

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in steps and self._popup is not None:
            self._step(steps[Qt.Key(event.key())])
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._model.found:
            self._choose(self._list().currentIndex().row())
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._key.adjustSize()
        self._key.move(self.width() - self._key.width() - 6, (self.height() - self._key.height()) // 2)

    @override
    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.selectAll()
        self._show()

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._hide()

    def leave(self) -> None:
        """Clear the field and give the keys back to the page."""
        self.clear()
        self._records, self._nothing = (), False
        self._hide()
        self.clearFocus()
        self.left.emit()

    def _show_key(self, text: str) -> None:
        self._key.setVisible(not text)

    def _edited(self) -> None:
        self._records, self._nothing = (), False
        self._show()
        text = self.text().strip()
        if text:
            self.searched.emit(text)

    def _action_results(self) -> list[Found]:
        actions = {action.id: action for action in self._actions.all()}
        return [
            Found(
                f"{_ACTION}{each}",
                self._actions.words(each),
                icon=actions[each].icon or "arrow-right",
                note=self._actions.key(each),
            )
            for each in self._actions.search(self.text())
        ]

    def _show(self) -> None:
        beside = _ACTIONS_BESIDE_RECORDS if self._records else _SHOWN
        found = [*self._records[: _SHOWN - 1], *self._action_results()[:beside]][:_SHOWN]
        if self._nothing:
            found.append(Found("", self._words.text("kit.search.nothing", text=self.text().strip()), icon="info"))
        self._model.set_found(found)
        if not found or not self.hasFocus():
            self._hide()
            return
        popup = self._popup = self._popup or self._make_popup()
        popup.resize(max(_WIDTH_PX, self.width()), len(found) * tokens.ROW_PX + 10)
        corner = self.mapTo(self.window(), QPoint(self.width() - popup.width(), self.height() + 4))
        popup.move(corner)
        popup.show()
        popup.raise_()
        self._list().setCurrentIndex(self._model.index(0))

    def _make_popup(self) -> QFrame:
        popup = panel("popup")
        popup.setParent(self.window())
        column = vbox(popup, margins=(1, 5, 1, 5))
        results = QListView(popup)
        results.setFrameShape(QFrame.Shape.NoFrame)
        results.setModel(self._model)
        results.setItemDelegate(_FoundDelegate(results))
        results.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        results.setAccessibleName(self.accessibleName())
        results.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        results.clicked.connect(lambda index: self._choose(index.row()))
        column.addWidget(results)
        return popup

    def _list(self) -> QListView:
        if self._popup is None:
            self._popup = self._make_popup()
        found: QListView = self._popup.findChildren(QListView)[0]
        return found

    def _hide(self) -> None:
        if self._popup is not None:
            self._popup.hide()

    def _step(self, step: int) -> None:
        count = len(self._model.found)
        if count:
            row = (self._list().currentIndex().row() + step) % count
            self._list().setCurrentIndex(self._model.index(row))

    def _choose(self, row: int) -> None:
        if not 0 <= row < len(self._model.found) or not self._model.found[row].id:
            return
        found = self._model.found[row]
        self.leave()
        if found.id.startswith(_ACTION):
            self._actions.trigger(found.id.removeprefix(_ACTION))
        else:
            self.chosen.emit(found.id)

    def _recolour(self) -> None:
        self._glass.setIcon(look().icon("search", "text3"))
