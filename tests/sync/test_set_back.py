"""Hubs that were restored from old backups, and the counters that know more than they do."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.core import Hub, open_hub
from hub.operations import backup, restore
from storeapp.domain.kernel import Key
from storeapp.domain.order import order_id
from storeapp.domain.words import Platform
from storeapp.services.counter import Counter
from storeapp.services.enrolment import EnrolmentFailed, may_join
from storeapp.services.home import Home
from storeapp.store.journal import Status
from sync.transport import Unauthorised
from tests.support.counters import run, shown, stand_alone
from tests.support.direct import enrol, exchange
from tests.support.hubs import TurnedClock, an_order, make_hub
from tests.sync.test_exchange import projection


@dataclass
class Brand:
    """A hub that can be set back, and whatever has to be closed."""

    path: Path
    url: str
    hub: Hub
    opened: ExitStack

    def back_up(self) -> None:
        backup(self.path / "hub", self.path / "hub-copy.db", url=self.url)

    def set_back(self) -> None:
        self.hub.close()
        restore(self.path / "hub", self.path / "hub-copy.db", url=self.url)
        self.hub = open_hub(self.path / "hub", url=self.url, now=TurnedClock())

    def counter(self, name: str) -> Counter:
        counter = stand_alone(self.path / name)
        self.opened.callback(counter.close)
        return counter

    def copy_of(self, counter: Counter) -> Counter:
        shutil.copytree(counter.home, self.path / "copy")
        copy = Home(self.path / "copy", counter.clock).open()
        self.opened.callback(copy.close)
        return copy


@pytest.fixture
def brand(tmp_path: Path, database: str) -> Iterator[Brand]:
    with ExitStack() as opened:
        brand = Brand(tmp_path, database, make_hub(tmp_path / "hub", url=database), opened)
        yield brand
        brand.hub.close()


def key(number: str) -> Key:
    return Key("order", order_id(Platform.TABLE, number))


def test_a_restored_hub_gets_what_was_sent_under_an_older_numbering(brand: Brand) -> None:
    one = brand.counter("one")
    enrol(brand.hub, one)
    exchange(brand.hub, one)
    brand.back_up()
    run(one, an_order("before"))
    exchange(brand.hub, one)
    copy = brand.copy_of(one)
    for counter, number in ((one, "T1"), (copy, "T2")):
        run(counter, an_order(number))
        exchange(brand.hub, counter)
    assert copy.identity["incarnation"] != one.identity["incarnation"]
    brand.set_back()
    one.close()  # The computer is gone; the copy alone knows.
    exchange(brand.hub, copy)
    assert {key("before"), key("T2")} <= projection(brand.hub).keys()
    assert shown(copy) == projection(brand.hub)


def test_a_restored_hub_that_counts_as_far_with_other_commands_gets_ours(brand: Brand) -> None:
    one = brand.counter("one")
    enrol(brand.hub, one)
    exchange(brand.hub, one)
    brand.back_up()
    copy = brand.copy_of(one)
    run(one, an_order("T1"))
    exchange(brand.hub, one)
    brand.set_back()
    run(copy, an_order("T2"))
    exchange(brand.hub, copy)
    exchange(brand.hub, one)
    exchange(brand.hub, copy)
    assert {key("T1"), key("T2")} <= projection(brand.hub).keys()
    assert shown(one) == shown(copy) == projection(brand.hub)


class TestForgotten:
    @pytest.fixture
    def forgotten(self, brand: Brand) -> Counter:
        """It joined after the backup, and has sent an order."""
        brand.back_up()
        one = brand.counter("one")
        enrol(brand.hub, one)
        run(one, an_order("T1"))
        exchange(brand.hub, one)
        brand.set_back()
        return one

    def test_it_joins_again_under_its_name_and_the_hub_gets_everything(self, brand: Brand, forgotten: Counter) -> None:
        device = forgotten.device
        with pytest.raises(Unauthorised, match="unknown_device"):
            exchange(brand.hub, forgotten)
        enrol(brand.hub, forgotten)
        exchange(brand.hub, forgotten)
        assert (forgotten.device, forgotten.journal.counts().get(Status.PENDING, 0)) == (device, 0)
        assert key("T1") in projection(brand.hub)
        assert shown(forgotten) == projection(brand.hub)

    def test_once_it_has_joined_no_code_is_of_use(self, brand: Brand, forgotten: Counter) -> None:
        with pytest.raises(Unauthorised):
            exchange(brand.hub, forgotten)
        enrol(brand.hub, forgotten)
        assert not may_join(forgotten)
        with pytest.raises(EnrolmentFailed, match="enrolled_already"):
            enrol(brand.hub, forgotten)
