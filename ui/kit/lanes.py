"""The guides' day on a time axis: one painted widget in which every kind of block has its own shape."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QContextMenuEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from ui.kit import tokens
from ui.kit.cards import BlockKind, Lane, LaneBlock, LaneTrial
from ui.kit.drops import DropTarget
from ui.kit.paint import CENTRE, Pen
from ui.kit.stencils import Frame
from ui.kit.style import BOLD, look
from ui.kit.trial import GHOST_MIN, paint_trial

_HEAD_PX, _NAME_PX, _RIGHT_PX, _LANE_PX = 28, 148, 10, 56
_HOUR_MIN = 60
_KEYS = 9
"""Guides that a number key stands for."""


@dataclass(frozen=True, slots=True)
class _Shape:
    fill: str
    edge: str
    ink: str
    icon: str
    dashed: bool = False


_SHAPES = {
    BlockKind.DONE: _Shape("idle_bg", "", "text3", "check"),
    BlockKind.RETURN: _Shape("idle_bg", "", "text2", "corner-down-left"),
    BlockKind.LIVE: _Shape("accent", "", "on_accent", "navigation"),
    BlockKind.PLANNED: _Shape("accent_bg", "accent", "accent", ""),
    BlockKind.PROPOSAL: _Shape("surface", "accent", "accent", "sparkles", dashed=True),
    BlockKind.LATE: _Shape("danger_bg", "danger", "danger", "warning"),
    BlockKind.REST: _Shape("", "border", "text3", "cup", dashed=True),
    BlockKind.AWAY: _Shape("sunken", "border", "text2", "arrow-right"),
}


class Lanes(QWidget):
    """Lanes of guides between two times of day; blocks can be picked, deliveries dropped on a lane."""

    picked = Signal(str)
    """The delivery of the block that was clicked."""
    dropped = Signal(str, str)
    """A delivery's id and the guide on whose lane it was dropped."""
    tried = Signal(str, str)
    """A delivery's id and the guide over whose lane it is being dragged; both empty when it is over none."""

    menu_requested = Signal(str, QPoint)
    """A guide whose lane got a right click or the menu key, and where on the screen."""

    def __init__(self, *, name: str) -> None:
        super().__init__()
        self._lanes: tuple[Lane, ...] = ()
        self._from_min, self._to_min, self._now_min = 8 * _HOUR_MIN, 20 * _HOUR_MIN, -1
        self._now_text = ""
        self._selected = ""
        self._hovered = ""
        self._trial: LaneTrial | None = None
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        self._target = DropTarget(self, self._guide_at)
        self._target.dropped.connect(self.dropped)
        self._target.hovered.connect(self._hover)
        self._target.over.connect(self.tried)
        look().changed.connect(self.update)

    def set_lanes(self, lanes: Sequence[Lane], *, from_min: int, to_min: int) -> None:
        """Show these lanes between two times, in minutes after the store's midnight."""
        wanted = (tuple(lanes), from_min, to_min)
        if wanted == (self._lanes, self._from_min, self._to_min):
            return
        before, axis = self._lanes, (from_min, to_min) == (self._from_min, self._to_min)
        self._lanes, self._from_min, self._to_min = wanted
        if not axis or len(before) != len(wanted[0]):
            self.updateGeometry()
            self.update()
            return
        for number, (was, now) in enumerate(zip(before, wanted[0], strict=True)):
            if was != now:
                self.update(self._lane_rect(number))

    def set_now(self, now_min: int, text: str) -> None:
        """Move the line of the present; ``text`` is the time of day on its flag."""
        if (now_min, text) != (self._now_min, self._now_text):
            self._now_min, self._now_text = now_min, text
            self.update()

    def show_selected(self, delivery_id: str) -> None:
        """Draw the one selection on this delivery's block."""
        if delivery_id != self._selected:
            self._selected = delivery_id
            self.update()

    def show_trial(self, trial: LaneTrial | None) -> None:
        """Show what dropping the dragged card would mean, or nothing."""
        if trial != self._trial:
            self._trial = trial
            self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(720, self.minimumSizeHint().height())

    @override
    def minimumSizeHint(self) -> QSize:
        return QSize(360, _HEAD_PX + _LANE_PX * max(1, len(self._lanes)) + 4)

    @override
    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = event.position()
        for number, lane in enumerate(self._lanes):
            for block in lane.blocks:
                if block.delivery_id and self._block_rect(number, block).contains(point):
                    self.picked.emit(block.delivery_id)
                    return

    @override
    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if guide := self._guide_at(event.pos()):
            self.menu_requested.emit(guide, event.globalPos())

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = Pen(painter, look(), self.devicePixelRatioF())
        self._paint_axis(pen)
        # Of many guides few are in sight, and of those few have changed.
        shown = [(n, lane) for n, lane in enumerate(self._lanes) if event.region().intersects(self._lane_rect(n))]
        for number, lane in shown:
            self._paint_lane(pen, number, lane)
        self._paint_now(pen)
        for number, lane in shown:
            for block in lane.blocks:
                self._paint_block(pen, self._block_rect(number, block), block)
        if self._trial is not None:
            paint_trial(pen, self._trial, self._trial_block(self._trial), QRectF(self.visibleRegion().boundingRect()))
        painter.end()

    def _trial_block(self, trial: LaneTrial) -> QRectF:
        """Where the dragged delivery would stand."""
        number = next((n for n, lane in enumerate(self._lanes) if lane.guide.id == trial.guide_id), 0)
        return self._block_rect(number, LaneBlock(trial.at_min - GHOST_MIN, trial.at_min + 4, "", BlockKind.PROPOSAL))

    def _x(self, minute: int) -> float:
        share = (minute - self._from_min) / max(1, self._to_min - self._from_min)
        return _NAME_PX + share * (self.width() - _NAME_PX - _RIGHT_PX)

    def _lane_px(self) -> float:
        return min(72.0, (self.height() - _HEAD_PX - 4) / max(1, len(self._lanes)))

    def _lane_rect(self, number: int) -> QRect:
        """A lane with the lines that bound it."""
        top, below = _HEAD_PX + number * self._lane_px(), _HEAD_PX + (number + 1) * self._lane_px()
        return QRect(0, int(top) - 1, self.width(), int(below) - int(top) + 3)

    def _block_rect(self, number: int, block: LaneBlock) -> QRectF:
        left, right = max(self._x(block.start_min), _NAME_PX), min(self._x(block.end_min), self.width() - _RIGHT_PX)
        top = _HEAD_PX + number * self._lane_px()
        # On whole pixels blocks of one length are of one size, so that a frame drawn once is that of many.
        return QRectF(round(left) + 1, round(top) + 4, round(right - left) - 2, round(self._lane_px()) - 8)

    def _guide_at(self, point: QPoint) -> str:
        number = int((point.y() - _HEAD_PX) // self._lane_px()) if point.y() >= _HEAD_PX else -1
        return self._lanes[number].guide.id if 0 <= number < len(self._lanes) else ""

    def _hover(self, guide_id: str) -> None:
        if guide_id != self._hovered:
            self._hovered = guide_id
            self.update()

    def _paint_axis(self, pen: Pen) -> None:
        painter, colour = pen.painter, pen.style.colour
        # Straight lines on whole pixels need no smoothing, which costs most of the time of painting them.
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        bottom = _HEAD_PX + self._lane_px() * len(self._lanes)
        first = -(-self._from_min // 30) * 30
        for minute in range(first, self._to_min + 1, 30):
            x = round(self._x(minute)) + 0.5
            whole = minute % _HOUR_MIN == 0
            line = Qt.PenStyle.SolidLine if whole else Qt.PenStyle.DotLine
            painter.setPen(QPen(colour("border", 255 if whole else 110), 1, line))
            painter.drawLine(QRectF(x, _HEAD_PX, 0, bottom - _HEAD_PX).topLeft(), QRectF(x, bottom, 0, 0).topLeft())
            if whole and minute < self._to_min:
                pen.write(QRectF(x + 4, 0, 56, _HEAD_PX), f"{minute // _HOUR_MIN}:00", ink="text3")
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _paint_lane(self, pen: Pen, number: int, lane: Lane) -> None:
        top, height = _HEAD_PX + number * self._lane_px(), self._lane_px()
        colour = pen.style.colour
        if lane.guide.id == self._hovered:
            pen.painter.fillRect(QRectF(0, top + 1, self.width(), height - 1), colour("accent_bg"))
        pen.painter.setPen(QPen(colour("border"), 1))
        pen.painter.drawLine(QPoint(0, round(top)), QPoint(self.width(), round(top)))
        pen.avatar(QRectF(12, top + height / 2 - 14, 28, 28), lane.guide.name)
        words = QRectF(48, top + height / 2 - 18, _NAME_PX - 54, 18)
        pen.write(words, lane.guide.name, px=tokens.PX_BODY, weight=BOLD)
        if number < _KEYS:
            self._paint_key(pen, QRectF(_NAME_PX - 22, words.y() + 1, 16, 16), str(number + 1))
        pen.write(words.translated(0, 18), lane.guide.detail, ink="text3")
        self._paint_off_shift(pen, lane, QRectF(0, top + 1, 0, height - 1))

    @staticmethod
    def _paint_key(pen: Pen, area: QRectF, key: str) -> None:
        pen.frame(area, Frame("sunken", "border", tokens.RADIUS_CHIP))
        pen.write(area, key, ink="text2", align=CENTRE)

    def _paint_off_shift(self, pen: Pen, lane: Lane, band: QRectF) -> None:
        for start, end in ((self._from_min, lane.shift_start_min), (lane.shift_end_min, self._to_min)):
            if end > start:
                left, right = self._x(max(start, self._from_min)), self._x(min(end, self._to_min))
                area = QRectF(left, band.y(), right - left, band.height())
                pen.painter.fillRect(area, pen.style.colour("sunken"))
                pen.painter.fillRect(area, QBrush(pen.style.colour("strong", 90), Qt.BrushStyle.BDiagPattern))

    def _paint_block(self, pen: Pen, area: QRectF, block: LaneBlock) -> None:
        if area.width() < 3:
            return
        shape = _SHAPES[block.kind]
        selected = bool(block.delivery_id) and block.delivery_id == self._selected
        self._frame(pen, area, shape, selected=selected)
        ink = shape.ink
        if shape.icon and (area.width() < 46 and not block.sub):
            pen.icon(area.center().x() - 7, area.center().y() - 7, shape.icon, ink)
            return
        words = area.adjusted(7, 0, -4, 0)
        line = QRectF(words.x(), words.center().y() - (19 if block.sub else 10), words.width(), 20)
        if block.sub:
            pen.write(line.translated(0, 18), block.sub, ink=ink)
        if shape.icon and words.width() > pen.width(block.label, weight=BOLD) + 18:
            pen.icon(line.x(), line.y() + 3, shape.icon, ink)
            line.adjust(18, 0, 0, 0)
        pen.write(line, block.label, ink=ink, weight=BOLD)

    @staticmethod
    def _frame(pen: Pen, area: QRectF, shape: _Shape, *, selected: bool) -> None:
        ground = "accent_bg" if selected and shape.fill == "surface" else shape.fill
        if selected:
            edge, width, alpha = "text" if shape.fill == "accent" else "accent", 2.0, 255
        else:
            edge, width, alpha = shape.edge, 1.3 if shape.dashed else 1.0, 110 if shape.fill == "accent_bg" else 255
        dashed, inside = shape.dashed and not selected, width / 2 if edge else 0
        area = area.adjusted(inside, inside, -inside, -inside)
        pen.frame(area, Frame(ground, edge, tokens.RADIUS_CONTROL, width, dashed=dashed, edge_alpha=alpha))

    def _paint_now(self, pen: Pen) -> None:
        if not self._from_min <= self._now_min <= self._to_min:
            return
        x = round(self._x(self._now_min)) + 0.5
        pen.painter.setPen(QPen(pen.style.colour("danger"), 2))
        bottom = _HEAD_PX + self._lane_px() * len(self._lanes)
        pen.painter.drawLine(QRectF(x, _HEAD_PX - 4, 0, 0).topLeft(), QRectF(x, bottom, 0, 0).topLeft())
        flag = QRectF(x - 22, 4, 44, 18)
        pen.frame(flag, Frame("danger", "", tokens.RADIUS_CHIP))
        pen.write(flag, self._now_text, ink="on_accent", weight=BOLD, align=CENTRE)
