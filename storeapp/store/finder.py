"""The finder: keyed hashes by which orders are found by their people, without a word about them being stored.

A row of ``finder_order`` holds an order's hashes one after the other, and ``finder`` says which orders have a hash: by
number, because numbers take less room than ids, and all over the table is where hashes are written.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlite_utils import Database

from storeapp.store import bulk

HASH_BYTES = 8
"""Of a keyed hash, which is more than enough to tell apart what one store's people are called."""
_SPREAD = f"""WITH RECURSIVE place (at) AS (SELECT 1 UNION ALL SELECT at + {HASH_BYTES} FROM place WHERE at < ?)
    INSERT INTO finder (hash, n) SELECT substr(hashes, at, {HASH_BYTES}) AS hash, n
    FROM finder_order JOIN place ON at <= length(hashes) WHERE n > ? ORDER BY hash"""
"""Of orders with higher numbers."""


def grouped(hashes: Iterable[tuple[bytes, str]]) -> dict[str, bytes]:
    """The hashes of each order, one after the other."""
    found: dict[str, set[bytes]] = defaultdict(set)
    for value, order_id in hashes:
        found[order_id].add(value[:HASH_BYTES])
    return {order_id: b"".join(sorted(values)) for order_id, values in found.items()}


def add(db: Database, hashes: Mapping[str, bytes]) -> None:
    """Let orders be found by these hashes, too; call inside a transaction."""
    if not hashes:
        return
    last = db.conn.execute("SELECT coalesce(max(n), 0) FROM finder_order").fetchone()[0]
    fresh = bulk.insert(db, "INSERT OR IGNORE INTO finder_order (order_id, hashes)", sorted(hashes.items()))
    if fresh:
        # Out of the table, because that is one statement without a value of each hash.
        db.conn.execute(_SPREAD, (max(map(len, hashes.values())), last))
    if fresh < len(hashes):
        _add_more(db, hashes, upto=last)


def _add_more(db: Database, hashes: Mapping[str, bytes], *, upto: int) -> None:
    """Let those orders be found by more that had numbers up to this one before."""
    for order_id, (n, held) in _known(db, list(hashes)).items():
        if n > upto or held == hashes[order_id]:
            continue
        every = _both(held, hashes[order_id])
        db.conn.execute("UPDATE finder_order SET hashes = ? WHERE n = ?", (every, n))
        db.conn.executemany(
            "INSERT OR IGNORE INTO finder (hash, n) VALUES (?, ?)", ((value, n) for value in _each(every))
        )


def _known(db: Database, orders: Sequence[str]) -> dict[str, tuple[int, bytes]]:
    sql = "SELECT order_id, n, hashes FROM finder_order WHERE order_id IN (SELECT value FROM json_each(?))"
    return {order_id: (n, held) for order_id, n, held in db.conn.execute(sql, (json.dumps(orders),))}


def remove(db: Database, orders: Iterable[str]) -> None:
    """Let orders no longer be found by their people; call inside a transaction."""
    known = _known(db, list(orders))
    db.conn.executemany(
        "DELETE FROM finder WHERE hash = ? AND n = ?",
        [(value, n) for n, held in known.values() for value in _each(held)],
    )
    db.conn.executemany("DELETE FROM finder_order WHERE n = ?", [(n,) for n, _ in known.values()])


def clear(db: Database) -> None:
    """Forget by what anybody could be found; call inside a transaction."""
    db.conn.execute("DELETE FROM finder")
    db.conn.execute("DELETE FROM finder_order")


def has(db: Database, order_id: str) -> bool:
    """Whether an order is found by its people."""
    return bool(_known(db, [order_id]))


def _each(hashes: bytes) -> Iterator[bytes]:
    return (hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES))


def _both(some: bytes, others: bytes) -> bytes:
    return b"".join(sorted({*_each(some), *_each(others)}))
