"""Days on which a piece could be promised twice, and the bugs that would do it: each is found where it is planted."""

import contextlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
import sqlalchemy as sa

from hub import allotting, devices
from hub.allotting import weigh
from hub.core import Hub
from hub.states import States
from hub.tables import incarnation
from storeapp.domain import allotment as leases
from storeapp.domain.allotment import Allotment
from storeapp.domain.order import UNCONFIRMED_STOCK, Order, OrderLine
from storeapp.domain.rules import allotting as rules
from storeapp.domain.rules.orders import CorrectOrder
from storeapp.domain.rules.stock import MoveStock
from storeapp.domain.stock import Movement, Share
from storeapp.services.exchange import Exchange
from sync.engine import quiet
from sync.transport import Offline
from tests.support.shelf import COUNTERS, SKU, Store


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    store.exchange(1)
    yield store
    store.close()


# -- days on which a piece could be promised twice


def both_want_the_same(store: Store) -> None:
    """One counter asks for what another holds, who promises all of it before it hears of that."""
    store.place(1, 5)
    store.exchange(1)
    store.place(1, 1)
    store.exchange(1)
    assert store.place(0, 20).pieces == 20
    store.exchange(0)
    store.check()


def an_old_answer_arrives(store: Store) -> None:
    """A counter has read that it has less, and not yet that it has still less."""
    store.place(1, 5)
    store.exchange(1)
    store.read(0)
    store.place(1, 5)
    store.exchange(1)
    with contextlib.suppress(Offline):
        store.cycle(0, "", "request").run(quiet)
    assert store.place(0, 15).pieces == 15
    store.settle()
    store.check()


def more_is_on_its_way(store: Store) -> None:
    """A counter has read that it has less after it had promised more, and the hub has not heard of that."""
    assert store.place(0, 18).pieces == 18
    store.place(1, 5)
    store.exchange(1)
    store.read(0)
    store.cycle(0).greet()
    store.settle()
    store.check()


def a_disk_is_copied(store: Store) -> None:
    """Two machines have one disk, and one of them finds out."""
    copy = store.copy_of(0)
    assert store.place(0, 20).pieces == 20
    Exchange(store.counters[copy]).begin_anew()
    store.exchange(copy)
    store.place(copy, 20)
    store.exchange(copy)
    store.exchange(0)
    store.check()


def the_hub_is_restored(store: Store) -> None:
    """What was granted since the backup nobody at the hub remembers."""
    store.back_up()
    weigh(store.hub, store.counters[1].device, 100)
    store.settle()
    assert store.share_of(1) == 20
    store.restore()
    store.exchange(0)
    assert store.place(1, 20).pieces == 20
    store.place(0, 20)
    store.exchange(1)
    store.settle()
    store.check()


def everything_goes_on_at_once(*_: Any) -> dict[str, Share]:
    """What is taken back from a counter is given on before that counter knows."""
    right = _taken_back(*_)
    return {name: Share(name, share.granted, share.granted) for name, share in right.items()}


_taken_back, _heard_from, _hello = rules._taken_back, leases.heard_from, devices.hello


class _AnyVersion(int):
    """Equals every number."""

    def __eq__(self, _other: object) -> bool:
        return True

    __hash__ = int.__hash__


def _hello_before_all_is_told(hub: Hub, known: Any, message: Any) -> Any:
    with hub.db.reading() as connection:
        mine = (incarnation.c.device == known.id, incarnation.c.incarnation == message.incarnation)
        last = connection.scalar(sa.select(incarnation.c.last_seq).where(*mine))
    return _hello(hub, known, msgspec.structs.replace(message, last_seq=int(last or 0)))


def _copies_inherit(known: Allotment | None, caller: Any, **others: Any) -> Allotment:
    return _heard_from(leases.without(known, caller.device) if known else None, caller, **others)


Day = Callable[[Store], None]
Plant = Callable[[], AbstractContextManager[Any]]
PLANTED: dict[str, tuple[Day, Plant]] = {
    "given on before it was given back": (
        both_want_the_same,
        lambda: patch.object(rules, "_taken_back", everything_goes_on_at_once),
    ),
    "given back by who knows an older row": (
        an_old_answer_arrives,
        lambda: patch.object(States, "version", lambda *_: _AnyVersion()),
    ),
    "given back before all was told": (
        more_is_on_its_way,
        lambda: patch.object(devices, "hello", _hello_before_all_is_told),
    ),
    "given to a copy, too": (a_disk_is_copied, lambda: patch.object(allotting, "heard_from", _copies_inherit)),
    "given again after a restore": (
        the_hub_is_restored,
        lambda: patch.object(allotting, "close_all", lambda *_, **__: None),
    ),
}


@pytest.mark.parametrize("day", [day for day, _ in PLANTED.values()])
def test_no_piece_is_promised_twice(store: Store, day: Day) -> None:
    day(store)


@pytest.mark.parametrize(("day", "plant"), PLANTED.values(), ids=PLANTED.keys())
def test_an_allotment_granted_twice_is_found(store: Store, day: Day, plant: Plant) -> None:
    with plant(), pytest.raises(AssertionError, match="taken back"):
        day(store)


# -- single behaviours


def test_the_first_counter_holds_everything(store: Store) -> None:
    store.settle()
    assert [store.share_of(n) for n in range(COUNTERS)] == [20, 0, 0]


def test_past_the_share_a_promise_is_unconfirmed_until_the_others_give_back(store: Store) -> None:
    told = store.place(1, 5)
    order = store.counters[1].cache.get(Order, told.order_id)
    assert order is not None
    assert (told.pieces, order.lines[0].reserved, order.needs) == (0, 5, (UNCONFIRMED_STOCK,))
    store.exchange(1)
    assert store.firm_at_hub(told.order_id) == 0
    store.exchange(0)
    store.exchange(1)
    assert (store.firm_at(1, told.order_id), store.share_of(0)) == (5, 15)


def test_what_cannot_be_kept_is_short_and_the_latest_goes_first(store: Store) -> None:
    first, last = store.place(1, 4), store.place(1, 4)
    store.exchange(1)
    assert store.place(0, 15).pieces == 15
    store.settle()
    orders = [store.counters[1].cache.get(Order, told.order_id) for told in (first, last)]
    assert [order.lines[0].reserved for order in orders if order] == [4, 1]
    assert orders[1] is not None
    assert orders[1].needs == ("short_stock",)


def test_weights_divide_the_shelf(store: Store) -> None:
    weigh(store.hub, store.counters[0].device, 60)
    weigh(store.hub, store.counters[1].device, 20)
    store.settle()
    assert [store.share_of(n) for n in range(COUNTERS)] == [15, 5, 0]


def test_a_share_lapses_after_a_day_without_hello(store: Store) -> None:
    early = store.place(0, 8)
    store.later(25)
    late = store.place(0, 3)
    store.exchange(1)
    assert (early.pieces, late.pieces, store.share_of(1)) == (8, 0, 20)
    theirs = store.place(1, 20)
    store.exchange(1)
    store.settle()
    store.check()
    _, _, asked, _ = store.hub_states()
    assert (theirs.pieces, asked) == (20, True)


def test_a_sale_told_after_its_lease_has_lapsed_takes_from_whoever_has_the_piece_now(store: Store) -> None:
    store.do(0, MoveStock("XH", SKU, Movement.SOLD, -1))
    store.later(25)
    store.exchange(1)
    assert store.share_of(1) == 20
    store.exchange(0)
    item, known, asked, _ = store.hub_states()
    assert known is not None
    lease = known.of(store.counters[1].incarnation)
    assert lease is not None
    # Nothing is granted twice; what the other could still promise is kept for it until it has read.
    assert (item.on_hand, item.share(lease.id).granted, leases.free(known, item), asked) == (19, 0, 0, False)
    assert store.place(1, 20).pieces == 20
    store.settle()
    store.check()
    _, _, asked, _ = store.hub_states()
    assert asked


def test_a_share_lapsed_with_untold_sales_is_a_question_only_where_both_have_promised(store: Store) -> None:
    store.do(0, MoveStock("XH", SKU, Movement.SOLD, -1))
    store.later(25)
    store.exchange(1)
    store.settle()
    _, _, asked, _ = store.hub_states()
    assert (asked, sum(store.share_of(n) for n in range(COUNTERS))) == (False, 19)


def test_a_counter_that_says_hello_keeps_its_share(store: Store) -> None:
    for _ in range(4):
        store.later(11)
        store.exchange(0)
    assert (store.share_of(0), store.lives(0)) == (20, True)


def test_a_clock_that_stands_in_the_past_promises_nothing(store: Store) -> None:
    store.clock.moment -= timedelta(days=400)
    assert store.place(0, 1).pieces == 0


def test_the_share_of_a_revoked_counter_returns(store: Store) -> None:
    store.revoke(0)
    store.exchange(1)
    assert store.share_of(1) == 20


def test_a_new_numbering_waits_until_the_old_one_has_lapsed(store: Store) -> None:
    Exchange(store.counters[0]).begin_anew()
    store.exchange(0)
    assert store.share_of(0) == 0
    store.later(25)
    store.exchange(0)
    assert store.share_of(0) == 20


def test_what_was_promised_before_a_new_numbering_stands(store: Store) -> None:
    store.place(0, 12)
    Exchange(store.counters[0]).begin_anew()
    store.settle()
    store.check()


def test_what_was_promised_before_a_new_numbering_stands_though_the_cache_was_lost_between(store: Store) -> None:
    renumbered = store.counters[2]
    Exchange(renumbered).begin_anew()
    store.exchange(2)
    store.do(2, MoveStock("XH", SKU, Movement.RECEIVED, 1))
    assert store.place(2, 1).pieces == 1
    # Somebody else waits for the piece.
    Exchange(store.counters[0]).begin_anew()
    store.place(0, 6)
    with renumbered.cache.writing():
        renumbered.cache.empty()
    Exchange(renumbered).begin_anew()
    store.settle()
    store.check()


def test_goods_that_arrive_may_be_promised_where_they_arrived(store: Store) -> None:
    store.settle()
    store.do(0, MoveStock("XH", SKU, Movement.RECEIVED, 4))
    assert store.place(0, 24).pieces == 24
    store.settle()
    store.check()


def test_a_sale_elsewhere_is_no_discrepancy_as_long_as_nobody_was_promised_the_piece(store: Store) -> None:
    store.do(1, MoveStock("XH", SKU, Movement.SOLD, -3))
    store.settle()
    item, _, asked, _ = store.hub_states()
    assert (item.on_hand, store.share_of(0), asked) == (17, 17, False)


def test_a_sale_of_what_was_promised_is_a_question_that_a_count_answers(store: Store) -> None:
    store.place(0, 18)
    store.do(1, MoveStock("XH", SKU, Movement.SOLD, -5))
    store.settle()
    store.check()
    assert store.hub_states()[2]
    store.count(1, 18)
    store.settle()
    assert not store.hub_states()[2]


def test_after_a_restore_nothing_is_granted_until_all_were_heard(store: Store) -> None:
    store.back_up()
    store.restore()
    store.exchange(0)
    store.exchange(1)
    assert (store.share_of(0), store.place(0, 2).pieces) == (0, 0)
    store.settle()
    assert store.share_of(0) == 18


def test_after_a_restore_a_counter_that_is_gone_is_waited_for_a_day(store: Store) -> None:
    store.back_up()
    store.restore()
    store.later(25)
    store.exchange(0)
    assert store.share_of(0) == 20


def test_a_correction_keeps_what_was_promised_for_good(store: Store) -> None:
    told = store.place(0, 20)
    order = store.counters[0].cache.get(Order, told.order_id)
    assert order is not None
    line = order.lines[0]
    store.do(0, CorrectOrder(order.id, "", True, (), (OrderLine(line.sku, 19, line.price_fen),)))
    assert store.firm_at(0, told.order_id) == 19
