"""Writes many rows by few statements.

Every statement takes Python's lock and gives it back, for which it waits while another thread computes: ten thousand
rows one by one waited longer than they took to write.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import chain

from sqlite_utils import Database

SIZES = tuple(1 << power for power in range(11, -1, -1))
"""So many rows at once: few sizes, so that every statement is prepared once, and few statements for any number."""
MOST_VALUES = 10_240
"""In one statement: SQLite takes 32,766, and a statement holds 150 bytes for each as long as the database is open."""


def insert(db: Database, into: str, rows: Sequence[Sequence[object]], then: str = "") -> None:
    """Insert rows of one width in their order.

    Args:
        db: where to, inside a transaction.
        into: the statement up to its values, such as ``INSERT INTO mark (name, value)``.
        rows: the values, as many in each row as the statement names columns.
        then: what follows the values, such as ``ON CONFLICT DO NOTHING``.
    """
    at, left = 0, len(rows)
    for size in SIZES if left else ():
        if size * len(rows[0]) > MOST_VALUES:
            continue
        while left >= size:
            values = tuple(chain.from_iterable(rows[at : at + size]))
            db.conn.execute(_statement(into, len(rows[0]), size, then), values)
            at, left = at + size, left - size


@lru_cache(maxsize=64)
def _statement(into: str, width: int, size: int, then: str) -> str:
    row = f"({','.join('?' * width)})"
    return f"{into} VALUES {','.join([row] * size)} {then}"
