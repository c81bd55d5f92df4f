"""Measures a scan until its verdict is shown and saved; target: p95 of 20 ms beyond one fsync."""

import os
import shutil
import statistics
import sys
import tempfile
import time
from itertools import count
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QEventLoop
from PySide6.QtWidgets import QApplication

from bench.homes import MANAGER, home_with
from bench.report import Figure, Report, percentile
from storeapp.domain.delivery import Delivery
from storeapp.domain.kernel import Refusal
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.services import custody_desk, handoff, slips
from storeapp.services.counter import Counter
from storeapp.services.home import Home
from ui.kit.cards import VerdictKind
from ui.kit.scanner import wedge_events
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.pages.handoff import HandoffPage
from ui.run import application, make_window
from ui.window import Window

ORDERS = 10_000
SLIPS = 200
TARGET_MS = 20.0
GUIDE = "G01"
FOLDER = Path(tempfile.gettempdir()) / "storeapp-bench"


def fsync_ms(folder: Path) -> float:
    """The median time of one small write with fsync in this folder."""
    times = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(100):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def papers(counter: Counter, number: int) -> tuple[str, list[str]]:
    """A badge and the slips of deliveries that lie ready for its guide."""
    badge = slips.issue_badge(counter, MANAGER, GUIDE)
    tokens = [badge.qr_text] if not isinstance(badge, Refusal) else []
    waiting = [row for row in custody_desk.deliveries_in(counter) if not row.guide][:number]
    for row in waiting:
        delivery = counter.cache.get(Delivery, row.id)
        with counter.transaction(MANAGER) as tx:
            tx.must(AssignDelivery(row.id, GUIDE, delivery.assignments if delivery else 0))
        paper = slips.issue_slip(counter, MANAGER, row.id)
        if not isinstance(paper, Refusal):
            tokens.append(paper.qr_text)
    return tokens[0], tokens[1:]


def service_ms(home: Home) -> list[float]:
    """Milliseconds of each scan at the service."""
    counter = home.open()
    badge, tokens = papers(counter, SLIPS)
    times = []
    for token in tokens:
        started = time.perf_counter()
        result = handoff.scan(counter, MANAGER, badge, token)
        times.append((time.perf_counter() - started) * 1000)
        if isinstance(result, Refusal) or not result.saved:
            raise RuntimeError("a good slip was refused")
    counter.close()
    return times


def window_ms(app: QApplication, home: Home) -> list[float]:
    """Milliseconds from a scanner's last key to the verdict on the screen, through the whole window."""
    window = make_window(app, home, language="zh_CN")
    window.session.sign_in(MANAGER, "manager")
    window.start()
    window.go("handoff")
    _settle(app, window)
    found: list[tuple[str, list[str]]] = []
    window.backend.read(lambda counter: papers(counter, SLIPS), done=found.append)
    _settle(app, window)
    page = window.page("handoff")
    if not isinstance(page, HandoffPage):
        raise TypeError("the handoff desk is another page")
    badge, tokens = found[0]
    starts = count(10_000, 10_000)
    _read(window, badge, next(starts))
    _settle(app, window)
    times = [_shown_ms(app, window, page, token, next(starts)) for token in tokens]
    window.close()
    return times


def _shown_ms(app: QApplication, window: Window, page: HandoffPage, token: str, at_ms: int) -> float:
    before = page.verdict.card()
    started = _read(window, token, at_ms)
    while page.verdict.card() is before:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    page.verdict.repaint()
    elapsed = (time.perf_counter() - started) * 1000
    if page.verdict.card().kind is not VerdictKind.PASSED:
        raise RuntimeError("a good slip was refused")
    _settle(app, window)
    return elapsed


def _read(window: Window, text: str, at_ms: int) -> float:
    """Press the scanner's keys; returns when the last one was pressed."""
    *keys, end, release = wedge_events(text, at_ms=at_ms)
    handle = window.shell.windowHandle()
    for event in keys:
        QCoreApplication.sendEvent(handle, event)
    started = time.perf_counter()
    for event in (end, release):
        QCoreApplication.sendEvent(handle, event)
    return started


def _settle(app: QApplication, window: Window) -> None:
    for _ in range(3):
        app.processEvents()
        while window.backend.tasks.pending():
            app.processEvents()


def _copy(home: Home, path: Path) -> Home:
    shutil.copytree(home.path, path)
    return Home(path, home.clock, home.root)


def run() -> Report:
    """Both measurements over one home."""
    app = application([])
    apply(app, load_theme("light"))
    with tempfile.TemporaryDirectory() as folder:
        made = home_with(ORDERS, FOLDER)
        fsync = fsync_ms(Path(folder))
        service = service_ms(_copy(made, Path(folder) / "service"))
        shown = window_ms(app, _copy(made, Path(folder) / "window"))
    figures = (
        Figure("service p50 beyond one fsync", percentile(service, 0.5) - fsync, "ms"),
        Figure("service p95 beyond one fsync", percentile(service, 0.95) - fsync, "ms", goal=TARGET_MS),
        Figure("window p50 beyond one fsync", percentile(shown, 0.5) - fsync, "ms"),
        Figure("window p95 beyond one fsync", percentile(shown, 0.95) - fsync, "ms", goal=TARGET_MS),
    )
    return Report("scan", figures, {"orders": ORDERS, "slips": SLIPS, "fsync_ms": fsync})


if __name__ == "__main__":
    report = run()
    print("\n".join(report.lines()))
    sys.exit(0 if report.met else 1)
