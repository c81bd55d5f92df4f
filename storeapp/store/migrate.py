"""Opens a database file safely: private, in WAL mode, and brought to the schema this program knows."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from sqlite_utils import Database

from storeapp.binding import bind_at_once
from storeapp.store.errors import NewerSchema, translate_sqlite_errors

bind_at_once()
Migration = Callable[[Database], None]
"""One step of a schema. Steps are only ever appended: the nth one leads to ``user_version`` n."""


def statements(*sql: str) -> Migration:
    """A migration that runs literal statements in order."""

    def migrate_by_statements(db: Database) -> None:
        for statement in sql:
            db.execute(statement)

    return migrate_by_statements


@translate_sqlite_errors()
def open_database(
    path: Path,
    *,
    migrations: Sequence[Migration],
    synchronous: Literal["FULL", "NORMAL"],
    secure_delete: bool = False,
    any_thread: bool = False,
    patience_s: float = 10.0,
    page_bytes: int = 4096,
) -> Database:
    """Open or make a database file with its newest schema; foreign keys are enforced.

    Args:
        path: the file; its folder must exist. Only the owner may read it.
        migrations: every step from an empty file to today's schema.
        synchronous: ``FULL`` for what must survive a power cut, ``NORMAL`` for what can be rebuilt.
        secure_delete: overwrite deleted content; also keeps no backup once a migration has succeeded,
            because a copy would outlive what is deleted later.
        any_thread: the caller sees to it that only one thread uses the connection at a time.
        patience_s: how long to wait for another process.
        page_bytes: of a file that is made now; one that exists keeps its own.

    Raises:
        NewerSchema: a newer program wrote it; nothing was changed.
        StoreError: the disk or the file system failed.
    """
    _create_private(path)
    connection = sqlite3.connect(path, timeout=patience_s, isolation_level=None, check_same_thread=not any_thread)
    try:
        _refuse_newer(connection, len(migrations))
        connection.execute(f"PRAGMA page_size = {page_bytes:d}")
        _configure(connection, synchronous=synchronous, secure_delete=secure_delete)
        db = Database(connection)
        migrate(db, migrations, path=path, keep_backup=not secure_delete)
    except BaseException:
        connection.close()
        raise
    return db


@contextmanager
def immediate(db: Database) -> Iterator[Database]:
    """One write transaction that holds the lock from its start, so what it reads cannot change under it.

    Blocks of ``db.atomic()`` inside become savepoints. An exception rolls back all of it.

    Raises:
        Locked: another process held the lock for longer than the patience.
        StoreError: the disk failed; nothing of the block is saved.
    """
    with translate_sqlite_errors():
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            db.rollback()
            raise


def schema_version(db: Database | sqlite3.Connection) -> int:
    """How many migrations a database has seen."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def migrate(db: Database, migrations: Sequence[Migration], *, path: Path, keep_backup: bool = True) -> None:
    """Run the steps that are missing, all of them or none; several processes may try at once.

    A file that already has a schema is copied first, to `backup_path`.

    Raises:
        NewerSchema: there are more steps in the file than here.
    """
    if schema_version(db) == len(migrations):
        return
    backup: Path | None = None
    with immediate(db):
        found = schema_version(db)
        _refuse_newer(db.conn, len(migrations))
        if 0 < found < len(migrations):
            backup = _back_up(path, found)
        for version, step in enumerate(migrations[found:], start=found + 1):
            step(db)
            if not db.conn.in_transaction:
                raise RuntimeError(f"migration {version} ended the transaction it runs in")
            db.execute(f"PRAGMA user_version = {version:d}")
    if backup is not None and not keep_backup:
        backup.unlink()


def backup_path(path: Path, version: int) -> Path:
    """Where the copy of a database stands that was made before leaving a schema version."""
    return path.with_name(f"{path.name}.before-{version + 1}")


def copy_database(db: Database, path: Path) -> None:
    """Copy an open database to a file of its own, which needs no log beside it and is on the disk when this returns."""
    path.unlink(missing_ok=True)
    _create_private(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as copy:
        db.conn.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")
        copy.execute("PRAGMA synchronous = FULL")
        copy.execute("PRAGMA user_version = " + str(schema_version(db)))


def remove_database(path: Path) -> None:
    """Take a database away with all that belongs to it; nobody may have it open.

    A log that stays behind would be played into the next database of this name.
    """
    for ending in ("", "-wal", "-shm", "-journal", ".sums"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def finish_removal(path: Path) -> None:
    """Take away what a removal left that was cut short; nobody may be making the database meanwhile.

    Whoever still has the removed file open holds the index of its log. A new file beside it would share that index but
    not the log, and SQLite would read pages that are not there.
    """
    if not path.exists():
        remove_database(path)


@contextmanager
def alone(lock: Path, *, patience_s: float) -> Iterator[None]:
    """Only one process at a time is in here; SQLite's own lock is given back even when the process is killed.

    The lock's file stays: to take it away would let two who wait for it hold different ones.

    Raises:
        Locked: another process was in here for longer than the patience.
    """
    with translate_sqlite_errors():
        connection = sqlite3.connect(lock, timeout=patience_s, isolation_level=None)
        with closing(connection):
            connection.execute("BEGIN EXCLUSIVE")
            yield
            connection.execute("ROLLBACK")


def file_at(path: Path) -> tuple[int, int]:
    """What tells a file from another one that was put in its place; zeros where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return (0, 0)
    return (found.st_dev, found.st_ino)


def _create_private(path: Path) -> None:
    """Make the file where there is none, for its owner only; SQLite gives the -wal and -shm files its mode.

    A file that is there is never opened: closing any descriptor of it would drop every lock that SQLite holds on it
    in this process, and another process could then delete the log under a connection that is still writing.
    """
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _configure(connection: sqlite3.Connection, *, synchronous: str, secure_delete: bool) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute(f"PRAGMA secure_delete = {'ON' if secure_delete else 'OFF'}")
    connection.execute("PRAGMA foreign_keys = ON")


def _refuse_newer(connection: sqlite3.Connection, known: int) -> None:
    found = schema_version(connection)
    if found > known:
        raise NewerSchema(found=found, known=known)


def _back_up(path: Path, version: int) -> Path:
    target = backup_path(path, version)
    target.unlink(missing_ok=True)
    _create_private(target)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    return target
