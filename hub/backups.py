"""What makes a file a backup that can be trusted: it appears whole or not at all, and says what it should hold.

SQLite's own check of a file finds broken pages, but no byte that has changed inside a value. So a copy of an embedded
database carries a checksum over everything in its tables; an archive of PostgreSQL has its own.
"""

import hashlib
import os
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
import sqlalchemy as sa

from hub.database import Database, DatabaseBusy, create_private, sqlite_url
from hub.tables import meta

SEAL = "backup_sha256"
ROWS_AT_ONCE = 1000
_PARTS = ("", "-wal", "-shm", "-journal")


@contextmanager
def appearing(target: Path) -> Iterator[Path]:
    """A file to write beside the target; at the end of the block it takes its place, on the disk.

    Whatever fails before that leaves the target as it was: the backup of yesterday is all there is then.
    """
    # Two that run at once, because the one of last night has not ended, must not write into one file.
    fresh = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        create_private(fresh)
        yield fresh
        _flush(fresh)
        os.replace(fresh, target)
        flush_folder(target.parent)
    finally:
        for part in _PARTS:
            fresh.with_name(fresh.name + part).unlink(missing_ok=True)


def _flush(path: Path) -> None:
    with path.open("rb+") as stream:
        os.fsync(stream.fileno())


def flush_folder(folder: Path) -> None:
    """Make the names in a folder last; Windows has no way to, and does so by itself."""
    if sys.platform != "win32":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def move_aside(database: Path, ending: str) -> None:
    """Give an embedded database another name, damaged or not, where there is one; what had that name before is gone."""
    if not database.exists():
        return
    with suppress(DatabaseBusy), closing(Database(sqlite_url(database))) as db:
        # A damaged one keeps its log, which is moved beside it.
        db.fold()
    aside = database.with_name(database.name + ending)
    # The log first: alone, it is harmless, and the database without it would look older than it is.
    for part in reversed(_PARTS):
        old, new = database.with_name(database.name + part), aside.with_name(aside.name + part)
        if old.exists():
            os.replace(old, new)
        else:
            new.unlink(missing_ok=True)


def seal(db: Database) -> None:
    """Write into a copy of an embedded database what it holds.

    Raises:
        DatabaseBusy: it could not be read or written.
    """
    with db.writing() as connection:
        db.remember(connection, SEAL, _digest(connection))


def is_sound(db: Database) -> bool:
    """Whether a copy holds what was sealed, and take the seal away; one from before there were seals is taken as it is.

    Raises:
        DatabaseBusy: it could not be read or written.
    """
    with db.writing() as connection:
        found = db.fact(connection, SEAL)
        if found is None:
            return True
        sound = found == _digest(connection)
        connection.execute(sa.delete(meta).where(meta.c.name == SEAL))
    return sound


def _digest(connection: sa.Connection) -> bytes:
    """A checksum over all values of all tables, in the order in which they lie in this file and every copy of it."""
    digest = hashlib.sha256()
    tables = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' ORDER BY name"
    )
    for name, made in connection.exec_driver_sql(tables).all():
        digest.update(made.encode())
        for some in connection.exec_driver_sql(f'SELECT * FROM "{name}"').partitions(ROWS_AT_ONCE):
            digest.update(msgspec.msgpack.encode([tuple(row) for row in some if row[0] != SEAL]))
    return digest.digest()
