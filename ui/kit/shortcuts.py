"""The sheet of all keys, made from the registry, so that it can never be out of date."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QGridLayout, QWidget

from storeapp.i18n import Translator
from ui.kit.parts import label, vbox

_ROWS = 12


def left_to_window(event: QKeyEvent) -> bool:
    """Leave ``?`` to the window, which shows all keys; a list's search by typing would swallow it."""
    if event.text() != "?":
        return False
    event.ignore()
    return True


class ShortcutSheet(QDialog):
    """Keys and what they do, in columns of twelve; Esc closes it."""

    def __init__(self, words: Translator, keys: Sequence[tuple[str, str]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = words.text("kit.keys.title")
        self.setWindowTitle(title)
        column = vbox(self, margins=(24, 20, 24, 20), gap=16)
        column.addWidget(label(title, "title"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for number, (key, what) in enumerate(keys):
            across, down = divmod(number, _ROWS)
            grid.addWidget(label(key, "key"), down, across * 3, Qt.AlignmentFlag.AlignRight)
            grid.addWidget(label(what), down, across * 3 + 1)
            grid.setColumnMinimumWidth(across * 3 + 2, 24)
        column.addLayout(grid)
        column.addWidget(label(words.text("kit.keys.close"), "caption"))
