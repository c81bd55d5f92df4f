"""What every page gets: the counter, the words, the actions, the message line and who is signed in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from PySide6.QtCore import QObject

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, store_day
from storeapp.i18n import Translator
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import Home
from storeapp.services.ports import MapServices
from ui.backend import Backend
from ui.kit.actions import ActionRegistry
from ui.kit.messages import Level
from ui.kit.scanner import ScannerFilter
from ui.preferences import Preferences
from ui.session import Session
from ui.sync_watch import SyncWatch

T = TypeVar("T")
Say = Callable[..., None]


# Qt holds the methods that its signals call by weak references.
@dataclass(slots=True, weakref_slot=True)
class Desk:
    """The collaborators of a page.

    ``say`` is the shell's message line: ``say(Level.DONE, text, undoable=True)``. ``go`` shows another page with
    an optional subject, such as ``go("orders", delivery_id)``. ``papers`` is the folder for printed files.
    """

    backend: Backend
    words: Translator
    actions: ActionRegistry
    session: Session
    scanner: ScannerFilter
    say: Say
    go: Callable[[str, str], None]
    papers: Path
    ask_who: Callable[[Callable[[], None]], None]
    """Asks who is at the counter, and goes on once somebody has signed in."""
    preferences: Preferences
    """The settings of this machine."""
    sync: SyncWatch
    """How this counter stands to its hub."""
    home: Home | None = None
    """The folder on the disk, where the window was opened over one."""
    maps: MapServices | None = None
    """Opens the map service, to try its key."""
    undo: Callable[[], None] | None = None
    """Takes the last act back; None where nothing can be taken back."""

    def tell(self, result: object, done: str, /, *, undo: Callable[[], None] | None = None, **data: object) -> bool:
        """Say what came of an act: the words ``done``, or why it was refused; returns whether it was done."""
        if isinstance(result, Refusal):
            self.say(Level.FAILED, self.refusal(result))
            return False
        self.undo = undo
        self.say(Level.DONE, self.words.text(done, **data), undoable=undo is not None)
        return True

    def signed_in(self, then: Callable[[], None]) -> None:
        """Go on as the person who is signed in; where nobody is, ask first and drop it if nobody answers."""
        if self.session.actor is not None:
            then()
        else:
            self.ask_who(then)

    def act(
        self, call: Callable[[Counter, Actor], T], *, done: Callable[[T], None] | None = None, owner: QObject
    ) -> None:
        """Do something as the person who is signed in, after asking who that is where nobody is."""

        def begin() -> None:
            self.backend.act(call, done=done, failed=self.failed, owner=owner)

        self.signed_in(begin)

    def take_back(self) -> None:
        """Undo the last act, once."""
        undo, self.undo = self.undo, None
        if undo is not None:
            undo()

    def refusal(self, refusal: Refusal) -> str:
        """A refusal in words."""
        code = f"refusal.{refusal.code}"
        # A wrong PIN has its words among the errors, because signing in tells it, too.
        known = code if self.words.has(code) else f"error.{refusal.code}"
        return self.words.text(known, **self.worded(refusal.data))

    def worded(self, data: Any) -> dict[str, object]:
        """Data of a refusal with states and other codes in words."""
        named = dict(data)
        if "state" in named:
            named["state"] = self.words.text(f"state.{named['state']}")
        if "until" in named:
            named["time"] = clock_time(datetime.fromisoformat(str(named["until"])))
        return named

    def failed(self, error: Exception) -> None:
        """Say that the environment failed; a bug of ours goes to the error dialog instead."""
        code = getattr(error, "code", None)
        if isinstance(code, str) and self.words.has(f"error.{code}"):
            self.say(Level.FAILED, self.words.text(f"error.{code}", **getattr(error, "data", {})))
        else:
            self.backend.tasks.crashed.emit(error)


def clock_time(moment: datetime | None) -> str:
    """Hours and minutes on the store's wall clock."""
    return "" if moment is None else moment.astimezone(STORE_ZONE).strftime("%H:%M")


def day_time(moment: datetime | None, *, now: datetime) -> str:
    """Hours and minutes, with the date in front where it is not today."""
    if moment is None:
        return ""
    local = moment.astimezone(STORE_ZONE)
    return local.strftime("%H:%M" if store_day(moment) == store_day(now) else "%m-%d %H:%M")
