"""Shows an unhandled error with details to copy; nothing is sent anywhere."""

import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QWidget

from storeapp.i18n import Translator
from ui.kit.parts import Button, IconLabel, hbox, label, vbox


def details_of(error: BaseException) -> str:
    """The traceback as text, for the person who will be asked to help."""
    return "".join(traceback.format_exception(error)).strip()


class ErrorDialog(QDialog):
    """Says that something of ours broke, that saved work is safe, and offers the details."""

    def __init__(self, words: Translator, details: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(words.text("kit.error.title"))
        self.setMinimumWidth(560)
        self._details = QPlainTextEdit(details)
        self._details.setReadOnly(True)
        self._details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self._details.setMinimumHeight(180)
        self._details.setAccessibleName(words.text("kit.error.details"))
        column = vbox(self, margins=(24, 20, 24, 20), gap=12)
        title = hbox(gap=12)
        title.addWidget(IconLabel("warning", "danger", 24))
        title.addWidget(label(words.text("kit.error.title"), "title"), 1)
        column.addLayout(title)
        column.addWidget(label(words.text("kit.error.body"), "soft", wrap=True))
        column.addWidget(self._details, 1)
        column.addLayout(self._buttons(words))

    def details(self) -> str:
        """The text that the copy button copies."""
        return self._details.toPlainText()

    def _buttons(self, words: Translator) -> QHBoxLayout:
        row = hbox()
        copy = Button(words.text("kit.error.copy"), icon="copy")
        close = Button(words.text("kit.close"), kind="primary")
        close.setDefault(True)
        close.setFocus()
        copy.clicked.connect(self._copy)
        close.clicked.connect(self.accept)
        row.addStretch(1)
        row.addWidget(copy)
        row.addWidget(close)
        return row

    @Slot()
    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details())


class ErrorDoor(QObject):
    """The one way for unhandled errors to the screen, from any thread; one dialog at a time."""

    reported = Signal(object)
    """An exception that nobody handled."""

    def __init__(self, words: Translator, *, parent_of: Callable[[], QWidget | None]) -> None:
        super().__init__()
        self._words = words
        self._parent_of = parent_of
        self._dialog: ErrorDialog | None = None
        self.reported.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Catch what Python would otherwise print to a console that no clerk ever sees."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    @staticmethod
    def uninstall() -> None:
        """Give Python its own hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def report(self, error: BaseException) -> None:
        """Show an error; may be called on any thread."""
        self.reported.emit(error)

    def dialog(self) -> ErrorDialog | None:
        """The dialog on the screen, if any."""
        return self._dialog

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            self.report(error)

    def _thread_hook(self, failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value is not None:
            self.report(failure.exc_value)

    @Slot(object)
    def _show(self, error: BaseException) -> None:
        if self._dialog is not None:
            return
        self._dialog = ErrorDialog(self._words, details_of(error), self._parent_of())
        self._dialog.finished.connect(self._closed)
        self._dialog.open()

    @Slot(int)
    def _closed(self, _result: int) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = None
