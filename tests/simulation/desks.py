"""One counter of a simulation: it works, exchanges, dies and is set back, on real files."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storeapp.domain.kernel import Command
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.home import Home
from storeapp.services.ports import SyncFailed
from storeapp.store.journal import Entry
from sync.cycle import Cycle
from sync.engine import quiet
from tests.simulation.faults import LIVES, Died, Fault, Life
from tests.simulation.lines import Line
from tests.support.counters import MANAGER, TestClock

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass(frozen=True, slots=True)
class Exchanged:
    """How one exchange ended; ``code`` is empty where it succeeded, ``gone`` what is no longer pending."""

    desk: str
    code: str
    gone: frozenset[str]
    delivered: frozenset[str]


class Desk:
    """A counter's home with the process that has it open."""

    def __init__(self, world: "World", home: Path, *, store: str) -> None:
        self.world = world
        self.home = home
        self.name = home.name
        self.store = store
        self.clock = TestClock()
        self.met = 0
        """The hub's generation at the last successful exchange."""
        self._image_met = 0
        self.left = False
        """Whether it was turned away."""
        self.head = ("", 0)
        """The oldest pending command, and through how many successful exchanges it was that."""
        self.is_whole = False
        """Whether the cache holds all that the hub has said, and no exchange has been cut short since."""
        self.seen_sound: tuple[int, ...] = ()
        """The mark of the cache when its view was last found sound."""
        self.last: Exchanged | None = None
        self.open()

    def open(self) -> None:
        self.life = LIVES[self.home] = Life()
        self.counter: Counter = Home(self.home, self.clock).open()
        self.counter.on_saved = self._told
        self.seen_sound = ()
        self._cycle: Cycle | None = None

    def close(self) -> None:
        self.counter.close()

    def again(self) -> None:
        """The process is over; another one goes on with what is on the disk."""
        if self.life.dead:
            self.life.give_back()
        else:
            self.close()
        self.open()

    def _told(self, entries: Sequence[Entry]) -> None:
        self.world.shown |= {entry.id for entry in entries}

    # -- the journal, read beside the program

    def pending(self) -> list[str]:
        return [entry.id for entry in self.counter.journal.pending(limit=100_000)]

    def entries(self) -> list[Entry]:
        return self.counter.journal.after(0, limit=100_000)

    def cache_mark(self) -> tuple[int, ...]:
        """Changes with everything that is written to the cache."""
        cache = self.counter.cache
        return (id(cache), cache.db.conn.total_changes, cache.data_version())

    # -- work

    def do(self, *commands: Command, dies_at: int | None = None) -> None:
        def work() -> None:
            with self.counter.transaction(MANAGER) as tx:
                for command in commands:
                    tx.run(command)

        self.live(work, dies_at)

    def live(self, work: Callable[[], object], dies_at: int | None) -> bool:
        """Do something, unless the process ends before; says whether it did not."""
        self.life.left = dies_at
        try:
            work()
        except Died:
            self.world.deaths += 1
            self.again()
            return False
        finally:
            self.life.left = None
        return True

    # -- exchanging

    def exchange(self, faults: Sequence[Fault] = (), *, dies_at: int | None = None, afresh: bool = False) -> str:
        """One exchange; says how it ended: nothing for success, ``died``, or why it failed."""
        if self._cycle is None or afresh:
            self.line = Line(self.world, self.counter.device)
            self.line.work = self._worked
            client: Any = self.line
            self._cycle = Cycle(Exchange(self.counter), client)
        cycle = self._cycle
        self.line.faults, self.line.delivered = list(faults), set()
        before = self.pending()
        code = ["died"]

        def run() -> None:
            code[0] = _end_of(cycle)

        self.live(run, dies_at)
        self._note(code[0], before)
        return code[0]

    def _worked(self, which: int) -> None:
        """Another program at this counter does one of the world's jobs."""
        other = Home(self.home, self.clock).open()
        other.on_saved = self._told
        try:
            with other.transaction(MANAGER) as tx:
                for command in self.world.jobs(other, which):
                    tx.run(command)
        finally:
            other.close()

    def _note(self, code: str, before: list[str]) -> None:
        now = self.pending()
        gone = frozenset(before) - frozenset(now)
        self.last = Exchanged(self.name, code, gone, frozenset(self.line.delivered))
        self.is_whole = not code
        if code:
            return
        self.met = self.world.hq.generation
        head = now[0] if now else ""
        known = self.head[1] if self.head[0] == head else 0
        self.head = (head, known + (before[:1] == [head]))

    def lose_the_cache(self) -> None:
        cache = self.counter.cache
        with cache.writing():
            cache.empty()
        self.is_whole = False

    # -- backups of the disk

    @property
    def image(self) -> Path:
        return self.home.with_name(f"{self.name}-image")

    def keep_image(self) -> None:
        self.close()
        shutil.rmtree(self.image, ignore_errors=True)
        shutil.copytree(self.home, self.image)
        self._image_met = self.met
        self.open()

    def restore_image(self) -> None:
        self.close()
        shutil.rmtree(self.home)
        shutil.copytree(self.image, self.home)
        self.met, self.is_whole = self._image_met, False
        self.open()


def _end_of(cycle: Cycle) -> str:
    try:
        cycle.run(quiet)
    except SyncFailed as failed:
        cycle.forget_greeting()
        return failed.code
    return ""
