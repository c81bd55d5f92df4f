"""What a counter shows while its own commands and the hub's word cross each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from msgspec.structs import replace

from hub.core import Hub
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.kernel import Key
from storeapp.domain.order import Order, order_id
from storeapp.domain.rules.custody import Deliver, HandOver
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.stock import StockItem
from storeapp.domain.words import Platform
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.store import lists
from storeapp.store.cache import Row
from storeapp.store.rebase import take_page
from sync.cycle import Cycle
from sync.engine import quiet
from sync.transport import Offline
from tests.support.counters import bare, run, shown, stand_alone
from tests.support.direct import LossyClient, enrol, exchange
from tests.support.hubs import an_order

FIRST, SECOND = (order_id(Platform.TABLE, number) for number in ("T1", "T2"))
DELIVERY, OTHER = f"{FIRST}-1", f"{SECOND}-1"


class World(NamedTuple):
    hub: Hub
    one: Counter
    two: Counter

    def quiet(self) -> None:
        for counter in (self.one, self.two, self.one, self.two, self.one):
            exchange(self.hub, counter)


@pytest.fixture
def world(tmp_path: Path, hub: Hub) -> Iterator[World]:
    world = World(hub, stand_alone(tmp_path / "one"), bare(tmp_path / "two"))
    run(world.one, an_order("T1"))
    for counter in (world.one, world.two):
        enrol(world.hub, counter)
    world.quiet()
    yield world
    for counter in (world.one, world.two):
        counter.close()


def delivery(counter: Counter, which: str = DELIVERY) -> Delivery:
    found = counter.cache.get(Delivery, which)
    assert found is not None
    return found


def test_a_question_that_only_this_counter_had_leaves_the_lists(world: World) -> None:
    run(world.one, HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
    exchange(world.hub, world.one)
    run(world.two, Deliver(DELIVERY, Proof.PICKUP_CODE))
    assert len(lists.open_cases(world.two.cache.db)) == 1
    world.quiet()
    assert lists.open_cases(world.two.cache.db) == []
    assert world.two.cache.every(ExceptionCase) == []
    assert delivery(world.two).state is DeliveryState.DELIVERED


def test_a_command_that_now_does_something_else_is_shown_as_the_hub_would_decide(world: World) -> None:
    run(world.one, HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
    exchange(world.hub, world.one)
    run(world.two, CountStock("XH", "BL-001", 7))
    run(world.two, HandOver(DELIVERY, 1, "G02", Proof.TOKEN))
    take_from_hub(world)
    # The rebase found a new question, and the stock item that now hangs on it.
    assert any(case.code == "handed_over_twice" for case in world.two.cache.every(ExceptionCase))
    world.quiet()
    assert shown(world.one) == shown(world.two)


def take_from_hub(world: World) -> None:
    """Take what the hub has although the own commands didn't reach it."""
    client: Any = LossyClient(world.hub, world.two, [])
    cycle = Cycle(Exchange(world.two), client)
    cycle.greet()
    cycle.take(quiet)


def test_what_is_not_confirmed_stays_on_top(world: World) -> None:
    run(world.one, CountStock("XH", "BL-001", 50))
    exchange(world.hub, world.one)
    run(world.two, AssignDelivery(DELIVERY, "G02", 0))
    take_from_hub(world)
    item = world.two.cache.get(StockItem, "XH/BL-001")
    assert item is not None
    assert (item.on_hand, delivery(world.two).guide) == (50, "G02")
    base = world.two.cache.base(Delivery, DELIVERY)
    assert base is not None
    assert base.guide == ""


def test_commands_on_top_of_a_refused_one_fall_with_it(world: World) -> None:
    run(world.two, AssignDelivery(DELIVERY, "G02", 0), UnassignDelivery(DELIVERY, 1))
    run(world.one, AssignDelivery(DELIVERY, "G01", 0))
    exchange(world.hub, world.one)
    # The second one names a base that the winner has made true, and all the same nobody here has seen the winner.
    assert exchange(world.hub, world.two).refused == 2
    assert delivery(world.two).guide == "G01"
    world.quiet()
    assert shown(world.one) == shown(world.two)


def test_what_hangs_on_a_refused_one_falls_before_the_hub_has_answered_it(world: World) -> None:
    run(world.two, AssignDelivery(DELIVERY, "G02", 0))
    run(world.one, AssignDelivery(DELIVERY, "G01", 0))
    exchange(world.hub, world.one)
    with pytest.raises(Offline):
        exchange(world.hub, world.two, "", "", "request")
    run(world.two, UnassignDelivery(DELIVERY, 1))
    take_from_hub(world)
    assert delivery(world.two).guide == "G01"
    world.quiet()
    assert delivery(world.two).guide == "G01"


def test_an_answer_without_its_page_keeps_the_effect_on_the_screen(world: World) -> None:
    run(world.two, AssignDelivery(DELIVERY, "G02", 0))
    with pytest.raises(Offline):
        exchange(world.hub, world.two, "", "", "request")
    assert delivery(world.two).guide == "G02"
    assert world.two.cache.db.execute("SELECT count(*) FROM touch").fetchone()[0] > 0
    exchange(world.hub, world.two)
    assert world.two.cache.db.execute("SELECT count(*) FROM touch").fetchone()[0] == 0


def test_a_row_that_only_a_newer_program_knows_is_kept_unseen(world: World) -> None:
    row = Row("drone", "d1", 1, b'{"wings":4}')
    take_page(world.two.cache, [row], feed="brand", cursor=9, epoch="e", at="2026-11-21T01:00:00+00:00")
    assert shown(world.two)[Key("drone", "d1")] == row.body


def test_a_row_that_left_the_feed_leaves_the_lists(world: World) -> None:
    gone = [Row("order", FIRST, 9, b""), Row("delivery", DELIVERY, 9, b"")]
    take_page(world.two.cache, gone, feed="store:XH", cursor=99, epoch="e", at="2026-11-21T01:00:00+00:00")
    assert world.two.cache.get(Order, FIRST) is None
    assert world.two.cache.db.execute("SELECT count(*) FROM delivery_view").fetchone()[0] == 0
    assert world.two.cache.db.execute("SELECT count(*) FROM search").fetchone()[0] == 0


def test_a_lost_cache_shows_own_commands_at_once_and_the_rest_with_the_next_page(world: World) -> None:
    run(world.two, AssignDelivery(DELIVERY, "G02", 0))
    run(world.two, an_order("T2"))
    with world.two.cache.writing():
        world.two.cache.empty()
    world.two.catch_up()
    assert delivery(world.two, OTHER).state is DeliveryState.WAITING
    assert world.two.cache.get(Delivery, DELIVERY) is None
    take_from_hub(world)
    assert delivery(world.two).guide == "G02"


def test_what_the_hub_refused_does_not_come_back_with_a_rebuilt_cache(world: World) -> None:
    run(world.one, AssignDelivery(DELIVERY, "G01", 0))
    run(world.two, AssignDelivery(DELIVERY, "G02", 0))
    world.quiet()
    with world.two.cache.writing():
        world.two.cache.empty()
    world.two.catch_up()
    exchange(world.hub, world.two)
    assert delivery(world.two).guide == "G01"


class TestReachingFurther:
    """A command that is decided anew may reach what it did not touch when it was saved."""

    @pytest.fixture
    def back_in_store(self, world: World) -> Row:
        """The delivery as it was before the first guide took it."""
        return Row("delivery", DELIVERY, 99, shown(world.two)[Key("delivery", DELIVERY)])

    @pytest.fixture
    def taken_on(self, world: World, back_in_store: Row) -> Row:
        """Another guide takes the parcel from the first: no goods leave the store by that."""
        run(world.one, HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
        world.quiet()
        run(world.two, HandOver(DELIVERY, 1, "G02", Proof.TOKEN))
        return back_in_store

    def take(self, world: World, row: Row) -> None:
        at = "2026-11-21T01:00:00+00:00"
        take_page(world.two.cache, [row], feed="store:XH", cursor=0, epoch="e", at=at)
        Exchange(world.two).finish()

    def goods(self, world: World) -> StockItem:
        item = world.two.cache.get(StockItem, "XH/BL-001")
        assert item is not None
        return item

    def test_it_is_shown_over_a_base_that_is_kept(self, world: World, taken_on: Row) -> None:
        self.take(world, taken_on)
        base = world.two.cache.base(StockItem, "XH/BL-001")
        assert base is not None
        assert (base.on_hand, self.goods(world).on_hand) == (99, 98)

    def test_it_follows_when_the_hub_changes_that(self, world: World, taken_on: Row) -> None:
        self.take(world, taken_on)
        stock = msgspec.json.encode(replace(self.goods(world), on_hand=50))
        self.take(world, Row("stock", "XH/BL-001", 99, stock))
        assert self.goods(world).on_hand == 49

    def test_later_commands_on_that_still_come_later(self, world: World, taken_on: Row) -> None:
        run(world.two, CountStock("XH", "BL-001", 7))
        self.take(world, taken_on)
        assert self.goods(world).on_hand == 7
