"""The real window over the first counter's home, led by the demo's stage: a process of its own."""

import json
import os
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from devtools.demo_home import MANAGER, MANAGER_NAME
from storeapp.services.clock import FixedClock
from storeapp.services.home import Home
from ui.kit.messages import Level
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.run import application, make_window
from ui.window import Window

LOOK_MS = 100
RESTS = 3
"""How often in a row nothing is at work before a picture is taken."""


class Led(QObject):
    """Follows the cues of a file."""

    def __init__(self, window: Window, clock: FixedClock, cue: Path) -> None:
        super().__init__()
        self._window = window
        self._clock = clock
        self._cue = cue
        self._seen: dict[str, Any] = {}
        self._rests = 0
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        cue = json.loads(self._cue.read_text("utf-8")) if self._cue.exists() else {}
        if cue != self._seen:
            self._follow(cue)
        self._take_picture()

    def _follow(self, cue: dict[str, Any]) -> None:
        if cue.get("end"):
            self._timer.stop()
            self._window.shell.close()
            return
        self._clock.moment = datetime.fromisoformat(cue["at"])
        if cue["page"] != self._seen.get("page") or cue.get("picture"):
            self._window.go(cue["page"])
            self._window.backend.changed.emit()
        if cue.get("text"):
            self._window.shell.say(Level.INFO, cue["text"])
        self._seen, self._rests = cue, 0

    def _take_picture(self) -> None:
        wanted = self._seen.get("picture")
        if not wanted:
            return
        self._rests = self._rests + 1 if self._window.backend.tasks.pending() == 0 else 0
        if self._rests >= RESTS:
            part = f"{wanted}.part.png"
            if not self._window.shell.grab().save(part):
                raise OSError(f"cannot write {Path(wanted).name}")
            os.replace(part, wanted)
            self._seen = {**self._seen, "picture": ""}


def main(argv: list[str]) -> int:
    """Arguments: the home, the file with the cues, the language and the theme."""
    home_path, cue, language, theme = argv
    app = application([])
    apply(app, load_theme(theme))
    clock = FixedClock(datetime.fromisoformat("2026-11-21T08:00:00+08:00"))
    window = make_window(app, Home(Path(home_path), clock), language=language)
    window.session.sign_in(MANAGER, MANAGER_NAME)
    window.shell.resize(1366, 768)
    window.start()
    led = Led(window, clock, Path(cue))
    try:
        return app.exec()
    finally:
        led.deleteLater()
        window.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
