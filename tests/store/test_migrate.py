import os
import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database

from storeapp.store import errors
from storeapp.store.migrate import Migration, backup_path, immediate, open_database, schema_version, statements

FIRST = statements("CREATE TABLE parcel (id INTEGER PRIMARY KEY)", "INSERT INTO parcel VALUES (1)")
SECOND = statements("ALTER TABLE parcel ADD COLUMN state TEXT NOT NULL DEFAULT 'waiting'")


def opened(path: Path, *migrations: Migration, patience_s: float = 10.0) -> Database:
    return open_database(path, migrations=migrations, synchronous="FULL", patience_s=patience_s)


def pragma(db: Database, name: str) -> object:
    return db.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_new_file_is_private_and_durable(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(open_database(path, migrations=[FIRST], synchronous="FULL", secure_delete=True)) as db:
        found = [pragma(db, name) for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")]
        modes = {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    assert found == ["wal", 2, 1, 1]
    assert os.name == "nt" or modes == {0o600}


def test_only_missing_steps_run_and_a_copy_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path, FIRST).close()
    assert not backup_path(path, 1).exists()
    with closing(opened(path, FIRST, SECOND)) as db:
        assert list(db["parcel"].rows) == [{"id": 1, "state": "waiting"}]
        assert schema_version(db) == 2
    with closing(sqlite3.connect(backup_path(path, 1))) as copy:
        assert copy.execute("SELECT * FROM parcel").fetchall() == [(1,)]


def test_no_copy_outlives_a_migration_where_deleting_must_be_final(tmp_path: Path) -> None:
    path = tmp_path / "keys.db"
    for steps in ([FIRST], [FIRST, SECOND]):
        open_database(path, migrations=steps, synchronous="FULL", secure_delete=True).close()
    assert not backup_path(path, 1).exists()


def test_a_newer_file_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path, FIRST, SECOND).close()
    before = path.read_bytes()
    with pytest.raises(errors.NewerSchema) as caught:
        opened(path, FIRST)
    assert caught.value.data == {"found": 2, "known": 1}
    assert path.read_bytes() == before


def test_a_failing_step_leaves_the_old_schema(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    opened(path, FIRST).close()
    with pytest.raises(sqlite3.OperationalError):
        opened(path, FIRST, SECOND, statements("ALTER TABLE nothing ADD COLUMN x"))
    with closing(opened(path, FIRST)) as db:
        assert db["parcel"].columns_dict == {"id": int}


def test_a_step_that_commits_is_a_bug(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="migration 1"):
        opened(tmp_path / "journal.db", lambda db: db.commit())


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    start = threading.Barrier(8)
    versions: list[int] = []

    def open_it() -> None:
        start.wait()
        with closing(opened(path, FIRST, SECOND)) as db:
            versions.append(schema_version(db))

    threads = [threading.Thread(target=open_it) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [2] * 8


def test_garbage_is_told_from_a_database(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(errors.Corrupt):
        opened(path, FIRST)


def test_a_missing_folder_is_a_failure_of_the_disk(tmp_path: Path) -> None:
    with pytest.raises(errors.DiskFailed):
        opened(tmp_path / "nowhere" / "journal.db", FIRST)


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "journal.db", FIRST)) as db:
        with pytest.raises(ZeroDivisionError), immediate(db), db.atomic():
            db["parcel"].insert_all({"id": 1 // (number - 400) + number} for number in range(3, 500))
        assert db["parcel"].count == 1


def test_a_second_writer_waits_and_then_gives_up(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with closing(opened(path, FIRST)) as db, closing(opened(path, FIRST, patience_s=0.01)) as other:
        with immediate(db), pytest.raises(errors.Locked), immediate(other):
            pass
        with immediate(other):
            other.execute("INSERT INTO parcel VALUES (2)")
        assert db["parcel"].count == 2


def test_a_full_disk_is_named_and_saves_nothing(tmp_path: Path) -> None:
    with closing(opened(tmp_path / "journal.db", FIRST, statements("CREATE TABLE proof (body BLOB)"))) as db:
        db.execute(f"PRAGMA max_page_count = {pragma(db, 'page_count')}")
        with pytest.raises(errors.DiskFull), immediate(db):
            db.execute("INSERT INTO proof VALUES (zeroblob(100000))")
        assert db["proof"].count == 0
