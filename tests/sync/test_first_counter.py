"""A new PC that is the first of its store at the hub: somebody must be able to sign in."""

from pathlib import Path

import pytest

from hub.core import Hub
from storeapp.services import staff
from storeapp.services.counter import Actor
from storeapp.services.ports import SyncFailed
from sync.engine import SyncEngine
from tests.support.counters import PASSPHRASE, bare, join, shown, stand_alone, sync
from tests.support.hubserver import serving


def test_the_first_counter_of_a_store_gets_its_first_manager(tmp_path: Path, hub: Hub) -> None:
    counter = bare(tmp_path / "counter", passphrase=PASSPHRASE)
    with serving(hub) as server:
        join(counter, hub, server.url)
        sync(counter)
        assert [person.id for person in staff.staff_rows(counter)] == ["manager"]
        assert isinstance(staff.choose_first_pin(counter, "manager", "2580"), Actor)
        sync(counter)
        assert sync(counter).pending == 0
    counter.close()


def test_a_store_that_has_its_staff_keeps_it(tmp_path: Path, hub: Hub) -> None:
    first = stand_alone(tmp_path / "first", passphrase=PASSPHRASE)
    second = bare(tmp_path / "second", passphrase=PASSPHRASE)
    with serving(hub) as server:
        join(first, hub, server.url)
        sync(first)
        join(second, hub, server.url)
        sync(second)
        sync(first)
        assert shown(second) == shown(first)
        assert second.journal.last() == 0
    first.close()
    second.close()


@pytest.mark.parametrize(
    "url", ["http://hub.shop.test", "ftp://hub.shop.test", "hub.shop.test", "http://127.0.0.1.evil.test"]
)
def test_a_hub_is_only_joined_in_private(tmp_path: Path, url: str) -> None:
    counter = stand_alone(tmp_path / "counter", passphrase=PASSPHRASE)
    with pytest.raises(SyncFailed, match="hub_not_https"):
        SyncEngine().enrol(counter, url=url, code="some")
    assert not counter.enrolled
    counter.close()
