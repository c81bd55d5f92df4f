"""Puts the window together: pages into the shell, the counter behind them, and the state of both into the bar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QApplication

from storeapp.domain.catalogue import Store
from storeapp.domain.moment import STORE_ZONE
from storeapp.i18n import Translator
from storeapp.services.counter import Counter
from storeapp.services.queries import counts
from storeapp.services.rows import Counts
from ui.backend import Backend
from ui.desk import Desk
from ui.kit.actions import Action, ActionRegistry
from ui.kit.frame import RailEntry, SyncState
from ui.kit.scanner import ScannerFilter
from ui.kit.shell import MainShell
from ui.pages.base import PageBase
from ui.session import Session


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page in the rail: ``page.<id>`` and ``page.<id>.short`` are its words."""

    id: str
    icon: str
    make: Callable[[Desk], PageBase]
    at_end: bool = False


PAGES: Sequence[PageEntry] = ()


class Window:
    """The counter's window with everything behind it."""

    def __init__(self, app: QApplication, backend: Backend, words: Translator, *, papers: Path) -> None:
        self._words = words
        self.backend = backend
        self.actions = ActionRegistry(words)
        self.shell = MainShell(words, self.actions, title=words.text("app.title"))
        self.session = Session()
        app.installEventFilter(self.session)
        self.desk = Desk(
            backend=backend,
            words=words,
            actions=self.actions,
            session=self.session,
            scanner=ScannerFilter(app),
            say=self.shell.say,
            go=self.go,
            papers=papers,
        )
        self._pages: dict[str, PageBase] = {}
        self._wire()

    def add_pages(self, entries: Sequence[PageEntry] = PAGES) -> None:
        """Build the pages; the first is shown."""
        for entry in entries:
            page = entry.make(self.desk)
            self._pages[entry.id] = page
            self.shell.add_page(self._rail(entry), page)
        if entries:
            self.shell.show_page(entries[0].id)

    def _rail(self, entry: PageEntry) -> RailEntry:
        short, name = self._words.text(f"page.{entry.id}.short"), self._words.text(f"page.{entry.id}")
        return RailEntry(entry.id, entry.icon, short, name, at_end=entry.at_end)

    def go(self, page_id: str, subject: str = "") -> None:
        """Show a page, for one thing on it where a subject is given."""
        self.shell.show_page(page_id)
        if subject:
            self._pages[page_id].show_subject(subject)

    def start(self) -> None:
        """Show the window and read who and where this counter is."""
        self.shell.show()
        self.backend.read(_where, done=self._show_where)
        self.refresh()
        self.backend.watch()

    def _wire(self) -> None:
        self.actions.add(
            Action(
                "app.undo",
                "kit.undo",
                self.desk.take_back,
                icon="undo",
                shortcut="Ctrl+Z",
                enabled=lambda: self.desk.undo is not None,
            ),
            self.shell,
        )
        self.shell.undo_requested.connect(self.desk.take_back)
        self.session.signed_in.connect(self._on_session)
        self.session.signed_out.connect(self._on_session)
        self.backend.changed.connect(self.refresh)
        self._tick = QTimer(self.shell)
        self._tick.setInterval(30_000)
        self._tick.timeout.connect(self.refresh)
        self._tick.start()

    @Slot()
    def refresh(self) -> None:
        """Read the numbers in the bar again."""
        self.backend.read(lambda counter: (counts(counter), counter.enrolled), done=self._show_counts)

    def _show_counts(self, read: tuple[Counts, bool]) -> None:
        numbers, enrolled = read
        state = SyncState.ALONE if not enrolled else SyncState.PENDING if numbers.pending else SyncState.OK
        self.shell.show_sync(state, numbers.pending)

    def _show_where(self, read: tuple[str, str]) -> None:
        name, day = read
        self.shell.show_where(f"{name} · {day}")

    def _on_session(self) -> None:
        if self.session.actor is not None:
            self.backend.actor = self.session.actor
        self.shell.show_person(self.session.name)


def _where(counter: Counter) -> tuple[str, str]:
    store = counter.cache.get(Store, counter.store)
    day = counter.clock.now().astimezone(STORE_ZONE).date()
    return (store.name if store else counter.store), day.isoformat()
