"""The real window over the first counter's home, led by the demo's stage: a process of its own."""

import json
import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Slot

from devtools.demo_home import MANAGER, MANAGER_NAME
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter, Open
from storeapp.services.exchange import Exchange
from storeapp.services.home import Home
from storeapp.services.ports import SyncFailed, SyncReport, SyncStatus, SyncStep
from ui.kit.messages import Level
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.run import application, make_window
from ui.window import Window

LOOK_MS = 100
LISTEN_S = 0.2
RESTS = 3
"""How often in a row nothing is at work before a picture is taken."""


class ToldSync:
    """The window's way to the hub in the demo: the counter's own process exchanges, and this says how that went."""

    def __init__(self, cue: Path) -> None:
        self._cue = cue

    def enrol(self, counter: Counter, *, url: str, code: str) -> None:  # noqa: ARG002 - the port's form
        """Only the story enrols counters."""
        raise SyncFailed("busy_elsewhere")

    def once(self, counter: Counter) -> SyncReport:  # noqa: ARG002 - the port's form
        """Only the story exchanges."""
        return SyncReport(problem="busy_elsewhere")

    def start(self, open_counter: Open, on_change: Callable[[SyncStatus], None]) -> "ToldRunner":
        """Follow the story on a thread of its own."""
        return ToldRunner(self._cue, open_counter, on_change)


class ToldRunner:
    """Tells the window what it would see of a running sync: real numbers, and whether the last exchange failed."""

    def __init__(self, cue: Path, open_counter: Open, on_change: Callable[[SyncStatus], None]) -> None:
        self._cue, self._open, self._on_change = cue, open_counter, on_change
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def nudge(self) -> None:
        """The story has its own times."""

    def stop(self) -> None:
        """End it."""
        self._ending.set()
        self._thread.join()

    def _follow(self) -> None:
        counter = self._open()
        told = SyncStatus(step=SyncStep.ALONE)
        while not self._ending.wait(LISTEN_S):
            status = self._status(counter)
            if status != told:
                told = status
                self._on_change(status)
        counter.close()

    def _status(self, counter: Counter) -> SyncStatus:
        counter.reload()
        if not counter.enrolled:
            return SyncStatus(step=SyncStep.ALONE)
        cue = read_cue(self._cue)
        numbers = Exchange(counter).numbers()
        problem = str(cue.get("problem", ""))
        return SyncStatus(
            step=SyncStep.WAITING if problem else SyncStep.RESTING,
            pending=numbers.pending,
            rejected=numbers.rejected,
            received_at=numbers.received_at,
            problem=problem,
        )


def read_cue(file: Path) -> dict[str, Any]:
    """What the story last said; nothing before it has begun."""
    found: dict[str, Any] = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return found


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
        cue = read_cue(self._cue)
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
    window = make_window(app, Home(Path(home_path), clock), language=language, sync=ToldSync(Path(cue)))
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
