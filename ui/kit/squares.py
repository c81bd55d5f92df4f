"""A painted field of squares around a centre: what is served, how much was asked for, and zones as outlines.

There is no map under it. Arrows move a cursor and the space bar chooses, so it needs no mouse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from ui.kit.style import look

Square = tuple[int, int]
"""How many squares north and east of the centre."""
_KEYS: Mapping[int, Square] = {
    Qt.Key.Key_Up: (1, 0),
    Qt.Key.Key_Down: (-1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}
_LEAST_PX, _GAP_PX = 12, 1.0
_LARGEST_DOT = 0.62


@dataclass(frozen=True, slots=True)
class SquareLook:
    """How one square is shown: its ground, a dot for ``weight`` from 0 to 1, whether it was chosen or is hatched."""

    tone: str
    weight: float = 0.0
    chosen: bool = False
    hatched: bool = False


class SquareField(QWidget):
    """Squares that can be chosen; ``reach`` of them lie on each side of the centre."""

    toggled = Signal(int, int)
    """A square was chosen, or chosen no longer: how far north and east it lies."""
    moved = Signal(int, int)
    """The cursor is on another square."""

    def __init__(self, *, reach: int, name: str) -> None:
        super().__init__()
        self._reach = reach
        self._name = name
        self._squares: Mapping[Square, SquareLook] = {}
        self._outlines: tuple[tuple[tuple[float, float], ...], ...] = ()
        self.cursor_at: Square = (0, 0)
        self.editable = False
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setAccessibleName(name)
        look().changed.connect(self.update)

    def show_squares(
        self, squares: Mapping[Square, SquareLook], outlines: Sequence[Sequence[tuple[float, float]]], text: str
    ) -> None:
        """Show these; outlines are in squares north and east, ``text`` tells it all in a sentence."""
        self._squares = squares
        self._outlines = tuple(tuple(outline) for outline in outlines)
        self.setAccessibleName(f"{self._name}: {text}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = (2 * self._reach + 1) * 16
        return QSize(side, side)

    @override
    def minimumSizeHint(self) -> QSize:
        side = (2 * self._reach + 1) * _LEAST_PX
        return QSize(side, side)

    @override
    def heightForWidth(self, width: int) -> int:
        return width

    def _side_px(self) -> float:
        return min(self.width(), self.height()) / (2 * self._reach + 1)

    def box(self, square: Square) -> QRectF:
        """Where a square is painted."""
        side = self._side_px()
        return QRectF((square[1] + self._reach) * side, (self._reach - square[0]) * side, side, side)

    def square_at(self, point: QPointF) -> Square | None:
        """The square under a point."""
        side = self._side_px()
        north = self._reach - int(point.y() // side)
        east = int(point.x() // side) - self._reach
        return (north, east) if max(abs(north), abs(east)) <= self._reach else None

    # -- choosing

    @override
    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        square = self.square_at(event.position())
        if square is not None and square != self.cursor_at:
            self._go(square)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        square = self.square_at(event.position())
        if square is not None and event.button() is Qt.MouseButton.LeftButton:
            self._go(square)
            self._toggle()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _KEYS:
            north, east = _KEYS[event.key()]
            wanted = (self.cursor_at[0] + north, self.cursor_at[1] + east)
            if max(map(abs, wanted)) <= self._reach:
                self._go(wanted)
        elif event.key() == Qt.Key.Key_Space:
            self._toggle()
        else:
            super().keyPressEvent(event)

    def _go(self, square: Square) -> None:
        self.cursor_at = square
        self.moved.emit(*square)
        self.update()

    def _toggle(self) -> None:
        if self.editable:
            self.toggled.emit(*self.cursor_at)

    # -- painting

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for square, shown in self._squares.items():
            self._paint_square(painter, self.box(square), shown)
        self._paint_outlines(painter)
        self._paint_centre(painter)
        if self.hasFocus() or self.underMouse():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look().colour("focus"), 2))
            painter.drawRect(self.box(self.cursor_at).adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_square(self, painter: QPainter, box: QRectF, shown: SquareLook) -> None:
        style = look()
        box = box.adjusted(_GAP_PX / 2, _GAP_PX / 2, -_GAP_PX / 2, -_GAP_PX / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.colour(shown.tone))
        painter.drawRect(box)
        if shown.hatched:
            painter.fillRect(box, QBrush(style.colour("strong", 140), Qt.BrushStyle.BDiagPattern))
        if shown.chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(style.colour("accent"), 1.5))
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        if shown.weight > 0:
            side = box.width() * _LARGEST_DOT * max(0.3, shown.weight**0.5)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.colour("text2"))
            painter.drawEllipse(box.center(), side / 2, side / 2)

    def _paint_outlines(self, painter: QPainter) -> None:
        side = self._side_px()
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(look().colour("accent"), 2))
        for outline in self._outlines:
            corners = [
                QPointF((east + self._reach + 0.5) * side, (self._reach + 0.5 - north) * side)
                for north, east in outline
            ]
            painter.drawPolygon(QPolygonF(corners))

    def _paint_centre(self, painter: QPainter) -> None:
        box, style = self.box((0, 0)), look()
        painter.setPen(QPen(style.colour("surface"), 2))
        painter.setBrush(style.colour("accent"))
        painter.drawEllipse(box.center(), box.width() * 0.42, box.width() * 0.42)
