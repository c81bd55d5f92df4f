"""Measures the time from starting the program to a window that answers, and the memory it then takes.

*Interactive* means: the first page shows its
rows, nothing is at work behind it, and a key that was sent came through the event loop.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.homes import DAY, PASSPHRASE, home_with
from bench.report import Figure, Report, percentile

RUNS = 5
ORDERS = 100_000
BUDGET_MS, BUDGET_MB = 1500, 250
FOLDER = Path(tempfile.gettempdir()) / "storeapp-bench"


def child(path: Path, started_ns: int) -> None:
    import psutil
    from PySide6.QtCore import QTimer

    from storeapp.services.clock import FixedClock
    from storeapp.services.home import Home
    from ui.kit.style import apply
    from ui.kit.tokens import load_theme
    from ui.run import application, make_window

    app = application([])
    apply(app, load_theme("light"))
    window = make_window(app, Home(path, FixedClock(DAY)), language="zh_CN")
    window.start()
    found: dict[str, float] = {}

    def look() -> None:
        rss = psutil.Process().memory_info().rss / 2**20
        if "ms" not in found and window.backend.tasks.pending() == 0:
            window.shell.grab()
            found["cpu"] = time.process_time() * 1000
            found["ms"] = (time.time_ns() - started_ns) / 1e6
            QTimer.singleShot(1500, app.quit)
        found["mb"] = max(rss, found.get("mb", 0.0))

    timer = QTimer()
    timer.timeout.connect(look)
    timer.start(5)
    app.exec()
    window.close()
    sys.stdout.write(json.dumps(found))


def measure(path: Path) -> dict[str, float]:
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen", "STOREAPP_PASSPHRASE": PASSPHRASE}
    command = [sys.executable, "-m", "bench.window_start", "--child", str(path), str(time.time_ns())]
    ran = subprocess.run(command, env=environ, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def run() -> Report:
    """Start the window several times over a home with so many orders."""
    FOLDER.mkdir(exist_ok=True)
    home = home_with(ORDERS, FOLDER)
    runs = [measure(home.path) for _ in range(RUNS)]
    figures = (
        Figure("start to interactive, median", percentile([each["ms"] for each in runs], 0.5), "ms", BUDGET_MS),
        Figure("processor time until then, median", percentile([each["cpu"] for each in runs], 0.5), "ms"),
        Figure("start to interactive, worst", max(each["ms"] for each in runs), "ms"),
        Figure("memory of the window", max(each["mb"] for each in runs), "MB", BUDGET_MB),
    )
    return Report("window_start", figures, {"orders": ORDERS, "runs": RUNS})


if __name__ == "__main__":
    child(Path(sys.argv[2]), int(sys.argv[3]))
