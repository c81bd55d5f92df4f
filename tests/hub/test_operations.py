from pathlib import Path

import pytest

from hub.core import Hub, NotMigrated, open_hub
from hub.operations import BackupBroken, backup, restore
from tests.support.hubs import FakeCounter, an_order, make_hub, stock


def test_a_backup_of_a_hub_in_use_is_restored_under_a_new_epoch(hub: Hub, tmp_path: Path) -> None:
    counter = FakeCounter(hub)
    counter.do(stock())
    copy = tmp_path / "copy.db"
    assert backup(tmp_path / "hub", copy) == {"commands": 1}
    counter.do(an_order("T1"))
    hub.close()
    restore(tmp_path / "hub", copy)
    again = open_hub(tmp_path / "hub")
    assert again.identity.epoch != hub.identity.epoch
    assert again.identity.root_certificate == hub.identity.root_certificate
    again.close()
    assert (tmp_path / "hub" / "hub.db.before-restore").exists()


@pytest.mark.parametrize("content", [b"", b"no database at all", b"SQLite format 3\0" + b"x" * 5000])
def test_what_is_no_backup_changes_nothing(hub: Hub, tmp_path: Path, content: bytes) -> None:
    FakeCounter(hub).do(stock())
    broken = tmp_path / "broken.db"
    broken.write_bytes(content)
    with pytest.raises(BackupBroken):
        restore(tmp_path / "hub", broken)
    assert FakeCounter(hub, device="dev-2").do(an_order("T1")).results[0].status == "applied"


def test_a_backup_that_is_not_there_is_none(tmp_path: Path) -> None:
    make_hub(tmp_path / "hub").close()
    with pytest.raises(BackupBroken):
        restore(tmp_path / "hub", tmp_path / "nothing.db")
    with pytest.raises(NotMigrated):
        backup(tmp_path / "empty", tmp_path / "copy.db")
