"""Tells failures of the disk apart from our own bugs, so that a person reads what to do about them.

::

    StoreError            code, data
    ├── DiskFull          disk_full
    ├── DiskFailed        disk_failed         the file cannot be opened, read or written
    ├── Locked            database_locked     another process holds it for too long
    ├── ReadOnly          database_read_only
    ├── Corrupt           database_corrupt    damaged, or not a database at all
    │   └── JournalCorrupt    journal_corrupt     the one that cannot be rebuilt; the next start salvages it
    ├── NewerSchema       schema_newer        written by a newer program; data: found, known
    ├── NoRootKey         no_root_key         the keys are closed: no personal data can be read or kept
    └── WrongRootKey      root_key_wrong      the keys were wrapped by another root key, or are damaged

Everything else that SQLite raises (a missing table, a broken constraint) is a bug and stays as it is.
"""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar


class StoreError(Exception):
    """A failure of the environment with a stable code; the words stand under ``error.<code>``."""

    code: ClassVar[str] = "store_failed"

    def __init__(self, **data: object) -> None:
        super().__init__(self.code)
        self.data = data


class DiskFull(StoreError):
    """Nothing more can be written; what was confirmed before is safe."""

    code = "disk_full"


class DiskFailed(StoreError):
    """The disk, or the folder, does not let the file be opened, read or written."""

    code = "disk_failed"


class Locked(StoreError):
    """Another process kept the database locked for longer than the patience given."""

    code = "database_locked"


class ReadOnly(StoreError):
    """The file or its folder may not be written."""

    code = "database_read_only"


class Corrupt(StoreError):
    """The file is damaged or is no SQLite database."""

    code = "database_corrupt"


class JournalCorrupt(Corrupt):
    """The journal is damaged; what can be read of it is saved when the counter is opened again."""

    code = "journal_corrupt"


class NewerSchema(StoreError):
    """A newer program wrote the database; it is left exactly as it was found."""

    code = "schema_newer"

    def __init__(self, *, found: int, known: int) -> None:
        super().__init__(found=found, known=known)


class NoRootKey(StoreError):
    """The keys were opened without a root key, so no personal data can be read or kept."""

    code = "no_root_key"


class WrongRootKey(StoreError):
    """A key was wrapped by another root key, or was changed on the disk."""

    code = "root_key_wrong"


_BY_SQLITE: dict[int, type[StoreError]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_IOERR: DiskFailed,
    sqlite3.SQLITE_CANTOPEN: DiskFailed,
    sqlite3.SQLITE_BUSY: Locked,
    sqlite3.SQLITE_LOCKED: Locked,
    sqlite3.SQLITE_READONLY: ReadOnly,
    sqlite3.SQLITE_PERM: ReadOnly,
    sqlite3.SQLITE_CORRUPT: Corrupt,
    sqlite3.SQLITE_NOTADB: Corrupt,
}

_BY_ERRNO: dict[int, type[StoreError]] = {
    errno.ENOSPC: DiskFull,
    errno.EDQUOT: DiskFull,
    errno.EIO: DiskFailed,
    errno.ENOENT: DiskFailed,
    errno.ENOTDIR: DiskFailed,
    errno.EISDIR: DiskFailed,
    errno.EROFS: ReadOnly,
    errno.EACCES: ReadOnly,
    errno.EPERM: ReadOnly,
}


_NO_TEXT = "Could not decode to UTF-8"
"""How Python's own error begins where a byte of a text was changed; we never write such a text."""


def _environment(error: sqlite3.Error | OSError) -> type[StoreError] | None:
    if isinstance(error, OSError):
        return _BY_ERRNO.get(error.errno) if error.errno is not None else None
    # The low byte is the primary code; errors that Python itself raises carry none.
    extended: int | None = getattr(error, "sqlite_errorcode", None)
    if extended is None and str(error).startswith(_NO_TEXT):
        return Corrupt
    return None if extended is None else _BY_SQLITE.get(extended & 0xFF)


@contextmanager
def translate_sqlite_errors() -> Iterator[None]:
    """Turn what the environment did wrong into a `StoreError`; works as a decorator, too.

    Raises:
        StoreError: SQLite or the file system reported a failure of the tree above.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        known = _environment(error)
        if known is None:
            raise
        raise known from error
