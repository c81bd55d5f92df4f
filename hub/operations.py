"""Backup and restore: the embedded database as a copy of its file, PostgreSQL as an archive."""

import os
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from hub import allotting, archive, rootkey
from hub.archive import ArchiveBroken
from hub.backups import appearing, flush_folder, is_sound, move_aside, seal
from hub.core import DATABASE_FILE, ROOT_KEY_FILE, NotMigrated, check_root, new_epoch, require_current, system_now
from hub.database import Database, DatabaseBusy, copy_sqlite, sqlite_url
from hub.durability import Covered, all_covered, covered, remember
from hub.migrate import has_hub, migrate
from hub.tables import command_result, incarnation
from storeapp.adapters.filelock import FileLock

BEFORE = ".before-restore"
LOCK_FILE = "serve.lock"


class BackupBroken(Exception):
    """The file is no sound backup of a hub; nothing was changed."""

    code = "backup_broken"


class HubRunning(Exception):
    """Processes of the hub are still connected; nothing was changed."""

    code = "hub_running"


class BackupInPlace(Exception):
    """A backup would take the place of the hub's own database; nothing was changed."""

    code = "backup_in_place"


def serving_lock(home: Path) -> FileLock:
    """Held as long as a process serves the embedded database of a home, and while that is restored."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return FileLock(home / LOCK_FILE)


def backup(home: Path, target: Path, *, url: str = "", now: Callable[[], datetime] = system_now) -> dict[str, int]:
    """Copy the database while it is in use, check the copy and say how many commands it holds.

    What the copy covers is noted in the database, and counters are told: they need not keep it for this hub. A
    backup that fails leaves the file that was there before.

    The root key is not in it: without ``root.key`` a backup opens no order key.

    Raises:
        NotMigrated: there is no database, or it is of an older program.
        NewerSchema: it is of a newer program.
        BackupInPlace: the file is the database itself.
        BackupBroken: the copy is not what it should be.
        DatabaseBusy: it could not be copied.
    """
    if url:
        return _backup_server(url, target, now())
    source = home / DATABASE_FILE
    if not source.exists():
        raise NotMigrated
    if target.exists() and target.samefile(source):
        raise BackupInPlace
    with closing(Database(sqlite_url(source))) as db:
        with db.reading() as connection:
            require_current(connection)
        with appearing(target) as fresh:
            copy_sqlite(source, fresh)
            with closing(Database(sqlite_url(fresh))) as copy:
                seal(copy)
            commands, found = _checked(fresh)
        remember(db, found, now=now())
    return {"commands": commands}


def _backup_server(url: str, target: Path, now: datetime) -> dict[str, int]:
    with closing(Database(url)) as db:
        with db.reading() as connection:
            require_current(connection)
        with appearing(target) as fresh:
            archive.save(db, fresh)
            # Read back from the disk: what was meant to be written is no backup.
            manifest = _sound_archive(fresh)
            rows = archive.rows(fresh, manifest, incarnation.name, ("device", "incarnation", "last_seq"))
        remember(db, [Covered(device, name, int(seq)) for device, name, seq in rows], now=now)
    return {"commands": manifest.tables[command_result.name].rows}


def _sound_archive(source: Path) -> archive.Manifest:
    try:
        return archive.check(source)
    except ArchiveBroken as error:
        raise BackupBroken from error


def restore(home: Path, source: Path, *, url: str = "") -> None:
    """Put a checked backup in place; the hub must not be running.

    The epoch changes, so every counter begins with hello, gives again what is missing, and reads anew. What was
    there before is kept in the home with the ending ``.before-restore``, even if it is damaged.

    Raises:
        BackupBroken: the file is no backup of a hub; nothing was changed.
        HubRunning: the hub is running; nothing was changed.
        RootKeyWrong: the key in the home does not open this backup; nothing was changed.
        NewerSchema: the backup, or what it would replace, is of a newer program; nothing was changed.
    """
    lock = serving_lock(home)
    if not lock.acquire():
        raise HubRunning
    try:
        if url:
            _restore_server(home, source, url)
        else:
            _restore_file(home, source)
    finally:
        lock.release()


def _restore_server(home: Path, source: Path, url: str) -> None:
    with closing(Database(url)) as db:
        try:
            manifest = archive.check(source)
            if db.in_use_elsewhere():
                raise HubRunning
            if has_hub(db):
                # What is kept may be what is restored: it is replaced when that has been read.
                with appearing(home / f"hub.zip{BEFORE}") as kept:
                    # Only what has today's tables can be kept.
                    migrate(db)
                    archive.save(db, kept)
                    _load_archive(db, home, source, manifest)
            else:
                _load_archive(db, home, source, manifest)
        except (ArchiveBroken, sa.exc.DBAPIError) as error:
            raise BackupBroken from error


def _load_archive(db: Database, home: Path, source: Path, manifest: archive.Manifest) -> None:
    with db.alone() as connection:
        archive.load(connection, source, manifest)
        _begin_anew(db, connection, home)


def _restore_file(home: Path, source: Path) -> None:
    target, fresh = home / DATABASE_FILE, home / f"{DATABASE_FILE}.restoring"
    try:
        if not source.exists():
            raise BackupBroken
        with appearing(fresh) as copy:
            copy_sqlite(source, copy)
            with closing(Database(sqlite_url(copy))) as copied:
                if not is_sound(copied):
                    raise BackupBroken
            _checked(copy)
            _begin_anew_in(copy, home)
        move_aside(target, BEFORE)
        os.replace(fresh, target)
        flush_folder(home)
    except (DatabaseBusy, BackupBroken) as error:
        raise BackupBroken from error


def _checked(path: Path) -> tuple[int, list[Covered]]:
    """How many commands a copy holds, and which."""
    with closing(Database(sqlite_url(path))) as db:
        try:
            with db.reading() as connection:
                if not sa.inspect(connection).has_table(command_result.name):
                    raise BackupBroken
            migrate(db)
            with db.reading() as connection:
                count = connection.scalar(sa.select(sa.func.count()).select_from(command_result))
                return int(count or 0), covered(connection)
        except (sa.exc.DatabaseError, DatabaseBusy) as error:
            raise BackupBroken from error
        finally:
            db.fold()


def _begin_anew_in(path: Path, home: Path) -> None:
    with closing(Database(sqlite_url(path))) as db:
        with db.writing() as connection:
            _begin_anew(db, connection, home)
        db.fold()


def _begin_anew(db: Database, connection: sa.Connection, home: Path) -> None:
    if (home / ROOT_KEY_FILE).exists():
        check_root(db, connection, rootkey.load(home / ROOT_KEY_FILE))
    all_covered(connection)
    db.remember(connection, "epoch", new_epoch())
    allotting.close_all(db, connection, now=system_now())
