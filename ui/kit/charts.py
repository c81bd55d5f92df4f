"""Small charts for the day close: bars and a line, painted, with every value also in words for screen readers."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from ui.kit.paint import CENTRE, RIGHT, Pen
from ui.kit.style import BOLD, look

_LEFT_PX, _TOP_PX, _BOTTOM_PX = 40, 22, 26
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Point:
    """One value; ``text`` is how it is written above its bar; ``tone`` only where it means a state."""

    label: str
    value: float
    text: str = ""
    tone: str = "accent"


def round_ceiling(value: float) -> float:
    """The next number that divides into four round steps (of 1, 2, 2.5 or 5 times a power of ten)."""
    if value <= 0:
        return float(_STEPS)
    step = value / _STEPS
    power = 10.0 ** math.floor(math.log10(step))
    return next(nice for nice in (1, 2, 2.5, 5, 10) if nice * power >= step * 0.9999) * power * _STEPS


class Chart(QWidget):
    """Axis, grid and labels around values that ``plot`` paints; made by ``bar_chart`` and ``line_chart``."""

    def __init__(self, plot: "Plot", *, name: str) -> None:
        super().__init__()
        self._plot = plot
        self._name = name
        self._points: tuple[Point, ...] = ()
        self._top = float(_STEPS)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 120)
        self.setAccessibleName(name)
        look().changed.connect(self.update)

    def set_points(self, points: Sequence[Point], *, least_top: float = _STEPS) -> None:
        """Show these values on an axis that goes up to ``least_top`` or further."""
        self._points = tuple(points)
        self._top = max(least_top, round_ceiling(max((point.value for point in points), default=0)))
        values = ", ".join(f"{point.label} {point.text or point.value:}" for point in points)
        self.setAccessibleName(f"{self._name}: {values}")
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(420, 200)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = Pen(painter, look(), self.devicePixelRatioF())
        area = QRectF(_LEFT_PX, _TOP_PX, self.width() - _LEFT_PX - 8, self.height() - _TOP_PX - _BOTTOM_PX)
        self._paint_grid(pen, area)
        if self._points:
            self._paint_labels(pen, area)
            self._plot(pen, self._spots(area))
        painter.end()

    def _slot(self, area: QRectF) -> float:
        return area.width() / max(1, len(self._points))

    def _y(self, area: QRectF, value: float) -> float:
        return area.bottom() - area.height() * value / self._top

    def _paint_grid(self, pen: Pen, area: QRectF) -> None:
        for step in range(_STEPS + 1):
            value = self._top * step / _STEPS
            y = round(self._y(area, value)) + 0.5
            pen.painter.setPen(QPen(pen.style.colour("strong" if step == 0 else "border"), 1))
            pen.painter.drawLine(QPointF(area.x(), y), QPointF(area.right(), y))
            pen.write(QRectF(0, y - 9, _LEFT_PX - 8, 18), f"{value:g}", ink="text3", align=RIGHT)

    def _paint_labels(self, pen: Pen, area: QRectF) -> None:
        slot = self._slot(area)
        widest = max(pen.width(point.label) for point in self._points)
        every = max(1, math.ceil((widest + 8) / slot)) if slot < 40 else 1
        for number, point in enumerate(self._points):
            if number % every == 0:
                box = QRectF(area.x() + number * slot, area.bottom() + 4, slot * every, 18)
                pen.write(box, point.label, ink="text3", align=CENTRE)

    def _spots(self, area: QRectF) -> list["Spot"]:
        slot = self._slot(area)
        return [
            Spot(point, QPointF(area.x() + slot * (number + 0.5), self._y(area, point.value)), area.bottom(), slot)
            for number, point in enumerate(self._points)
        ]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value stands: its point, the height of the zero line, and how wide its share of the axis is."""

    point: Point
    at: QPointF
    zero_y: float
    slot_px: float


Plot = Callable[[Pen, Sequence[Spot]], None]


def bar_chart(name: str) -> Chart:
    """One bar a value, its number above it."""
    return Chart(_plot_bars, name=name)


def line_chart(name: str) -> Chart:
    """Values joined by a line, the last one named."""
    return Chart(_plot_line, name=name)


def _plot_bars(pen: Pen, spots: Sequence[Spot]) -> None:
    for spot in spots:
        width = min(44.0, spot.slot_px * 0.6)
        bar = QRectF(spot.at.x() - width / 2, spot.at.y(), width, spot.zero_y - spot.at.y())
        pen.painter.setPen(Qt.PenStyle.NoPen)
        pen.painter.setBrush(pen.style.colour(spot.point.tone))
        radius = min(3.0, bar.height() / 2)
        pen.painter.drawRoundedRect(bar, radius, radius)
        if spot.point.text:
            words = QRectF(bar.x() - 20, bar.y() - 19, width + 40, 18)
            ink = "text" if spot.point.tone == "accent" else spot.point.tone
            pen.write(words, spot.point.text, ink=ink, weight=BOLD, align=CENTRE)


def _plot_line(pen: Pen, spots: Sequence[Spot]) -> None:
    pen.painter.setBrush(Qt.BrushStyle.NoBrush)
    pen.painter.setPen(QPen(pen.style.colour("accent"), 2))
    pen.painter.drawPolyline(QPolygonF([spot.at for spot in spots]))
    pen.painter.setBrush(pen.style.colour("surface"))
    for spot in spots:
        pen.painter.drawEllipse(spot.at, 3, 3)
    last = spots[-1]
    falls = len(spots) > 1 and spots[-2].at.y() < last.at.y() and last.at.y() + 24 < last.zero_y
    words = QRectF(last.at.x() - 60, last.at.y() + (6 if falls else -24), 60 + last.slot_px / 2, 18)
    pen.write(words, last.point.text, weight=BOLD, align=RIGHT)
