"""The journal: this device's commands in order with their outcome. A command is saved once it is here."""

import hashlib
import json
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlite_utils import Database

from storeapp.store import bulk
from storeapp.store.entries import (
    COLUMNS,
    CONTENT,
    OUTCOME,
    ROW,
    SUMS,
    Entry,
    Outcome,
    Status,
    Values,
    entry_of,
    outcome_sum,
    rows_of,
)
from storeapp.store.errors import Corrupt, DiskFailed, JournalCorrupt, translate_sqlite_errors
from storeapp.store.journal_schema import IDENTITY_SUM, MIGRATIONS, OPEN, identity_sum
from storeapp.store.migrate import copy_database, file_at, immediate, open_database

__all__ = [
    "COLUMNS",
    "PRUNED",
    "SUMS",
    "Entry",
    "Journal",
    "Outcome",
    "Status",
    "entry_of",
    "link_hash",
    "suspicion",
    "under_salvage",
]
GENESIS = b"\0" * 32
PRUNED = "pruned"
"""The fact that says up to which number commands are no longer kept."""


_OPEN_SUM = outcome_sum(str(Status.PENDING), "", None, b"")
"""Of what has no answer yet."""


_JOINED = f"SELECT {ROW} FROM command LEFT JOIN outcome USING (n)"
_OPEN_FIRST = f"SELECT {ROW} FROM outcome CROSS JOIN command USING (n)"
"""For the few that are open: SQLite goes by their index, and looks for the rest of each."""
_ANSWERED = (
    "ON CONFLICT (n) DO UPDATE SET status = excluded.status, feed = excluded.feed, feed_seq = excluded.feed_seq,"
    " problem = excluded.problem, outcome_sum = excluded.outcome_sum WHERE outcome.status = 'pending'"
)


def _settled(n: int, o: Outcome) -> Values:
    """The values of `OUTCOME`."""
    told = (str(o.status), o.feed, o.feed_seq, o.problem)
    return (n, *told, outcome_sum(*told))


P = ParamSpec("P")
T = TypeVar("T")


def _guarded(method: Callable[P, T]) -> Callable[P, T]:
    """Tell damage of the journal apart from damage of what can be rebuilt; for methods of `Journal`."""

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            with translate_sqlite_errors():
                return method(*args, **kwargs)
        except JournalCorrupt:
            raise
        except Corrupt as error:
            journal: Any = args[0]
            raise journal.damaged() from error

    return guarded


class Journal:
    """One open ``journal.db``; use it from one thread. Writes stand inside `writing`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._db: Database = open_database(path, migrations=MIGRATIONS, synchronous="FULL")
        # Only for the statements of this class; a trigger of the file itself would need it in every other program.
        self._db.conn.create_function("outcome_sum_of", 4, outcome_sum, deterministic=True)
        self._file = file_at(path)

    def close(self) -> None:
        """Give the file back."""
        self._db.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction under the write lock; all of it is on the disk when this returns.

        Raises:
            StoreError: nothing of it is saved.
        """
        with immediate(self._db):
            self._refuse_moved()
            yield

    @property
    def is_replaced(self) -> bool:
        """Whether a salvage has put another file in this one's place."""
        return self._file != file_at(self._path)

    def _refuse_moved(self) -> None:
        """A salvage put another file in this one's place, or is about to: nobody would see what is written here."""
        if self.is_replaced or under_salvage(self._path).exists():
            raise DiskFailed(reason="moved")

    def damaged(self) -> JournalCorrupt:
        """Have the next start look closely, and say what is wrong."""
        suspicion(self._path).touch()
        return JournalCorrupt()

    @_guarded
    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    @_guarded
    def check(self) -> bool:
        """Whether SQLite finds the file sound, and every command is as it was written; reads all of it."""
        return bool(self._db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok") and self._is_as_written()

    def _is_as_written(self) -> bool:
        last = 0
        try:
            while entries := self.after(last):
                last = entries[-1].n
        except JournalCorrupt:
            return False
        return True

    @_guarded
    def copy_to(self, path: Path) -> None:
        """Write a sound copy of everything saved so far, while others go on working.

        Raises:
            StoreError: the copy could not be written.
        """
        copy_database(self._db, path)

    # -- commands

    @_guarded
    def last(self) -> int:
        """The number of the newest command, 0 for none."""
        return int(self._db.execute("SELECT coalesce(max(n), 0) FROM command").fetchone()[0])

    @_guarded
    def last_at(self) -> datetime | None:
        """When the newest command was made, by the clock of that time; None where there is none."""
        row = self._db.execute("SELECT at FROM command ORDER BY n DESC LIMIT 1").fetchone()
        return datetime.fromisoformat(row[0]) if row else None

    @_guarded
    def since(self, moment: datetime, kinds: Collection[str]) -> list[Entry]:
        """The newest commands of some kinds, oldest first, back to the first of any kind that is older."""
        found, oldest = [], moment.isoformat()
        for n, kind, at in self._db.execute("SELECT n, kind, at FROM command ORDER BY n DESC"):
            if at < oldest:
                break
            if kind in kinds:
                found.append(int(n))
        return self.numbered(found)

    @_guarded
    def append(self, entries: Iterable[Entry]) -> None:
        """Add commands with the numbers they bear; call inside `writing`."""
        added = list(entries)
        rows = [rows_of(entry) for entry in added]
        insert = "INSERT INTO {} ({}) VALUES ({})"
        self._db.conn.executemany(insert.format("command", CONTENT, ",".join("?" * 12)), [said for said, _ in rows])
        self._db.conn.executemany(insert.format("outcome", OUTCOME, ",".join("?" * 6)), [became for _, became in rows])
        self.need((entry.id, needed) for entry in added for needed in entry.needs)

    @_guarded
    def need(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Note which command needs which other one; call inside `writing`."""
        needs = list(pairs)
        if needs:
            self._db.conn.executemany("INSERT OR IGNORE INTO need (id, needed) VALUES (?, ?)", needs)

    def after(self, n: int, *, limit: int = 1000) -> list[Entry]:
        """The commands after a number, oldest first."""
        return self._select("command.n > ? ORDER BY command.n LIMIT ?", n, limit)

    def pending(self, *, limit: int = 1000, after: int = 0) -> list[Entry]:
        """What the hub has still to answer behind a number, oldest first."""
        where = f"{OPEN} AND status = 'pending' AND outcome.n > ? ORDER BY outcome.n LIMIT ?"
        return self._select(where, after, limit, of=_OPEN_FIRST)

    def numbered(self, numbers: Iterable[int]) -> list[Entry]:
        """The commands with these numbers, oldest first."""
        wanted = sorted(numbers)
        found: list[Entry] = []
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            found += self._select(f"command.n IN ({','.join('?' * len(part))}) ORDER BY command.n", *part)
        return found

    @_guarded
    def needs_of(self, entries: Sequence[Entry]) -> dict[str, tuple[str, ...]]:
        """Which commands each of these needs; those that need none are left out."""
        if not entries:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        rows = self._db.execute(
            "SELECT id, needed FROM need WHERE id IN (SELECT value FROM json_each(?)) ORDER BY n",
            (json.dumps([entry.id for entry in entries]),),
        )
        for command_id, needed in rows:
            found[command_id] = (*found.get(command_id, ()), needed)
        return found

    @_guarded
    def undone(self, ids: Iterable[str]) -> set[str]:
        """Those of these commands that the hub has refused or parked."""
        wanted = list(ids)
        open_ = f"SELECT id FROM outcome CROSS JOIN command USING (n) WHERE {OPEN} AND status IN ('refused', 'parked')"
        sql = f"{open_} AND id IN "
        rows = self._db.execute(f"{sql}({','.join('?' * len(wanted))})", wanted) if wanted else ()
        return {str(command_id) for (command_id,) in rows}

    def rejected(self, cursors: Mapping[str, int] | None = None) -> list[Entry]:
        """What the hub refused or parked and nobody has accepted yet.

        With ``cursors``, which say how far each feed was read, only what the feed has not told yet.
        """
        untold = " OR ".join(["feed_seq IS NULL", *["feed = ? AND feed_seq > ?"] * len(cursors or {})])
        told = [value for cursor in (cursors or {}).items() for value in cursor]
        return self._select(
            f"""{OPEN} AND status IN ('refused', 'parked') AND ({"1" if cursors is None else untold}) AND NOT EXISTS
            (SELECT 1 FROM audit WHERE audit.subject = command.id AND action = 'refusal.accepted')
            ORDER BY outcome.n""",
            *told,
            of=_OPEN_FIRST,
        )

    @_guarded
    def settle_again(self, outcomes: Mapping[str, Status]) -> None:
        """Note what has become of commands that had been put aside. Call inside `writing`."""
        self._db.conn.executemany(
            """UPDATE outcome SET status = ?1, outcome_sum = outcome_sum_of(?1, feed, feed_seq, problem)
            WHERE n = (SELECT n FROM command WHERE id = ?2) AND status IN ('parked', 'refused')""",
            [(str(status), command_id) for command_id, status in outcomes.items()],
        )

    def by_id(self, command_id: str) -> Entry | None:
        """The command with this id."""
        return next(iter(self._select("id = ?", command_id)), None)

    @_guarded
    def _select(self, where: str, *values: object, of: str = _JOINED) -> list[Entry]:
        rows = self._db.execute(f"{of} WHERE {where}", values).fetchall()
        try:
            return [entry_of(row) for row in rows]
        except (ValueError, TypeError) as error:
            raise self.damaged() from error

    @_guarded
    def counts(self) -> dict[Status, int]:
        """How many commands are in each status that is not final and good."""
        rows = self._db.execute(f"SELECT status, count(*) FROM outcome WHERE {OPEN} GROUP BY status")
        return {Status(status): count for status, count in rows}

    @_guarded
    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Note the hub's answers; one that was settled before stays as it was. Call inside `writing`."""
        told = list(outcomes)
        numbers = self._numbers_of([outcome.id for outcome in told if not outcome.n])
        numbered = [(outcome.n or numbers.get(outcome.id, 0), outcome) for outcome in told]
        rows = [_settled(n, outcome) for n, outcome in numbered if n]
        bulk.insert(self._db, f"INSERT INTO outcome ({OUTCOME})", rows, _ANSWERED)

    def _numbers_of(self, ids: Sequence[str]) -> dict[str, int]:
        """The numbers of those of these commands that are here."""
        found: dict[str, int] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            found.update(self._db.execute(f"SELECT id, n FROM command WHERE id IN ({','.join('?' * len(part))})", part))
        return found

    @_guarded
    def settled_numbers(self, *, since: int, cursors: Mapping[str, int]) -> list[int]:
        """Commands from ``since`` on whose effect is in what the hub has sent so far, or never will be.

        ``cursors`` says how far each feed was read; what stands in no feed of this counter is never waited for.
        """
        rows = self._db.execute(
            "SELECT n, feed, feed_seq FROM outcome WHERE n >= ? AND status <> 'pending'",
            (since,),
        )
        return [int(n) for n, feed, seq in rows if seq is None or seq <= cursors.get(feed, seq)]

    @_guarded
    def last_answered(self) -> int:
        """The number of the newest command that the hub has answered, 0 for none."""
        row = self._db.execute(f"SELECT min(n) FROM outcome WHERE {OPEN} AND status = 'pending'").fetchone()
        return self.last() if row[0] is None else int(row[0]) - 1

    @_guarded
    def reopen(self, *, after: int) -> None:
        """The hub was restored and knows the commands up to a number: the later ones are offered to it again.

        What it knows is in whatever it sends from now on. Call inside `writing`.
        """
        self._db.execute(
            """UPDATE outcome SET status = 'pending', feed = '', feed_seq = NULL, problem = x'', outcome_sum = ?
            WHERE n > ?""",
            (_OPEN_SUM, after),
        )
        self._db.execute(
            """UPDATE outcome SET feed_seq = 0, outcome_sum = outcome_sum_of(status, feed, 0, problem)
            WHERE n <= ? AND feed_seq > 0""",
            (after,),
        )

    @property
    def pruned(self) -> int:
        """Up to which number commands are no longer kept, because the hub's backups hold them."""
        return int(self.identity().get(PRUNED, "0"))

    @_guarded
    def prunable(self, *, upto: int, before: datetime) -> int:
        """The last number of the oldest commands that are answered, not above ``upto``, and older than an instant.

        The newest command always stays: the next one is numbered after it.
        """
        kept = "command.n > ? OR at >= ? OR status IN ('pending', 'parked')"
        sql = f"SELECT command.n FROM command JOIN outcome USING (n) WHERE {kept} ORDER BY command.n LIMIT 1"
        first = self._db.execute(sql, (upto, before.isoformat()))
        found = first.fetchone()
        return min(self.last(), int(found[0]) if found else self.last()) - 1

    @_guarded
    def prune(self, upto: int) -> None:
        """Keep the commands up to a number no longer. Call inside `writing`."""
        self._db.execute("DELETE FROM need WHERE id IN (SELECT id FROM command WHERE n <= ?)", (upto,))
        for table in ("command", "outcome"):
            self._db.execute(f"DELETE FROM {table} WHERE n <= ?", (upto,))
        self.identify(**{PRUNED: str(max(upto, self.pruned))})

    @_guarded
    def close_gaps(self) -> bool:
        """Number what the hub has not answered without holes, where a salvage has left any; says whether it had to.

        Whoever has seen the old numbers begins anew, see `authority`. Call inside `writing`.
        """
        pending = f"FROM outcome WHERE {OPEN} AND status = 'pending'"
        count, first, last = self._db.execute(f"SELECT count(*), min(n), max(n) {pending}").fetchone()
        if not count:
            return False
        before = self._db.execute("SELECT coalesce(max(n), 0) FROM command WHERE n < ?", (first,)).fetchone()[0]
        before = max(before, self.pruned)
        if last == before + count:
            return False
        numbers = [n for (n,) in self._db.execute(f"SELECT n {pending} ORDER BY n")]
        # Downwards and in order, so none meets another.
        for table in ("command", "outcome"):
            moved = list(enumerate(numbers, start=before + 1))
            self._db.conn.executemany(f"UPDATE {table} SET n = ? WHERE n = ?", moved)
        self.identify(numbering=secrets.token_hex(6))
        return True

    @_guarded
    def undone_numbers(self, numbers: Iterable[int]) -> list[int]:
        """Those of these commands that the hub did not apply."""
        return [entry.n for entry in self.numbered(numbers) if entry.status in {Status.REFUSED, Status.PARKED}]

    @_guarded
    def enrol(self) -> None:
        """From now on the hub is the authority: everything saved so far is offered to it, from the first on."""
        self._db.execute(
            """UPDATE outcome SET status = 'pending', outcome_sum = outcome_sum_of('pending', feed, feed_seq, problem)
            WHERE status = 'saved'"""
        )

    # -- identity, audit, printing

    @_guarded
    def identity(self) -> dict[str, str]:
        """What this counter is: store, device, certificates; no secrets."""
        facts = self._facts()
        told = facts.pop(IDENTITY_SUM, None)
        if told is not None and told != identity_sum(facts):
            raise self.damaged()
        return facts

    def _facts(self) -> dict[str, str]:
        return {str(name): str(value) for name, value in self._db.execute("SELECT name, value FROM identity")}

    def _sum_up_identity(self) -> None:
        facts = self._facts()
        facts.pop(IDENTITY_SUM, None)
        row = (IDENTITY_SUM, identity_sum(facts))
        self._db.execute("INSERT OR REPLACE INTO identity (name, value) VALUES (?, ?)", row)

    @_guarded
    def authority(self) -> str:
        """Who decides, and by which numbering: begins with the key id of a hub, empty where this counter does."""
        rows = self._db.execute("SELECT value FROM identity WHERE name IN ('authority', 'numbering') ORDER BY name")
        return " ".join(str(value) for (value,) in rows)

    @_guarded
    def identify(self, **values: str) -> None:
        """Note facts about this counter; call inside `writing`."""
        self._db.conn.executemany("INSERT OR REPLACE INTO identity (name, value) VALUES (?, ?)", values.items())
        self._sum_up_identity()

    @_guarded
    def forget_identity(self, *names: str) -> None:
        """Facts that no longer hold; call inside `writing`."""
        self._db.conn.executemany("DELETE FROM identity WHERE name = ?", [(name,) for name in names])
        self._sum_up_identity()

    @_guarded
    def audit(self, *, at: datetime, actor: str, action: str, subject: str) -> None:
        """Add a link to the audit chain; call inside `writing`."""
        row = self._db.execute("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1").fetchone()
        n, previous = (int(row[0]) + 1, bytes(row[1])) if row else (1, GENESIS)
        self._db.execute(
            "INSERT INTO audit (n, at, actor, action, subject, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (n, at.isoformat(), actor, action, subject, link_hash(previous, n, at.isoformat(), actor, action, subject)),
        )

    @_guarded
    def audited(self, action: str, subject: str, *, since: datetime) -> int:
        """How often something was done to a subject since an instant."""
        row = self._db.execute(
            "SELECT count(*) FROM audit WHERE subject = ? AND action = ? AND at >= ?",
            (subject, action, since.isoformat()),
        ).fetchone()
        return int(row[0])

    @_guarded
    def audit_entries(self) -> list[tuple[int, str, str, str, str, bytes]]:
        """The chain, oldest first: number, time, actor, action, subject, hash."""
        return list(self._db.execute("SELECT n, at, actor, action, subject, hash FROM audit ORDER BY n"))

    @_guarded
    def audit_end(self) -> tuple[int, bytes] | None:
        """Number and hash of the newest entry, None where there is none."""
        row = self._db.execute("SELECT n, hash FROM audit ORDER BY n DESC LIMIT 1").fetchone()
        return (int(row[0]), bytes(row[1])) if row else None

    @_guarded
    def audit_broken_at(self) -> int | None:
        """The first entry that does not follow from the one before, None when the chain holds."""
        previous = GENESIS
        for expected, (n, at, actor, action, subject, found) in enumerate(self.audit_entries(), start=1):
            if n != expected or found != link_hash(previous, n, at, actor, action, subject):
                return n
            previous = found
        return None

    @_guarded
    def printed(self, *, at: datetime, actor: str, paper: str, subject: str, copy: int) -> None:
        """Note that a paper was made; call inside `writing`."""
        self._db.execute(
            "INSERT INTO print_job (at, actor, paper, subject, copy) VALUES (?, ?, ?, ?, ?)",
            (at.isoformat(), actor, paper, subject, copy),
        )


def suspicion(path: Path) -> Path:
    """The mark beside a journal in which damage was met; it is looked over before it is opened again."""
    return path.with_name(f"{path.name}.suspect")


def under_salvage(path: Path) -> Path:
    """The mark beside a journal that was copied to be salvaged; it holds the name of the copy."""
    return path.with_name(f"{path.name}.salvaging")


def link_hash(previous: bytes, n: int, at: str, actor: str, action: str, subject: str) -> bytes:
    """SHA-256 over the link before and this entry; the unit separator keeps the fields apart."""
    content = "\x1f".join((str(n), at, actor, action, subject)).encode()
    return hashlib.sha256(previous + content).digest()
