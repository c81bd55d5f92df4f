"""What is drawn once and painted often looks as if it were drawn anew each time."""

from itertools import product

import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QApplication

from ui.kit import stencils
from ui.kit.paint import CENTRE, LEFT, RIGHT, Pen
from ui.kit.stencils import Frame
from ui.kit.style import BOLD, Look
from ui.kit.tokens import load_theme

FRAMES = (
    Frame("surface", "border", 8),
    Frame("accent_bg", "accent", 8, 2),
    Frame("surface", "accent", 6, 1.3, dashed=True),
    Frame("danger", "", 4),
    Frame("", "border", 6),
)
PLACES = (QRectF(10, 12, 80, 30), QRectF(10.5, 12.5, 79, 29), QRectF(3.25, 4.75, 60.5, 21))


@pytest.fixture
def style(qapp: QApplication) -> Look:
    return Look(load_theme("light"))


def canvas(dpr: float) -> QImage:
    image = QImage(round(120 * dpr), round(60 * dpr), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(dpr)
    image.fill(Qt.GlobalColor.white)
    return image


def drawn(style: Look, rect: QRectF, frame: Frame, dpr: float, at: tuple[float, float] = (0, 0)) -> QImage:
    image = canvas(dpr)
    painter = QPainter(image)
    painter.translate(*at)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line = Qt.PenStyle.DashLine if frame.dashed else Qt.PenStyle.SolidLine
    painter.setPen(QPen(style.colour(frame.edge), frame.width, line) if frame.edge else Qt.PenStyle.NoPen)
    painter.setBrush(style.colour(frame.ground) if frame.ground else Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect, frame.radius, frame.radius)
    painter.end()
    return image


def stamped(style: Look, rect: QRectF, frame: Frame, dpr: float, at: tuple[float, float] = (0, 0)) -> QImage:
    image = canvas(dpr)
    painter = QPainter(image)
    painter.translate(*at)
    Pen(painter, style, dpr).frame(rect, frame)
    painter.end()
    return image


def worst(one: QImage, other: QImage) -> int:
    """By how much the pixel that differs most does, of 255."""
    return max(abs(a - b) for a, b in zip(bytes(one.constBits()), bytes(other.constBits()), strict=True))


@pytest.mark.parametrize("dpr", [1.0, 1.25, 1.5, 2.0])
def test_a_frame_lies_where_it_would_be_drawn(style: Look, dpr: float):
    """Wherever the widget begins: at a broken scale that is between two pixels."""
    for rect, frame, at in product(PLACES, FRAMES, ((0, 0), (13, 7), (5, 2))):
        for _ in range(2):
            # Blending twice rounds otherwise than blending once.
            assert worst(drawn(style, rect, frame, dpr, at), stamped(style, rect, frame, dpr, at)) <= 8, (rect, frame)


def test_another_theme_draws_frames_anew(style: Look):
    frame = Frame("surface", "border", 8)
    stamped(style, PLACES[0], frame, 1.0)
    style.use(load_theme("dark"))
    assert worst(drawn(style, PLACES[0], frame, 1.0), stamped(style, PLACES[0], frame, 1.0)) <= 8


def test_frames_of_one_size_are_drawn_once(style: Look, monkeypatch: pytest.MonkeyPatch):
    made: list[object] = []

    def noted(*size: int) -> QPixmap:
        made.append(size)
        return QPixmap(*size)

    monkeypatch.setattr(stencils, "QPixmap", noted)
    for x in range(5):
        stamped(style, QRectF(5 * x, 3, 40, 20), FRAMES[0], 1.0)
    assert len(made) == 1


def ink(image: QImage) -> tuple[int, int]:
    """The first and the last column that is not white."""
    columns = [
        x for x in range(image.width()) for y in range(image.height()) if image.pixelColor(x, y).lightness() < 200
    ]
    return min(columns), max(columns)


@pytest.mark.parametrize(("align", "near"), [(LEFT, 10), (CENTRE, None), (RIGHT, 110)])
def test_a_line_stands_where_it_is_told(style: Look, align: Qt.AlignmentFlag, near: int | None):
    image = canvas(1.0)
    painter = QPainter(image)
    width = Pen(painter, style, 1.0).write(QRectF(10, 10, 100, 20), "16:00", weight=BOLD, align=align)
    painter.end()
    first, last = ink(image)
    assert abs(last - first + 1 - width) <= 3
    if near is None:
        assert abs((first + last) / 2 - 60) <= 1.5
    else:
        assert min(abs(first - near), abs(last - near)) <= 2


def test_a_line_that_is_too_long_is_shortened_and_keeps_inside(style: Look):
    image = canvas(1.0)
    painter = QPainter(image)
    pen = Pen(painter, style, 1.0)
    words = "A customer whose name is longer than the card is wide"
    assert pen.write(QRectF(10, 10, 60, 20), words) <= 60 < pen.width(words)
    painter.end()
    assert ink(image)[1] <= 70


def test_what_is_remembered_has_an_end(style: Look, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stencils, "MOST_LINES", 10)
    monkeypatch.setattr(stencils, "MOST_FRAME_BYTES", 3 * 4 * 70 * 26)
    for n in range(40):
        style.stencils.line(f"#{n}", 12, BOLD, 100)
        stamped(style, QRectF(3, 3, 20 + n, 20), FRAMES[0], 1.0)
        assert len(style.stencils._lines) <= 10
        assert style.stencils._frame_bytes <= stencils.MOST_FRAME_BYTES
        assert style.stencils._frame_bytes == sum(p.width() * p.height() * 4 for p in style.stencils._frames.values())
