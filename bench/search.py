"""Measures a search: from a key reaching the field to its rows being painted below it, in the real window.

The scanner's filter holds every key of a person back for its gap of 35 ms before any field sees it; that is a choice
of the scanner and not part of this figure.
"""

import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QDeadlineTimer, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QListView

from bench.homes import MANAGER, home_with
from bench.report import Figure, Report, percentile
from ui.kit.finder import Found
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.run import application, make_window
from ui.window import Window

FOLDER = Path(tempfile.gettempdir()) / "storeapp-bench"
TYPED = ("T10054321", "10007", "BL-003", "1380", "0042", "weimian", "G01", "T1002", "8", "BL-01", "9012345")
ORDERS, BUDGET_MS, WAIT_MS = 100_000, 30, 5000


def rest(window: Window) -> None:
    while window.backend.tasks.pending():
        QApplication.processEvents()


def type_and_wait(window: Window, text: str) -> list[float]:
    finder, times = window.shell.finder, []
    answered: list[str] = []
    show = finder.show_records

    def note(asked: str, records: Sequence[Found]) -> None:
        show(asked, records)
        answered.append(asked)

    finder.show_records = note  # type: ignore[method-assign, assignment]
    for end, letter in enumerate(text, 1):
        started = time.perf_counter()
        QTest.keyClicks(finder, letter)
        deadline = QDeadlineTimer(WAIT_MS)
        while text[:end] not in answered and not deadline.hasExpired():
            QApplication.processEvents()
        for results in window.shell.findChildren(QListView):
            if results.isVisible():
                results.grab()
        times.append((time.perf_counter() - started) * 1000)
    del finder.show_records
    QTest.keyClick(finder, Qt.Key.Key_Escape)
    return times


def run() -> Report:
    """Type into the field of a window with so many orders."""
    FOLDER.mkdir(exist_ok=True)
    app = application([])
    apply(app, load_theme("light"))
    window = make_window(app, home_with(ORDERS, FOLDER), language="zh_CN")
    window.session.sign_in(MANAGER, "manager")
    window.start()
    rest(window)
    window.shell.activateWindow()
    times = []
    for text in TYPED * 3:
        window.shell.finder.setFocus()
        times += type_and_wait(window, text)
    rest(window)
    window.close()
    figures = (
        Figure("keystroke to rows, median", percentile(times, 0.5), "ms"),
        Figure("keystroke to rows, p95", percentile(times, 0.95), "ms", BUDGET_MS),
    )
    return Report("search", figures, {"orders": ORDERS, "keys": len(times)})
