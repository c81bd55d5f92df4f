import errno
import re
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub import archive, operations
from hub.__main__ import main
from hub.core import DATABASE_FILE, ROOT_KEY_FILE, Hub, NotMigrated, database_url, found, open_hub
from hub.database import PAGE_BYTES, Database, copy_sqlite
from hub.durability import last_backup
from hub.migrate import is_current, upgrade
from hub.operations import BackupBroken, BackupInPlace, HubRunning, backup, restore
from hub.rootkey import RootKeyWrong
from hub.tables import metadata
from tests.support.databases import Postgres
from tests.support.hubs import FakeCounter, an_order, stock
from tests.support.hubserver import HubProcess, free_port


def content(hub: Hub) -> dict[str, list[tuple[object, ...]]]:
    with hub.db.reading() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(sa.select(table))), key=repr)
            for table in metadata.sorted_tables
        }


def test_a_backup_of_a_hub_in_use_is_restored_under_a_new_epoch(hub: Hub, tmp_path: Path, database: str) -> None:
    counter = FakeCounter(hub)
    counter.do(stock())
    copy = tmp_path / "copy"
    assert backup(tmp_path / "hub", copy, url=database) == {"commands": 1}
    before = content(hub)
    counter.do(an_order("T1"))
    hub.close()
    restore(tmp_path / "hub", copy, url=database)
    again = open_hub(tmp_path / "hub", url=database, now=hub.now)
    after = content(again)
    assert again.identity.epoch != hub.identity.epoch
    assert again.identity.root_certificate == hub.identity.root_certificate
    assert {name: rows for name, rows in after.items() if name != "meta"} == {
        name: rows for name, rows in before.items() if name != "meta"
    }
    # What the database counts by itself goes on, too.
    again_counter = FakeCounter(again, seq=1)
    assert again_counter.do(an_order("T2")).results[0].status == "applied"
    again.close()
    assert [path.name for path in (tmp_path / "hub").glob("*.before-restore")]


def durable(hub: Hub) -> int:
    return FakeCounter(hub, seq=0).send().durable_seq


def test_durable_is_what_a_verified_backup_covers(
    hub: Hub, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = FakeCounter(hub)
    assert (counter.do(stock()).durable_seq, durable(hub)) == (0, 0)
    backup(tmp_path / "hub", tmp_path / "copy", url=database, now=hub.now)
    assert (counter.do(an_order("T1")).durable_seq, durable(hub)) == (1, 1)

    def broken(*_: object) -> None:
        raise BackupBroken

    with monkeypatch.context() as patch:
        patch.setattr(operations, "_checked", broken)
        patch.setattr(archive, "check", broken)
        with pytest.raises(BackupBroken):
            backup(tmp_path / "hub", tmp_path / "other", url=database)
    assert durable(hub) == 1
    with hub.db.reading() as connection:
        assert last_backup(hub.db, connection) == hub.now().isoformat()


def test_what_comes_from_a_backup_is_covered_by_it(hub: Hub, tmp_path: Path, database: str) -> None:
    FakeCounter(hub).do(stock(), an_order("T1"))
    FakeCounter(hub, device="a\tb\\n").do(stock("BL-002"))
    backup(tmp_path / "hub", tmp_path / "copy", url=database)
    assert FakeCounter(hub, device="a\tb\\n").send().durable_seq == 1
    hub.close()
    restore(tmp_path / "hub", tmp_path / "copy", url=database)
    again = open_hub(tmp_path / "hub", url=database, now=hub.now)
    assert durable(again) == 2
    again.close()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"x" * 5000, b"PK\x03\x04"])
def test_what_is_no_backup_changes_nothing(hub: Hub, tmp_path: Path, content: bytes, database: str) -> None:
    FakeCounter(hub).do(stock())
    broken = tmp_path / "broken"
    broken.write_bytes(content)
    with pytest.raises(BackupBroken):
        restore(tmp_path / "hub", broken, url=database)
    assert FakeCounter(hub, device="dev-2").do(an_order("T1")).results[0].status == "applied"


def test_a_backup_that_is_not_there_is_none(hub: Hub, tmp_path: Path, database: str) -> None:
    with pytest.raises(BackupBroken):
        restore(tmp_path / "hub", tmp_path / "nothing", url=database)


def test_where_there_is_no_hub_there_is_nothing_to_copy(tmp_path: Path, database: str, postgres: Postgres) -> None:
    url = postgres.fresh(migrated=False) if database else ""
    with pytest.raises(NotMigrated):
        backup(tmp_path / "empty", tmp_path / "copy", url=url)


class TestArchive:
    """What only PostgreSQL's archives can have."""

    @pytest.fixture
    def database(self, postgres: Postgres) -> str:
        return postgres.fresh()

    def test_a_hub_that_runs_is_not_restored(self, hub: Hub, tmp_path: Path, database: str) -> None:
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
        with pytest.raises(HubRunning):
            restore(tmp_path / "hub", tmp_path / "copy", url=database)

    def test_a_flipped_bit_anywhere_is_found(self, hub: Hub, tmp_path: Path, database: str) -> None:
        FakeCounter(hub).do(stock(), *[an_order(f"T{n}") for n in range(20)])
        hub.close()
        copy = tmp_path / "copy"
        backup(tmp_path / "hub", copy, url=database)
        sound = copy.read_bytes()
        with zipfile.ZipFile(copy) as file:
            member = file.getinfo("state")
        for offset in range(member.header_offset + 60, member.header_offset + member.compress_size, 97):
            broken = bytearray(sound)
            broken[offset] ^= 0x10
            copy.write_bytes(broken)
            with pytest.raises(BackupBroken):
                restore(tmp_path / "hub", copy, url=database)

    def test_an_archive_serves_another_server(
        self, hub: Hub, tmp_path: Path, database: str, postgres: Postgres
    ) -> None:
        FakeCounter(hub).do(stock(), an_order("T1"))
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
        other = postgres.fresh(migrated=False)
        restore(tmp_path / "hub", tmp_path / "copy", url=other)
        again = open_hub(tmp_path / "hub", url=other)
        assert content(again)["state"] == content(hub)["state"]
        again.close()

    def test_an_archive_of_an_older_schema_is_brought_to_ours(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: Postgres
    ) -> None:
        home, old, new = tmp_path / "hub", Database(postgres.fresh(migrated=False)), postgres.fresh(migrated=False)
        with old.writing() as connection:
            upgrade(connection, "0001")
        found(old, home)
        waiting = {"id": "c1", "device": "d", "store": "XH", "kind": "k", "command": b"{}"}
        then = sa.MetaData()
        with old.writing() as connection:
            then.reflect(connection)
            then.remove(then.tables["alembic_version"])
            connection.execute(then.tables["parked"].insert(), [waiting])
        with monkeypatch.context() as patch:
            patch.setattr(archive, "metadata", then)
            archive.save(old, tmp_path / "copy")
        old.close()
        restore(home, tmp_path / "copy", url=new)
        again = open_hub(home, url=new)
        assert is_current(again.db)
        assert content(again)["parked"][0][:4] == ("c1", "d", "XH", "k")
        again.close()


class TestWhatCanGoWrong:
    """A backup is what is left on the day when nothing else is."""

    def test_one_that_fails_leaves_the_one_of_before(
        self, hub: Hub, tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        FakeCounter(hub).do(stock())
        copy = tmp_path / "copies" / "copy"
        backup(tmp_path / "hub", copy, url=database)
        before = copy.read_bytes()

        def full(*_: object) -> None:
            raise OSError(errno.ENOSPC, "full")

        with monkeypatch.context() as patch:
            patch.setattr(operations, "_checked", full)
            patch.setattr(archive, "check", full)
            with pytest.raises(OSError, match="full"):
                backup(tmp_path / "hub", copy, url=database)
        assert copy.read_bytes() == before
        assert [path.name for path in copy.parent.iterdir()] == ["copy"]

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
    def test_nobody_else_may_read_it(self, hub: Hub, tmp_path: Path, database: str) -> None:
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
        assert (tmp_path / "copy").stat().st_mode & 0o077 == 0

    def test_what_was_put_aside_comes_back(self, hub: Hub, tmp_path: Path, database: str) -> None:
        counter = FakeCounter(hub)
        counter.do(stock())
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
        counter.do(an_order("T1"))
        hub.close()
        restore(tmp_path / "hub", tmp_path / "copy", url=database)
        (aside,) = (tmp_path / "hub").glob("*.before-restore")
        restore(tmp_path / "hub", aside, url=database)
        again = open_hub(tmp_path / "hub", url=database, now=hub.now)
        assert len(content(again)["command_result"]) == 2
        again.close()

    def test_one_of_another_hub_is_not_put_in_place(self, hub: Hub, tmp_path: Path, database: str) -> None:
        FakeCounter(hub).do(stock())
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
        hub.close()
        (tmp_path / "hub" / ROOT_KEY_FILE).write_text("ab" * 32)
        before = content_of(tmp_path / "hub", database)
        with pytest.raises(RootKeyWrong):
            restore(tmp_path / "hub", tmp_path / "copy", url=database)
        assert content_of(tmp_path / "hub", database) == before


def content_of(home: Path, database: str) -> list[tuple[object, ...]]:
    with closing(Database(database_url(home, database))) as db, db.reading() as connection:
        return sorted(map(tuple, connection.execute(sa.select(metadata.tables["meta"]))))


class TestFile:
    """What only the file of an embedded database can suffer."""

    @pytest.fixture
    def database(self) -> str:
        return ""

    def test_a_flipped_byte_of_a_value_is_found(self, hub: Hub, tmp_path: Path) -> None:
        FakeCounter(hub).do(stock(), *[an_order(f"T{n}", sealed="s" * 300) for n in range(20)])
        backup(tmp_path / "hub", tmp_path / "copy")
        hub.close()
        sound = (tmp_path / "copy").read_bytes()
        places = [found.start() + 100 for found in re.finditer(b"s{300}", sound)]
        assert places
        for place in places[:5]:
            broken = bytearray(sound)
            broken[place] ^= 1
            (tmp_path / "copy").write_bytes(broken)
            with pytest.raises(BackupBroken):
                restore(tmp_path / "hub", tmp_path / "copy")
        (tmp_path / "copy").write_bytes(sound)
        restore(tmp_path / "hub", tmp_path / "copy")

    def test_a_copy_made_without_us_is_restored_too(self, hub: Hub, tmp_path: Path) -> None:
        FakeCounter(hub).do(stock())
        copy_sqlite(tmp_path / "hub" / DATABASE_FILE, tmp_path / "copy")
        hub.close()
        restore(tmp_path / "hub", tmp_path / "copy")

    @pytest.mark.parametrize("place", [0, PAGE_BYTES])
    def test_a_hub_whose_database_is_damaged_is_restored(
        self, hub: Hub, tmp_path: Path, place: int, capsys: pytest.CaptureFixture[str]
    ) -> None:
        FakeCounter(hub).do(stock())
        backup(tmp_path / "hub", tmp_path / "copy")
        hub.db.fold()
        hub.close()
        file = tmp_path / "hub" / DATABASE_FILE
        damaged = bytearray(file.read_bytes())
        damaged[place : place + PAGE_BYTES] = b"\xff" * PAGE_BYTES
        file.write_bytes(damaged)
        assert main(["--home", str(tmp_path / "hub"), "serve", "--port", "0"]) == 3
        assert capsys.readouterr().err == "storehub: database_damaged\n"
        restore(tmp_path / "hub", tmp_path / "copy")
        again = open_hub(tmp_path / "hub", now=hub.now)
        assert durable(again) == 1
        again.close()
        assert file.with_name(f"{DATABASE_FILE}.before-restore").read_bytes()[PAGE_BYTES:] == damaged[PAGE_BYTES:]

    def test_a_hub_that_serves_is_not_restored(self, hub: Hub, tmp_path: Path) -> None:
        backup(tmp_path / "hub", tmp_path / "copy")
        hub.close()
        process = HubProcess(tmp_path / "hub", free_port())
        try:
            with pytest.raises(HubRunning):
                restore(tmp_path / "hub", tmp_path / "copy")
            # Nor does a second one serve the same file: its polls would not hear the first one.
            assert main(["--home", str(tmp_path / "hub"), "serve", "--port", "0"]) == 3
        finally:
            process.stop()
        restore(tmp_path / "hub", tmp_path / "copy")

    def test_a_hub_is_no_place_for_its_own_backup(self, hub: Hub, tmp_path: Path) -> None:
        with pytest.raises(BackupInPlace):
            backup(tmp_path / "hub", tmp_path / "hub" / DATABASE_FILE)
        assert FakeCounter(hub).do(stock()).results[0].status == "applied"
