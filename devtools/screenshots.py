"""Renders every page of the window in every language and theme, so that its finish can be looked at.

Run as ``python -m devtools.screenshots [--out DIR] [--language L] [--theme T] [--size WxH] [--plain] [PAGE…]``;
``dialogs`` stands for everything that opens over the pages, and ``--plain`` leaves out the states of pages.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QCoreApplication, QDeadlineTimer, QEvent, QEventLoop, QPoint, QRect
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QApplication

from devtools.attention_states import attention_states
from devtools.board_states import board_states, orders_states
from devtools.demo_home import MANAGER, MANAGER_NAME, copy_demo_home, make_demo_home
from devtools.desk_states import Settle, handoff_states
from devtools.dialog_states import dialog_states, open_dialogs
from devtools.feed_states import guide_states
from devtools.stock_states import report_states, stock_states
from devtools.sync_states import StillHub, sync_states
from storeapp.i18n import LANGUAGES
from storeapp.services.home import Home
from ui.kit.style import apply
from ui.kit.tokens import THEME_NAMES, load_theme
from ui.run import application, make_window
from ui.window import PAGES, Window

OUT = Path("build/screenshots")
THEMES = ("light", "dark")
DIALOGS = "dialogs"
HUB = StillHub()
SIZE = (1366, 768)
REST_MS = 200
"""How long nothing may be at work before a picture is taken: longer than the pauses that pages wait for typing."""
WAIT_MS = 30_000


def settle(window: Window) -> None:
    """Let everything that was begun end and be painted.

    Raises:
        TimeoutError: something is still at work after half a minute.
    """
    deadline = QDeadlineTimer(WAIT_MS)
    app = QCoreApplication.instance()
    rest = QDeadlineTimer(REST_MS)
    while not rest.hasExpired():
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        QCoreApplication.sendPostedEvents(app, QEvent.Type.DeferredDelete)
        if window.backend.tasks.pending():
            rest = QDeadlineTimer(REST_MS)
        if deadline.hasExpired():
            raise TimeoutError("the window does not come to rest")


@contextmanager
def opened(
    app: QApplication, home: Home, *, language: str, theme: str, size: tuple[int, int] = SIZE
) -> Iterator[Window]:
    """The real window over a home, with the manager signed in."""
    apply(app, load_theme(theme))
    window = make_window(app, home, language=language, sync=HUB)
    crashes: list[Exception] = []
    window.backend.tasks.crashed.connect(crashes.append)
    window.shell.resize(*size)
    window.session.sign_in(MANAGER, MANAGER_NAME)
    window.start()
    settle(window)
    try:
        yield window
    finally:
        window.close()
    # A page that could not read shows what was there before: a picture of that would be a lie.
    if crashes:
        raise crashes[0]


def shoot(window: Window, out: Path, name: str) -> Path:
    """Save what the window shows, with the dialogs that stand over it; returns the picture's path."""
    settle(window)
    path = out / f"{name}.png"
    picture = window.shell.grab()
    painter = QPainter(picture)
    for over in open_dialogs():
        painter.fillRect(window.shell.rect(), QColor(0, 0, 0, 60))
        shown = over.grab()
        box = QRect(QPoint(0, 0), over.size())
        box.moveCenter(window.shell.rect().center())
        painter.drawPixmap(box.topLeft(), shown)
    painter.end()
    if not picture.save(str(path)):
        raise OSError(f"cannot write {path.name}")
    return path


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be pictured."""

    pages: Sequence[str]
    languages: Sequence[str] = LANGUAGES
    themes: Sequence[str] = THEMES
    size: tuple[int, int] = SIZE
    plain: bool = False


def shoot_pages(app: QApplication, home: Home, out: Path, *, wanted: Wanted) -> Iterator[Path]:
    """Every wanted page in every language and theme, each time over a fresh copy of the home."""
    for language, theme in product(wanted.languages, wanted.themes):
        with tempfile.TemporaryDirectory() as folder:
            copy = copy_demo_home(home, Path(folder) / "home")
            with opened(app, copy, language=language, theme=theme, size=wanted.size) as window:
                for name in _states(window, wanted):
                    yield shoot(window, out, f"{name}-{language}-{theme}")


def _states(window: Window, wanted: Wanted) -> Iterator[str]:
    """Bring the window from picture to picture; yields the name of each."""
    for page in wanted.pages:
        if page == DIALOGS:
            yield from dialog_states(window, settle)
            continue
        window.go(page)
        yield page
        if not wanted.plain:
            yield from (f"{page}-{state}" for state in STATES.get(page, _no_states)(window, settle))


def _no_states(_window: Window, _settle: Settle) -> Iterator[str]:
    """A page that one picture shows whole."""
    return iter(())


STATES: Mapping[str, Callable[[Window, Settle], Iterator[str]]] = {
    "attention": attention_states,
    "board": board_states,
    "guides": guide_states,
    "handoff": handoff_states,
    "orders": orders_states,
    "report": report_states,
    "stock": stock_states,
    "sync": sync_states(HUB),
}
"""What brings a page from state to state; each yields the state's name while it is shown."""


def main(argv: Sequence[str]) -> int:
    """Make the pictures and name them."""
    parser = argparse.ArgumentParser(prog="devtools.screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--language", choices=LANGUAGES, action="append")
    parser.add_argument("--theme", choices=THEME_NAMES, action="append")
    parser.add_argument("--size", default="x".join(map(str, SIZE)), help="width x height, such as 1366x768")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("pages", nargs="*", metavar="PAGE")
    known = parser.parse_args(argv)
    known.out.mkdir(parents=True, exist_ok=True)
    width, _, height = known.size.partition("x")
    wanted = Wanted(
        known.pages or [page.id for page in PAGES],
        known.language or LANGUAGES,
        known.theme or THEMES,
        (int(width), int(height)),
        known.plain,
    )
    app = application([])
    with tempfile.TemporaryDirectory() as folder:
        home = make_demo_home(Path(folder) / "home")
        for path in shoot_pages(app, home, known.out, wanted=wanted):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
