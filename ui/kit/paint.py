"""What the painted widgets share: one line of text, an avatar, and the mime type of a dragged delivery."""

from PySide6.QtCore import QMimeData, QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QPainter

from ui.kit import tokens
from ui.kit.cards import initials
from ui.kit.stencils import Frame
from ui.kit.style import BOLD, REGULAR, Look

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter
_BELOW_PX = 0.25
"""With this, text that is laid out beforehand comes to lie on the pixels where text drawn into a rectangle does."""
DELIVERY_MIME = "application/x-storeapp-delivery"


class Pen:
    """Writes on one painter in the window's fonts and colours, and says how wide the words came out."""

    def __init__(self, painter: QPainter, style: Look, dpr: float) -> None:
        self.painter = painter
        self.style = style
        self._dpr = dpr

    def write(
        self,
        rect: QRectF,
        text: str,
        *,
        ink: str = "text",
        px: int = tokens.PX_CAPTION,
        weight: QFont.Weight = REGULAR,
        align: Qt.AlignmentFlag = LEFT,
    ) -> float:
        """Write one line, shortened with … to fit, and return its width in pixels."""
        line = self.style.stencils.line(text, px, weight, rect.width())
        free = rect.width() - line.width
        left = rect.x() + (free if align & Qt.AlignmentFlag.AlignRight else free / 2 if align == CENTRE else 0)
        self.painter.setFont(self.style.font(px, weight, tabular=True))
        self.painter.setPen(self.style.colour(ink))
        top = rect.y() + (rect.height() - line.height) / 2 + _BELOW_PX
        self.painter.drawStaticText(QPointF(left, top), line.text)
        return line.width

    def frame(self, rect: QRectF, frame: Frame) -> None:
        """Draw a rectangle with round corners."""
        self.style.stencils.frame(self.painter, rect, frame, self._dpr)

    def icon(self, x: float, y: float, name: str, ink: str, *, size: int = 14) -> None:
        """Draw an icon with its top left corner at a point."""
        self.painter.drawPixmap(QPointF(x, y), self.style.pixmap(name, ink, size, dpr=self._dpr))

    def avatar(self, circle: QRectF, name: str, *, ground: str = "idle_bg") -> None:
        """Draw a person as initials in a circle: people never get a colour of their own."""
        self.painter.setPen(Qt.PenStyle.NoPen)
        self.painter.setBrush(self.style.colour(ground))
        self.painter.drawEllipse(circle)
        px = tokens.PX_CAPTION if circle.width() >= 26 else 11
        self.write(circle, initials(name), ink="text2", px=px, weight=BOLD, align=CENTRE)

    def width(self, text: str, *, px: int = tokens.PX_CAPTION, weight: QFont.Weight = REGULAR) -> float:
        """How wide a text would be."""
        return self.style.metrics(px, weight, tabular=True).horizontalAdvance(text)


def delivery_mime(delivery_id: str) -> QMimeData:
    """A delivery as something to drag."""
    data = QMimeData()
    data.setData(DELIVERY_MIME, delivery_id.encode())
    return data


def dragged_delivery(data: QMimeData) -> str | None:
    """The delivery that is being dragged, if it is one."""
    return bytes(data.data(DELIVERY_MIME).data()).decode() if data.hasFormat(DELIVERY_MIME) else None
