"""The cache: states as this counter sees them now. Everything in it can be made again from elsewhere.

A row's ``body`` is what the screens show. Where commands are not yet confirmed, ``base`` keeps what the hub
said last, and ``touch`` names the commands that led from there to here.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from sqlite_utils import Database

from storeapp.codec import Malformed, decode_known_events, decode_state, encode
from storeapp.domain.kernel import Event, Key, State
from storeapp.domain.workspace import Workspace
from storeapp.store import bulk, finder, pagesums, readings, views
from storeapp.store.errors import Corrupt, Locked, NewerSchema, StoreError, translate_sqlite_errors
from storeapp.store.flushing import Flusher
from storeapp.store.journal import Entry, Journal, Status
from storeapp.store.migrate import alone, file_at, finish_removal, immediate, open_database, remove_database
from storeapp.store.schema import MIGRATIONS

log = logging.getLogger(__name__)
S = TypeVar("S", bound=State)
PATIENCE_S = 30.0
"""How long to wait for another process that opens the cache or throws it away."""
CHUNK = 2000
CHUNKS_AT_ONCE = 10
"""Ids are hashes, so every transaction writes most pages of the indexes again: fewer ones write less."""
LET_OTHERS_S = 0.12
"""Between two of them: who waits for SQLite's lock asks every tenth of a second, and would never find it free."""
PAGE_BYTES = 8192
"""A row is a tenth of it: on pages of half the size a pull takes a tenth longer, and the file is a tenth larger."""
USUAL_MEMORY_KB, USUAL_LOG_PAGES = 2_000, 1_000
"""SQLite's own: what is held of the file, and how long the log grows until it is folded into it."""
MANY_MEMORY_KB, MANY_LOG_PAGES = 32_000, 4_000
NOTHING = b""
"""The base of a row that the hub does not have."""

Progress = Callable[[int, int], None]
"""Told how many commands are done, and of how many."""


class Row(NamedTuple):
    """One aggregate as the hub sends it; without a body it is gone."""

    kind: str
    id: str
    version: int
    body: bytes | msgspec.Raw


class Cache:
    """One open ``cache.db``; use it from one thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with _alone(path):
            with translate_sqlite_errors():
                finish_removal(path)
                pagesums.check(path)
            self.db: Database = open_database(
                path, migrations=MIGRATIONS, synchronous="NORMAL", secure_delete=True, page_bytes=PAGE_BYTES
            )
            self._file = file_at(path)
            self._expects_many = False
            self._flusher = Flusher(path)

    @property
    def was_replaced(self) -> bool:
        """Whether another process has put a new file in the place of this one."""
        return self._file != file_at(self._path)

    def reopened(self) -> "Cache":
        """The file that is there now, in the place of this one, which is closed."""
        self.close()
        return Cache(self._path)

    def renewed(self) -> "Cache":
        """An empty cache in the place of this one, which is closed and thrown away."""
        self.close()
        reset(self._path)
        return Cache(self._path)

    def close(self) -> None:
        """Give the file back, with a note of its pages where nobody else has it open."""
        # The log can't be taken away everywhere while somebody has it open.
        self._flusher.wait()
        try:
            # Who closes last takes the log away by its name: by then it must not be that of a new file.
            with _alone(self._path):
                self.db.close()
                pagesums.note(self._path)
        except StoreError as error:
            # Somebody is stuck at the files, or the folder is gone: to give it back unnoted is all that is left.
            log.warning("a cache was closed without its note: %s", error.code)
            self.db.close()

    @translate_sqlite_errors()
    def data_version(self) -> int:
        """A number that changes when another connection has written."""
        return int(self.db.execute("PRAGMA data_version").fetchone()[0])

    def check(self) -> bool:
        """Whether SQLite finds the file sound; reads all of it."""
        return bool(self.db.execute("PRAGMA integrity_check(1)").fetchone()[0] == "ok")

    # -- reading

    @translate_sqlite_errors()
    def get(self, of: type[S], key_id: str) -> S | None:
        """The state as it is shown, unconfirmed commands included."""
        row = self.db.execute("SELECT body FROM state WHERE kind = ? AND id = ?", (of.KIND, key_id)).fetchone()
        return self._typed(of, row[0]) if row and row[0] else None

    @translate_sqlite_errors()
    def base(self, of: type[S], key_id: str) -> S | None:
        """The state as the hub last confirmed it."""
        row = self.db.execute(
            "SELECT coalesce(base, body) FROM state WHERE kind = ? AND id = ?", (of.KIND, key_id)
        ).fetchone()
        return self._typed(of, row[0]) if row and row[0] else None

    @translate_sqlite_errors()
    def every(self, of: type[S]) -> list[S]:
        """All states of a kind, by id; for kinds that have few."""
        rows = self.db.execute("SELECT body FROM state WHERE kind = ? AND body <> x'' ORDER BY id", (of.KIND,))
        return [self._typed(of, body) for (body,) in rows]

    @translate_sqlite_errors()
    def many(self, of: type[S], ids: Sequence[str]) -> dict[str, S]:
        """Several states by id; what does not exist is left out."""
        found: dict[str, S] = {}
        for start in range(0, len(ids), 500):
            part = ids[start : start + 500]
            sql = f"SELECT id, body FROM state WHERE kind = ? AND id IN ({','.join('?' * len(part))})"
            rows = self.db.execute(sql, (of.KIND, *part))
            found |= {key_id: self._typed(of, body) for key_id, body in rows if body}
        return found

    @staticmethod
    def _typed(of: type[S], body: bytes) -> S:
        try:
            state = decode_state(of.KIND, body)
        except Malformed as error:
            raise Corrupt(kind=of.KIND) from error
        if not isinstance(state, of):
            raise TypeError(f"a row of {of.KIND} holds something else")
        return state

    @translate_sqlite_errors()
    def mark(self, name: str, default: str = "") -> str:
        """A remembered value: ``applied``, ``epoch``, ``received_at``; for cursors there is `cursor`."""
        row = self.db.execute("SELECT value FROM mark WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else default

    @property
    def applied(self) -> int:
        """The number of the last journal command in here."""
        return int(self.mark("applied", "0"))

    def cursor(self, feed: str) -> int:
        """How far a feed of the hub has been read."""
        return int(self.mark(f"cursor {feed}", "0"))

    # -- writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One transaction; all of it or nothing."""
        with immediate(self.db):
            yield

    def set_mark(self, name: str, value: str) -> None:
        """Remember a value; call inside `writing`."""
        self.db.execute("INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)", (name, value))

    def set_marks(self, values: Mapping[str, str]) -> None:
        """Remember several values; call inside `writing`."""
        bulk.insert(self.db, "INSERT OR REPLACE INTO mark (name, value)", list(values.items()))

    def set_cursor(self, feed: str, seq: int) -> None:
        """Remember how far a feed was read; call inside `writing`, with the rows that it stands for."""
        self.set_mark(f"cursor {feed}", str(seq))

    def apply(
        self,
        done: Sequence[tuple[Entry, Sequence[Event]]],
        dirty: Mapping[Key, State],
        read: Iterable[tuple[int, Iterable[readings.Pair]]] = (),
    ) -> bool:
        """Take in commands that were just saved, with the states they led to and those that they only looked at.

        Returns:
            False where another process was faster or slower; `catch_up` is then the way.
        """
        with self.writing():
            if not done or self.applied != done[0][0].n - 1:
                return False
            self._take(done, dirty)
            readings.note(self.db, read)
        return True

    def _take(self, done: Sequence[tuple[Entry, Sequence[Event]]], dirty: Mapping[Key, State]) -> None:
        open_ones = [(entry, events) for entry, events in done if entry.status is not Status.SAVED]
        if open_ones:
            self.keep_bases(dirty)
            self.touch((entry.n, Key(event.OF.KIND, event.id)) for entry, events in open_ones for event in events)
        self.write(dirty)
        for entry, events in done:
            views.record(self.db, entry, events)
        self.set_mark("applied", str(done[-1][0].n))

    def keep_bases(self, keys: Iterable[Key]) -> None:
        """Keep what the hub said last, before something unconfirmed is shown; call inside `writing`."""
        self.db.conn.executemany(
            """INSERT INTO state (kind, id, body, base) VALUES (?, ?, x'', x'')
            ON CONFLICT DO UPDATE SET base = coalesce(base, body)""",
            keys,
        )

    def touch(self, touches: Iterable[tuple[int, Key]]) -> None:
        """Note which aggregates depend on which unconfirmed commands; call inside `writing`."""
        self.db.conn.executemany(
            "INSERT OR IGNORE INTO touch (n, kind, id) VALUES (?, ?, ?)", {(n, *key) for n, key in touches}
        )

    def write(self, dirty: Mapping[Key, State]) -> None:
        """Store states and their views; call inside `writing`."""
        self.db.conn.executemany(
            """INSERT INTO state (kind, id, body) VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET body = excluded.body""",
            ((key.kind, key.id, encode(state)) for key, state in dirty.items()),
        )
        views.project(self.db, dirty, lookup=self.get)

    def catch_up(self, journal: Journal, progress: Progress | None = None) -> int:
        """Take in what the journal has and this cache has not; returns how many commands that were.

        Raises:
            Corrupt: the cache has seen more than the journal holds, so it is the cache of another one.
        """
        self._follow(journal.authority())
        # In this order: between the two another process may save and apply a command.
        start = self.applied
        last = journal.last()
        if start > last:
            raise Corrupt(applied=start, last=last)
        done = start
        while done < last:
            with self.writing():
                for _ in range(CHUNKS_AT_ONCE):
                    done = self._take_chunk(journal, self.applied)
                    if progress is not None:
                        progress(min(done, last) - start, last - start)
                    if done >= last:
                        break
            if done < last:
                time.sleep(LET_OTHERS_S)
        return done - start

    def _follow(self, authority: str) -> None:
        """Begin anew where somebody else decides now, because then other commands are unconfirmed."""
        if self.mark("authority") != authority:
            with self.writing():
                self.empty()
                self.set_mark("authority", authority)

    def empty(self) -> None:
        """Forget all states and how far the feeds were read; call inside `writing`.

        The finder's hashes stay: they belong to orders, not to states, and can't be made again without the keys.
        """
        views.empty(self.db)
        for table in ("state", "touch", "reading", "stale", "unread", "mark", "movement", "timeline"):
            self.db.execute(f"DELETE FROM {table}")

    def _take_chunk(self, journal: Journal, after: int) -> int:
        entries = journal.after(after, limit=CHUNK)
        if not entries:
            return after
        work = Workspace(self)
        try:
            done = [(entry, _events_of(entry)) for entry in entries]
        except Malformed as error:
            raise journal.damaged() from error
        identity, read, passed_over = journal.identity(), [], 0
        for entry, events in done:
            if entry.status is Status.PENDING:
                read.append((entry.n, readings.read_by(work, entry, events, identity)))
            passed_over += work.replay_what_fits(events)
        if passed_over:
            log.warning("events without their subject: %d, commands %d-%d", passed_over, after + 1, entries[-1].n)
        self._take(done, work.dirty)
        readings.note(self.db, read)
        return entries[-1].n

    def finder_add(self, hashes: Iterable[tuple[bytes, str]]) -> None:
        """Make orders findable by keyed hashes; call inside `writing`."""
        finder.add(self.db, finder.grouped(hashes))

    def finder_clear(self) -> None:
        """Forget by what anybody could be found; call inside `writing`."""
        finder.clear(self.db)

    def finder_remove(self, order_id: str) -> None:
        """Make an order no longer findable by keyed hashes; call inside `writing`."""
        finder.remove(self.db, [order_id])

    @translate_sqlite_errors()
    def finder_has(self, order_id: str) -> bool:
        """Whether an order is findable by keyed hashes."""
        return finder.has(self.db, order_id)

    @translate_sqlite_errors()
    def expect_many(self) -> None:
        """Make ready for many rows, which touch pages all over the file: hold more of them, and fold the log seldom."""
        self.db.execute(f"PRAGMA cache_size = -{MANY_MEMORY_KB:d}")
        self.db.execute(f"PRAGMA wal_autocheckpoint = {MANY_LOG_PAGES:d}")
        self._expects_many = True

    def flush_soon(self) -> None:
        """Begin to bring to the disk what many rows have left in the log, while more of them come."""
        if self._expects_many:
            self._flusher.flush_soon()

    @translate_sqlite_errors()
    def make_durable(self) -> None:
        """Bring to the disk what many rows have left in the log, where it stays: to fold it takes far longer."""
        if self._expects_many:
            self.db.execute("PRAGMA synchronous = FULL")
            try:
                # A commit brings all of the log to the disk, but only one that changes something does.
                with self.writing():
                    self.set_mark("durable", str(int(self.mark("durable", "0")) + 1))
            finally:
                self.db.execute("PRAGMA synchronous = NORMAL")

    @translate_sqlite_errors()
    def expect_few(self) -> None:
        """Go back to how it usually is, with the log folded into the file: nobody should have to wait for that."""
        if self._expects_many:
            self.db.execute(f"PRAGMA cache_size = -{USUAL_MEMORY_KB:d}")
            self.db.execute(f"PRAGMA wal_autocheckpoint = {USUAL_LOG_PAGES:d}")
            # As far as other readers let it: the next transaction goes on with the rest.
            self.db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            self._expects_many = False

    @translate_sqlite_errors()
    def scrub(self) -> None:
        """Empty the write-ahead log, which keeps deleted content until then.

        Raises:
            Locked: another connection still reads from it.
        """
        busy, _, _ = self.db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise Locked


def _events_of(entry: Entry) -> list[Event]:
    rejected = entry.status in {Status.REFUSED, Status.PARKED}
    if rejected:
        return []
    events, unknown = decode_known_events(entry.events)
    if unknown:
        log.warning("events that only a newer program knows: %d, command %d", unknown, entry.n)
    return events


def open_cache(path: Path) -> Cache:
    """Open the cache; one that is damaged, or of a newer program, is thrown away and begins anew.

    Raises:
        StoreError: the disk failed.
    """
    try:
        return Cache(path)
    except (Corrupt, NewerSchema):
        reset(path)
    return Cache(path)


@translate_sqlite_errors()
def reset(path: Path) -> None:
    """Throw a cache away; the next opening makes it anew."""
    with _alone(path):
        remove_database(path)


def _alone(path: Path) -> AbstractContextManager[None]:
    """Nobody opens or closes a cache while its files are taken away: it would lose its log, or share the next one's."""
    return alone(path.with_name(f"{path.name}.opening"), patience_s=PATIENCE_S)
