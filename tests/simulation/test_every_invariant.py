"""No invariant is a check that cannot fail: for each there is a bug that it finds, on a day that is sound otherwise."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from hub import decisions, feeds
from hub.tables import incarnation
from storeapp.domain.delivery import CustodyMoved, Delivery
from storeapp.domain.rules import registry
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.stock import MoveStock
from storeapp.domain.stock import Movement, StockMoved, StockReserved
from storeapp.services import exchange
from storeapp.services.exchange import Exchange, Outgoing
from storeapp.store import views
from tests.simulation.invariants import ALWAYS, IN_CHOSEN_DAYS, IN_QUIET, Broken, check
from tests.simulation.machine import delivery_of, fact_of
from tests.simulation.planted import PLANTS
from tests.simulation.world import World
from tests.support.hubs import an_order

Day = Callable[[World], None]
Bug = Callable[[], AbstractContextManager[Any]]


@dataclass(frozen=True, slots=True)
class Case:
    """A bug, the day that shows it, and the invariant that must be broken by it, at once or in quiet."""

    invariant: str
    bug: Bug
    day: Day


# -- days


def an_order_is_sent(world: World) -> None:
    world.desks["one"].do(an_order("T0"))
    world.exchange("one")


def a_counter_asks_often(world: World) -> None:
    an_order_is_sent(world)
    for _ in range(4):
        world.exchange("one")


def goods_come(world: World) -> None:
    world.desks["one"].do(MoveStock("XH", "BL-001", Movement.RECEIVED, 3))
    world.exchange("one")


def a_guide_takes_it(world: World) -> None:
    an_order_is_sent(world)
    world.desks["one"].do(fact_of("hand_over", "T0", "G01"))
    world.exchange("one")


def two_counters_assign_it(world: World) -> None:
    world.desks["one"].do(an_order("T0"))
    for name in ("one", "two", "one"):
        world.exchange(name)
    for name, guide in (("one", "G01"), ("two", "G02")):
        world.desks[name].do(AssignDelivery(delivery_of("T0"), guide, 0))
    world.exchange("one")
    world.exchange("two")


def somebody_looks_at_the_feed(world: World) -> None:
    world.exchange("one")
    world.mirror("store:XH", store="XH")
    an_order_is_sent(world)


# -- bugs


def evolving(event: type[Any], change: Callable[..., Any]) -> AbstractContextManager[Any]:
    """Another effect of an event, made from the real one's function."""
    real = registry._EVOLVE_OF[event]
    return patch.dict(registry._EVOLVE_OF, {event: lambda state, happened: change(real, state, happened)})


def a_last_number_too_high() -> AbstractContextManager[Any]:
    def remember(self: Any, last: int) -> None:
        row = {"device": self._sender.id, "incarnation": self._batch.incarnation, "last_seq": last + 1}
        self._hub.db.put(self._connection, incarnation, [row])

    return patch.object(decisions._Batch, "_remember_last", remember)


def answers_are_not_noted() -> AbstractContextManager[Any]:
    return patch.object(Exchange, "settle", lambda _, outcomes: [*outcomes].clear())


def a_rule_fells_the_batch() -> AbstractContextManager[Any]:
    real = decisions._Batch._run

    def run(self: Any, item: Any, typed: Any) -> None:
        if item.command.kind == HandOver.KIND:
            raise RuntimeError
        real(self, item, typed)

    return patch.object(decisions._Batch, "_run", run)


def a_page_lacks_its_last_row() -> AbstractContextManager[Any]:
    real = feeds.changes

    def changes(*where: Any, **which: Any) -> Any:
        page = real(*where, **which)
        return msgspec.structs.replace(page, rows=page.rows[:-1])

    return patch.object(feeds, "changes", changes)


def goods_move_twice() -> AbstractContextManager[Any]:
    return evolving(StockMoved, lambda real, state, event: real(real(state, event), event))


def a_promise_is_forgotten() -> AbstractContextManager[Any]:
    return evolving(StockReserved, lambda _real, state, _event: state)


def a_link_is_doubled() -> AbstractContextManager[Any]:
    return evolving(CustodyMoved, lambda real, state, event: real(real(state, event), event))


def a_link_is_forgotten() -> AbstractContextManager[Any]:
    return evolving(CustodyMoved, lambda _real, state, _event: state)


def the_last_to_assign_wins() -> AbstractContextManager[Any]:
    real = registry._HANDLERS[AssignDelivery]

    def assign(command: AssignDelivery, draft: Any, ctx: Any) -> Any:
        known = draft.get(Delivery, command.delivery_id)
        return real(msgspec.structs.replace(command, base=known.assignments if known else 0), draft, ctx)

    return patch.dict(registry._HANDLERS, {AssignDelivery: assign})


def what_was_promised_is_never_dropped() -> AbstractContextManager[Any]:
    return patch.object(Exchange, "finish", lambda _: None)


def the_newest_is_never_sent() -> AbstractContextManager[Any]:
    real = Exchange.outbox

    def outbox(self: Exchange, **how: Any) -> Outgoing:
        found = real(self, **how)
        return Outgoing(found.commands[:-1], found.keys)

    return patch.object(Exchange, "outbox", outbox)


def a_row_is_not_kept() -> AbstractContextManager[Any]:
    real = exchange.take_page
    return patch.object(exchange, "take_page", lambda kept, rows, **rest: real(kept, rows[:-1], **rest))


def lists_are_not_written() -> AbstractContextManager[Any]:
    return patch.object(views, "project", lambda *_, **__: None)


CASES = (
    Case("hub_numbers_each_device_from_one", a_last_number_too_high, an_order_is_sent),
    Case("no_command_blocks_the_queue", answers_are_not_noted, a_counter_asks_often),
    Case("the_hub_never_fails", a_rule_fells_the_batch, a_guide_takes_it),
    Case("snapshot_and_changes_agree", a_page_lacks_its_last_row, somebody_looks_at_the_feed),
    Case("cursors_never_pass_their_rows", a_row_is_not_kept, two_counters_assign_it),
    Case("stock_equals_its_movements", goods_move_twice, goods_come),
    Case("stock_equals_its_movements", a_promise_is_forgotten, an_order_is_sent),
    Case("custody_is_one_chain", a_link_is_doubled, a_guide_takes_it),
    Case("custody_is_one_chain", a_link_is_forgotten, a_guide_takes_it),
    Case("assignments_stand_on_the_newest", the_last_to_assign_wins, two_counters_assign_it),
    Case("caches_equal_the_hub", what_was_promised_is_never_dropped, two_counters_assign_it),
    Case("nothing_is_left_to_send", the_newest_is_never_sent, an_order_is_sent),
    Case("lists_follow_the_states", lists_are_not_written, two_counters_assign_it),
)


def name_of(case: Case) -> str:
    return f"{case.invariant}-{case.bug.__name__}"


def broken_by(day: Day) -> set[str]:
    """The invariants that do not hold after a day, or when it has become quiet."""
    found: set[str] = set()
    with World() as world:
        day(world)
        for quiet in (False, True):
            if quiet:
                world.settle()
            try:
                check(world, quiet=quiet, chosen=True)
            except Broken as broken:
                found |= broken.found.keys()
    return found


@pytest.mark.parametrize("case", CASES, ids=name_of)
def test_a_bug_breaks_the_invariant(case: Case) -> None:
    with case.bug():
        assert case.invariant in broken_by(case.day)


@pytest.mark.parametrize("day", sorted({case.day for case in CASES}, key=lambda day: day.__name__))
def test_the_same_day_is_sound_without_a_bug(day: Day) -> None:
    assert broken_by(day) == set()


def test_every_invariant_has_its_bug() -> None:
    every = {one.__name__ for one in (*ALWAYS, *IN_QUIET, *IN_CHOSEN_DAYS)}
    assert every == {case.invariant for case in CASES} | {plant.invariant for plant in PLANTS}
