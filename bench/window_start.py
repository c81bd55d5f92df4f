"""Measures the time from starting the program to a window that answers, and the memory it then takes.

Run as ``python -m bench.window_start [ORDERS]`` (100,000 by default). *Interactive* means: the first page shows its
rows, nothing is at work behind it, and a key that was sent came through the event loop.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.homes import DAY, PASSPHRASE, home_with

RUNS = 5
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


def main(orders: int) -> int:
    FOLDER.mkdir(exist_ok=True)
    home = home_with(orders, FOLDER)
    runs = [measure(home.path) for _ in range(RUNS)]
    ms = sorted(run["ms"] for run in runs)
    mb = max(run["mb"] for run in runs)
    sys.stdout.write(f"interactive: median {statistics.median(ms):.0f} ms, worst {ms[-1]:.0f} ms (≤ {BUDGET_MS})\n")
    sys.stdout.write(f"memory: at most {mb:.0f} MB (≤ {BUDGET_MB})\n")
    return 0 if statistics.median(ms) <= BUDGET_MS and mb <= BUDGET_MB else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
