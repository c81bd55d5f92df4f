"""Renders every page of the window in every language and theme, so that its finish can be looked at.

Run as ``python -m devtools.screenshots [--out DIR] [PAGE…]``.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop
from PySide6.QtWidgets import QApplication

from devtools.board_states import board_states, orders_states
from devtools.demo_home import MANAGER, MANAGER_NAME, make_demo_home
from devtools.desk_states import Settle, handoff_states
from devtools.stock_states import report_states, stock_states
from storeapp.i18n import LANGUAGES
from storeapp.services.home import Home
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.run import application, make_window
from ui.window import PAGES, Window

OUT = Path("build/screenshots")
THEMES = ("light", "dark")
SIZE = (1366, 768)
WAIT_MS = 30_000


def settle(window: Window) -> None:
    """Let everything that was begun end and be painted.

    Raises:
        TimeoutError: something is still at work after half a minute.
    """
    deadline = QDeadlineTimer(WAIT_MS)
    app = QCoreApplication.instance()
    idle = 0
    while idle < 3:
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        QCoreApplication.sendPostedEvents(app, QEvent.Type.DeferredDelete)
        idle = idle + 1 if window.backend.tasks.pending() == 0 else 0
        if deadline.hasExpired():
            raise TimeoutError("the window does not come to rest")


@contextmanager
def opened(app: QApplication, home: Home, *, language: str, theme: str) -> Iterator[Window]:
    """The real window over a home, with the manager signed in."""
    apply(app, load_theme(theme))
    window = make_window(app, home, language=language)
    window.shell.resize(*SIZE)
    window.session.sign_in(MANAGER, MANAGER_NAME)
    window.start()
    settle(window)
    try:
        yield window
    finally:
        window.close()


def shoot(window: Window, out: Path, name: str) -> Path:
    """Save what the window shows; returns the picture's path."""
    settle(window)
    path = out / f"{name}.png"
    if not window.shell.grab().save(str(path)):
        raise OSError(f"cannot write {path.name}")
    return path


def shoot_pages(app: QApplication, home: Home, out: Path, *, wanted: Sequence[str]) -> list[Path]:
    """Every wanted page in every language and theme."""
    made = []
    for language in LANGUAGES:
        for theme in THEMES:
            with opened(app, home, language=language, theme=theme) as window:
                for page in wanted:
                    window.go(page)
                    made.append(shoot(window, out, f"{page}-{language}-{theme}"))
                    states = STATES.get(page, _no_states)(window, settle)
                    made.extend(shoot(window, out, f"{page}-{state}-{language}-{theme}") for state in states)
    return made


def _no_states(_window: Window, _settle: Settle) -> Iterator[str]:
    """A page that one picture shows whole."""
    return iter(())


STATES: Mapping[str, Callable[[Window, Settle], Iterator[str]]] = {
    "board": board_states,
    "handoff": handoff_states,
    "orders": orders_states,
    "report": report_states,
    "stock": stock_states,
}
"""What brings a page from state to state; each yields the state's name while it is shown."""


def main(argv: Sequence[str]) -> int:
    """Make the pictures and name them."""
    parser = argparse.ArgumentParser(prog="devtools.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    known = parser.parse_args(argv)
    known.out.mkdir(parents=True, exist_ok=True)
    app = application([])
    with tempfile.TemporaryDirectory() as folder:
        home = make_demo_home(Path(folder) / "home")
        for path in shoot_pages(app, home, known.out, wanted=known.pages or [page.id for page in PAGES]):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
