"""Puts what the hub says under the commands that it has not yet answered.

First the page lands in the bases, with its cursor, in one transaction. Then every aggregate that is touched by
an open command, directly or through another aggregate of the same command, starts again from its base, and the
open commands are decided anew in their order. What the hub has settled is no longer replayed.
"""

from collections.abc import Sequence
from typing import TypeVar

from storeapp.codec import decode_command
from storeapp.domain.kernel import Context, Key, State
from storeapp.domain.workspace import Workspace
from storeapp.store import views
from storeapp.store.cache import Cache, Row, typed
from storeapp.store.journal import Entry, Journal

S = TypeVar("S", bound=State)


def context_of(entry: Entry, *, device: str) -> Context:
    """The context in which a command was made, for deciding it again."""
    return Context(
        now=entry.at, command_id=entry.id, store=entry.store, device=device, actor=entry.actor, role=entry.role
    )


def take_page(cache: Cache, rows: Sequence[Row], *, cursor: int, epoch: str, at: str) -> None:
    """Store a page of the feed with its cursor; rows under open commands wait for `rebase`."""
    with cache.writing():
        touched = _touched(cache, rows)
        cache.db.conn.executemany(
            """INSERT INTO state (kind, id, body, base, version) VALUES (?, ?, x'', ?, ?)
            ON CONFLICT DO UPDATE SET base = excluded.base, version = excluded.version""",
            ((row.kind, row.id, row.body, row.version) for row in touched.values()),
        )
        cache.db.conn.executemany("INSERT OR IGNORE INTO stale (kind, id) VALUES (?, ?)", touched.keys())
        _replace(cache, [row for row in rows if Key(row.kind, row.id) not in touched])
        for name, value in (("cursor", str(cursor)), ("epoch", epoch), ("received_at", at)):
            cache.set_mark(name, value)


def _touched(cache: Cache, rows: Sequence[Row]) -> dict[Key, Row]:
    open_keys = {Key(kind, key_id) for kind, key_id in cache.db.execute("SELECT DISTINCT kind, id FROM touch")}
    return {Key(row.kind, row.id): row for row in rows if Key(row.kind, row.id) in open_keys}


def _replace(cache: Cache, rows: Sequence[Row]) -> None:
    """Rows that no open command touches are simply what the hub says."""
    cache.db.conn.executemany(
        """INSERT INTO state (kind, id, body, version) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET body = excluded.body, version = excluded.version, base = NULL""",
        ((row.kind, row.id, row.body, row.version) for row in rows),
    )
    states = {key: state for key, state in typed(rows).items() if state is not None}
    views.project(cache.db, states, lookup=cache.get)


class _Bases:
    """Reads bases inside the closure and shown states outside of it."""

    def __init__(self, cache: Cache, closure: set[Key]) -> None:
        self._cache = cache
        self._closure = closure

    def get(self, of: type[S], key_id: str) -> S | None:
        return (self._cache.base if Key(of.KIND, key_id) in self._closure else self._cache.get)(of, key_id)


def rebase(cache: Cache, journal: Journal, *, device: str) -> int:
    """Show what follows from the bases and the open commands; returns how many commands were replayed.

    Call while the journal's write lock is held, so that no command slips in between.
    """
    with cache.writing():
        stale = _drop_settled(cache, journal)
        stale |= {Key(*row) for row in cache.db.execute("SELECT kind, id FROM stale")}
        numbers = _close_over(cache, stale)
        work = Workspace(_Bases(cache, stale))
        for entry in journal.numbered(numbers):
            work.run(decode_command(entry.kind, entry.body), context_of(entry, device=device))
        _show(cache, stale, work)
        cache.db.execute("DELETE FROM stale")
    return len(numbers)


def _drop_settled(cache: Cache, journal: Journal) -> set[Key]:
    first = cache.db.execute("SELECT min(n) FROM touch").fetchone()[0]
    if first is None:
        return set()
    settled = journal.settled_numbers(since=int(first), cursor=int(cache.mark("cursor", "0")))
    cache.db.execute("CREATE TEMP TABLE IF NOT EXISTS settled (n INTEGER PRIMARY KEY)")
    cache.db.execute("DELETE FROM settled")
    cache.db.conn.executemany("INSERT INTO settled (n) VALUES (?)", ((n,) for n in settled))
    keys = {Key(*row) for row in cache.db.execute("SELECT DISTINCT kind, id FROM touch JOIN settled USING (n)")}
    cache.db.execute("DELETE FROM touch WHERE n IN (SELECT n FROM settled)")
    return keys


def _close_over(cache: Cache, keys: set[Key]) -> set[int]:
    """Grow ``keys`` by everything that open commands on them touch; returns those commands."""
    by_key: dict[Key, set[int]] = {}
    by_number: dict[int, set[Key]] = {}
    for n, kind, key_id in cache.db.execute("SELECT n, kind, id FROM touch"):
        by_key.setdefault(Key(kind, key_id), set()).add(n)
        by_number.setdefault(n, set()).add(Key(kind, key_id))
    numbers: set[int] = set()
    todo = list(keys)
    while todo:
        for n in by_key.get(todo.pop(), set()) - numbers:
            numbers.add(n)
            todo += by_number[n] - keys
            keys |= by_number[n]
    return numbers


def _show(cache: Cache, stale: set[Key], work: Workspace) -> None:
    still = {Key(*row) for row in cache.db.execute("SELECT DISTINCT kind, id FROM touch")}
    for key in stale:
        cache.db.execute("UPDATE state SET body = coalesce(base, body) WHERE kind = ? AND id = ?", key)
    from_base = typed(_rows(cache, stale - work.dirty.keys()))
    cache.write({key: state for key, state in from_base.items() if state is not None} | work.dirty)
    cache.db.conn.executemany("UPDATE state SET base = NULL WHERE kind = ? AND id = ?", stale - still)
    cache.db.conn.executemany(
        "DELETE FROM state WHERE kind = ? AND id = ? AND body = x''", (key for key in stale - still)
    )


def _rows(cache: Cache, keys: set[Key]) -> list[Row]:
    found = []
    for key in keys:
        row = cache.db.execute("SELECT body, version FROM state WHERE kind = ? AND id = ?", key).fetchone()
        if row is not None:
            found.append(Row(key.kind, key.id, int(row[1]), bytes(row[0])))
    return found
