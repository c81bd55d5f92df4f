"""Puts what the hub says under the commands that it has not yet answered.

First the pages land in the bases, each with its cursor, in one transaction. Then every aggregate that is touched
by an open command, directly or through another aggregate of the same command, starts again from its base, and
the open commands are decided anew in their order. What the hub has settled is no longer replayed.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from types import MappingProxyType
from typing import Any, TypeVar

from storeapp.codec import UnknownKind, decode_command, decode_state
from storeapp.domain.feeds import feeds_of
from storeapp.domain.kernel import Context, Key, Refusal, State
from storeapp.domain.rules.registry import COMMANDS
from storeapp.domain.workspace import Workspace
from storeapp.store import bulk, finder, views
from storeapp.store.cache import Cache, Row
from storeapp.store.journal import Entry, Journal

S = TypeVar("S", bound=State)
_log = logging.getLogger(__name__)
INCARNATION, FORMER, FORMER_LAST = "incarnation", "former_incarnation", "former_last"
"""What the identity calls the numbering in force, the one before, and the last command that was made in that."""

_NO_MARKS: Mapping[str, str] = MappingProxyType({})


def incarnation_of(entry: Entry, identity: Mapping[str, str]) -> str:
    """The numbering in which a command was made: its promises came out of the share of that one."""
    former = entry.n <= int(identity.get(FORMER_LAST, "0"))
    return (former and identity.get(FORMER, "")) or identity.get(INCARNATION, "")


def context_of(entry: Entry, *, device: str, incarnation: str) -> Context:
    """The context in which a command was made, for deciding it again."""
    return Context(
        now=entry.at,
        command_id=entry.id,
        store=entry.store,
        device=device,
        actor=entry.actor,
        role=entry.role,
        incarnation=incarnation,
        final=False,
    )


@dataclass(slots=True)
class Prepared:
    """What rows mean, read before anything is locked; it needs no database."""

    states: dict[Key, State]
    lines: views.Lines
    """What the views say of the states."""
    hashes: dict[str, bytes] = field(default_factory=dict)
    """By what the people of orders are found, as `storeapp.store.finder` keeps it."""

    def add(self, others: "Prepared") -> None:
        """Take in what other rows mean, of which none is among these."""
        self.states |= others.states
        self.lines.add(others.lines)
        self.hashes |= others.hashes


def prepared(rows: Mapping[Key, Row]) -> Prepared:
    """The states of rows; what only a newer program knows is left out, and its row is kept as it is."""
    states = {key: state for key, row in rows.items() if row.body and (state := _typed(row.kind, row.body)) is not None}
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
    ready = ready or prepared({Key(row.kind, row.id): row for row in rows})
    with cache.writing():
        finder.add(cache.db, ready.hashes)
        open_keys = _open_among(cache, rows)
        if open_keys:
            _let_wait(cache, [row for row in rows if row[:2] in open_keys])
            rows = [row for row in rows if row[:2] not in open_keys]
            states = {key: state for key, state in ready.states.items() if key not in open_keys}
            ready = Prepared(states, views.lines_of(states))
        _replace(cache, rows, ready)
        cache.set_cursor(feed, cursor)
        cache.set_marks({"epoch": epoch, "received_at": at, **marks})


def _open_among(cache: Cache, rows: Sequence[Row]) -> set[Key]:
    """The keys of those rows that an open command touches; mostly there is none at all."""
    if cache.db.execute("SELECT 1 FROM touch LIMIT 1").fetchone() is None:
        return set()
    return _with_touches(cache, [Key(row.kind, row.id) for row in rows])


def _let_wait(cache: Cache, rows: Sequence[Row]) -> None:
    cache.db.conn.executemany(
        """INSERT INTO state (kind, id, body, base, version) VALUES (?, ?, x'', ?, ?)
        ON CONFLICT DO UPDATE SET base = excluded.base, version = excluded.version""",
        ((row.kind, row.id, row.body, row.version) for row in rows),
    )
    cache.db.conn.executemany("INSERT OR IGNORE INTO stale (kind, id) VALUES (?, ?)", [row[:2] for row in rows])


def _wanted(cache: Cache, keys: Iterable[Key]) -> None:
    """Put keys where a query can join them."""
    cache.db.execute(
        "CREATE TEMP TABLE IF NOT EXISTS wanted (kind TEXT, id TEXT, PRIMARY KEY (kind, id)) WITHOUT ROWID"
    )
    cache.db.execute("DELETE FROM wanted")
    cache.db.conn.executemany("INSERT OR IGNORE INTO wanted (kind, id) VALUES (?, ?)", keys)


def _with_touches(cache: Cache, keys: Iterable[Key]) -> set[Key]:
    """Those that an open command touches."""
    _wanted(cache, keys)
    rows = cache.db.execute(
        """SELECT kind, id FROM wanted w
        WHERE EXISTS (SELECT 1 FROM touch t WHERE t.kind = w.kind AND t.id = w.id)"""
    )
    return {Key(kind, key_id) for kind, key_id in rows}


def _replace(cache: Cache, rows: Sequence[Row], ready: Prepared) -> None:
    """Rows that no open command touches are simply what the hub says."""
    bulk.insert(
        cache.db,
        "INSERT INTO state (kind, id, version, body)",
        # By id alone, which is a third of the work: the ids of each kind are in the order of the index all the same.
        sorted((row for row in rows if row.body), key=itemgetter(1)),
        "ON CONFLICT DO UPDATE SET body = excluded.body, version = excluded.version, base = NULL",
    )
    views.project(cache.db, ready.states, lookup=cache.get, lines=ready.lines)
    gone = [Key(row.kind, row.id) for row in rows if not row.body]
    if gone:
        _remove(cache, gone)


def _typed(kind: str, body: bytes) -> State | None:
    """The state, None where only a newer program knows what it is; its row is kept as it is."""
    try:
        return decode_state(kind, body)
    except UnknownKind:
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
    first = cache.db.execute("SELECT min(n) FROM touch").fetchone()[0]
    if first is None:
        return set()
    cursors = {feed: cache.cursor(feed) for feed in feeds_of(journal.identity().get("store", ""))}
    settled = journal.settled_numbers(since=int(first), cursors=cursors)
    cache.db.execute("CREATE TEMP TABLE IF NOT EXISTS settled (n INTEGER PRIMARY KEY)")
    cache.db.execute("DELETE FROM settled")
    cache.db.conn.executemany("INSERT INTO settled (n) VALUES (?)", ((n,) for n in settled))
    keys = {Key(*row) for row in cache.db.execute("SELECT DISTINCT kind, id FROM touch JOIN settled USING (n)")}
    numbers = [int(n) for (n,) in cache.db.execute("SELECT DISTINCT n FROM touch JOIN settled USING (n)")]
    cache.db.execute("DELETE FROM touch WHERE n IN (SELECT n FROM settled)")
    views.unrecord(cache.db, journal.undone_numbers(numbers))
    return keys


class _Bases:
    """Reads bases inside the closure and shown states outside of it; remembers what it was asked for."""

    def __init__(self, cache: Cache, closure: set[Key]) -> None:
        self.asked: set[Key] = set()
        self._cache = cache
        self._closure = closure
        _wanted(cache, closure)
        rows = cache.db.execute("SELECT kind, id, coalesce(base, body) FROM state JOIN wanted USING (kind, id)")
        self._bodies = {Key(kind, key_id): bytes(body) for kind, key_id, body in rows}

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
            if not beyond:
                return
            self.stale |= beyond

    def _decide(self) -> None:
        bases = _Bases(self._cache, self.stale)
        work = Workspace(bases)
        self.touches = []
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
            return
        if not isinstance(decided, Refusal):
            self.touches += [(entry.n, Key(event.OF.KIND, event.id)) for event in decided]


def _is_fact(entry: Entry) -> bool:
    """Whether it has happened in the world, and stands whatever it rested on."""
    of = COMMANDS.get(entry.kind)
    return of is not None and of.FACT


class _Graph:
    """Which open command touches which aggregate."""

    def __init__(self, cache: Cache) -> None:
        self._by_key: dict[Key, set[int]] = {}
        self._by_number: dict[int, set[Key]] = {}
        for n, kind, key_id in cache.db.execute("SELECT n, kind, id FROM touch"):
            self._by_key.setdefault(Key(kind, key_id), set()).add(n)
            self._by_number.setdefault(n, set()).add(Key(kind, key_id))

    @property
    def touched(self) -> set[Key]:
        """Every aggregate that an open command touches."""
        return set(self._by_key)

    def close_over(self, keys: set[Key], numbers: set[int]) -> None:
        """Grow ``keys`` by all that open commands on them touch, and ``numbers`` by these commands."""
        todo = list(keys)
        while todo:
            for n in self._by_key.get(todo.pop(), set()) - numbers:
                numbers.add(n)
                todo += self._by_number[n] - keys
                keys |= self._by_number[n]


def _show(cache: Cache, replay: _Replay) -> None:
    """Write what was decided; what it does not change shows the hub's word."""
    cache.keep_bases(replay.dirty)
    cache.touch(replay.touches)
    _show_bases(cache, replay.stale - replay.dirty.keys())
    cache.write(replay.dirty)
    still = _with_touches(cache, replay.stale)
    cache.db.conn.executemany("UPDATE state SET base = NULL WHERE kind = ? AND id = ?", replay.stale - still)


def _show_bases(cache: Cache, keys: set[Key]) -> None:
    _wanted(cache, keys)
    rows = cache.db.execute("SELECT kind, id, coalesce(base, body) FROM state JOIN wanted USING (kind, id)").fetchall()
    bodies = {Key(kind, key_id): bytes(body) for kind, key_id, body in rows}
    cache.db.conn.executemany(
        "UPDATE state SET body = ? WHERE kind = ? AND id = ?", ((body, *key) for key, body in bodies.items())
    )
    states = {key: _typed(key.kind, body) for key, body in bodies.items() if body}
    views.project(cache.db, {key: state for key, state in states.items() if state is not None}, lookup=cache.get)
    gone = {key for key, body in bodies.items() if not body}
    still = _with_touches(cache, gone)
    views.drop(cache.db, gone)
    cache.db.conn.executemany("DELETE FROM state WHERE kind = ? AND id = ?", gone - still)
