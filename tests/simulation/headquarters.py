"""The hub of a simulation: it can die, be backed up and be set back."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from hub import operations
from hub.core import Hub, open_hub
from hub.tables import command_result, event_log, parked
from sync.transport import Offline
from tests.simulation.faults import Died, Life, make_mortal
from tests.simulation.numbers import Numbering
from tests.support.hubs import TurnedClock

T = TypeVar("T")


class Headquarters:
    """One hub's home, with its database at a URL or in it; ``generation`` counts how often it was set back."""

    def __init__(self, home: Path, url: str = "") -> None:
        self.home = home
        self.url = url
        self.clock = TurnedClock()
        self.generation = 0
        self.activity = 0
        """Rises with everything that may have changed what it has written."""
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
        self.hub: Hub = open_hub(self.home, url=self.url, now=self.clock)
        self.life = Life()
        make_mortal(self.hub.db, self.life)
        self._numbering = Numbering(self.hub.db)
        self._let_others_in()

    def _let_others_in(self) -> None:
        """A gap between a request and its transaction, and a look at the numbers after it."""
        db: Any = self.hub.db
        turn = db._writers_turn

        @contextmanager
        def after_others() -> Iterator[None]:
            meanwhile, self.meanwhile = self.meanwhile, None
            if meanwhile is not None:
                meanwhile()
            self.activity += 1
            with turn():
                yield
            self._count()

        db._writers_turn = after_others

    def _count(self) -> None:
        left, self.life.left = self.life.left, None
        self.holes += self._numbering.look(self.hub.db)
        self.life.left = left

    def reopen(self) -> None:
        """Another process of the hub goes on with what was committed."""
        self.activity += 1
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
        operations.backup(self.home, self._backup, url=self.url)

    def restore(self) -> None:
        self.hub.close()
        operations.restore(self.home, self._backup, url=self.url)
        self.generation += 1
        self.activity += 1
        self._open()

    def ids(self) -> set[str]:
        """Every command that it has in whatever way."""
        columns = (command_result.c.id, parked.c.id, event_log.c.command_id)
        with self.hub.db.reading() as connection:
            return {name for column in columns for name in connection.scalars(sa.select(column))}
