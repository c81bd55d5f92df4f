"""Measures the orders page over 100,000 real orders: the ids, a scroll frame, and a picked row's detail."""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from bench.homes import MANAGER, PASSPHRASE, home_with
from bench.report import Figure, Report, percentile
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.pages.orders import OrdersPage
from ui.run import application, make_window
from ui.window import Window

ORDERS, FRAMES = 100_000, 300
FRAME_GOAL_MS = 8.0
"""Half a frame at 60 Hz: the rest is the compositor's."""
FOLDER = Path(tempfile.gettempdir()) / "storeapp-bench"


def run(orders: int = ORDERS) -> Report:
    """Scroll by rows, by pages and at random, with the pages of rows coming from the database thread."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("STOREAPP_PASSPHRASE", PASSPHRASE)
    app = application([])
    apply(app, load_theme("light"))
    window = make_window(app, home_with(orders, FOLDER), language="zh_CN")
    window.session.sign_in(MANAGER, MANAGER.id)
    window.start()
    window.shell.resize(1366, 768)
    _wait(window)
    window.go("orders")
    page = window.page("orders")
    if not isinstance(page, OrdersPage):
        raise TypeError("the orders page is another page")
    page.list.states.choose("all")
    started = time.perf_counter()
    page.list.model.refresh()
    _wait(window)
    figures = [Figure("all orders listed", (time.perf_counter() - started) * 1000, "ms")]
    for name, step in (("row", 36), ("page", 500), ("jump", 900_011)):
        frames = [_frame_ms(app, page, step * number) for number in range(FRAMES)]
        figures.append(Figure(f"frame by {name}, median", statistics.median(frames), "ms"))
        figures.append(Figure(f"frame by {name}, p95", percentile(frames, 0.95), "ms", FRAME_GOAL_MS))
        _wait(window)
    rows = page.list.model.rowCount()
    window.close()
    return Report("scroll", tuple(figures), {"orders": rows})


def _wait(window: Window) -> None:
    idle = 0
    while idle < 3:
        QCoreApplication.processEvents()
        idle = idle + 1 if window.backend.tasks.pending() == 0 else 0


def _frame_ms(app: QApplication, page: OrdersPage, value: int) -> float:
    bar = page.list.table.verticalScrollBar()
    started = time.perf_counter()
    bar.setValue(value % max(1, bar.maximum()))
    app.processEvents()
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    print("\n".join(run(int(sys.argv[1]) if len(sys.argv) > 1 else ORDERS).lines()))
