"""Backup and restore: the embedded database as a copy of its file, PostgreSQL as an archive."""

import os
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from hub import allotting, archive
from hub.archive import ArchiveBroken
from hub.core import DATABASE_FILE, NotMigrated, new_epoch, system_now
from hub.database import Database, DatabaseBusy, copy_sqlite, sqlite_url
from hub.durability import Covered, all_covered, covered, remember
from hub.migrate import is_current, migrate
from hub.tables import command_result, incarnation

BEFORE = ".before-restore"


class BackupBroken(Exception):
    """The file is no sound backup of a hub; nothing was changed."""

    code = "backup_broken"


class HubRunning(Exception):
    """Processes of the hub are still connected; nothing was changed."""

    code = "hub_running"


def backup(home: Path, target: Path, *, url: str = "", now: Callable[[], datetime] = system_now) -> dict[str, int]:
    """Copy the database while it is in use, check the copy and say how many commands it holds.

    What the copy covers is noted in the database, and counters are told: they need not keep it for this hub.

    The root key is not in it: without ``root.key`` a backup opens no order key.

    Raises:
        NotMigrated: there is no database.
        DatabaseBusy: it could not be copied.
    """
    if url:
        return _backup_server(url, target, now())
    source = home / DATABASE_FILE
    if not source.exists():
        raise NotMigrated
    with closing(Database(sqlite_url(source))) as db:
        if not is_current(db):
            raise NotMigrated
        copy_sqlite(source, target)
        commands, found = _checked(target)
        remember(db, found, now=now())
    return {"commands": commands}


def _backup_server(url: str, target: Path, now: datetime) -> dict[str, int]:
    with closing(Database(url)) as db:
        if not is_current(db):
            raise NotMigrated
        archive.save(db, target)
        # Read back from the disk: what was meant to be written is no backup.
        manifest = archive.check(target)
        rows = archive.rows(target, manifest, incarnation.name, ("device", "incarnation", "last_seq"))
        remember(db, [Covered(device, name, int(seq)) for device, name, seq in rows], now=now)
    return {"commands": manifest.tables[command_result.name].rows}


def restore(home: Path, source: Path, *, url: str = "") -> None:
    """Put a checked backup in place; the hub must not be running.

    The epoch changes, so every counter begins with hello, gives again what is missing, and reads anew. What was
    there before is kept in the home with the ending ``.before-restore``.

    Raises:
        BackupBroken: the file is no backup of a hub; nothing was changed.
        HubRunning: the hub is running; nothing was changed. Only PostgreSQL can tell.
    """
    if url:
        _restore_server(home, source, url)
    else:
        _restore_file(home, source)


def _restore_server(home: Path, source: Path, url: str) -> None:
    with closing(Database(url)) as db:
        try:
            manifest = archive.check(source)
            if db.in_use_elsewhere():
                raise HubRunning
            if is_current(db):
                archive.save(db, home / f"hub.zip{BEFORE}")
            with db.alone() as connection:
                archive.load(connection, source, manifest)
                all_covered(connection)
                _begin_epoch(db, connection)
        except (ArchiveBroken, sa.exc.DBAPIError) as error:
            raise BackupBroken from error


def _restore_file(home: Path, source: Path) -> None:
    target, fresh = home / DATABASE_FILE, home / f"{DATABASE_FILE}.restoring"
    try:
        if not source.exists():
            raise BackupBroken
        copy_sqlite(source, fresh)
        _checked(fresh)
        _begin_epoch_of(fresh)
    except (DatabaseBusy, BackupBroken) as error:
        fresh.unlink(missing_ok=True)
        raise BackupBroken from error
    if target.exists():
        copy_sqlite(target, target.with_name(f"{target.name}{BEFORE}"))
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    os.replace(fresh, target)


def _checked(path: Path) -> tuple[int, list[Covered]]:
    """How many commands a copy holds, and which."""
    with closing(Database(sqlite_url(path))) as db:
        try:
            with db.reading() as connection:
                if not sa.inspect(connection).has_table(command_result.name):
                    raise BackupBroken
            if not is_current(db):
                migrate(db)
            with db.reading() as connection:
                count = connection.scalar(sa.select(sa.func.count()).select_from(command_result))
                return int(count or 0), covered(connection)
        except (sa.exc.DatabaseError, DatabaseBusy) as error:
            raise BackupBroken from error
        finally:
            db.fold()


def _begin_epoch_of(path: Path) -> None:
    with closing(Database(sqlite_url(path))) as db:
        with db.writing() as connection:
            all_covered(connection)
            _begin_epoch(db, connection)
        db.fold()


def _begin_epoch(db: Database, connection: sa.Connection) -> None:
    db.remember(connection, "epoch", new_epoch())
    allotting.close_all(db, connection, now=system_now())
