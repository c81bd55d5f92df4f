"""What painters make once and paint often: lines of text that are laid out, and the frames of cards and blocks.

Laying a line out takes half the time of painting it, and a dashed frame takes as long as four lines. A board shows a
hundred of each, and does so again with every better plan.
"""

from collections.abc import Callable
from math import ceil, floor
from typing import NamedTuple, TypeVar

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QStaticText, QTransform

_K = TypeVar("_K")
_V = TypeVar("_V")
MOST_LINES, MOST_FRAMES = 4000, 300
"""Then all are forgotten and made again: what is in sight is a tenth of it."""


class Line(NamedTuple):
    """A line of text as it is painted, perhaps shortened, and its size in pixels."""

    text: QStaticText
    width: float
    height: float


class Frame(NamedTuple):
    """A rectangle with round corners, in tokens of the theme; without a word it has no ground, or no edge."""

    ground: str
    edge: str
    radius: float
    width: float = 1
    dashed: bool = False
    edge_alpha: int = 255


class Stencils:
    """Remembers what was made; what is handed out belongs to all who paint, and nobody changes it.

    Args:
        colour: the colour of a token with an alpha.
        faces: the font of a size and a weight, with its measures.
    """

    def __init__(
        self,
        colour: Callable[[str, int], QColor],
        faces: Callable[[int, QFont.Weight], tuple[QFont, QFontMetrics]],
    ) -> None:
        self._colour, self._faces = colour, faces
        self._lines: dict[tuple[str, int, QFont.Weight, int], Line] = {}
        self._frames: dict[tuple[Frame, int, int, int, int, float], QPixmap] = {}

    def forget(self) -> None:
        """The theme has changed."""
        self._frames.clear()

    def line(self, text: str, px: int, weight: QFont.Weight, room_px: float) -> Line:
        """One line of text with digits of one width, shortened with … where there is less room than it needs."""
        key = (text, px, weight, int(room_px))
        found = self._lines.get(key)
        if found is None:
            font, metrics = self._faces(px, weight)
            found = _kept(self._lines, key, _line(text, font, metrics, room_px), MOST_LINES)
        return found

    def frame(self, painter: QPainter, rect: QRectF, frame: Frame, dpr: float) -> None:
        """Paint a frame where its lines come to lie as if they were drawn there."""
        left, top = floor(rect.x() * dpr), floor(rect.y() * dpr)
        # Sixteenths of a pixel are as fine as lines are drawn.
        beside = (round((rect.x() * dpr - left) * 16), round((rect.y() * dpr - top) * 16))
        key = (frame, round(rect.width() * dpr * 16), round(rect.height() * dpr * 16), *beside, dpr)
        found = self._frames.get(key)
        if found is None:
            found = _kept(self._frames, key, self._drawn(frame, rect, key, dpr), MOST_FRAMES)
        edge = _edge_px(frame, dpr)
        painter.drawPixmap(QPointF((left - edge) / dpr, (top - edge) / dpr), found)

    def _drawn(self, frame: Frame, rect: QRectF, key: tuple[Frame, int, int, int, int, float], dpr: float) -> QPixmap:
        _, _, _, x, y, _ = key
        edge = _edge_px(frame, dpr)
        drawn = QPixmap(ceil(rect.width() * dpr) + 2 * edge + 1, ceil(rect.height() * dpr) + 2 * edge + 1)
        drawn.setDevicePixelRatio(dpr)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = Qt.PenStyle.DashLine if frame.dashed else Qt.PenStyle.SolidLine
        colour = self._colour(frame.edge, frame.edge_alpha) if frame.edge else QColor()
        painter.setPen(QPen(colour, frame.width, line) if frame.edge else Qt.PenStyle.NoPen)
        painter.setBrush(self._colour(frame.ground, 255) if frame.ground else Qt.BrushStyle.NoBrush)
        place = QRectF((edge + x / 16) / dpr, (edge + y / 16) / dpr, rect.width(), rect.height())
        painter.drawRoundedRect(place, frame.radius, frame.radius)
        painter.end()
        return drawn


def _edge_px(frame: Frame, dpr: float) -> int:
    """How far a frame's edge may reach beyond its rectangle, in pixels of the screen."""
    return ceil(frame.width * dpr / 2) + 1


def _line(text: str, font: QFont, metrics: QFontMetrics, room_px: float) -> Line:
    if metrics.horizontalAdvance(text) > room_px:
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, int(room_px))
    made = QStaticText(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setPerformanceHint(QStaticText.PerformanceHint.AggressiveCaching)
    made.prepare(QTransform(), font)
    return Line(made, metrics.horizontalAdvance(text), made.size().height())


def _kept(store: dict[_K, _V], key: _K, value: _V, most: int) -> _V:
    if len(store) >= most:
        store.clear()
    store[key] = value
    return value
