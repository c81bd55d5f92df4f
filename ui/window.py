"""Puts the window together: pages into the shell, the counter behind them, and the state of both into the bar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QApplication, QDialog

from storeapp.domain.catalogue import Store
from storeapp.domain.moment import store_day
from storeapp.i18n import Translator
from storeapp.services.counter import Actor, Counter
from storeapp.services.demand import note_demand
from storeapp.services.experience import note_legs
from storeapp.services.forgetting import forget_due
from storeapp.services.home import Home
from storeapp.services.ports import MapServices, SyncPort
from storeapp.services.queries import counts
from storeapp.services.risk import Watched, watch
from storeapp.services.rows import Counts
from storeapp.store.errors import StoreError
from ui.backend import Backend
from ui.desk import Desk
from ui.entry.locksmith import Locksmith
from ui.entry.sign_in import Door, SignInDialog
from ui.entry.trouble import SalvageDialog, TroubleDialog
from ui.kit.actions import Action, ActionRegistry
from ui.kit.frame import RailEntry
from ui.kit.keymap import Key
from ui.kit.messages import Level
from ui.kit.scanner import ScannerFilter
from ui.kit.shell import MainShell
from ui.kit.style import apply, theme_of
from ui.kit.tokens import load_theme
from ui.pages.base import PageBase
from ui.pages.handoff_scans import is_paper
from ui.pages.lazy import LazyPage
from ui.pages.order_intake import FileDrops
from ui.preferences import Preferences
from ui.search_bar import SearchBar
from ui.session import Session
from ui.sync_watch import SyncWatch

HANDOFF, ORDERS, SYNC = "handoff", "orders", "sync"
GIVES_WAY = "gives_way"
"""Property of a dialog that a scan closes; every other one must be answered first."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page in the rail: ``page.<id>`` and ``page.<id>.short`` are its words."""

    id: str
    icon: str
    make: Callable[[Desk], PageBase]
    at_end: bool = False


def _board(desk: Desk) -> PageBase:
    from storeapp.adapters.planner_process import ProcessPlanner
    from storeapp.domain.dispatch import Limits
    from ui.pages.board import BoardPage

    return BoardPage(desk, planner=ProcessPlanner(Limits(prove_s=PROVE_S)))


def _handoff(desk: Desk) -> PageBase:
    from ui.pages.handoff import HandoffPage

    return HandoffPage(desk)


def _orders(desk: Desk) -> PageBase:
    from ui.pages.orders import OrdersPage

    return OrdersPage(desk)


def _stock(desk: Desk) -> PageBase:
    from ui.pages.stock import StockPage

    return StockPage(desk)


def _guides(desk: Desk) -> PageBase:
    from ui.pages.guides import GuidesPage

    return GuidesPage(desk)


def _attention(desk: Desk) -> PageBase:
    from ui.pages.attention import AttentionPage

    return AttentionPage(desk)


def _sync(desk: Desk) -> PageBase:
    from ui.pages.sync import SyncPage

    return SyncPage(desk)


def _report(desk: Desk) -> PageBase:
    from ui.pages.report import ReportPage

    return ReportPage(desk)


def _settings(desk: Desk) -> PageBase:
    from ui.pages.settings import SettingsPage

    return SettingsPage(desk)


# Each page is imported when it is built: together they are a third of a second of a cold start.
PAGES: Sequence[PageEntry] = (
    PageEntry("board", "route", _board),
    PageEntry(HANDOFF, "scan", _handoff),
    PageEntry(ORDERS, "orders", _orders),
    PageEntry("stock", "boxes", _stock),
    PageEntry("guides", "users", _guides),
    PageEntry("attention", "bell", _attention),
    PageEntry(SYNC, "sync", _sync),
    PageEntry("report", "chart", _report),
    PageEntry("settings", "settings", _settings, at_end=True),
)
FORGET_MS = 3_600_000
LOOK_AHEAD_MS = 120_000
LEGS_OF = timedelta(hours=3)
PROVE_S = 5.0
"""How long to look for a proof that a plan of few deliveries is the best."""
BUILD_PAUSE_MS = 60
"""Time between two pages that are built while nobody needs them."""


class Window:
    """The counter's window with everything behind it."""

    def __init__(
        self,
        app: QApplication,
        backend: Backend,
        words: Translator,
        *,
        papers: Path,
        home: Home | None = None,
        sync: SyncPort | None = None,
        maps: MapServices | None = None,
    ) -> None:
        """Put it together; ``home`` holds settings and root key, ``sync`` leads to a hub, ``maps`` to a service."""
        self._app = app
        self._words = words
        self.backend = backend
        self.actions = ActionRegistry(words)
        self.shell = MainShell(words, self.actions, title=words.text("app.title"))
        self.session = Session()
        self.door = Door(self._sign_in_dialog, self._let_in)
        self._last = ""
        self._standing = (False, 0)
        """Whether this counter is enrolled, and how many commands wait."""
        self.trouble: TroubleDialog | None = None
        self.salvage: SalvageDialog | None = None
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
            ask_who=self.door.ask,
            preferences=Preferences(home.path if home else None, backend.tasks),
            sync=SyncWatch(sync, backend, backend.open_counter),
            home=home,
            maps=maps,
        )
        self._pages: dict[str, LazyPage] = {}
        self._search = SearchBar(self.desk, self.shell.finder)
        self._locksmith = Locksmith(home, self.shell, backend, words) if home else None
        self._wire()

    def add_pages(self, entries: Sequence[PageEntry] = PAGES, *, show: bool = True) -> None:
        """Put the pages into the rail; each is built once it is needed, or in idle time.

        ``show`` shows the first one at once, which reads the counter; `start` does it after opening.
        """
        for entry in entries:
            page = self._pages[entry.id] = self._lazy(entry)
            self.shell.add_page(self._rail(entry), page)
        if entries and show:
            self.shell.show_page(entries[0].id)

    def _lazy(self, entry: PageEntry) -> LazyPage:
        return LazyPage(self._words.text(f"page.{entry.id}"), lambda: entry.make(self.desk))

    def _rail(self, entry: PageEntry) -> RailEntry:
        short, name = self._words.text(f"page.{entry.id}.short"), self._words.text(f"page.{entry.id}")
        return RailEntry(entry.id, entry.icon, short, name, at_end=entry.at_end)

    def go(self, page_id: str, subject: str = "") -> None:
        """Show a page, for one thing on it where a subject is given."""
        self.shell.show_page(page_id)
        if subject:
            self.page(page_id).show_subject(subject)

    def is_built(self, page_id: str) -> bool:
        """Whether a page is there already."""
        return self._pages[page_id].is_built

    def page(self, page_id: str) -> PageBase:
        """A page, built now if nobody has come to it yet."""
        return self._pages[page_id].page()

    def start(self) -> None:
        """Show the window, open the counter, and read who and where it is."""
        self.shell.show()
        first = next(iter(self._pages), "")
        self._open()
        if first:
            # Built while the database thread looks for the root key and opens the files.
            self._pages[first].page()

    def _open(self) -> None:
        self.backend.begin(
            opened=self._opened, progress=self._show_catching_up, ready=self._begun, failed=self._not_opened
        )

    def _opened(self) -> None:
        self.backend.read(_where, done=self._show_where)
        if self._pages and not self.shell.current_page():
            self.shell.show_page(next(iter(self._pages)))
        self.refresh()
        self._tick.start()

    def _not_opened(self, error: Exception) -> None:
        if not isinstance(error, StoreError):
            self.backend.tasks.crashed.emit(error)
            return
        self.trouble = TroubleDialog(self._words, error, self.shell)
        self.trouble.retry.connect(self._open)
        self.trouble.rejected.connect(self.shell.close)
        self.trouble.open()

    def close(self) -> None:
        """Close the window and the counter behind it, after the work that was given before."""
        self._tick.stop()
        self._forgetter.stop()
        self._builder.stop()
        self.desk.sync.stop()
        for page in self._pages.values():
            if page.is_built:
                page.page().closing()
        self._app.removeEventFilter(self.session)
        self.session.end()
        self.desk.scanner.deleteLater()
        self.shell.close()
        self.backend.close()
        self.backend.tasks.shutdown()
        self.shell.deleteLater()

    def _begun(self) -> None:
        self.shell.end_progress()
        self.backend.watch()
        self.desk.sync.start()
        self._builder.start()
        self._forgetter.start()
        self._ahead.start()
        self._forget()
        self._tell_salvage()

    @Slot()
    def _forget(self) -> None:
        """Customers whose time is over are forgotten whether or not anybody closes the day."""
        self.backend.read(forget_due, done=self._forgotten, failed=self.desk.failed)

    def _forgotten(self, count: int) -> None:
        if count:
            self.backend.changed.emit()
            self.desk.sync.nudge()

    @Slot()
    def _look_ahead(self) -> None:
        """What will hardly be on time is told while something can be done; it is worked out beside the reading."""
        self.backend.aside(_ahead, done=self._looked_ahead, failed=self.desk.failed, owner=self.shell)

    def _looked_ahead(self, found: Watched) -> None:
        if found.warned or found.cleared:
            self.backend.changed.emit()
            self.desk.sync.nudge()

    def _tell_salvage(self) -> None:
        """Say once what became of a damaged journal; nobody is signed in before it was read."""
        home = self.desk.home
        salvaged = home.salvaged if home else None
        if home is None or salvaged is None:
            self._unlock_and_ask()
            return
        home.salvaged = None
        self.salvage = SalvageDialog(self._words, salvaged, self.shell)
        self.salvage.finished.connect(lambda _result: self._unlock_and_ask())
        self.salvage.open()

    def _unlock_and_ask(self) -> None:
        if self._locksmith is None or not self._locksmith.offer(then=self._ask_who):
            self._ask_who()

    def _ask_who(self) -> None:
        if self.session.actor is None:
            self.door.ask()

    @Slot()
    def _build_one(self) -> None:
        """Build one page that nobody has needed yet, so that its keys and actions are there."""
        page = next((page for page in self._pages.values() if not page.is_built), None)
        if page is None:
            self._builder.stop()
        elif self.backend.tasks.pending() == 0:
            page.page()

    def _show_catching_up(self, done: int, total: int) -> None:
        self.shell.show_progress(self._words.text("app.catching_up"), done, total)

    def lock(self) -> None:
        """Nobody is signed in any more, and whoever comes is asked."""
        self.session.sign_out()
        self.door.ask()

    def _sign_in_dialog(self) -> SignInDialog:
        return SignInDialog(self.backend, self._words, self.shell, last=self._last)

    def _let_in(self, actor: Actor, name: str) -> None:
        self._last = actor.id
        self.session.sign_in(actor, name)

    def _wire(self) -> None:
        self.actions.add(
            Action(
                "app.undo",
                "kit.undo",
                self.desk.take_back,
                icon="undo",
                shortcut=Key.UNDO,
                enabled=lambda: self.desk.undo is not None,
            ),
            self.shell,
        )
        self.actions.add(Action("app.lock", "app.lock", self.lock, icon="lock", shortcut=Key.LOCK), self.shell)
        if self._locksmith is not None:
            unlock = Action(
                "app.unlock",
                "entry.unlock.title",
                self._locksmith.ask,
                icon="unlock",
                shortcut=Key.UNLOCK,
                enabled=self._locksmith.can_ask,
            )
            self.actions.add(unlock, self.shell)
        self.shell.person_pressed.connect(self.lock)
        self.shell.sync_pressed.connect(lambda: self.go(SYNC))
        self.desk.sync.changed.connect(self.refresh)
        self.desk.sync.progressed.connect(self._show_sync)
        self.desk.preferences.changed.connect(self._use_preferences)
        self.shell.undo_requested.connect(self.desk.take_back)
        self.desk.scanner.scanned.connect(self._on_scan)
        self._drops = FileDrops(self.shell)
        self._drops.dropped.connect(self._import)
        self.session.signed_in.connect(self._on_session)
        self.session.signed_out.connect(self._on_session)
        self.backend.changed.connect(self.refresh)
        self._builder = QTimer(self.shell)
        self._builder.setInterval(BUILD_PAUSE_MS)
        self._builder.timeout.connect(self._build_one)
        self._forgetter = QTimer(self.shell)
        self._forgetter.setInterval(FORGET_MS)
        self._forgetter.timeout.connect(self._forget)
        self._ahead = QTimer(self.shell)
        self._ahead.setInterval(LOOK_AHEAD_MS)
        self._ahead.timeout.connect(self._look_ahead)
        self._tick = QTimer(self.shell)
        self._tick.setInterval(30_000)
        self._tick.timeout.connect(self.refresh)

    def _import(self, paths: Sequence[Path]) -> None:
        """Order files were dragged onto the window: the orders page takes them on."""
        if ORDERS in self._pages:
            self.go(ORDERS)
            self.page(ORDERS).take_files(paths)

    @Slot(str)
    def _on_scan(self, text: str) -> None:
        """Badges and slips bring the handoff desk from anywhere; other codes are for the page that is shown."""
        if not self._made_way():
            self.shell.say(Level.WARN, self._words.text("app.scan_later"))
            return
        if is_paper(text) and HANDOFF in self._pages:
            if self.shell.current_page() != HANDOFF:
                self.go(HANDOFF)
            self.page(HANDOFF).take_scan(text)
        elif not self.page(self.shell.current_page()).take_scan(text):
            self.shell.say(Level.WARN, self._words.text("app.scan_unknown"))

    def _made_way(self) -> bool:
        """Close a dialog that a scan may close; signing in waits for its PIN, and the scan waits with it."""
        modal = QApplication.activeModalWidget()
        if modal is None or modal is self.door.dialog:
            return True
        if isinstance(modal, QDialog) and modal.property(GIVES_WAY):
            modal.reject()
            return True
        return False

    @Slot()
    def refresh(self) -> None:
        """Read the numbers in the bar again."""
        self.backend.read(lambda counter: (counts(counter), counter.enrolled), done=self._show_counts)

    def _show_counts(self, read: tuple[Counts, bool]) -> None:
        numbers, enrolled = read
        self._standing = enrolled, numbers.pending
        self._show_sync()
        self.shell.show_badge("attention", numbers.attention)

    @Slot()
    def _show_sync(self) -> None:
        sync, (enrolled, pending) = self.desk.sync, self._standing
        share = sync.transfer.share if sync.transfer else 0
        self.shell.show_sync(sync.state(enrolled=enrolled, pending=pending), pending, share)

    def _show_where(self, read: tuple[str, date]) -> None:
        name, day = read
        words = self._words
        weekday, month = words.text(f"app.weekday.{day.weekday()}"), words.text(f"app.month.{day.month}")
        self.shell.show_where(words.text("app.where", store=name, weekday=weekday, month=month, day=day.day))

    def _use_preferences(self) -> None:
        apply(self._app, load_theme(theme_of(self._app, self.desk.preferences.settings.theme)))

    def _on_session(self) -> None:
        if self.session.actor is not None:
            self.backend.actor = self.session.actor
        self.shell.show_person(self.session.name)


def _ahead(counter: Counter) -> Watched:
    """What will hardly be on time; where orders went and how long that took is kept meanwhile."""
    note_demand(counter)
    note_legs(counter, since=LEGS_OF)
    return watch(counter)


def _where(counter: Counter) -> tuple[str, date]:
    store = counter.cache.get(Store, counter.store)
    return (store.name if store else counter.store), store_day(counter.clock.now())
