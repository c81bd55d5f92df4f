"""The sheet of all keys, made from the registry, so that it can never be out of date."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QScrollArea, QWidget

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.parts import hbox, label, vbox

_ROWS, _HEAD_ROWS = 22, 2
"""How many rows a column holds, and what a group takes beside its keys."""


def left_to_window(event: QKeyEvent) -> bool:
    """Leave ``?`` to the window, which shows all keys; a list's search by typing would swallow it."""
    if event.text() != "?":
        return False
    event.ignore()
    return True


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """The keys of one page, or those that work everywhere: pairs of key and what it does."""

    name: str
    keys: Sequence[tuple[str, str]]


class ShortcutSheet(QDialog):
    """Keys and what they do by page, side by side, as large as the window has room for; Esc closes it."""

    def __init__(self, words: Translator, groups: Sequence[KeyGroup], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        title = words.text("kit.keys.title")
        self.setWindowTitle(title)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_L)
        column.addWidget(label(title, "title"))
        body = QWidget()
        row = hbox(body, gap=tokens.GAP_XL)
        for part in columns_of([group for group in groups if group.keys]):
            block = vbox(gap=tokens.GAP_L)
            for group in part:
                block.addLayout(_group(group))
            block.addStretch(1)
            row.addLayout(block)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidget(body)
        area.viewport().setAutoFillBackground(False)
        body.setAutoFillBackground(False)
        column.addWidget(area)
        column.addWidget(label(words.text("kit.keys.close"), "caption"))
        wanted = body.sizeHint() + QSize(56, 120)
        self.resize(wanted if parent is None else wanted.boundedTo(parent.size() - QSize(48, 48)))


def columns_of(groups: Sequence[KeyGroup]) -> list[list[KeyGroup]]:
    """Whole groups, each in the first column that has room for it, so that few columns hold all."""
    columns: list[list[KeyGroup]] = []
    for group in groups:
        roomy = (column for column in columns if _rows([*column, group]) <= _ROWS)
        column = next(roomy, None)
        if column is None:
            columns.append([group])
        else:
            column.append(group)
    return columns


def _rows(groups: Sequence[KeyGroup]) -> int:
    return sum(len(group.keys) + _HEAD_ROWS for group in groups)


def _group(group: KeyGroup) -> QGridLayout:
    grid = QGridLayout()
    grid.setHorizontalSpacing(tokens.GAP_S)
    grid.setVerticalSpacing(tokens.GAP_XS)
    grid.addWidget(label(group.name, "strong"), 0, 0, 1, 2)
    grid.setColumnStretch(1, 1)
    for row, (key, what) in enumerate(group.keys, 1):
        grid.addWidget(label(key, "key"), row, 0, Qt.AlignmentFlag.AlignLeft)
        grid.addWidget(label(what), row, 1)
    return grid
