"""Measures how long the window ever stands still while plans for 100 orders stream onto the dispatch board.

A timer beats every few milliseconds on the UI thread; a gap between two beats is time in which no key and no pointer
was answered. Where the system allows it, that one thread goes before every other of the machine, so that what else
runs there does not count; Python's lock, which the window's own threads hold, still does.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bench.homes import DAY, PASSPHRASE, home_of_waiting
from bench.report import Figure, Report, percentile

if TYPE_CHECKING:
    from ui.pages.board import BoardPage

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
ORDERS = 100
BEAT_MS = 2
ROUNDS = 3
GOAL_MS, WHAT_IF_MS = 20, 50
WAIT_S = 60
REST_S = 0.5
"""Before the first round: the pages that were built last are still to be laid out, which is no matter of planning."""
FOLDER = Path(tempfile.gettempdir()) / "storeapp-bench"
NOW = DAY + timedelta(hours=3)


@dataclass(slots=True)
class Beats:
    """Beats of the event loop: how long each came after the one before, and what this thread worked meanwhile."""

    gaps_ms: list[float] = field(default_factory=list)
    worked_ms: list[float] = field(default_factory=list)
    _at: float = 0.0
    _cpu: float = 0.0

    def begin(self) -> None:
        """What was before does not count."""
        self._at, self._cpu = time.perf_counter(), time.thread_time()

    def beat(self) -> None:
        """The event loop is here."""
        at, cpu = time.perf_counter(), time.thread_time()
        self.gaps_ms.append((at - self._at) * 1000)
        self.worked_ms.append((cpu - self._cpu) * 1000)
        self._at, self._cpu = at, cpu


def child(path: Path) -> None:
    """Open the window over a home and watch it through some rounds of planning."""
    from PySide6.QtCore import QCoreApplication, Qt, QTimer

    from storeapp.services.clock import FixedClock
    from storeapp.services.home import Home
    from ui.kit.collector import Collector
    from ui.kit.style import apply
    from ui.kit.tokens import load_theme
    from ui.pages.board import BoardPage
    from ui.run import application, make_window
    from ui.window import PAGES

    app = application([])
    apply(app, load_theme("light"))
    window = make_window(app, Home(path, FixedClock(NOW)).unlock(passphrase=PASSPHRASE), language="zh_CN")
    window.start()
    page = window.page("board")
    if not isinstance(page, BoardPage):
        raise TypeError("the dispatch board is another page")
    collector = Collector()

    def all_built() -> bool:
        return all(window.is_built(entry.id) for entry in PAGES)

    def until(true: Callable[[], bool]) -> None:
        end = time.monotonic() + WAIT_S
        while not true():
            QCoreApplication.processEvents()
            time.sleep(0.0002)
            if time.monotonic() > end:
                raise TimeoutError("the window does not come to rest")

    until(lambda: page.plan.proposed.proposal is not None and not page.plan.running)
    until(lambda: all_built() and not window.backend.tasks.pending())
    beats, plans = Beats(), []
    page.plan.planned.connect(lambda: plans.append(1))
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(BEAT_MS)
    timer.timeout.connect(beats.beat)
    first = _goes_first()
    rested_s = time.monotonic() + REST_S
    until(lambda: time.monotonic() > rested_s)
    for _ in range(ROUNDS):
        page.plan.forget()
        beats.begin()
        timer.start()
        page.refresh()
        until(lambda: page.plan.running)
        until(lambda: not page.plan.running and not window.backend.tasks.pending())
        timer.stop()
    asked = [_ask(page, until, item.delivery_id) for item in list(page.plan.proposed.assignments.values())]
    found = {"asked": asked, "gaps": beats.gaps_ms, "worked": beats.worked_ms, "plans": len(plans), "first": first}
    collector.stop()
    window.close()
    sys.stdout.write(json.dumps(found))


def _ask(page: "BoardPage", until: Callable[[Callable[[], bool]], None], delivery: str) -> float:
    """How long a card must hang over a lane until the lane says what dropping it would mean, in milliseconds."""
    lanes, guide = page.day.lanes, page.columns.guide_ids[len(delivery) % len(page.columns.guide_ids)]
    started = time.perf_counter()
    lanes.tried.emit(delivery, guide)
    until(lambda: page.trials.answer() is not None)
    lanes.repaint()
    took = (time.perf_counter() - started) * 1000
    lanes.tried.emit("", "")
    return took


def _goes_first() -> bool:
    """Whether this thread could be put before all others."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR | os.SCHED_RESET_ON_FORK, os.sched_param(2))
    except (AttributeError, OSError):
        return False
    return True


def run() -> Report:
    """Plan some times over a home with so many orders that wait."""
    FOLDER.mkdir(exist_ok=True)
    home = home_of_waiting(ORDERS, FOLDER, now=NOW)
    command = [sys.executable, "-m", "bench.stall", str(home.path)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(ran.stdout)
    gaps, worked = found["gaps"], found["worked"]
    figures = (
        Figure("longest gap of the event loop", max(gaps), "ms", GOAL_MS),
        Figure("longest work of the UI thread", max(worked), "ms", GOAL_MS),
        Figure("what if, until it is shown, worst", max(found["asked"]), "ms", WHAT_IF_MS),
        Figure("what if, median", percentile(found["asked"], 0.5), "ms"),
        Figure("gap, 99.9 %", percentile(gaps, 0.999), "ms"),
        Figure("gap, 99 %", percentile(gaps, 0.99), "ms"),
    )
    return Report(
        "stall",
        figures,
        {"orders": ORDERS, "plans": found["plans"], "beats": len(gaps), "thread first": str(found["first"])},
    )


if __name__ == "__main__":
    child(Path(sys.argv[1]))
