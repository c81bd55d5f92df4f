"""A PIN field with keys to touch below it; typed digits land in the same field."""

from PySide6.QtCore import QRegularExpression, Qt, Signal, Slot
from PySide6.QtGui import QRegularExpressionValidator
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.parts import Button, CodeLineEdit, vbox
from ui.kit.style import BOLD, make_font

LONGEST = 12
_KEY_PX = (72, 48)
_ROWS = ("123", "456", "789", "C0<")


class PinPad(QWidget):
    """Twelve keys and a field of dots."""

    entered = Signal(str)
    """A PIN was completed by Enter."""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self.field = CodeLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setMaxLength(LONGEST)
        self.field.setValidator(QRegularExpressionValidator(QRegularExpression("[0-9]*"), self))
        self.field.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.field.setAccessibleName(words.text("entry.pin"))
        self.field.setPlaceholderText(words.text("entry.pin"))
        self.field.setFont(make_font(tokens.PX_DISPLAY, BOLD))
        self.field.setMinimumHeight(tokens.DESK_CONTROL_PX)
        self.field.returnPressed.connect(self._enter)
        self.setFocusProxy(self.field)
        column = vbox(self, gap=tokens.GAP_M)
        column.addWidget(self.field)
        column.addLayout(self._keys(words))

    def pin(self) -> str:
        """What was typed so far."""
        return self.field.text()

    def clear(self) -> None:
        """Begin anew."""
        self.field.clear()
        self.field.setFocus()

    def _keys(self, words: Translator) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(tokens.GAP_S)
        for down, keys in enumerate(_ROWS):
            for across, key in enumerate(keys):
                grid.addWidget(self._key(words, key), down, across)
        return grid

    def _key(self, words: Translator, key: str) -> Button:
        names = {"C": words.text("entry.pin.clear"), "<": words.text("entry.pin.back")}
        icons = {"C": "x", "<": "arrow-left"}
        button = Button("" if key in icons else key, kind="desk", icon=icons.get(key, ""), name=names.get(key, key))
        button.setMinimumSize(*_KEY_PX)
        # The keyboard has its own digits; the focus stays in the field.
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda _checked=False: self._press(key))
        return button

    def _press(self, key: str) -> None:
        if key == "C":
            self.clear()
        elif key == "<":
            self.field.backspace()
        else:
            self.field.insert(key)

    @Slot()
    def _enter(self) -> None:
        if self.pin():
            self.entered.emit(self.pin())
