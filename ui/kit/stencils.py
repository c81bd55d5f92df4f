"""What painters make once and paint often: lines of text that are laid out, and the frames of cards and blocks.

Laying a line out takes half the time of painting it, and a dashed frame takes as long as four lines. A board shows a
hundred of each, and does so again with every better plan.
"""

from collections.abc import Callable
from math import ceil, floor
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen, QPixmap, QStaticText, QTransform

MOST_LINES, MOST_FRAME_BYTES = 4000, 16_000_000
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
        self._frame_bytes = 0

    def forget(self) -> None:
        """The theme has changed."""
        self._frames.clear()
        self._frame_bytes = 0

    def line(self, text: str, px: int, weight: QFont.Weight, room_px: float) -> Line:
        """One line of text with digits of one width, shortened with … where there is less room than it needs."""
        key = (text, px, weight, int(room_px))
        found = self._lines.get(key)
        if found is None:
            font, metrics = self._faces(px, weight)
            found = _line(text, font, metrics, room_px)
            if len(self._lines) >= MOST_LINES:
                self._lines.clear()
            self._lines[key] = found
        return found

    def frame(self, painter: QPainter, rect: QRectF, frame: Frame, dpr: float) -> None:
        """Paint a frame where its lines come to lie as if they were drawn there."""
        # On a screen of a broken scale a widget begins between two pixels.
        screen = painter.deviceTransform()
        corner = screen.map(rect.topLeft())
        left, top = floor(corner.x()), floor(corner.y())
        # Sixteenths of a pixel are as fine as lines are drawn.
        beside = (round((corner.x() - left) * 16), round((corner.y() - top) * 16))
        key = (frame, round(rect.width() * dpr * 16), round(rect.height() * dpr * 16), *beside, dpr)
        found = self._frames.get(key)
        if found is None:
            found = self._drawn(frame, rect, key, dpr)
            size = found.width() * found.height() * 4
            if self._frame_bytes + size > MOST_FRAME_BYTES:
                self.forget()
            self._frame_bytes += size
            self._frames[key] = found
        edge = _edge_px(frame, dpr)
        at = QPointF((left - edge - screen.dx()) / screen.m11(), (top - edge - screen.dy()) / screen.m22())
        painter.drawPixmap(at, found)

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
