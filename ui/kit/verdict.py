"""The scan's verdict over the whole field: a word, a shape and a colour that are read from two metres away."""

import math

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.cards import VerdictCard, VerdictKind
from ui.kit.paint import LEFT, RIGHT
from ui.kit.style import BOLD, MEDIUM, REGULAR, look, make_font

_ICONS = {
    VerdictKind.PASSED: "check",
    VerdictKind.HOLD: "hand",
    VerdictKind.STOP: "x",
    VerdictKind.IDLE: "scan",
}
_MARGIN, _TOP_PX, _ACTION_PX, _WHO_PX = 48, 56, 112, 34
_SHAPE_PX = 190.0
_WORD_SHARE = 0.85
"""How much of the shape's height the word takes; the reason begins below it."""
_WRAP = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap


class VerdictView(QWidget):
    """Paints one verdict; with the focus here no input method swallows a scanner's keys."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self._words = words
        self._card = VerdictCard(VerdictKind.IDLE, words.text("kit.verdict.idle_title"), words.text("kit.verdict.idle"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(520, 320)
        self._name_it()
        look().changed.connect(self.update)

    def show_verdict(self, card: VerdictCard) -> None:
        """Show a verdict at once: nothing here moves or fades."""
        self._card = card
        self._name_it()
        self.update()

    def card(self) -> VerdictCard:
        """What is shown."""
        return self._card

    def word(self) -> str:
        """The verdict's one word; none while nothing was scanned."""
        kind = self._card.kind
        return "" if kind == VerdictKind.IDLE else self._words.text(f"kit.verdict.{kind}")

    @override
    def sizeHint(self) -> QSize:
        return QSize(900, 440)

    @override
    def inputMethodQuery(self, query: Qt.InputMethodQuery) -> object:
        if query == Qt.InputMethodQuery.ImEnabled:
            return False
        return super().inputMethodQuery(query)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._ground(painter)
        if self._card.kind == VerdictKind.IDLE:
            self._paint_idle(painter)
        else:
            self._paint_verdict(painter)
        painter.end()

    def _name_it(self) -> None:
        card = self._card
        self.setAccessibleName(", ".join(filter(None, (self.word(), card.reason, card.who, card.action))))

    def _ink(self) -> str:
        return f"verdict_{self._card.kind}_text"

    def _ground(self, painter: QPainter) -> None:
        idle = self._card.kind == VerdictKind.IDLE
        edge = QPen(look().colour("strong"), 2, Qt.PenStyle.DashLine) if idle else QPen(Qt.PenStyle.NoPen)
        painter.setPen(edge)
        painter.setBrush(look().colour(f"verdict_{self._card.kind}"))
        inset = 1 if idle else 0
        frame = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(frame, tokens.RADIUS_PANEL, tokens.RADIUS_PANEL)

    def _paint_idle(self, painter: QPainter) -> None:
        centre = QRectF(self.rect()).center()
        icon = look().pixmap("scan", "accent", 96, dpr=self.devicePixelRatioF(), stroke=1.5)
        painter.drawPixmap(QPointF(centre.x() - 48, centre.y() - 120), icon)
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        area = QRectF(_MARGIN, centre.y() + 4, self.width() - 2 * _MARGIN, 56)
        self._write(painter, area, self._card.reason, make_font(34, BOLD), align=middle, ink="text")
        second = area.translated(0, 56)
        self._write(painter, second, self._card.who, make_font(18), align=middle, ink="text2")

    def _paint_verdict(self, painter: QPainter) -> None:
        """Shape and word, then reason and person; all shrink together where the field is low."""
        bottom = self.height() - (_ACTION_PX if self._card.action else 24)
        reason_px, reason_high = self._reason_size(self.width() - _SHAPE_PX - _MARGIN * 2 - 24)
        below = reason_high + _WHO_PX
        size = max(72.0, min(_SHAPE_PX, (bottom - _TOP_PX - below) / _WORD_SHARE))
        top = _TOP_PX + max(0.0, (bottom - _TOP_PX - below - size * _WORD_SHARE) / 2)
        shape = QRectF(_MARGIN, top, size, size)
        self._paint_shape(painter, shape)
        left = shape.right() + 36
        room = self.width() - left - 24
        word = QRectF(left - 6, top - size * 0.18, room + 6, size)
        self._write(painter, word, self.word(), self._word_font(room, size), align=LEFT)
        line = QRectF(left, top + size * _WORD_SHARE, room, reason_high)
        self._write(painter, line, self._card.reason, make_font(reason_px, BOLD), align=_WRAP)
        who = QRectF(left, line.bottom(), room, _WHO_PX)
        self._write(painter, who, self._card.who, make_font(tokens.PX_DISPLAY, MEDIUM), align=LEFT)
        self._paint_corners(painter)
        if self._card.action:
            self._paint_action(painter)

    def _paint_shape(self, painter: QPainter, box: QRectF) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(look().colour(self._ink()))
        if self._card.kind == VerdictKind.PASSED:
            painter.drawEllipse(box)
        elif self._card.kind == VerdictKind.HOLD:
            painter.drawRoundedRect(box, 24, 24)
        else:
            painter.drawPolygon(octagon(box))
        size = round(box.width() * 0.62)
        ground = f"verdict_{self._card.kind}"
        stroke = 2 if self._card.kind == VerdictKind.HOLD else 3
        icon = look().pixmap(_ICONS[self._card.kind], ground, size, dpr=self.devicePixelRatioF(), stroke=stroke)
        painter.drawPixmap(QPointF(box.center().x() - size / 2, box.center().y() - size / 2), icon)

    def _word_font(self, room: float, size: float) -> QFont:
        """The verdict size, smaller only where the field is too narrow or too low for it."""
        wide = look().metrics(tokens.PX_VERDICT, BOLD).horizontalAdvance(self.word())
        share = min(1.0, room / max(1, wide), size / _SHAPE_PX)
        return make_font(int(tokens.PX_VERDICT * share), BOLD)

    def _reason_size(self, room: float) -> tuple[int, int]:
        """Letter size and height: one line at 34 or 24 px, or two lines at 24 px when the reason is long."""
        for px, high in ((34, 48), (24, 36)):
            if look().metrics(px, BOLD).horizontalAdvance(self._card.reason) <= room:
                return px, high
        return 24, 68

    def _paint_corners(self, painter: QPainter) -> None:
        ink, card = self._ink(), self._card
        style = look()
        half = self.width() / 2 - 40
        small = style.font(tokens.PX_STRONG, MEDIUM, tabular=True)
        scanned = style.metrics(tokens.PX_STRONG, MEDIUM, tabular=True).elidedText(
            card.scanned, Qt.TextElideMode.ElideMiddle, int(half)
        )
        self._write(painter, QRectF(28, 18, half, 24), scanned, small, align=LEFT, ink=ink)
        if card.sound:
            wide = style.metrics(tokens.PX_STRONG).horizontalAdvance(card.sound)
            right = self.width() - 28
            icon = style.pixmap("volume", ink, 16, dpr=self.devicePixelRatioF())
            painter.drawPixmap(QPointF(right - wide - 22, 22), icon)
            font = style.font(tokens.PX_STRONG, REGULAR)
            self._write(painter, QRectF(right - wide - 2, 18, wide + 2, 24), card.sound, font, align=RIGHT, ink=ink)

    def _paint_action(self, painter: QPainter) -> None:
        ink = self._ink()
        bottom = float(self.height())
        painter.fillRect(QRectF(_MARGIN, bottom - 108, self.width() - 2 * _MARGIN, 1), look().colour(ink, 100))
        icon = look().pixmap("arrow-right", ink, 28, dpr=self.devicePixelRatioF(), stroke=2.5)
        painter.drawPixmap(QPointF(_MARGIN, bottom - 74), icon)
        area = QRectF(_MARGIN + 42, bottom - 94, self.width() - 2 * _MARGIN - 42, 68)
        fits = look().metrics(26, BOLD).horizontalAdvance(self._card.action) <= area.width()
        align = LEFT | Qt.TextFlag.TextWordWrap
        self._write(painter, area, self._card.action, make_font(26 if fits else 20, BOLD), align=align, ink=ink)

    def _write(
        self, painter: QPainter, area: QRectF, text: str, font: QFont, *, align: int | Qt.AlignmentFlag, ink: str = ""
    ) -> None:
        painter.setFont(font)
        painter.setPen(look().colour(ink or self._ink()))
        painter.drawText(area, int(align), text)


def octagon(box: QRectF) -> QPolygonF:
    """An octagon that fills the box."""
    radius = box.width() / 2 / math.cos(math.pi / 8)
    angles = (math.pi / 8 + corner * math.pi / 4 for corner in range(8))
    centre = box.center()
    return QPolygonF([QPointF(centre.x() + radius * math.cos(a), centre.y() + radius * math.sin(a)) for a in angles])
