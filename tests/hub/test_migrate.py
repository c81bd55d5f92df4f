from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.core import Hub, NotMigrated, database_url, found, open_hub
from hub.database import Database
from hub.migrate import is_current, migrate
from hub.rootkey import RootKeyMissing
from tests.support.databases import Postgres, schema_differences


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
