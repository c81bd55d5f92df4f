"""Puts what the hub says under the commands that it has not yet answered.

First the pages land in the bases, each with its cursor, in one transaction. Then the open commands that have changed
or read any of these rows are decided anew in their order: all that they change starts again from its base, together
with whatever hangs on that in the same way. What the hub has settled is no longer replayed.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeVar

import msgspec

from storeapp.codec import (
    STATE_READERS,
    UNREADABLE,
    Malformed,
    UnknownKind,
    decode_command,
    decode_state,
    is_known_state,
)
from storeapp.domain.feeds import feeds_of
from storeapp.domain.kernel import Context, Key, Pair, Refusal, State
from storeapp.domain.rules.registry import COMMANDS
from storeapp.domain.workspace import Workspace
from storeapp.store import bulk, finder, readings, unread, views
from storeapp.store.cache import NOTHING, Cache, Row
from storeapp.store.journal import Entry, Journal
from storeapp.store.readings import context_of, incarnation_of

S = TypeVar("S", bound=State)
_log = logging.getLogger(__name__)
_NO_MARKS: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Prepared:
    """What rows mean, read before anything is locked; it needs no database."""

    states: dict[Pair, State]
    lines: views.Lines
    """What the views say of the states."""
    hashes: dict[str, bytes] = field(default_factory=dict)
    """By what the people of orders are found, as `storeapp.store.finder` keeps it."""

    def add(self, others: "Prepared") -> None:
        """Take in what other rows mean, of which none is among these."""
        self.states |= others.states
        self.lines.add(others.lines)
        self.hashes |= others.hashes


def prepared(rows: Mapping[Pair, Row]) -> Prepared:
    """The states of rows; what only a newer program knows is left out, and its row is kept as it is."""
    states: dict[Pair, State] = {}
    for key, (kind, _, _, body) in rows.items():
        if not body:
            continue
        try:
            states[key] = STATE_READERS[kind](body)
        except (KeyError, *UNREADABLE):
            # Who asks like this is told what is wrong with it.
            if (state := _typed(kind, body)) is not None:
                states[key] = state
    return Prepared(states, views.lines_of(states))


def take_page(
    cache: Cache,
    rows: Sequence[Row],
    *,
    feed: str,
    cursor: int,
    epoch: str,
    at: str,
    marks: Mapping[str, str] = _NO_MARKS,
    ready: Prepared | None = None,
) -> None:
    """Store a page of a feed with its cursor and marks; rows under open commands wait for `rebase`.

    No row stands twice in it. ``ready`` is what `prepared` makes of it, where that was done before.
    """
    ready = ready or prepared({row[:2]: row for row in rows})
    with cache.writing():
        finder.add(cache.db, ready.hashes)
        _land(cache, rows, ready)
        cache.set_cursor(feed, cursor)
        cache.set_marks({"epoch": epoch, "received_at": at, **marks})


def read_again(cache: Cache) -> None:
    """Read what an older version of this program could not; rows under open commands wait for `rebase`."""
    rows = [Row(*kept) for kept in unread.of_before(cache.db)]
    if rows:
        with cache.writing():
            _land(cache, rows, prepared({row[:2]: row for row in rows}))


def _land(cache: Cache, rows: Sequence[Row], ready: Prepared) -> None:
    """Put rows where they belong: in sight, under open commands, or aside where nobody here can read them."""
    strange = _strange(rows, ready)
    unread.keep(cache.db, strange, arrived=_keys_of(rows))
    if strange:
        # What stood there before is over, and nobody can say what stands there now.
        aside = {row[:2] for row in strange if is_known_state(row.kind)}
        rows = [row._replace(body=NOTHING) if row[:2] in aside else row for row in rows]
    open_keys = _with_touches(cache, _keys_of(rows))
    stale = open_keys | _with_readings(cache, _keys_of(rows))
    if open_keys:
        _let_wait(cache, [row for row in rows if row[:2] in open_keys])
        rows = [row for row in rows if row[:2] not in open_keys]
        states = {key: state for key, state in ready.states.items() if key not in open_keys}
        ready = Prepared(states, views.lines_of(states))
    if stale:
        cache.db.conn.executemany("INSERT OR IGNORE INTO stale (kind, id) VALUES (?, ?)", stale)
    _replace(cache, rows, ready)


def _strange(rows: Sequence[Row], ready: Prepared) -> list[Row]:
    """Those that nobody here can read; each is looked at only where there are any."""
    held = [row for row in rows if row.body]
    return [row for row in held if row[:2] not in ready.states] if len(held) > len(ready.states) else []


def _keys_of(rows: Iterable[Row]) -> Iterator[Key]:
    """Made only for whoever asks for them: mostly no open command touches or reads anything at all."""
    return (Key(row.kind, row.id) for row in rows)


def _let_wait(cache: Cache, rows: Iterable[Row]) -> None:
    cache.db.conn.executemany(
        """INSERT INTO state (kind, id, body, base, version) VALUES (?, ?, x'', ?, ?)
        ON CONFLICT DO UPDATE SET base = excluded.base, version = excluded.version""",
        ((row.kind, row.id, row.body, row.version) for row in rows),
    )


def _wanted(cache: Cache, keys: Iterable[Key]) -> None:
    """Put keys where a query can join them."""
    cache.db.execute(
        "CREATE TEMP TABLE IF NOT EXISTS wanted (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
    )
    cache.db.execute("DELETE FROM wanted")
    cache.db.conn.executemany("INSERT OR IGNORE INTO wanted (kind, id) VALUES (?, ?)", keys)


def _bases_of(cache: Cache, keys: Iterable[Key]) -> dict[Key, bytes]:
    """What the hub said last of each; where it said nothing, what is shown."""
    _wanted(cache, keys)
    # Crosswise, because SQLite would otherwise look through all states, be there nothing wanted at all.
    rows = cache.db.execute("SELECT kind, id, coalesce(base, body) FROM wanted CROSS JOIN state USING (kind, id)")
    return {Key(kind, key_id): bytes(body) for kind, key_id, body in rows.fetchall()}


def _with_touches(cache: Cache, keys: Iterable[Key]) -> set[Key]:
    """Those that an open command touches."""
    if cache.db.execute("SELECT 1 FROM touch LIMIT 1").fetchone() is None:
        return set()
    _wanted(cache, keys)
    rows = cache.db.execute(
        """SELECT kind, id FROM wanted w
        WHERE EXISTS (SELECT 1 FROM touch t WHERE t.kind = w.kind AND t.id = w.id)"""
    )
    return {Key(kind, key_id) for kind, key_id in rows}


def _with_readings(cache: Cache, keys: Iterable[Key]) -> set[Key]:
    """Those that an open command has only looked at."""
    if cache.db.execute("SELECT 1 FROM reading LIMIT 1").fetchone() is None:
        return set()
    _wanted(cache, keys)
    rows = cache.db.execute(
        """SELECT kind, id FROM wanted w
        WHERE EXISTS (SELECT 1 FROM reading r WHERE r.kind = w.kind AND r.id = w.id)"""
    )
    return {Key(kind, key_id) for kind, key_id in rows}


def _replace(cache: Cache, rows: Sequence[Row], ready: Prepared) -> None:
    """Rows that no open command touches are simply what the hub says."""
    held = [row for row in rows if row.body]
    # By id alone, which is a third of the work: the ids of each kind are in the order of the index all the same.
    held.sort(key=itemgetter(1))
    bulk.insert(
        cache.db,
        "INSERT INTO state (kind, id, version, body)",
        held,
        "ON CONFLICT DO UPDATE SET body = excluded.body, version = excluded.version, base = NULL",
    )
    views.project(cache.db, ready.states, lookup=cache.get, lines=ready.lines)
    if len(held) < len(rows):
        _remove(cache, [Key(row.kind, row.id) for row in rows if not row.body])


def _typed(kind: str, body: bytes | msgspec.Raw) -> State | None:
    """The state, None where only a newer program knows what it is; its row is kept as it is."""
    try:
        return decode_state(kind, body)
    except UnknownKind:
        return None
    except Malformed as error:
        _log.warning("a row of kind %s is kept unread: %s", error.kind, error.field)
        return None


def _remove(cache: Cache, keys: Collection[Key]) -> None:
    cache.db.conn.executemany("DELETE FROM state WHERE kind = ? AND id = ?", keys)
    views.drop(cache.db, keys)


def rebase(cache: Cache, journal: Journal, *, device: str) -> int:
    """Show what follows from the bases and the open commands; returns how many commands were replayed.

    Call while the journal's write lock is held, so that no command slips in between.
    """
    with cache.writing():
        stale = _drop_settled(cache, journal)
        stale |= {Key(*row) for row in cache.db.execute("SELECT kind, id FROM stale")}
        replay = _Replay(cache, journal, stale, device=device)
        replay.run()
        _show(cache, replay)
        cache.db.execute("DELETE FROM stale")
    return len(replay.numbers)


def _drop_settled(cache: Cache, journal: Journal) -> set[Key]:
    first = cache.db.execute("SELECT min(n) FROM (SELECT min(n) n FROM touch UNION ALL SELECT min(n) FROM reading)")
    lowest = first.fetchone()[0]
    if lowest is None:
        return set()
    cursors = {feed: cache.cursor(feed) for feed in feeds_of(journal.identity().get("store", ""))}
    # What is no longer kept was let go, but perhaps not by this cache: one that was made anew meanwhile rests on it.
    gone = _resting_on(cache, upto=journal.pruned)
    return _released(cache, journal, {*gone, *journal.settled_numbers(since=int(lowest), cursors=cursors)})


def let_go(cache: Cache, journal: Journal, *, upto: int) -> None:
    """Rest on no command up to a number any more, because the journal is about to keep it no longer.

    They are answered, and what the hub says counts alone once `rebase` has run. Call while the journal's write lock is
    held, before the commands are gone.
    """
    numbers = _resting_on(cache, upto=upto)
    if numbers:
        with cache.writing():
            keys = _released(cache, journal, numbers)
            cache.db.conn.executemany("INSERT OR IGNORE INTO stale (kind, id) VALUES (?, ?)", keys)


def _resting_on(cache: Cache, *, upto: int) -> list[int]:
    query = "SELECT n FROM touch WHERE n <= :upto UNION SELECT n FROM reading WHERE n <= :upto"
    return [int(n) for (n,) in cache.db.execute(query, {"upto": upto})]


def _released(cache: Cache, journal: Journal, settled: Iterable[int]) -> set[Key]:
    """Replay these commands no more; returns what they touched, which must be shown anew."""
    cache.db.execute("CREATE TEMP TABLE IF NOT EXISTS settled (n INTEGER PRIMARY KEY)")
    cache.db.execute("DELETE FROM settled")
    cache.db.conn.executemany("INSERT INTO settled (n) VALUES (?)", ((n,) for n in settled))
    keys = {Key(*row) for row in cache.db.execute("SELECT DISTINCT kind, id FROM touch JOIN settled USING (n)")}
    numbers = [int(n) for (n,) in cache.db.execute("SELECT DISTINCT n FROM touch JOIN settled USING (n)")]
    for table in ("touch", "reading"):
        cache.db.execute(f"DELETE FROM {table} WHERE n IN (SELECT n FROM settled)")
    if undone := journal.undone_numbers(numbers):
        views.unrecord(cache.db, undone, touched={key.id for key in keys})
    return keys


class _Bases:
    """Reads bases inside the closure and shown states outside of it; remembers what it was asked for."""

    def __init__(self, cache: Cache, closure: set[Key]) -> None:
        self.asked: set[Key] = set()
        self._cache = cache
        self._closure = closure
        self._bodies = _bases_of(cache, closure)

    def get(self, of: type[S], key_id: str) -> S | None:
        key = Key(of.KIND, key_id)
        self.asked.add(key)
        if key not in self._closure:
            return self._cache.get(of, key_id)
        body = self._bodies.get(key)
        state: Any = decode_state(of.KIND, body) if body else None
        return state if isinstance(state, of) else None


class _Replay:
    """Decides the open commands on some aggregates anew, and on all that these commands read or reach now."""

    def __init__(self, cache: Cache, journal: Journal, stale: set[Key], *, device: str) -> None:
        self._cache = cache
        self._journal = journal
        self._device = device
        self._identity = journal.identity()
        self.stale = stale
        self.numbers: set[int] = set()
        self.touches: list[tuple[int, Key]] = []
        self.readings: list[tuple[int, set[readings.Pair]]] = []
        self.dirty: dict[Key, State] = {}
        self.asked: set[Key] = set()

    def run(self) -> None:
        """Decide, and begin again with more when a command read or reached what another open command touches."""
        if not self.stale:
            return
        graph = _Graph(self._cache)
        while True:
            graph.close_over(self.stale, self.numbers)
            self._decide()
            beyond = graph.touched & ((self.asked | self.dirty.keys()) - self.stale)
            beyond |= graph.read & (self.dirty.keys() - self.stale)
            if not beyond:
                return
            self.stale |= beyond

    def _decide(self) -> None:
        bases = _Bases(self._cache, self.stale)
        work = Workspace(bases, watched=True)
        self.touches, self.readings = [], []
        entries = self._journal.numbered(self.numbers)
        needs = self._journal.needs_of(entries)
        fallen = self._journal.undone({need for needed in needs.values() for need in needed})
        for entry in entries:
            if not fallen.isdisjoint(needs.get(entry.id, ())) and not _is_fact(entry):
                fallen.add(entry.id)
            else:
                self._one(work, entry)
        self.dirty, self.asked = work.dirty, bases.asked

    def _context(self, entry: Entry) -> Context:
        return context_of(entry, device=self._device, incarnation=incarnation_of(entry, self._identity))

    def _one(self, work: Workspace, entry: Entry) -> None:
        try:
            decided = work.run(decode_command(entry.kind, entry.body), self._context(entry))
        except Exception as error:
            _log.warning("command %d of kind %s is not shown: %s", entry.n, entry.kind, type(error).__name__)
            decided = ()
        events = () if isinstance(decided, Refusal) else decided
        self.touches += [(entry.n, Key(event.OF.KIND, event.id)) for event in events]
        self.readings.append((entry.n, readings.only_read(work.read, events)))


def _is_fact(entry: Entry) -> bool:
    """Whether it has happened in the world, and stands whatever it rested on."""
    of = COMMANDS.get(entry.kind)
    return of is not None and of.FACT


class _Graph:
    """Which open command touches, and which reads, which aggregate."""

    def __init__(self, cache: Cache) -> None:
        self._by_key: dict[Key, set[int]] = {}
        self._by_number: dict[int, set[Key]] = {}
        self._touched: set[Key] = set()
        self._read: set[Key] = set()
        for n, kind, key_id in cache.db.execute("SELECT n, kind, id FROM touch"):
            key = Key(kind, key_id)
            self._by_key.setdefault(key, set()).add(n)
            self._by_number.setdefault(n, set()).add(key)
            self._touched.add(key)
        for n, kind, key_id in cache.db.execute("SELECT n, kind, id FROM reading"):
            key = Key(kind, key_id)
            self._by_key.setdefault(key, set()).add(n)
            self._read.add(key)

    @property
    def touched(self) -> set[Key]:
        """Every aggregate that an open command touches."""
        return self._touched

    @property
    def read(self) -> set[Key]:
        """Every aggregate that an open command has only looked at."""
        return self._read

    def close_over(self, keys: set[Key], numbers: set[int]) -> None:
        """Grow ``numbers`` by the open commands on ``keys``, and ``keys`` by all that these touch."""
        todo = list(keys)
        while todo:
            for n in self._by_key.get(todo.pop(), set()) - numbers:
                numbers.add(n)
                touched = self._by_number.get(n, set())
                todo += touched - keys
                keys |= touched


def _show(cache: Cache, replay: _Replay) -> None:
    """Write what was decided; what it does not change shows the hub's word."""
    cache.keep_bases(replay.dirty)
    cache.touch(replay.touches)
    readings.note(cache.db, replay.readings)
    _show_bases(cache, replay.stale - replay.dirty.keys())
    cache.write(replay.dirty)
    still = _with_touches(cache, replay.stale)
    cache.db.conn.executemany("UPDATE state SET base = NULL WHERE kind = ? AND id = ?", replay.stale - still)


def _show_bases(cache: Cache, keys: set[Key]) -> None:
    bodies = _bases_of(cache, keys)
    cache.db.conn.executemany(
        "UPDATE state SET body = ? WHERE kind = ? AND id = ?", ((body, *key) for key, body in bodies.items())
    )
    states = {key: _typed(key.kind, body) for key, body in bodies.items() if body}
    views.project(cache.db, {key: state for key, state in states.items() if state is not None}, lookup=cache.get)
    gone = {key for key, body in bodies.items() if not body}
    still = _with_touches(cache, gone)
    views.drop(cache.db, gone)
    cache.db.conn.executemany("DELETE FROM state WHERE kind = ? AND id = ?", gone - still)
