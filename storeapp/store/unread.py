"""Rows that this program cannot read: kept as they came, not shown, and read again by the next version.

A newer hub may use a kind, or a value in a field, that this version has no word for. Such a row must neither stop the
others nor be lost, and it must not be taken for a damaged one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from sqlite_utils import Database

from storeapp import __version__
from storeapp.codec import is_known_state
from storeapp.domain.kernel import Key

if TYPE_CHECKING:
    from storeapp.store.cache import Row

READ_BY = "read_by"
"""The mark that names the version of the program that could not read them."""


def is_empty(db: Database) -> bool:
    """Whether everything can be read."""
    return db.execute("SELECT 1 FROM unread LIMIT 1").fetchone() is None


def count(db: Database) -> int:
    """How many rows are missing on the screens: those of kinds that this program shows."""
    kinds = db.execute("SELECT kind, count(*) FROM unread GROUP BY kind")
    return sum(int(found) for kind, found in kinds if is_known_state(kind))


def keep(db: Database, rows: Sequence["Row"], *, arrived: Iterable[Key]) -> None:
    """Keep these instead of any before under the names of what has arrived; call inside a transaction of the cache."""
    if not is_empty(db):
        db.conn.executemany("DELETE FROM unread WHERE kind = ? AND id = ?", list(arrived))
    if rows:
        db.conn.executemany(
            "INSERT INTO unread (kind, id, version, body) VALUES (?, ?, ?, ?)",
            [(row.kind, row.id, row.version, row.body) for row in rows],
        )
        db.execute("INSERT OR REPLACE INTO mark (name, value) VALUES (?, ?)", (READ_BY, __version__))


def of_before(db: Database) -> Iterator[tuple[str, str, int, bytes]]:
    """What an older version could not read: kind, id, version and body."""
    if is_empty(db):
        return
    tried = db.execute("SELECT value FROM mark WHERE name = ?", (READ_BY,)).fetchone()
    if tried is None or tried[0] != __version__:
        for kind, key_id, version, body in db.execute("SELECT kind, id, version, body FROM unread").fetchall():
            yield str(kind), str(key_id), int(version), bytes(body)
