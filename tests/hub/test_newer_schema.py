"""Two programs of different age on one database: the older one changes nothing that it does not understand."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.__main__ import ENVIRONMENT, main
from hub.core import Hub, NotMigrated, database_url, open_hub
from hub.database import Database, SchemaMoved
from hub.migrate import NewerSchema, is_current, migrate
from hub.operations import backup, restore
from hub.tables import command_result, head
from tests.support.callers import Caller
from tests.support.databases import until_somebody_waits
from tests.support.hubs import FakeCounter, an_order, stock
from tests.support.hubserver import PATIENCE_S

on_server = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""What an embedded database has no need of: it has one writer at a time, and is moved aside where it is replaced."""
embedded = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""An archive of a server's says itself what is in it."""


def set_revision(hub: Hub, revision: str) -> str:
    """Say that a program of that version has migrated the database; returns what was said before."""
    with hub.db.writing() as connection:
        before = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    return str(before)


def decided(hub: Hub) -> int:
    with hub.db.reading() as connection:
        return int(connection.scalar(sa.select(sa.func.count()).select_from(command_result)) or 0)


def test_a_newer_schema_is_left_as_it_is(hub: Hub, tmp_path: Path, database: str) -> None:
    backup(tmp_path / "hub", tmp_path / "older", url=database)
    set_revision(hub, "9999")
    url = database_url(tmp_path / "hub", database)
    with closing(Database(url)) as db, pytest.raises(NewerSchema):
        migrate(db)
    with pytest.raises(NewerSchema):
        open_hub(tmp_path / "hub", url=url)
    with pytest.raises(NewerSchema):
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
    assert not (tmp_path / "copy").exists()
    assert set_revision(hub, "9999") == "9999"


@on_server
def test_a_server_of_a_newer_program_is_not_replaced(hub: Hub, tmp_path: Path, database: str) -> None:
    backup(tmp_path / "hub", tmp_path / "older", url=database)
    set_revision(hub, "9999")
    hub.close()
    with pytest.raises(NewerSchema):
        restore(tmp_path / "hub", tmp_path / "older", url=database)


@embedded
def test_a_backup_of_a_newer_program_is_not_restored(tmp_path: Path, hub: Hub) -> None:
    set_revision(hub, "9999")
    hub.db.fold()
    (tmp_path / "hub" / "hub.db").rename(tmp_path / "newer")
    with pytest.raises(NewerSchema):
        restore(tmp_path / "hub", tmp_path / "newer")
    assert not (tmp_path / "hub" / "hub.db").exists()


def test_an_older_schema_is_migrated_before_it_is_used(hub: Hub, tmp_path: Path, database: str) -> None:
    set_revision(hub, "0008")
    with pytest.raises(NotMigrated):
        open_hub(tmp_path / "hub", url=database_url(tmp_path / "hub", database))


@pytest.mark.parametrize("command", [["migrate"], ["serve", "--port", "0"], ["waiting"], ["backup", "copy"]])
def test_who_runs_an_older_program_is_told(
    hub: Hub, tmp_path: Path, database: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    set_revision(hub, "9999")
    place = ["--home", str(tmp_path / "hub"), *(["--database", database] if database else [])]
    if command[0] == "backup":
        command = ["backup", str(tmp_path / "copy")]
    assert main([*place, *command]) == ENVIRONMENT
    assert capsys.readouterr().err.splitlines()[-1] == "storehub: schema_newer"


def test_a_process_that_runs_decides_nothing_once_a_newer_program_has_migrated(hub: Hub, caller: Caller) -> None:
    counter = FakeCounter(hub)
    counter.do(stock())
    before, count = set_revision(hub, "9999"), decided(hub)
    with pytest.raises(SchemaMoved):
        counter.do(an_order("T1"))
    reply = caller.call("GET", "/readyz")
    assert (reply.status_code, reply.json()["code"]) == (503, "busy")
    assert decided(hub) == count
    set_revision(hub, before)
    assert FakeCounter(hub, device="dev-2").do(an_order("T1")).results[0].status == "applied"


@on_server
def test_a_migration_waits_for_whoever_decides(hub: Hub, database: str) -> None:
    """What was begun under the older schema is on the disk before a step runs."""
    order: list[str] = []
    set_revision(hub, "0008")

    def migrated() -> None:
        with closing(Database(database)) as db:
            migrate(db)
        order.append("migrated")

    with ThreadPoolExecutor(1) as line, closing(Database(database)) as older:
        with older.writing() as connection:
            older.lock_heads(connection, ["store:XH"])
            asked = line.submit(migrated)
            until_somebody_waits(hub)
            connection.execute(sa.update(head).values(seq=head.c.seq + 1))
            order.append("decided")
        asked.result(PATIENCE_S)
    assert order == ["decided", "migrated"]
    assert is_current(hub.db)


@on_server
def test_who_has_nothing_to_migrate_waits_for_nobody(hub: Hub, database: str) -> None:
    with hub.db.writing() as connection, closing(Database(database)) as db:
        hub.db.lock_heads(connection, ["store:XH"])
        migrate(db)
