"""What this window remembers between two starts, at hand for every page; changes are kept at once."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from storeapp.config import BadSettings, Settings, load_settings, save_settings
from ui.kit.worker import Tasks

LANGUAGE_NAMES = {"zh_CN": "简体中文", "en": "English"}


class Preferences(QObject):
    """The settings of this machine; without a home they last as long as the window."""

    changed = Signal()
    """A setting was changed by hand."""

    def __init__(self, home: Path | None, tasks: Tasks) -> None:
        super().__init__()
        self._home, self._tasks = home, tasks
        self.settings = read_settings(home) if home else Settings()

    def change(self, **changes: object) -> None:
        """Use other settings from now on, and keep them; a disk that fails is told by the error dialog."""
        changed = replace(self.settings, **changes)  # type: ignore[arg-type]  # every caller names its field
        if changed == self.settings:
            return
        self.settings = changed
        home = self._home
        if home is not None:
            self._tasks.run(lambda: save_settings(home, changed))
        self.changed.emit()


def read_settings(home: Path) -> Settings:
    """The settings of a home; a damaged file counts as none, because a window must come up to mend it."""
    try:
        return load_settings(home)
    except (BadSettings, OSError):
        return Settings()
