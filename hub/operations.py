"""Backup and restore of the embedded database; a server's own tools look after PostgreSQL."""

import os
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from hub.core import DATABASE_FILE, NotMigrated, new_epoch
from hub.database import Database, DatabaseBusy, copy_sqlite, sqlite_url
from hub.migrate import is_current, migrate
from hub.tables import command_result


class BackupBroken(Exception):
    """The file is no sound backup of a hub; nothing was changed."""

    code = "backup_broken"


def backup(home: Path, target: Path) -> dict[str, int]:
    """Copy the database while it is in use, check the copy and say how many commands it holds.

    The root key is not in it: without ``root.key`` a backup opens no order key.

    Raises:
        NotMigrated: there is no database.
        DatabaseBusy: it could not be copied.
    """
    source = home / DATABASE_FILE
    if not source.exists():
        raise NotMigrated
    copy_sqlite(source, target)
    return {"commands": _checked(target)}


def restore(home: Path, source: Path) -> None:
    """Put a checked backup in place; the hub must not be running.

    The epoch changes, so every counter begins with hello, gives again what is missing, and reads anew. The
    database from before stays beside it with the ending ``.before-restore``.

    Raises:
        BackupBroken: the file is no backup of a hub; nothing was changed.
    """
    target, fresh = home / DATABASE_FILE, home / f"{DATABASE_FILE}.restoring"
    try:
        if not source.exists():
            raise BackupBroken
        copy_sqlite(source, fresh)
        _checked(fresh)
        _begin_epoch(fresh)
    except (DatabaseBusy, BackupBroken) as error:
        fresh.unlink(missing_ok=True)
        raise BackupBroken from error
    if target.exists():
        copy_sqlite(target, target.with_name(f"{target.name}.before-restore"))
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    os.replace(fresh, target)


def _checked(path: Path) -> int:
    with closing(Database(sqlite_url(path))) as db:
        try:
            with db.reading() as connection:
                if not sa.inspect(connection).has_table(command_result.name):
                    raise BackupBroken
            if not is_current(db):
                migrate(db)
            with db.reading() as connection:
                return int(connection.scalar(sa.select(sa.func.count()).select_from(command_result)) or 0)
        except (sa.exc.DatabaseError, DatabaseBusy) as error:
            raise BackupBroken from error
        finally:
            db.fold()


def _begin_epoch(path: Path) -> None:
    with closing(Database(sqlite_url(path))) as db:
        with db.writing() as connection:
            db.remember(connection, "epoch", new_epoch())
        db.fold()
