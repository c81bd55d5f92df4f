"""Says why the counter's files cannot be opened, what is safe, and what can be done about it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QWidget

from storeapp.i18n import Translator
from storeapp.store.errors import Corrupt, NewerSchema, StoreError
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
        title = hbox(gap=tokens.GAP_M)
        title.addWidget(IconLabel("warning", "danger", 24))
        title.addWidget(label(words.text(f"entry.trouble.{kind}.title"), "title"), 1)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_M)
        column.addLayout(title)
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
        row.addWidget(leave)
        row.addWidget(again)
        column.addLayout(row)
