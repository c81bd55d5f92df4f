"""A counter that came back from a backup without keys joins its hub again under a new name, and loses nothing."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.core import Hub
from hub.devices import new_code
from storeapp.domain.order import Order
from storeapp.services import enrolment
from storeapp.services.backup import back_up
from storeapp.services.counter import Counter
from storeapp.services.enrolment import EnrolmentFailed
from storeapp.services.home import Home
from storeapp.services.restore import restore
from storeapp.store.journal import Status
from sync.engine import SyncEngine
from tests.support.counters import bare, join, run, shown, stand_alone, sync
from tests.support.hubs import an_order, make_hub
from tests.support.hubserver import HubServer, serving


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def restored(hub: Hub, server: HubServer, tmp_path: Path) -> Iterator[Counter]:
    """Two orders are with the hub, one was saved offline before the backup, one was sent after it; no key is left."""
    counter = stand_alone(tmp_path / "lost")
    with closing(counter):
        join(counter, hub, server.url)
        run(counter, an_order("T1"), an_order("T2"))
        assert sync(counter).problem == ""
        run(counter, an_order("offline"))
        back_up(Home(counter.home, counter.clock), counter, tmp_path / "backup")
        run(counter, an_order("after"))
        assert sync(counter).problem == ""
    clock = counter.clock
    restore(tmp_path / "backup", tmp_path / "new", recovery_key="", clock=clock, environ={})
    counter = Home(tmp_path / "new", clock).open()
    yield counter
    counter.close()


def orders(counter: Counter) -> set[str]:
    return {order.order_no for order in counter.cache.every(Order)}


def test_it_says_what_to_do_and_keeps_what_is_pending(restored: Counter) -> None:
    before = restored.journal.counts()
    report = sync(restored)
    assert (report.problem, report.pending) == ("must_rejoin", before[Status.PENDING])
    assert restored.journal.counts() == before


def test_it_joins_again_and_everybody_sees_the_same(
    hub: Hub, server: HubServer, restored: Counter, tmp_path: Path
) -> None:
    join(restored, hub, server.url)
    for _ in range(2):
        assert sync(restored).problem == ""
    run(restored, an_order("later"))
    assert sync(restored).problem == ""
    assert restored.journal.counts() == {}
    assert orders(restored) == {"T1", "T2", "offline", "after", "later"}
    with closing(bare(tmp_path / "other")) as other:
        join(other, hub, server.url)
        assert sync(other).problem == ""
        assert sync(restored).problem == ""
        assert shown(other) == shown(restored)


def test_it_joins_its_own_hub_only(restored: Counter, tmp_path: Path) -> None:
    with closing(make_hub(tmp_path / "elsewhere")) as other, serving(other) as server:
        with pytest.raises(EnrolmentFailed) as refused:
            SyncEngine().enrol(restored, url=server.url, code=new_code(other, store="XH"))
        assert refused.value.code == "other_hub"
        assert enrolment.must_rejoin(restored)


def test_once_joined_it_cannot_join_twice(hub: Hub, server: HubServer, restored: Counter) -> None:
    join(restored, hub, server.url)
    with pytest.raises(EnrolmentFailed, match="enrolled_already"):
        join(restored, hub, server.url)
