"""Small building blocks that every page uses, so that spacing and roles are decided once."""

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QBoxLayout,
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from ui.kit import tokens
from ui.kit.style import look

_BoxT = TypeVar("_BoxT", bound=QBoxLayout)
_RESTYLE = (QEvent.Type.PaletteChange, QEvent.Type.StyleChange)


def hbox(parent: QWidget | None = None, *, margins: Sequence[int] = (0, 0, 0, 0), gap: int = 8) -> QHBoxLayout:
    """A row layout with explicit margins (left, top, right, bottom) and gap."""
    return _spaced(QHBoxLayout(parent) if parent else QHBoxLayout(), margins, gap)


def vbox(parent: QWidget | None = None, *, margins: Sequence[int] = (0, 0, 0, 0), gap: int = 8) -> QVBoxLayout:
    """A column layout with explicit margins (left, top, right, bottom) and gap."""
    return _spaced(QVBoxLayout(parent) if parent else QVBoxLayout(), margins, gap)


def _spaced(made: _BoxT, margins: Sequence[int], gap: int) -> _BoxT:
    left, top, right, bottom = margins
    made.setContentsMargins(left, top, right, bottom)
    made.setSpacing(gap)
    return made


def label(text: str, role: str = "", *, chip: str = "", wrap: bool = False) -> QLabel:
    """Words with a role (muted, soft, title, strong, display, caption, error, key) or as a chip of a tone."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(wrap)
    if role:
        made.setProperty("role", role)
    if chip:
        made.setProperty("chip", chip)
    if role == "key" or chip:
        made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return made


def set_chip(chip: QLabel, text: str, tone: str) -> None:
    """Change the words and the tone of a chip."""
    chip.setText(text)
    chip.setProperty("chip", tone)
    restyle(chip)
    chip.updateGeometry()


def restyle(widget: QWidget) -> None:
    """Have the style sheet look at a widget's properties again."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def panel(name: str = "panel") -> QFrame:
    """A bordered surface; ``sunken`` for a quiet one inside a panel."""
    made = QFrame()
    made.setObjectName(name)
    return made


class ElidedLabel(QLabel):
    """One line that ends in … where there is no room; the full words are its tooltip."""

    def __init__(self, text: str = "", role: str = "") -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setMinimumWidth(24)
        if role:
            self.setProperty("role", role)
        self._full = ""
        self.setText(text)

    @override
    def setText(self, text: str) -> None:
        """Show these words, shortened to the room there is."""
        self._full = text
        self.setAccessibleName(text)
        self._fit()
        self.updateGeometry()

    @override
    def text(self) -> str:
        """The full words, not what fitted."""
        return self._full

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self._full) + 2, super().sizeHint().height())

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        fitted = self.fontMetrics().elidedText(self._full, Qt.TextElideMode.ElideRight, max(self.width(), 24))
        super().setText(fitted)
        self.setToolTip(self._full if fitted != self._full else "")


class IconLabel(QWidget):
    """One icon in a token's colour; it follows the theme."""

    def __init__(self, name: str, ink: str = "text2", size: int = 16) -> None:
        super().__init__()
        self._name, self._ink, self._size = name, ink, size
        self.setFixedSize(size, size)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_icon(self, name: str, ink: str) -> None:
        """Show another icon or colour."""
        self._name, self._ink = name, ink
        self.update()

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, look().pixmap(self._name, self._ink, self._size, dpr=self.devicePixelRatioF()))
        painter.end()


class Button(QPushButton):
    """A push button whose icon follows the theme; ``kind`` is plain, primary, flat or desk (44 px)."""

    def __init__(self, text: str, *, kind: str = "plain", icon: str = "", name: str = "") -> None:
        super().__init__(text)
        self._icon = icon
        self._primary = kind == "primary"
        self.setProperty(kind, "true")
        self.setAutoDefault(False)
        self.setAccessibleName(name or text)
        self.setToolTip(name if not text else "")
        # Wider than the picture: the style leaves no gap between icon and words.
        self.setIconSize(QSize(22 if text else 16, 16))
        self._draw_icon()

    def show_icon(self, icon: str) -> None:
        """Show another icon."""
        self._icon = icon
        self._draw_icon()

    @override
    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in _RESTYLE:
            self._draw_icon()

    def _draw_icon(self) -> None:
        # The base constructor sends change events before our own attributes exist.
        if getattr(self, "_icon", ""):
            self.setIcon(look().icon(self._icon, "on_accent" if self._primary else "text2"))


class Pressable(QWidget):
    """Anything that leads somewhere when it is clicked, or reached by Tab and pressed."""

    pressed = Signal()
    """It was clicked or pressed."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    @override
    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self.rect().contains(event.position().toPoint()):
            self.pressed.emit()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.pressed.emit()
        else:
            super().keyPressEvent(event)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setPen(QPen(look().colour("focus"), 2))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), tokens.RADIUS_CHIP, tokens.RADIUS_CHIP)
            painter.end()


class Check(QCheckBox):
    """A box to tick, with its border and tick in the theme's colours."""

    @override
    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 32, tokens.CONTROL_PX)

    @override
    def hitButton(self, pos: QPoint) -> bool:
        return self.rect().contains(pos)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        style, ticked = look(), self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(1.5, (self.height() - 17) / 2, 17, 17)
        edge = "focus" if self.hasFocus() else "accent" if ticked else "strong"
        painter.setPen(QPen(style.colour(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(style.colour("accent" if ticked else "surface"))
        painter.drawRoundedRect(box, tokens.RADIUS_CHIP, tokens.RADIUS_CHIP)
        if ticked:
            pixmap = style.pixmap("check", "on_accent", 13, dpr=self.devicePixelRatioF(), stroke=3)
            painter.drawPixmap(box.center() - QPointF(6.5, 6.5), pixmap)
        painter.setPen(style.colour("text" if self.isEnabled() else "text3"))
        words = self.rect().adjusted(28, 0, 0, 0)
        painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), self.text())
        painter.end()


class Segments(QWidget):
    """A row of choices of which one is on, such as the filter over a list."""

    chosen = Signal(str)
    """The key of the choice that was switched on by hand."""

    def __init__(self, choices: Sequence[tuple[str, str]], *, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, Button] = {}
        row = hbox(self, gap=2)
        for key, text in choices:
            row.addWidget(self._add(key, text))
        self._group.buttonClicked.connect(self._clicked)

    def _add(self, key: str, text: str) -> Button:
        button = Button(text, kind="flat")
        button.setCheckable(True)
        button.setChecked(not self._buttons)
        self._group.addButton(button)
        self._buttons[key] = button
        return button

    def current(self) -> str:
        """The key of the choice that is on."""
        return next(key for key, button in self._buttons.items() if button.isChecked())

    def choose(self, key: str) -> None:
        """Switch a choice on without telling anybody."""
        self._buttons[key].setChecked(True)

    def set_text(self, key: str, text: str) -> None:
        """Change the words of a choice, such as its count."""
        self._buttons[key].setText(text)
        self._buttons[key].setAccessibleName(text)

    @Slot(QAbstractButton)
    def _clicked(self, clicked: QAbstractButton) -> None:
        self.chosen.emit(next(key for key, button in self._buttons.items() if button is clicked))


class ChoiceBox(QComboBox):
    """A drop-down list whose arrow is the product's own icon."""

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        arrow = look().pixmap("chevron-down", "text2", 16, dpr=self.devicePixelRatioF())
        painter.drawPixmap(self.width() - 26, (self.height() - 16) // 2, arrow)
        painter.end()


class CodeLineEdit(QLineEdit):
    """A field for codes, PINs and numbers that keeps input methods off, so that they cannot swallow digits.

    Clearing ``WA_InputMethodEnabled`` does not reach the platform's input context on every Qt release; answering
    its query does.
    """

    @override
    def inputMethodQuery(self, query: Qt.InputMethodQuery, argument: object = None) -> object:
        """Answer that no input method is wanted; everything else as usual."""
        if query == Qt.InputMethodQuery.ImEnabled:
            return False
        return super().inputMethodQuery(query) if argument is None else super().inputMethodQuery(query, argument)


def heading(text: str, *extra: QWidget, margins: Sequence[int] = (12, 0, 12, 0)) -> QHBoxLayout:
    """A panel's title line: the title left, everything else right."""
    row = hbox(margins=margins)
    row.addWidget(label(text, "strong"))
    row.addStretch(1)
    for widget in extra:
        row.addWidget(widget)
    return row
