"""Shares of the stock on both databases, told to the hub as counters tell it."""

from datetime import timedelta

import pytest

from hub import allotting, devices, revocations
from hub.core import Hub
from hub.devices import EnrolledDevice
from hub.problems import HubProblem
from hub.states import States
from storeapp.domain.allotment import Allotment
from storeapp.domain.kernel import Key
from storeapp.domain.order import Order, order_id
from storeapp.domain.stock import StockItem
from storeapp.domain.words import Platform
from sync.protocol.messages import EnrolRequest, Hello, SeenShelf
from tests.support.hubs import FakeCounter, TurnedClock, an_order, stock

SHELF = "XH/BL-001"


def enrolled(hub: Hub, name: str) -> FakeCounter:
    counter = FakeCounter(hub, device=name, incarnation=f"i-{name}")
    key = name.encode().ljust(32, b"\0")
    devices.enrol(hub, EnrolRequest(devices.new_code(hub, store="XH"), name, key, counter.transport.public))
    return counter


def known(hub: Hub, counter: FakeCounter) -> EnrolledDevice:
    found = devices.find(hub, counter.device)
    assert found is not None
    return found


def hello(hub: Hub, counter: FakeCounter, *seen: SeenShelf, last_seq: int | None = None) -> None:
    last = counter.seq if last_seq is None else last_seq
    devices.hello(hub, known(hub, counter), Hello(counter.incarnation, last, shares=list(seen)))


def states(hub: Hub) -> tuple[StockItem, Allotment, int]:
    with hub.db.reading() as connection:
        states = States(hub.db, connection, store="XH")
        item, leases = states.get(StockItem, SHELF), states.get(Allotment, "XH")
        assert item is not None
        assert leases is not None
        return item, leases, states.version(Key(StockItem.KIND, SHELF))


def shares(hub: Hub, counter: FakeCounter) -> tuple[int, int]:
    """Granted and held."""
    item, leases, _ = states(hub)
    lease = leases.of(counter.incarnation)
    share = item.share(lease.id if lease else "")
    return share.granted, share.held


def unconfirmed(hub: Hub, number: str) -> int:
    return states(hub)[0].waiting_for(order_id(Platform.TABLE, number))


@pytest.fixture
def two(hub: Hub) -> tuple[FakeCounter, FakeCounter]:
    one, other = enrolled(hub, "dev-a"), enrolled(hub, "dev-b")
    one.do(stock(quantity=10))
    hello(hub, one)
    hello(hub, other)
    return one, other


def test_the_first_to_say_hello_holds_everything(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    assert (shares(hub, one), shares(hub, other)) == ((10, 10), (0, 0))


def test_what_is_taken_back_is_held_until_it_is_known(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    other.do(an_order("T1", quantity=4))
    assert (shares(hub, one), unconfirmed(hub, "T1")) == ((6, 10), 4)
    hello(hub, one)
    assert unconfirmed(hub, "T1") == 4
    hello(hub, one, SeenShelf(SHELF, states(hub)[2]))
    assert (shares(hub, one), unconfirmed(hub, "T1")) == ((6, 6), 0)


def test_only_the_row_as_it_is_counts_as_known(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    other.do(an_order("T1", quantity=4))
    hello(hub, one, SeenShelf(SHELF, states(hub)[2] - 1), SeenShelf("XH/other", 1), SeenShelf("XH/\0", 1))
    assert (shares(hub, one), unconfirmed(hub, "T1")) == ((6, 10), 4)


def test_hello_counts_only_when_nothing_is_on_its_way(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    other.do(an_order("T1", quantity=4))
    hello(hub, one, SeenShelf(SHELF, states(hub)[2]), last_seq=one.seq + 1)
    assert shares(hub, one) == (6, 10)


def test_a_batch_under_way_is_decided_by_what_is_held(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    other.do(an_order("T1", quantity=4))
    one.do(an_order("T2", quantity=10))
    assert (unconfirmed(hub, "T2"), unconfirmed(hub, "T1")) == (0, 0)
    with hub.db.reading() as connection:
        short = States(hub.db, connection, store="XH").get(Order, order_id(Platform.TABLE, "T1"))
    assert short is not None
    assert (short.lines[0].reserved, short.needs) == (0, ("sku_unknown", "short_stock"))


def test_a_counter_that_knows_nothing_of_shares_gets_none(hub: Hub) -> None:
    old = enrolled(hub, "dev-a")
    old.do(stock(quantity=10))
    devices.hello(hub, known(hub, old), Hello(old.incarnation, old.seq))
    old.do(an_order("T1", quantity=4))
    with hub.db.reading() as connection:
        found = States(hub.db, connection, store="XH").get(StockItem, SHELF)
    assert found is not None
    assert (found.reserved, found.unconfirmed, found.shares) == (4, 0, ())


def test_a_day_without_hello_frees_the_share(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    assert isinstance(hub.now, TurnedClock)
    hub.now.moment += timedelta(hours=25)
    hello(hub, other)
    assert shares(hub, other) == (10, 10)
    lease = states(hub)[1].of(one.incarnation)
    assert lease is not None
    assert lease.lapsed


def test_a_renewal_is_no_row_of_stock(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, _ = two
    assert isinstance(hub.now, TurnedClock)
    before = states(hub)
    hub.now.moment += timedelta(minutes=59)
    hello(hub, one)
    assert states(hub) == before
    hub.now.moment += timedelta(minutes=2)
    hello(hub, one)
    item, leases, version = states(hub)
    assert (item, version) == (before[0], before[2])
    assert leases != before[1]


def test_revoking_and_enrolling_again_give_the_share_back(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    enrolled(hub, one.device)
    hello(hub, other)
    assert (shares(hub, one), shares(hub, other)) == ((0, 0), (10, 10))
    revocations.revoke(hub, other.device)
    hello(hub, one)
    assert shares(hub, one) == (10, 10)


def test_a_counter_that_was_turned_away_is_given_no_share_again(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    revocations.revoke(hub, one.device)
    hello(hub, other)
    before = states(hub)
    hello(hub, one)
    assert states(hub) == before
    assert shares(hub, other) == (10, 10)


def test_weights_are_kept_for_who_comes_later(hub: Hub, two: tuple[FakeCounter, FakeCounter]) -> None:
    one, other = two
    assert allotting.weigh(hub, other.device, 50) == "XH"
    assert (shares(hub, one), shares(hub, other)) == ((0, 10), (0, 0))
    hello(hub, one, SeenShelf(SHELF, states(hub)[2]))
    assert (shares(hub, one), shares(hub, other)) == ((0, 0), (10, 10))
    with pytest.raises(HubProblem):
        allotting.weigh(hub, "nobody", 1)
