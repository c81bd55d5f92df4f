"""What can go wrong: messages that are lost, late or doubled, and processes that end between two statements."""

import sqlite3
import types
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from unittest.mock import patch
from weakref import WeakSet

import sqlalchemy as sa

from hub.database import Database
from storeapp.store import migrate


class Died(BaseException):
    """A process ended here. Not an `Exception`, so that nothing of the program goes on after it."""


class Life:
    """One process: how many statements it has run, and how many it may still run."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.dead = False
        self.ran = 0
        self.connections: WeakSet[sqlite3.Connection] = WeakSet()

    def give_back(self) -> None:
        """Let go of every file, as the system does where a process has ended.

        Nothing is rolled back by the program, because that would be a statement; whoever else worked in the same home
        is over, too.
        """
        for connection in list(self.connections):
            connection.close()

    def step(self) -> None:
        """Live through one more statement.

        Raises:
            Died: it was the last one, or the process is over already.
        """
        if self.left == 0:
            self.dead = True
        if self.dead:
            raise Died
        self.ran += 1
        if self.left is not None:
            self.left -= 1


class Mortal(sqlite3.Connection):
    """A connection of a process that may die before any statement."""

    life: Life | None = None

    def _step(self) -> None:
        if self.life is not None:
            self.life.step()

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self._step()
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self._step()
        return super().executemany(*args)


LIVES: dict[Path, Life] = {}
"""Whose databases stand in a folder; others live for ever."""


def _connect(path: Any, *args: Any, **options: Any) -> sqlite3.Connection:
    connection = sqlite3.connect(path, *args, factory=Mortal, **options)
    connection.life = LIVES.get(Path(path).parent)
    if connection.life is not None:
        connection.life.connections.add(connection)
    return connection


@contextmanager
def mortal_counters() -> Iterator[None]:
    """Counters that are opened in here can die."""
    mortal = types.SimpleNamespace(**{**vars(sqlite3), "connect": _connect})
    with patch.object(migrate, "sqlite3", mortal):
        yield


def make_mortal(db: Database, life: Life) -> None:
    """The hub that has this database open can die before every statement and every commit."""
    sa.event.listen(db.engine, "before_cursor_execute", lambda *_: life.step())
    sa.event.listen(db.engine, "commit", lambda _: life.step())


class Kind(StrEnum):
    """What happens to one call."""

    HEALTHY = "healthy"
    DROP = "drop"
    """The request never arrives."""
    CUT = "cut"
    """The hub has done it, and the reply is lost."""
    TWICE = "twice"
    """The request arrives twice; the second reply counts."""
    LATE = "late"
    """The request seems lost, and arrives after others that were sent later."""
    UNAUTHORISED = "unauthorised"
    TROUBLE = "trouble"
    """503 before the hub has done anything."""
    TROUBLE_AFTER = "trouble_after"
    """504 of somebody on the way, after the hub has done it."""
    BEHIND = "behind"
    """The batch that was sent next arrives first."""
    OVERTAKEN = "overtaken"
    """Between arrival and transaction, a phone's batch is decided."""
    WORKED = "worked"
    """While the counter waits for the reply, somebody works there with another program."""
    HUB_DIES = "hub_dies"
    """The hub's process ends before its nth statement or commit."""
    HUB_DIES_AFTER = "hub_dies_after"
    """The hub's process ends after the commit, before the reply."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to one call; ``at`` is the statement, the place of a cut, the phone, or the work."""

    kind: Kind = Kind.HEALTHY
    at: int = 0


HEALTHY = Fault()
