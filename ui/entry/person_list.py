"""The staff of the store as rows that are big enough for a finger."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QButtonGroup, QScrollArea, QWidget
from typing_extensions import override

from ui.kit import tokens
from ui.kit.paint import Pen
from ui.kit.parts import vbox
from ui.kit.style import MEDIUM, look

_ROW_PX = 52


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Somebody who may sign in; ``sub`` is the role in words."""

    id: str
    name: str
    sub: str
    has_pin: bool


class _PersonButton(QAbstractButton):
    """One person: initials, name and role; the chosen one is lit and outlined."""

    def __init__(self, row: PersonRow) -> None:
        super().__init__()
        self.row = row
        self.setCheckable(True)
        self.setText(row.name)
        self.setAccessibleName(f"{row.name} {row.sub}")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFixedHeight(_ROW_PX)

    @override
    def sizeHint(self) -> QSize:
        return QSize(200, _ROW_PX)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        style, chosen = look(), self.isChecked()
        box = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if chosen:
            painter.setPen(style.colour("accent"))
            painter.setBrush(style.colour("accent_bg"))
            painter.drawRoundedRect(box, tokens.RADIUS_CARD, tokens.RADIUS_CARD)
        pen = Pen(painter, style, self.devicePixelRatioF())
        pen.avatar(QRectF(12, 10, 32, 32), self.row.name, ground="surface" if chosen else "idle_bg")
        words = QRectF(56, 8, self.width() - 64, 18)
        pen.write(words, self.row.name, px=tokens.PX_STRONG, weight=MEDIUM)
        pen.write(words.translated(0, 18), self.row.sub, ink="text2" if chosen else "text3")
        painter.end()


class PersonList(QScrollArea):
    """People one under the other; one is chosen."""

    chosen = Signal(str)
    """The id of the person who was chosen by hand."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._buttons: list[_PersonButton] = []
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(self._clicked)

    def show_people(self, rows: Sequence[PersonRow], *, chosen: str = "") -> None:
        """Show these people; the chosen one, else the first, is lit."""
        body = QWidget()
        column = vbox(body, gap=2)
        self._buttons = [_PersonButton(row) for row in rows]
        for button in self._buttons:
            self._group.addButton(button)
            column.addWidget(button)
        column.addStretch(1)
        self.setWidget(body)
        ids = [row.id for row in rows]
        if rows:
            self._buttons[ids.index(chosen) if chosen in ids else 0].setChecked(True)

    def current(self) -> PersonRow | None:
        """Who is lit."""
        return next((button.row for button in self._buttons if button.isChecked()), None)

    def step(self, step: int) -> None:
        """Light the next person, or with -1 the one before."""
        at = next((n for n, button in enumerate(self._buttons) if button.isChecked()), None)
        if at is not None:
            button = self._buttons[(at + step) % len(self._buttons)]
            button.setChecked(True)
            self.ensureWidgetVisible(button)
            self.chosen.emit(button.row.id)

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        event.ignore()

    @Slot(QAbstractButton)
    def _clicked(self, button: QAbstractButton) -> None:
        if isinstance(button, _PersonButton):
            self.chosen.emit(button.row.id)
