"""Paints what dropping a dragged card would mean: the ghost of its block, and a note beside it that stays in sight."""

from PySide6.QtCore import QRectF

from ui.kit import tokens
from ui.kit.cards import LaneTrial
from ui.kit.paint import CENTRE, Pen
from ui.kit.stencils import Frame
from ui.kit.style import BOLD, MEDIUM

GHOST_MIN = 26
"""How long the ghost is drawn before the moment it arrives; as long as any block."""
_LINE_PX, _PAD_PX, _ICON_PX, _GAP_PX = 20, 10, 14, 8
_LEAST_PX, _MOST_PX = 120, 340


def paint_trial(pen: Pen, trial: LaneTrial, block: QRectF, sight: QRectF) -> None:
    """Paint the ghost at its place on the lane and the note below or above it.

    Args:
        pen: what to paint with.
        trial: what it would mean.
        block: where the delivery would stand; it may lie outside of what the lane shows.
        sight: the part of the widget that can be seen: the note never leaves it.
    """
    if block.width() > 3:
        _paint_ghost(pen, trial, block)
    _paint_note(pen, trial, _note_rect(pen, trial, block, sight))


def _paint_ghost(pen: Pen, trial: LaneTrial, block: QRectF) -> None:
    ink = "danger" if trial.late else "accent"
    pen.frame(block, Frame("danger_bg" if trial.late else "accent_bg", ink, tokens.RADIUS_CONTROL, 2, dashed=True))
    pen.write(block.adjusted(4, 0, -4, 0), trial.label, ink=ink, weight=BOLD, align=CENTRE)


def _note_rect(pen: Pen, trial: LaneTrial, block: QRectF, sight: QRectF) -> QRectF:
    widest = max(pen.width(line.text, px=tokens.PX_BODY, weight=BOLD) for line in trial.lines)
    width = min(_MOST_PX, max(_LEAST_PX, widest + _ICON_PX + 6 + 2 * _PAD_PX + 2))
    height = _LINE_PX * len(trial.lines) + 2 * _PAD_PX - 4
    left = min(max(block.center().x() - width / 2, sight.left() + _GAP_PX), sight.right() - width - _GAP_PX)
    below = block.bottom() + _GAP_PX
    top = below if below + height <= sight.bottom() else block.top() - _GAP_PX - height
    return QRectF(left, max(top, sight.top() + 2), width, height)


def _paint_note(pen: Pen, trial: LaneTrial, note: QRectF) -> None:
    pen.frame(note, Frame("raised", "danger" if trial.late else "strong", tokens.RADIUS_CARD))
    line = QRectF(note.x() + _PAD_PX, note.y() + _PAD_PX - 2, note.width() - 2 * _PAD_PX, _LINE_PX)
    for number, each in enumerate(trial.lines):
        pen.icon(line.x(), line.y() + 3, each.icon, each.ink, size=_ICON_PX)
        words = line.adjusted(_ICON_PX + 6, 0, 0, 0)
        ink = each.ink if each.ink in ("danger", "warn") else "text"
        pen.write(words, each.text, ink=ink, px=tokens.PX_BODY, weight=BOLD if number == 0 else MEDIUM)
        line.translate(0, _LINE_PX)
