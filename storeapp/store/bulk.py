"""Writes many rows by few statements.

Every statement takes Python's lock and gives it back, for which it waits while another thread computes: ten thousand
rows one by one waited longer than they took to write.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from sqlite_utils import Database

SIZES = tuple(1 << power for power in range(11, -1, -1))
"""So many rows at once: few sizes, so that every statement is prepared once."""
MOST_VALUES = 10_240
"""In one statement: SQLite takes 32,766, and a statement holds 150 bytes for each as long as the database is open."""
SPARE = 8
"""A statement is filled up with its last row where that is at most every eighth one: better than many small ones."""


def insert(db: Database, into: str, rows: Sequence[Sequence[object]], then: str = "") -> int:
    """Insert rows of one width in their order, the last one perhaps several times.

    Args:
        db: where to, inside a transaction.
        into: the statement up to its values, such as ``INSERT OR REPLACE INTO mark (name, value)``.
        rows: the values, as many in each row as the statement names columns.
        then: what follows the values, such as ``ON CONFLICT DO NOTHING``; with it, or with ``into``, a row must not
            mind to be inserted again.

    Returns:
        How many rows the statements changed, which is how many are new where a row that is there is passed over.
    """
    at = written = 0
    for size in _sizes(len(rows), len(rows[0]) if rows else 1):
        part = rows[at : at + size]
        if len(part) < size:
            part = [*part, *[rows[-1]] * (size - len(part))]
        statement = _statement(into, len(part[0]), size, then)
        written += db.conn.execute(statement, tuple(chain.from_iterable(part))).rowcount
        at += size
    return written


def _sizes(left: int, width: int) -> Iterator[int]:
    """Of the statements for so many rows; the last may have room for more."""
    fitting = [size for size in SIZES if size * width <= MOST_VALUES]
    while left > 0:
        enough = [size for size in fitting if 0 <= size - left <= size // SPARE]
        size = enough[-1] if enough else next(size for size in fitting if size <= left)
        yield size
        left -= size


@lru_cache(maxsize=64)
def _statement(into: str, width: int, size: int, then: str) -> str:
    row = f"({','.join('?' * width)})"
    return f"{into} VALUES {','.join([row] * size)} {then}"
