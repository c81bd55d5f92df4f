"""What all pages share: they read again when something changed, but only while they are seen."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QWidget

from ui.desk import Desk
from ui.kit.shell import MainShell


class PageBase(QWidget):
    """A page of the shell. Subclasses build themselves in ``__init__`` and read in ``refresh``.

    ``TITLE`` is the code of the title's words, ``KEYS`` the ids of the actions whose keys the foot shows.
    """

    TITLE: ClassVar[str]
    KEYS: ClassVar[tuple[str, ...]] = ()

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._stale = True
        desk.backend.changed.connect(self._on_changed)

    def title(self) -> str:
        """Its title in the top bar."""
        return self.desk.words.text(self.TITLE)

    def keys(self) -> Sequence[tuple[str, str]]:
        """What works now, for the foot."""
        return self.desk.actions.hints(self.KEYS)

    def on_shown(self) -> None:
        """The person came to this page."""
        if self._stale:
            self._stale = False
            self.refresh()

    def show_subject(self, subject: str) -> None:
        """Come to this page for one thing, such as a delivery; pages that have none ignore it."""

    def take_scan(self, _text: str, /) -> bool:
        """Something was scanned while this page was shown; returns whether the page knows what to do with it."""
        return False

    def take_files(self, paths: Sequence[Path]) -> None:
        """Files were dropped on the window; only the page of orders does something with them."""

    def closing(self) -> None:
        """The window is about to close: end what works on its own."""

    def refresh(self) -> None:
        """Read again what is shown."""
        raise NotImplementedError(type(self).__name__)

    def keys_changed(self) -> None:
        """Have the foot ask again which keys work: the page is in another mode now."""
        shell = self.window()
        if isinstance(shell, MainShell) and self.isVisible():
            shell.refresh_keys()

    @Slot()
    def _on_changed(self) -> None:
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True
