"""The hub of a simulation: it can die, be backed up and be set back."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from hub import operations
from hub.core import Hub, open_hub
from hub.tables import command_result, event_log, parked, state
from sync.transport import Offline
from tests.simulation.faults import Died, Life, make_mortal
from tests.support.hubs import TurnedClock

T = TypeVar("T")


class Headquarters:
    """One hub's home; ``generation`` counts how often it was set back."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.clock = TurnedClock()
        self.generation = 0
        self.deaths = 0
        self.meanwhile: Callable[[], None] | None = None
        """Runs once, when the next transaction is about to begin."""
        self.failures: list[Exception] = []
        """What a bug of the hub has raised."""
        self.holes: list[object] = []
        """Numbers of a feed that a commit has left out, or given without saying so."""
        self._backup = home.with_name("hub-backup.db")
        self._open()

    def _open(self) -> None:
        self.hub: Hub = open_hub(self.home, now=self.clock)
        self.life = Life()
        make_mortal(self.hub.db, self.life)
        self._rows = self._numbered()
        self._let_others_in()

    def _let_others_in(self) -> None:
        """A gap between a request and its transaction, and a look at the numbers after it."""
        engine: Any = self.hub.db.engine
        begin = engine.begin

        @contextmanager
        def after_others() -> Iterator[sa.Connection]:
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile is not None:
                meanwhile()
            with begin() as connection:
                yield connection
            self._count()

        engine.begin = after_others

    def _count(self) -> None:
        """What a commit has changed bears the numbers behind the head before it, without a hole and each once."""
        left, self.life.left = self.life.left, None
        before, self._rows = self._rows, self._numbered()
        self.life.left = left
        changed: dict[str, list[int]] = defaultdict(list)
        for key, (seq, version) in self._rows.items():
            if before.get(key) != (seq, version):
                changed[key[0]].append(seq)
        for feed, numbers in changed.items():
            last = max((seq for (name, *_), (seq, _) in before.items() if name == feed), default=0)
            if sorted(numbers) != list(range(last + 1, last + 1 + len(numbers))):
                self.holes.append((feed, last, sorted(numbers)))

    def _numbered(self) -> dict[tuple[str, str, str], tuple[int, int]]:
        columns = (state.c.feed, state.c.kind, state.c.id, state.c.seq, state.c.version)
        with self.hub.db.reading() as connection:
            return {(feed, kind, key): (seq, n) for feed, kind, key, seq, n in connection.execute(sa.select(*columns))}

    def reopen(self) -> None:
        """Another process of the hub goes on with what was committed."""
        self.hub.close()
        self._open()

    def ask(self, call: Callable[[Hub], T], *, dies_at: int | None = None) -> T:
        """Let the hub answer; it may die before its nth statement or commit.

        Raises:
            Offline: it died.
        """
        self.life.left = dies_at
        try:
            return call(self.hub)
        except Died as died:
            self.deaths += 1
            self.reopen()
            raise Offline from died
        finally:
            self.life.left = None

    def close(self) -> None:
        self.hub.close()

    # -- backups

    @property
    def has_backup(self) -> bool:
        return self._backup.exists()

    def back_up(self) -> None:
        operations.backup(self.home, self._backup)

    def restore(self) -> None:
        self.hub.close()
        operations.restore(self.home, self._backup)
        self.generation += 1
        self._open()

    def ids(self) -> set[str]:
        """Every command that it has in whatever way."""
        columns = (command_result.c.id, parked.c.id, event_log.c.command_id)
        with self.hub.db.reading() as connection:
            return {name for column in columns for name in connection.scalars(sa.select(column))}
