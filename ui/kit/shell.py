"""The window's frame: rail, top bar, the page in the middle, and the foot with the keys that work now."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QStackedWidget, QVBoxLayout, QWidget
from typing_extensions import override

from storeapp.i18n import Translator
from ui.kit import tokens
from ui.kit.actions import Action, ActionRegistry
from ui.kit.finder import Finder
from ui.kit.frame import Foot, RailButton, RailEntry, SyncState, TopBar
from ui.kit.keymap import Key
from ui.kit.messages import Level, ProgressStrip
from ui.kit.parts import hbox, panel, vbox
from ui.kit.shortcuts import KeyGroup, ShortcutSheet


class Page(Protocol):
    """What the shell asks of a page; a page is a QWidget besides."""

    def title(self) -> str:
        """Its title in the top bar."""

    def keys(self) -> Sequence[tuple[str, str]]:
        """(key, words) of what works now, for the foot; see ``ActionRegistry.hints``."""

    def on_shown(self) -> None:
        """The person came to this page: refresh and take the focus."""


class MainShell(QMainWindow):
    """The window; pages are added once and shown by the rail, by F1-F9 or by ``show_page``."""

    page_shown = Signal(str)
    """The id of the page that is shown now."""
    undo_requested = Signal()
    """The undo beside the last message was pressed."""
    sync_pressed = Signal()
    """Somebody wants to know more about the sync."""
    privacy_pressed = Signal()
    """Somebody wants to see people's data that is out of reach."""
    person_pressed = Signal()
    """The name of who is signed in was pressed, or the words that invite to sign in."""
    closing = Signal()
    """The window is about to close."""

    def __init__(self, words: Translator, actions: ActionRegistry, *, title: str) -> None:
        super().__init__()
        self._words = words
        self._actions = actions
        self._pages: dict[str, tuple[Page, RailButton]] = {}
        self._shown = ""
        self._asking = False
        self.setWindowTitle(title)
        self.setMinimumSize(1100, 640)
        self.resize(1366, 768)
        self._top = TopBar(words, actions)
        self._foot = Foot(words)
        self._stack = QStackedWidget()
        self._progress = ProgressStrip(self)
        self._rail_pages, self._rail_end = vbox(gap=4), vbox(gap=4)
        self._lay_out()
        actions.refreshed.connect(self._show_keys)
        self._top.message.undo_requested.connect(self.undo_requested)
        self._top.sync.pressed.connect(self.sync_pressed)
        self._top.privacy.pressed.connect(self.privacy_pressed)
        self._top.person.clicked.connect(lambda _checked=False: self.person_pressed.emit())
        self._top.finder.left.connect(self._give_keys)
        actions.add(
            Action("kit.find", "kit.search", self._top.finder.setFocus, icon="search", shortcut=Key.FIND_ANYTHING), self
        )

    @property
    def finder(self) -> Finder:
        """The search field."""
        return self._top.finder

    def add_page(self, entry: RailEntry, page: Page) -> None:
        """Add a page; the first nine get the keys F1 to F9."""
        if not isinstance(page, QWidget):
            raise TypeError("a page must be a widget")
        number = len(self._pages) + 1
        button = RailButton(entry, f"F{number}" if number <= 9 else "")
        button.clicked.connect(lambda: self.show_page(entry.id))
        (self._rail_end if entry.at_end else self._rail_pages).addWidget(button)
        self._stack.addWidget(page)
        self._pages[entry.id] = (page, button)

    def show_page(self, page_id: str) -> None:
        """Go to a page."""
        page, button = self._pages[page_id]
        button.setChecked(True)
        self._shown = page_id
        if isinstance(page, QWidget):
            self._stack.setCurrentWidget(page)
            page.setFocus(Qt.FocusReason.OtherFocusReason)
        self._top.title.setText(page.title())
        self.refresh_keys()
        page.on_shown()
        self.page_shown.emit(page_id)

    @Slot()
    def _give_keys(self) -> None:
        """The page that is shown gets the keys back."""
        if self._shown:
            page = self._pages[self._shown][0]
            if isinstance(page, QWidget):
                page.setFocus(Qt.FocusReason.OtherFocusReason)
            page.on_shown()

    def current_page(self) -> str:
        """The id of the page that is shown; empty before the first."""
        return self._shown

    def refresh_keys(self) -> None:
        """Ask the page again which keys work: after its selection or state changed."""
        self._actions.refresh()

    @Slot()
    def _show_keys(self) -> None:
        # A page that is built by this very question may ask its actions again.
        page_id = self.current_page()
        if self._asking or not page_id:
            return
        self._asking = True
        try:
            self._foot.hints.show_hints(self._pages[page_id][0].keys())
        finally:
            self._asking = False

    def say(self, level: Level, text: str, *, undoable: bool = False) -> None:
        """The one door for messages: the last one stays in sight."""
        self._top.message.say(level, text, undoable=undoable)

    def show_where(self, text: str) -> None:
        """Show store, day and shift beside the title."""
        self._top.subtitle.setText(text)

    def show_sync(self, state: SyncState, pending: int = 0, share: int = 0) -> None:
        """Show how the sync stands; ``share`` is how much of a long exchange is done, in percent."""
        self._top.show_sync(state, pending, share)

    def show_privacy(self, *, hidden: bool) -> None:
        """Show that people's data cannot be read here, or that it can."""
        self._top.privacy.setVisible(hidden)

    def show_badge(self, page_id: str, count: int) -> None:
        """Show on the rail how much waits on a page."""
        if page_id in self._pages:
            self._pages[page_id][1].show_badge(count)

    def show_person(self, name: str) -> None:
        """Show who is signed in."""
        self._top.show_person(name)

    def show_scanner(self, *, listening: bool) -> None:
        """Show whether a scan would be heard now."""
        self._foot.show_scanner(listening=listening)

    def show_progress(self, text: str, done: int, total: int) -> None:
        """Show long work without stopping anybody; see ``end_progress``."""
        self._progress.show_progress(text, done, total)
        self._place_progress()

    def end_progress(self) -> None:
        """The long work is over."""
        self._progress.hide()

    def show_shortcuts(self) -> None:
        """Open the sheet of all keys."""
        sheet = ShortcutSheet(self._words, list(self._key_groups()), self)
        sheet.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet.open()

    def _key_groups(self) -> Iterator[KeyGroup]:
        """What works everywhere, then every page's own keys, also those that do nothing just now."""
        keys = {
            action.id: (self._actions.key(action.id), self._actions.words(action.id)) for action in self._actions.all()
        }
        places = {each: each.partition(".")[0] for each, (key, _words) in keys.items() if key}
        pages = [(f"F{at}", page.title()) for at, (page, _button) in enumerate(self._pages.values(), 1)]
        everywhere = [keys[each] for each, place in places.items() if place not in self._pages]
        yield KeyGroup(self._words.text("kit.keys.everywhere"), [*pages[:9], *everywhere])
        for page_id, (page, _button) in self._pages.items():
            yield KeyGroup(page.title(), [keys[each] for each, place in places.items() if place == page_id])

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        number = event.key() - Qt.Key.Key_F1
        if 0 <= number < min(9, len(self._pages)) and not event.modifiers():
            self.show_page(list(self._pages)[number])
        elif event.text() == "?":
            self.show_shortcuts()
        else:
            super().keyPressEvent(event)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_progress()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self.closing.emit()
        super().closeEvent(event)

    def _lay_out(self) -> None:
        body = QWidget()
        row = hbox(body, gap=0)
        row.addWidget(self._rail())
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._top)
        right.addWidget(self._stack, 1)
        right.addWidget(self._foot)
        row.addLayout(right, 1)
        self.setCentralWidget(body)

    def _rail(self) -> QFrame:
        rail = panel("rail")
        rail.setFixedWidth(tokens.RAIL_PX)
        column = vbox(rail, margins=(5, 8, 5, 8), gap=4)
        column.addLayout(self._rail_pages)
        column.addStretch(1)
        column.addLayout(self._rail_end)
        return rail

    def _place_progress(self) -> None:
        width = min(560, self.width() - tokens.RAIL_PX - 32)
        left = tokens.RAIL_PX + (self.width() - tokens.RAIL_PX - width) // 2
        self._progress.setGeometry(left, self.height() - tokens.FOOT_PX - 52, width, 40)
