"""Says what is wrong with the counter's files, what is safe, and what can be done about it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QWidget

from storeapp.i18n import Translator
from storeapp.store.errors import Corrupt, NewerSchema, StoreError
from storeapp.store.salvage_rows import Salvaged
from ui.kit import tokens
from ui.kit.parts import Button, IconLabel, hbox, label, vbox


class TroubleDialog(QDialog):
    """One failure of the environment at the start; nothing has been changed by it."""

    retry = Signal()
    """The person has mended something and wants it tried again."""

    def __init__(self, words: Translator, error: StoreError, parent: QWidget) -> None:
        super().__init__(parent)
        kind = "newer" if isinstance(error, NewerSchema) else "corrupt" if isinstance(error, Corrupt) else "other"
        self.setWindowTitle(words.text("entry.trouble.title"))
        self.setFixedWidth(520)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_M)
        column.addLayout(_title(words.text(f"entry.trouble.{kind}.title"), "danger"))
        self.why = label(words.text(f"error.{error.code}", **error.data), wrap=True)
        column.addWidget(self.why)
        column.addWidget(label(words.text(f"entry.trouble.{kind}.next"), "soft", wrap=True))
        column.addSpacing(tokens.GAP_S)
        row = hbox()
        row.addStretch(1)
        leave = Button(words.text("entry.trouble.leave"))
        again = Button(words.text("entry.trouble.retry"), kind="primary", icon="sync")
        leave.clicked.connect(self.reject)
        again.clicked.connect(self.accept)
        self.accepted.connect(self.retry)
        again.setDefault(True)
        row.addWidget(leave)
        row.addWidget(again)
        column.addLayout(row)
        # Enter must not leave the program.
        again.setFocus()


class SalvageDialog(QDialog):
    """The journal was damaged: how much was saved, which commands are gone, and where the damaged file is."""

    def __init__(self, words: Translator, salvaged: Salvaged, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(words.text("entry.salvaged.title"))
        self.setFixedWidth(520)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_M)
        column.addLayout(_title(words.text("entry.salvaged.title"), "warn"))
        figures = words.text("salvage.done", saved=salvaged.saved, lost=salvaged.lost, kept=salvaged.kept)
        self.figures = label(figures, wrap=True)
        column.addWidget(self.figures)
        if salvaged.gaps:
            numbers = ", ".join(f"{first}-{last}" if first < last else str(first) for first, last in salvaged.gaps)
            column.addWidget(label(words.text("salvage.numbers", numbers=numbers), "soft", wrap=True))
        column.addWidget(label(words.text("entry.salvaged.next"), "soft", wrap=True))
        row = hbox()
        row.addStretch(1)
        seen = Button(words.text("entry.salvaged.seen"), kind="primary")
        seen.clicked.connect(self.accept)
        row.addWidget(seen)
        column.addLayout(row)


def _title(text: str, ink: str) -> QHBoxLayout:
    row = hbox(gap=tokens.GAP_M)
    row.addWidget(IconLabel("warning", ink, 24))
    row.addWidget(label(text, "title"), 1)
    return row
