import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Semaphore
from typing import Any

import pytest

from hub.core import Hub, NotMigrated, database_url, found, open_hub
from hub.database import Database, _configure_sqlite
from hub.migrate import is_current, migrate
from hub.rootkey import RootKeyMissing
from tests.support.databases import Postgres, schema_differences

WAIT_S = 60


def test_the_steps_lead_to_exactly_the_tables_the_program_uses(hub: Hub) -> None:
    assert schema_differences(hub.db) == []


def test_migrating_again_changes_nothing(hub: Hub) -> None:
    migrate(hub.db)
    assert is_current(hub.db)


def test_a_hub_keeps_its_keys_when_it_is_founded_again(hub: Hub, tmp_path: Path, database: str) -> None:
    assert not found(hub.db, tmp_path / "hub")
    again = open_hub(tmp_path / "hub", url=database)
    assert again.identity.root_certificate == hub.identity.root_certificate
    again.close()


def test_a_lost_root_key_is_never_replaced(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "hub" / "root.key").unlink()
    with pytest.raises(RootKeyMissing):
        found(hub.db, tmp_path / "hub")
    assert not (tmp_path / "hub" / "root.key").exists()


def test_an_empty_database_is_no_hub(hub: Hub, tmp_path: Path, database: str, postgres: Postgres) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "root.key").write_text((tmp_path / "hub" / "root.key").read_text())
    url = database_url(empty, postgres.fresh(migrated=False) if database else "")
    Database(url).close()
    with pytest.raises(NotMigrated):
        open_hub(empty, url=url)


def test_who_finds_a_new_file_locked_waits_for_it(tmp_path: Path) -> None:
    """Where two begin at once, SQLite refuses one of them without waiting."""
    path = tmp_path / "new.db"
    tries = Semaphore(0)

    class Noted(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            if "journal_mode" in sql:
                tries.release()
            return super().execute(sql, *values)

    def begin() -> str:
        with closing(sqlite3.connect(path, timeout=0, factory=Noted)) as late:
            _configure_sqlite(late, None)
            return str(late.execute("PRAGMA journal_mode").fetchone()[0])

    with closing(sqlite3.connect(path, isolation_level=None)) as first, ThreadPoolExecutor(1) as line:
        first.execute("BEGIN EXCLUSIVE")
        asked = line.submit(begin)
        assert all(tries.acquire(timeout=WAIT_S) for _ in range(2))
        first.execute("COMMIT")
        assert asked.result() == "wal"


def test_two_processes_that_begin_at_once_make_one_hub(tmp_path: Path, database: str, postgres: Postgres) -> None:
    url = database_url(tmp_path, postgres.fresh(migrated=False) if database else "")

    def begin(_number: int) -> bool:
        db = Database(url)
        try:
            migrate(db)
            return found(db, tmp_path)
        finally:
            db.close()

    with ThreadPoolExecutor(2) as both:
        assert sorted(both.map(begin, range(2))) == [False, True]
