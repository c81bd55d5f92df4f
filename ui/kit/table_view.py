"""The table of the counter window: painted cells, fixed rows, and a selection that is an id, not a place."""

from typing import Any, Generic

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)
from typing_extensions import override

from ui.kit import tokens
from ui.kit.paged_model import Cell, CellStyle, Column, Index, PagedModel, RowT
from ui.kit.shortcuts import left_to_window
from ui.kit.style import BOLD, REGULAR, Look, look

_PAD = 12
_BAR_PX = 72
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ELIDE = Qt.TextElideMode.ElideRight
_SELECTED = QStyle.StateFlag.State_Selected
_TABULAR = (CellStyle.CODE, CellStyle.NUMBER)


class CellDelegate(QStyledItemDelegate):
    """Paints a ``Cell`` by the style of its column."""

    def __init__(self, model: PagedModel[Any], parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        self._look = look()

    @override
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect: QRect = option.rect
        row, column = index.row(), index.column()
        selected = bool(option.state & _SELECTED)
        self._ground(painter, rect, selected=selected, first=column == 0)
        cell = self._model.cell(row, column)
        inner = rect.adjusted(_PAD, 0, -_PAD, 0)
        if cell is None:
            painter.fillRect(inner.x(), rect.center().y() - 3, min(48, inner.width()), 6, self._look.colour("idle_bg"))
        elif self._model.columns[column].style == CellStyle.CHIP:
            self._chip(painter, inner, cell)
        elif self._model.columns[column].style == CellStyle.BAR:
            self._bar(painter, inner, cell)
        else:
            self._words(painter, inner, cell, self._model.columns[column])

    @override
    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(80, tokens.ROW_PX)

    def _ground(self, painter: QPainter, rect: QRect, *, selected: bool, first: bool) -> None:
        colour = self._look.colour
        painter.fillRect(rect, colour("accent_bg" if selected else "surface"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, colour("border"))
        if selected and first:
            painter.fillRect(rect.x(), rect.y(), 3, rect.height(), colour("accent"))

    def _words(self, painter: QPainter, rect: QRect, cell: Cell, column: Column[Any]) -> None:
        style = column.style
        weight = BOLD if style == CellStyle.STRONG else REGULAR
        tabular = style in _TABULAR
        if cell.icon:
            self._icon(painter, rect, cell.icon, cell.tone or "text3")
            rect = rect.adjusted(22, 0, 0, 0)
        ink = cell.tone or ("text2" if style == CellStyle.MUTED else "text")
        align = _RIGHT if style == CellStyle.NUMBER else _LEFT
        if not cell.sub:
            self._line(painter, rect, cell.text, (tokens.PX_BODY, weight, tabular, ink, align))
            return
        upper = QRect(rect.x(), rect.y() + 1, rect.width(), rect.height() // 2)
        lower = upper.translated(0, upper.height() - 2)
        self._line(painter, upper, cell.text, (tokens.PX_BODY, weight, tabular, ink, align))
        self._line(painter, lower, cell.sub, (tokens.PX_CAPTION, REGULAR, tabular, "text3", align))

    def _line(
        self, painter: QPainter, rect: QRect, text: str, look_of: tuple[int, Any, bool, str, Qt.AlignmentFlag]
    ) -> None:
        px, weight, tabular, ink, align = look_of
        painter.setFont(self._look.font(px, weight, tabular=tabular))
        painter.setPen(self._look.colour(ink))
        metrics = self._look.metrics(px, weight, tabular=tabular)
        painter.drawText(rect, align | Qt.TextFlag.TextDontClip, fitted(metrics, text, rect.width()))

    def _icon(self, painter: QPainter, rect: QRect, name: str, ink: str) -> None:
        dpr = painter.device().devicePixelRatio()
        painter.drawPixmap(rect.x(), rect.center().y() - 7, self._look.pixmap(name, ink, 16, dpr=dpr))

    def _chip(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        draw_chip(painter, rect, cell, self._look)

    def _bar(self, painter: QPainter, rect: QRect, cell: Cell) -> None:
        tone = cell.tone or "accent"
        ink = (tokens.PX_CAPTION, BOLD if cell.tone else REGULAR, True, cell.tone or "text2", _LEFT)
        self._line(painter, rect.adjusted(0, 2, 0, -12), cell.text, ink)
        if cell.icon:
            wide = self._look.metrics(tokens.PX_CAPTION, BOLD, tabular=True).horizontalAdvance(cell.text)
            self._icon(painter, rect.adjusted(wide + 6, -5, 0, -13), cell.icon, tone)
        groove = QRect(rect.x(), rect.bottom() - 10, min(rect.width(), _BAR_PX), 5)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for colour, share in (("idle_bg", 1.0), (tone, min(1.0, cell.share))):
            if share > 0:
                painter.setBrush(self._look.colour(colour))
                painter.drawRoundedRect(groove.x(), groove.y(), max(5, round(groove.width() * share)), 5, 2.5, 2.5)


def fitted(metrics: QFontMetrics, text: str, width: int) -> str:
    """The text, ending in … if it is wider than ``width`` pixels."""
    return text if metrics.horizontalAdvance(text) <= width else metrics.elidedText(text, _ELIDE, width)


def draw_chip(painter: QPainter, rect: QRect, cell: Cell, style: Look) -> None:
    """Paint a state as colour, icon and word, left in ``rect`` and centred in its height."""
    tone = cell.tone or "idle"
    metrics = style.metrics(tokens.PX_CAPTION)
    lead = 22 if cell.icon else 8
    text = fitted(metrics, cell.text, rect.width() - lead - 8)
    chip = QRect(rect.x(), rect.center().y() - 10, metrics.horizontalAdvance(text) + lead + 8, 22)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.colour(f"{tone}_bg"))
    painter.drawRoundedRect(chip, tokens.RADIUS_CHIP, tokens.RADIUS_CHIP)
    ink = "text2" if tone == "idle" else tone
    if cell.icon:
        pixmap = style.pixmap(cell.icon, ink, 14, dpr=painter.device().devicePixelRatio())
        painter.drawPixmap(chip.x() + 5, chip.y() + 4, pixmap)
    painter.setFont(style.font(tokens.PX_CAPTION))
    painter.setPen(style.colour(ink))
    painter.drawText(chip.adjusted(lead, 0, 0, 0), _LEFT, text)


class TableHeader(QHeaderView):
    """Column titles in caption size, with an arrow on the sorted column."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setSortIndicatorShown(True)
        self.setFixedHeight(32)
        self.setMinimumSectionSize(40)

    @override
    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        style = look()
        painter.fillRect(rect, style.colour("surface"))
        painter.fillRect(rect.x(), rect.bottom(), rect.width(), 1, style.colour("strong"))
        model = self.model()
        if not isinstance(model, PagedModel) or logicalIndex >= len(model.columns):
            return
        column = model.columns[logicalIndex]
        mark = self._mark(column)
        weight = BOLD if mark else REGULAR
        painter.setFont(style.font(tokens.PX_CAPTION, weight))
        painter.setPen(style.colour("text" if mark else "text3"))
        align = _RIGHT if column.style == CellStyle.NUMBER else _LEFT
        inner = rect.adjusted(_PAD, 0, -_PAD, 0)
        painter.drawText(
            inner, align, fitted(style.metrics(tokens.PX_CAPTION, weight), column.title + mark, inner.width())
        )

    def _mark(self, column: Column[Any]) -> str:
        model = self.model()
        order = model.order if isinstance(model, PagedModel) else None
        if order is None or order.key != column.key:
            return ""
        return " ↓" if order.descending else " ↑"


class TableView(QTableView, Generic[RowT]):
    """A paged table whose rows are picked by id and opened with Enter or a double click."""

    picked = Signal(str)
    """The id of the row that became the selected one by key or mouse."""
    opened = Signal(str)
    """The id of a row that was double-clicked or got Enter."""

    def __init__(self, model: PagedModel[RowT], *, name: str, empty: str = "") -> None:
        """Show a model.

        Args:
            model: ids and pages.
            name: accessible name.
            empty: what to say when there are no rows.
        """
        super().__init__()
        self._paged = model
        self._empty = empty
        self._picked: str | None = None
        self._restoring = False
        self.setAccessibleName(name)
        self.setHorizontalHeader(TableHeader(self))
        self.setModel(model)
        self._set_up()
        self._size_columns()
        self.setItemDelegate(CellDelegate(model, self))
        model.modelReset.connect(self._restore)
        self.doubleClicked.connect(self._open)
        self.horizontalHeader().sectionClicked.connect(self._sort)
        look().changed.connect(self.viewport().update)

    def picked_id(self) -> str | None:
        """The id of the selected row, if it is still in the list."""
        return self._picked

    def pick(self, row_id: str | None) -> None:
        """Select a row by its id and bring it into view; None selects nothing."""
        self._picked = row_id
        self._restore()
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    @override
    def currentChanged(self, current: QModelIndex | QPersistentModelIndex, previous: Index) -> None:
        super().currentChanged(current, previous)
        if self._restoring or not current.isValid():
            return
        self._picked = self._paged.id_at(current.row())
        if self._picked is not None:
            self.picked.emit(self._picked)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._picked is not None:
            self.opened.emit(self._picked)
            return
        if not left_to_window(event):
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._empty and not self._paged.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(QPen(look().colour("text3")))
            painter.setFont(look().font())
            painter.drawText(self.viewport().rect(), Qt.AlignmentFlag.AlignCenter, self._empty)
            painter.end()

    def _set_up(self) -> None:
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        rows = self.verticalHeader()
        rows.hide()
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setMinimumSectionSize(tokens.ROW_PX)
        rows.setDefaultSectionSize(tokens.ROW_PX)

    def _size_columns(self) -> None:
        header = self.horizontalHeader()
        for number, column in enumerate(self._paged.columns):
            if column.width:
                header.resizeSection(number, column.width)
            else:
                header.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)

    @Slot()
    def _restore(self) -> None:
        row = self._paged.row_of(self._picked) if self._picked is not None else None
        self._restoring = True
        if row is None:
            self._picked = None
            self.clearSelection()
        else:
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            self.selectionModel().setCurrentIndex(self._paged.index(row, 0), flags)
        self._restoring = False

    @Slot(QModelIndex)
    def _open(self, index: QModelIndex) -> None:
        row_id = self._paged.id_at(index.row())
        if row_id is not None:
            self.opened.emit(row_id)

    @Slot(int)
    def _sort(self, section: int) -> None:
        order = self._paged.order
        again = order is not None and order.key == self._paged.columns[section].key and not order.descending
        self._paged.sort(section, Qt.SortOrder.DescendingOrder if again else Qt.SortOrder.AscendingOrder)
