from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.catalogue import Policy, Sku
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.dispatch import Limits, Stop, Vehicle
from storeapp.domain.dispatch_check import check
from storeapp.domain.lending import without
from storeapp.domain.moment import Window
from storeapp.domain.order import Order
from storeapp.domain.people import Guide
from storeapp.domain.planning import surcharges_li
from storeapp.domain.rules.custody import Deliver, HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.people import RegisterGuide, RegisterSku, SetPolicy
from storeapp.domain.rules.wishes import BanGuide, PinDelivery, PrioritiseDelivery
from storeapp.domain.words import Mode
from storeapp.services import dispatch, wishes
from storeapp.services.counter import Counter
from storeapp.services.situation import situation
from tests.services.store_day import MANAGER, in_state, moment, move_clock, open_counter

FULL = Policy(
    prep_minutes={Mode.INSTANT: 10, Mode.SCHEDULED: 10},
    late_minutes=20,
    late_fen=500,
    overtime_minutes=30,
    overtime_fen=6000,
    courier_km_fen=200,
    priority_fen=1000,
    value_permille=10,
    expert_fen=1,
    most_stops=3,
    fairness_percent=50,
    cross_percent=130,
    plan_ms=2000,
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    opened = open_counter(tmp_path_factory.mktemp("day"), at="10:00")
    yield opened
    opened.close()


@pytest.fixture
def counter(day: Counter) -> Iterator[Counter]:
    """The same day for all, with nothing of a test before but what it did to deliveries."""
    before = [*day.cache.every(Guide), *day.cache.every(Sku)]
    yield day
    register = {Guide: RegisterGuide, Sku: RegisterSku}
    run(day, SetPolicy(Policy()), *(register[type(known)](known) for known in before))  # type: ignore[index] # of both


def run(counter: Counter, *commands: Any) -> None:
    with counter.transaction(MANAGER) as tx:
        for command in commands:
            tx.must(command)


def stop_of(counter: Counter, key: str) -> Stop:
    problem = situation(counter, counter.clock.now()).problem
    return next(stop for stop in problem.stops if stop.id == key)


def guides(counter: Counter) -> dict[str, Vehicle]:
    problem = situation(counter, counter.clock.now()).problem
    return {vehicle.guide: vehicle for vehicle in problem.vehicles}


def plannable(counter: Counter) -> list[str]:
    plan = dispatch.propose(counter, InsertionPlanner())
    return [item.delivery_id for item in plan.assignments]


def test_the_rules_are_in_the_prices_and_limits_of_every_stop(counter: Counter) -> None:
    key = plannable(counter)[0]
    job = counter.cache.get(Delivery, key)
    assert job is not None
    order = counter.cache.get(Order, job.order_id)
    assert order is not None
    plain = stop_of(counter, key)
    run(counter, SetPolicy(FULL), PrioritiseDelivery(key, 2))
    full = stop_of(counter, key)
    assert (full.late_s, full.late_li, full.level) == (1200, 5000, 2)
    assert full.ready_s == (order.created_at - counter.clock.now()) // timedelta(seconds=1) + 600
    assert full.unserved_li >= plain.unserved_li + 2 * 10_000 + order.total_fen * 10 * 10 // 1000
    assert full.load.volume_ml > 0
    problem = situation(counter, counter.clock.now()).problem
    assert (problem.cross_percent, problem.budget_s) == (130, 2.0)


def test_a_courier_costs_the_same_however_urgent_it_is(counter: Counter) -> None:
    key = plannable(counter)[0]
    run(counter, PrioritiseDelivery(key, 2))
    urgent = stop_of(counter, key)
    assert urgent.courier_li == 15_000
    assert urgent.unserved_li == 15_000 + 2 * 3000
    run(counter, SetPolicy(replace(counter.policy, courier_km_fen=200)))
    further = stop_of(counter, key)
    assert further.courier_li is not None
    assert further.courier_li > 15_000
    assert further.unserved_li == further.courier_li + 2 * 3000


def test_the_rules_are_in_the_limits_of_every_guide(counter: Counter) -> None:
    run(counter, SetPolicy(FULL))
    for guide in guides(counter).values():
        assert (guide.overtime_s, guide.overtime_li, guide.most_stops, guide.level) == (1800, 1000, 3, 1)


def test_a_guide_with_limits_of_their_own_keeps_them(counter: Counter) -> None:
    known = counter.cache.every(Guide)[0]
    run(counter, SetPolicy(FULL), RegisterGuide(replace(known, level=3, max_volume_ml=9000, max_stops=2)))
    mine = guides(counter)[known.id]
    assert (mine.level, mine.capacity.volume_ml, mine.most_stops) == (3, 9000, 2)


def test_goods_say_what_a_guide_needs_to_carry_them(counter: Counter) -> None:
    key = plannable(counter)[0]
    job = counter.cache.get(Delivery, key)
    assert job is not None
    order = counter.cache.get(Order, job.order_id)
    assert order is not None
    sku = counter.cache.get(Sku, order.lines[0].sku)
    assert sku is not None
    run(counter, RegisterSku(replace(sku, certificates=("cold",))))
    assert stop_of(counter, key).certificates == {"cold"}
    left = {item.delivery_id: item.reasons for item in dispatch.propose(counter, InsertionPlanner()).unassigned}
    assert left[key][0].code == "no_certificate"


def test_what_was_done_in_the_shift_counts_towards_the_most(counter: Counter) -> None:
    run(counter, SetPolicy(replace(FULL, expert_fen=0)))
    first = dispatch.propose(counter, InsertionPlanner()).assignments[0]
    run(counter, AssignDelivery(first.delivery_id, first.guide, 0))
    run(counter, HandOver(first.delivery_id, 1, first.guide, Proof.TOKEN), Deliver(first.delivery_id, Proof.STAFF))
    assert guides(counter)[first.guide].most_stops == 2
    assert guides(counter)[first.guide].surcharge_li > 0


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="10:00")
    yield opened
    opened.close()


def test_two_windows_of_one_shift_have_the_most_stops_together(own: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    run(own, SetPolicy(replace(FULL, most_stops=5, expert_fen=0)))
    lent = Window(moment("14:00"), moment("16:00"))
    monkeypatch.setattr("storeapp.services.fleet.at_home", lambda _counter, _guide, windows: without(windows, [lent]))
    vehicles = [each for each in situation(own, own.clock.now()).problem.vehicles if each.guide == "G01"]
    assert len(vehicles) == 2
    assert sum(each.most_stops or 0 for each in vehicles) == 5
    first = next(item for item in dispatch.propose(own, InsertionPlanner()).assignments if item.guide == "G01")
    run(own, AssignDelivery(first.delivery_id, first.guide, 0))
    run(own, HandOver(first.delivery_id, 1, first.guide, Proof.TOKEN), Deliver(first.delivery_id, Proof.STAFF))
    move_clock(own, "16:30")
    (last,) = [each for each in situation(own, own.clock.now()).problem.vehicles if each.guide == "G01"]
    assert last.most_stops == 4


def test_nobody_counts_more_than_half_of_what_they_earned_above_the_mean() -> None:
    assert surcharges_li({"a": 3000, "b": 1000, "c": 2000}, percent=50) == {"a": 5000, "b": 0, "c": 0}
    assert surcharges_li({}, percent=50) == {}


def test_a_pin_is_obeyed_and_told(counter: Counter) -> None:
    proposal = dispatch.propose(counter, InsertionPlanner())
    taken = proposal.assignments[0]
    other = next(guide for guide in guides(counter) if guide != taken.guide)
    run(counter, PinDelivery(taken.delivery_id, other))
    again = dispatch.propose(counter, InsertionPlanner())
    found = {item.delivery_id: item for item in again.assignments}
    if taken.delivery_id in found:
        assert found[taken.delivery_id].guide == other
        assert "pinned_here" in {reason.code for reason in found[taken.delivery_id].reasons}
    else:
        assert taken.delivery_id in {item.delivery_id for item in again.unassigned}


def test_a_guide_who_is_pinned_and_banned_leaves_a_reason_and_ways_out(counter: Counter) -> None:
    key = plannable(counter)[0]
    guide = next(iter(guides(counter)))
    wishes.pin(counter, MANAGER, key, guide)
    wishes.ban(counter, MANAGER, key, guide)
    left = {item.delivery_id: item for item in dispatch.propose(counter, InsertionPlanner()).unassigned}
    assert [reason.code for reason in left[key].reasons] == ["pinned_and_banned"]
    wishes.pin(counter, MANAGER, key, "")
    assert guide in stop_of(counter, key).banned


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_rules_and_wishes_the_plan_of_the_store_holds(day: Counter, seed: int) -> None:
    r = Random(seed)
    names = [guide.id for guide in day.cache.every(Guide) if guide.store == day.store]
    commands: list[Any] = [
        SetPolicy(
            replace(
                FULL,
                late_minutes=r.choice((0, 30)),
                overtime_minutes=r.choice((0, 45)),
                expert_fen=r.choice((0, 50_000)),
                most_stops=r.choice((0, 2, 8)),
                courier_fen=r.choice((900, 1500, 4000)),
            )
        )
    ]
    some = r.sample(in_state(day, DeliveryState.WAITING), 12)
    commands += [r.choice((PinDelivery, BanGuide))(key, r.choice(names)) for key in some]
    run(day, *commands)
    for assigned in dispatch.propose(day, InsertionPlanner()).assignments[:3]:
        run(day, AssignDelivery(assigned.delivery_id, assigned.guide, assigned.base))
        run(day, HandOver(assigned.delivery_id, 1, assigned.guide, Proof.TOKEN))
    problem = situation(day, day.clock.now()).problem
    for plan in PyvrpPlanner(Limits(budget_s=None, steps=40)).plans(problem):
        assert check(problem, plan) == []
