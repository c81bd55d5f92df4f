"""Watches whether people's data can be read here: says so in the bar, and offers to unlock it."""

from collections.abc import Callable

from PySide6.QtCore import QObject, Slot

from storeapp.i18n import Translator
from storeapp.services.home import Home
from ui.backend import Backend
from ui.entry.unlock import UnlockDialog
from ui.kit.shell import MainShell


class Locksmith(QObject):
    """The chip in the bar while personal data is out of reach, and the dialog behind it."""

    def __init__(self, home: Home, shell: MainShell, backend: Backend, words: Translator) -> None:
        super().__init__(shell)
        self._home, self._shell, self._backend, self._words = home, shell, backend, words
        self.dialog: UnlockDialog | None = None
        shell.privacy_pressed.connect(self.ask)

    def offer(self, *, then: Callable[[], None]) -> bool:
        """Show how it stands; where a key is missing, offer to unlock first and go on with ``then``."""
        self._show()
        if self._home.locked is None:
            return False
        self.ask()
        if self.dialog is not None:
            self.dialog.finished.connect(lambda _result: then())
        return True

    def can_ask(self) -> bool:
        """Whether there is something to unlock."""
        return self._home.locked is not None

    @Slot()
    def ask(self) -> None:
        """Ask for the passphrase or the recovery key, where the home has a root key at all."""
        if self._home.locked is None or self.dialog is not None:
            return
        self.dialog = UnlockDialog(self._home, self._words, self._backend.tasks, self._shell)
        self.dialog.unlocked.connect(self._unlocked)
        self.dialog.finished.connect(self._closed)
        self.dialog.open()

    @Slot()
    def _unlocked(self) -> None:
        self._backend.reopen()
        self._show()

    def _closed(self, _result: int) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None

    def _show(self) -> None:
        self._shell.show_privacy(hidden=self._home.root is None)
