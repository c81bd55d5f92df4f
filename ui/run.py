"""Runs the counter's window: the composition root of everything that knows Qt."""

import sys
from collections.abc import Sequence

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from storeapp.adapters.interpreter import switch_soon
from storeapp.i18n import Translator
from storeapp.services.counter import Counter
from storeapp.services.home import Home
from storeapp.services.ports import MapServices, SyncPort
from ui.backend import Backend
from ui.kit.collector import Collector
from ui.kit.errors import ErrorDoor
from ui.kit.style import apply, theme_of
from ui.kit.tokens import load_theme
from ui.kit.worker import Tasks
from ui.window import PAGES, Window

SYSTEM_THEME = "system"
PAPERS = "papers"
"""The folder in the home for printed files."""


def application(argv: Sequence[str]) -> QApplication:
    """The one QApplication, sharp on screens of any scale."""
    switch_soon()
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(Qt.HighDpiScaleFactorRoundingPolicy.PassThrough)
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication([sys.argv[0], *argv])
    app.setApplicationName("storeapp")
    app.setDesktopFileName("storeapp")
    QLocale.setDefault(QLocale.c())
    return app


def make_window(
    app: QApplication,
    home: Home,
    *,
    language: str,
    sync: SyncPort | None = None,
    maps: MapServices | None = None,
) -> Window:
    """The window over a home, with all its pages; nothing is shown and read before ``Window.start``."""
    tasks = Tasks()
    backend = Backend(tasks, lambda: _open(home))
    window = Window(app, backend, Translator(language), papers=home.path / PAPERS, home=home, sync=sync, maps=maps)
    window.add_pages(PAGES, show=False)
    return window


def run_window(
    home: Home,
    *,
    language: str,
    theme: str = SYSTEM_THEME,
    sync: SyncPort | None = None,
    maps: MapServices | None = None,
    argv: Sequence[str] = (),
) -> int:
    """Show the window until it is closed; returns the exit status.

    Args:
        home: the counter's folder; its root key is looked for where it was not yet. Where there is no counter yet,
            the first start is gone through.
        language: ``zh_CN`` or ``en``.
        theme: a theme's name, or ``system``.
        sync: the way to a hub; the counter stands alone without one.
        maps: opens the map service, to try its key.
        argv: arguments for Qt.
    """
    app = application(argv)
    apply(app, load_theme(theme_of(app, theme)))
    if not home.exists:
        made = first_start(home, language=language)
        if made is None:
            return 0
        home, language = made
    return _run(app, home, language=language, sync=sync, maps=maps)


def first_start(home: Home, *, language: str) -> tuple[Home, str] | None:
    """Lead through the first start; returns the new home and its language, None where it was given up."""
    # Imported late: it is needed once in a counter's life.
    from ui.entry.assistant import Assistant

    tasks = Tasks()
    door = ErrorDoor(Translator(language), parent_of=lambda: None)
    tasks.crashed.connect(door.report)
    assistant = Assistant(home.path, clock=home.clock, language=language, tasks=tasks)
    done = assistant.exec()
    tasks.shutdown()
    return (assistant.home, assistant.language) if done and assistant.home else None


def _run(app: QApplication, home: Home, *, language: str, sync: SyncPort | None, maps: MapServices | None) -> int:
    collector = Collector()
    window = make_window(app, home, language=language, sync=sync, maps=maps)
    door = ErrorDoor(Translator(language), parent_of=lambda: window.shell)
    door.install()
    window.backend.tasks.crashed.connect(door.report)
    try:
        window.start()
        return app.exec()
    finally:
        window.close()
        door.uninstall()
        collector.stop()


def _open(home: Home) -> Counter:
    # Looking for the root key takes a quarter of a second or waits for a keyring: never on the UI thread.
    if home.root is None and home.locked is None:
        home.unlock()
    return home.open()
