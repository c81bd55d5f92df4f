import errno
import sqlite3

import pytest

from storeapp.store import errors


def failing(code: int) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite says it")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, errors.DiskFull),
        (sqlite3.SQLITE_BUSY, errors.Locked),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, errors.Locked),
        (sqlite3.SQLITE_READONLY_DBMOVED, errors.ReadOnly),
        (sqlite3.SQLITE_NOTADB, errors.Corrupt),
        (sqlite3.SQLITE_IOERR_FSYNC, errors.DiskFailed),
    ],
)
def test_a_failure_of_the_disk_gets_its_own_class(code: int, kind: type[errors.StoreError]) -> None:
    with pytest.raises(kind) as caught, errors.translate_sqlite_errors():
        raise failing(code)
    assert str(caught.value) == kind.code


def test_a_failure_of_the_file_system_is_translated_too() -> None:
    with pytest.raises(errors.DiskFull), errors.translate_sqlite_errors():
        raise OSError(errno.ENOSPC, "no space")


@pytest.mark.parametrize(
    "bug",
    [failing(sqlite3.SQLITE_ERROR), failing(sqlite3.SQLITE_CONSTRAINT_UNIQUE), sqlite3.ProgrammingError(), OSError()],
)
def test_a_bug_of_ours_stays_what_it_is(bug: Exception) -> None:
    with pytest.raises(type(bug)) as caught, errors.translate_sqlite_errors():
        raise bug
    assert caught.value is bug


def test_a_newer_schema_says_both_versions() -> None:
    assert errors.NewerSchema(found=3, known=2).data == {"found": 3, "known": 2}
