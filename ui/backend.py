"""The window's door to the counter: every call runs on the database thread, every answer comes back to the screen."""

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from storeapp.services.counter import SYSTEM, Actor, Counter
from ui.kit.worker import Tasks, Ticket

T = TypeVar("T")
FEW_COMMANDS = 500
"""What is taken in faster than anybody would read about it."""
WATCH_MS = 1000
"""How often to look whether the command line or the sync has changed something."""


class Backend(QObject):
    """Reads and writes the counter off the UI thread.

    The counter is opened on the database thread by the first call, because SQLite's connections belong to a thread.
    """

    changed = Signal()
    """Something in this home is different now: whoever shows it reads it again."""

    acted = Signal()
    """Something was done at this window, so there may be something to send."""

    def __init__(self, tasks: Tasks, open_counter: Callable[[], Counter]) -> None:
        super().__init__()
        self._tasks = tasks
        self._open = open_counter
        self._counter: Counter | None = None
        self._seen: tuple[int, int] | None = None
        self._looking = False
        self.actor: Actor = SYSTEM
        self._watch = QTimer(self)
        self._watch.setInterval(WATCH_MS)
        self._watch.timeout.connect(self._look)

    @property
    def open_counter(self) -> Callable[[], Counter]:
        """Opens the same counter again, for a thread of its own."""
        return self._open

    @property
    def tasks(self) -> Tasks:
        """The threads, for models that load pages."""
        return self._tasks

    def counter(self) -> Counter:
        """The open counter; call on the database thread only."""
        if self._counter is None:
            self._counter = self._open()
            # What others change from now on is seen, even before the watch begins.
            self._seen = self._counter.journal.data_version(), self._counter.cache.data_version()
        return self._counter

    def read(
        self,
        call: Callable[[Counter], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
    ) -> Ticket:
        """Read something; ``done`` gets it on the UI thread unless ``owner`` is gone."""
        return self._tasks.run(lambda: call(self.counter()), done=done, failed=failed, owner=owner)

    def act(
        self,
        call: Callable[[Counter, Actor], T],
        *,
        done: Callable[[T], None] | None = None,
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
    ) -> Ticket:
        """Do something as the person who is signed in; afterwards everybody reads again.

        It is done even when ``owner`` is closed meanwhile; only the answer is then dropped.
        """
        actor = self.actor

        def finish(result: T) -> None:
            # The answer first: what everybody reads again would hold up the screen of whoever waits for it.
            try:
                if done is not None:
                    done(result)
            finally:
                self.changed.emit()
                self.acted.emit()

        return self._tasks.run(lambda: call(self.counter(), actor), done=finish, failed=failed, owner=owner)

    def begin(
        self,
        *,
        opened: Callable[[], None],
        progress: Callable[[int, int], None],
        ready: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Open the counter and bring its cache up to the journal.

        A long way is gone beside the database thread, so that the window shows what is there meanwhile.

        Args:
            opened: called once something can be read.
            progress: told how many commands of how many the cache has taken in.
            ready: called when the cache is up to date.
            failed: gets what kept the counter from being opened.
        """

        def go_on(behind: int) -> None:
            opened()
            if behind == 0:
                ready()
                return
            tell = self._tasks.relay(progress)
            self._tasks.run_pooled(
                lambda: self._catch_up(tell), done=lambda _: self._caught_up(ready), failed=failed, owner=self
            )

        self.read(_behind, done=go_on, failed=failed, owner=self)

    def reopen(self) -> None:
        """Open the counter anew, such as after its root key was found."""
        self._tasks.run(self._close, done=lambda _: self.changed.emit(), owner=self)

    def _catch_up(self, progress: Callable[[int, int], None]) -> None:
        self._with_own(lambda counter: counter.catch_up(progress))

    def _caught_up(self, ready: Callable[[], None]) -> None:
        ready()
        self.changed.emit()

    def aside(
        self,
        call: Callable[[Counter], T],
        *,
        done: Callable[[T], None],
        failed: Callable[[Exception], None] | None = None,
        owner: QObject | None = None,
    ) -> Ticket:
        """Work out something long with a counter of its own, so that nobody's reading waits behind it."""
        return self._tasks.run_pooled(lambda: self._with_own(call), done=done, failed=failed, owner=owner)

    def _with_own(self, call: Callable[[Counter], T]) -> T:
        counter = self._open()
        try:
            return call(counter)
        finally:
            counter.close()

    def watch(self) -> None:
        """Begin to look for what other processes change."""
        self._watch.start()

    @Slot()
    def _look(self) -> None:
        if not self._looking:
            self._looking = True
            self._tasks.run(self._version, done=self._compare, failed=self._missed, owner=self)

    def _version(self) -> tuple[int, int]:
        counter = self.counter()
        # Another program may have enrolled this counter meanwhile.
        counter.reload()
        if counter.journal.last() > counter.cache.applied:
            counter.catch_up()
        return counter.journal.data_version(), counter.cache.data_version()

    def _compare(self, version: tuple[int, int]) -> None:
        self._looking = False
        if self._seen is not None and version != self._seen:
            self.changed.emit()
        self._seen = version

    def _missed(self, error: Exception) -> None:
        self._looking = False
        self._watch.stop()
        self._tasks.crashed.emit(error)

    def close(self) -> None:
        """Stop looking and close the counter after the work that was given before."""
        self._watch.stop()
        self._tasks.run(self._close)

    def _close(self) -> None:
        if self._counter is not None:
            self._counter.close()
            self._counter = None


def _behind(counter: Counter) -> int:
    """How many commands the cache has still to take in; few are taken in at once."""
    behind = counter.journal.last() - counter.cache.applied
    if behind <= FEW_COMMANDS:
        counter.catch_up()
        return 0
    return behind
