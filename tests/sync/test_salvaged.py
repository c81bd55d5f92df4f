"""A counter whose journal was damaged: what could be read of it still reaches the hub."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.core import Hub
from storeapp.domain.order import Order
from storeapp.services.counter import Counter
from storeapp.store.journal import Status, suspicion
from tests.support import direct
from tests.support.counters import again, run, stand_alone
from tests.support.hubs import an_order, make_hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    hub = make_hub(tmp_path / "hub")
    yield hub
    hub.close()


def lost_one(counter: Counter, n: int) -> Counter:
    """The same counter after the damage of one command was met and salvaged."""
    counter.journal._db.execute("UPDATE command SET body = x'ff' WHERE n = ?", [n])
    suspicion(counter.home / "journal.db").touch()
    counter.close()
    return again(counter)


def orders(counter: Counter) -> set[str]:
    return {order.order_no for order in counter.cache.every(Order)}


@pytest.mark.parametrize("sent", [0, 2, 4])
@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_what_a_salvage_saved_is_sent_in_spite_of_the_gap(hub: Hub, tmp_path: Path, sent: int, lost: int) -> None:
    counter = stand_alone(tmp_path / "one")
    direct.enrol(hub, counter)
    direct.exchange(hub, counter)
    first = counter.journal.last() + 1
    numbers = [f"T{n}" for n in range(4)]
    for position, number in enumerate(numbers):
        if position == sent:
            direct.exchange(hub, counter)
        run(counter, an_order(number))
    if sent == len(numbers):
        direct.exchange(hub, counter)
    counter = lost_one(counter, first + lost)
    with closing(counter):
        run(counter, an_order("after"))
        direct.exchange(hub, counter)
        direct.exchange(hub, counter)
        assert counter.journal.counts() == {}
        expected = {"after", *numbers} - ({numbers[lost]} if lost >= sent else set())
        assert orders(counter) == expected
        assert {entry.status for entry in counter.journal.after(0)} == {Status.APPLIED}


def test_a_counter_that_was_salvaged_standing_alone_can_join(hub: Hub, tmp_path: Path) -> None:
    counter = stand_alone(tmp_path / "one")
    run(counter, an_order("T0"), an_order("T1"), an_order("T2"))
    counter = lost_one(counter, counter.journal.last() - 1)
    with closing(counter):
        direct.enrol(hub, counter)
        direct.exchange(hub, counter)
        assert counter.journal.counts() == {}
        assert orders(counter) == {"T0", "T2"}
