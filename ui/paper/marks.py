"""The ink of a paper as values, so that a layout can be checked before anything is painted."""

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRect, Qt
from PySide6.QtGui import QColor, QFont, QPainter

Box = tuple[int, int, int, int]
"""Left, top, width and height in device dots."""

BLACK = QColor(Qt.GlobalColor.black)
WHITE = QColor(Qt.GlobalColor.white)


@dataclass(frozen=True, slots=True)
class Text:
    """One line of words inside its box; ``inverse`` sets it white on a black ground."""

    box: Box
    words: str
    font: QFont
    pen: tuple[int, int]
    """Where the first letter's baseline begins."""
    inverse: bool = False

    def moved(self, dx: int, dy: int) -> "Text":
        """The same line elsewhere."""
        return replace(self, box=shifted(self.box, dx, dy), pen=(self.pen[0] + dx, self.pen[1] + dy))

    def paint(self, painter: QPainter) -> None:
        """Draw ground and letters."""
        if self.inverse:
            painter.fillRect(QRect(*self.box), BLACK)
        painter.setFont(self.font)
        painter.setPen(WHITE if self.inverse else BLACK)
        painter.drawText(QPointF(*self.pen), self.words)


@dataclass(frozen=True, slots=True)
class Fill:
    """Black rectangles, such as a rule or the modules of a code; the box includes a code's quiet zone."""

    box: Box
    rects: tuple[Box, ...]

    def moved(self, dx: int, dy: int) -> "Fill":
        """The same rectangles elsewhere."""
        return Fill(shifted(self.box, dx, dy), tuple(shifted(rect, dx, dy) for rect in self.rects))

    def paint(self, painter: QPainter) -> None:
        """Draw on whole dots, without soft edges."""
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(BLACK)
        painter.drawRects([QRect(*rect) for rect in self.rects])


Mark = Text | Fill


@dataclass(frozen=True, slots=True)
class Block:
    """Marks that belong together, from their own corner at 0, 0."""

    width: int
    height: int
    marks: tuple[Mark, ...] = ()

    def moved(self, dx: int, dy: int) -> tuple[Mark, ...]:
        """The marks as they stand when the corner is put elsewhere."""
        return tuple(mark.moved(dx, dy) for mark in self.marks)

    def paint(self, painter: QPainter) -> None:
        """Draw every mark; text keeps soft edges, which a one-bit device turns into whole dots itself."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing, True)
        for mark in self.marks:
            mark.paint(painter)


def shifted(box: Box, dx: int, dy: int) -> Box:
    """The box moved by so many dots."""
    left, top, width, height = box
    return left + dx, top + dy, width, height
