from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.kernel import Refusal
from storeapp.domain.order import Order
from storeapp.domain.people import Guide
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.people import RegisterGuide
from storeapp.i18n import Translator
from storeapp.services import dispatch
from storeapp.services.addresses import load_book, locate
from storeapp.services.counter import Counter
from storeapp.services.intake import read_files
from storeapp.services.reasons import ReasonWords
from storeapp.services.situation import situation
from tests.services.store_day import FILES, MANAGER, in_state, move_clock, open_counter

PLANNER = InsertionPlanner()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path)
    yield opened
    opened.close()


def located(counter: Counter, state: DeliveryState = DeliveryState.WAITING) -> list[str]:
    orders = {order.delivery_id: order for order in counter.cache.every(Order)}
    return [key for key in in_state(counter, state) if orders[key].located and not orders[key].needs]


def unlocated(counter: Counter) -> str:
    return next(order.delivery_id for order in counter.cache.every(Order) if not order.located)


def run(counter: Counter, *commands: object) -> None:
    with counter.transaction(MANAGER) as tx:
        for command in commands:
            tx.must(command)  # type: ignore[arg-type] # any command


@pytest.mark.parametrize("at", ["08:00", "10:00", "17:30", "23:00"])
def test_at_any_hour_each_waiting_order_is_planned_or_has_its_reason(counter: Counter, at: str) -> None:
    move_clock(counter, at)
    proposal = dispatch.propose(counter, PLANNER)
    told = [item.delivery_id for item in (*proposal.assignments, *proposal.unassigned)]
    assert sorted(told) == sorted(in_state(counter, DeliveryState.WAITING))
    assert all(item.reasons for item in (*proposal.assignments, *proposal.unassigned))


def test_every_better_proposal_is_told_while_the_search_goes_on(counter: Counter) -> None:
    move_clock(counter, "10:00")
    told: list[dispatch.Proposal] = []
    last = dispatch.propose(counter, PLANNER, better=told.append)
    assert told[-1] == last
    assert [each.cost_fen for each in told] == sorted((each.cost_fen for each in told), reverse=True)
    stopped = dispatch.propose(counter, PLANNER, better=told.append, stopped=lambda: len(told) > 2)
    assert stopped.assignments == told[-1].assignments


def test_a_bound_keeps_what_is_promised_and_the_most_urgent_of_what_waits(counter: Counter) -> None:
    move_clock(counter, "10:00")
    first, *_ = located(counter)
    assert not isinstance(dispatch.assign(counter, MANAGER, first, counter.cache.every(Guide)[0].id), Refusal)
    proposal = dispatch.propose(counter, PLANNER, most_waiting=3)
    told = {item.delivery_id for item in (*proposal.assignments, *proposal.unassigned)}
    ends = {
        key: job.window.end
        for key, job in counter.cache.many(Delivery, in_state(counter, DeliveryState.WAITING)).items()
    }
    assert len(told) == 3
    assert max(ends[key] for key in told) <= min(end for key, end in ends.items() if key not in told)
    assert [item.delivery_id for item in proposal.kept] == [first]


def test_at_eight_and_at_ten_most_orders_with_stock_are_planned(counter: Counter) -> None:
    for at in ("08:00", "10:00"):
        move_clock(counter, at)
        proposal = dispatch.propose(counter, PLANNER)
        assert len(proposal.assignments) >= 30


def test_nearly_all_orders_of_the_day_are_located_whatever_store_they_are_for(counter: Counter) -> None:
    people = [order.person for intake in read_files(FILES) for order in intake.orders]
    book = load_book(counter)
    found = [person for person in people if person.position or locate(book, person)]
    assert len(people) == 80
    assert len(found) >= 70


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_reason_of_the_day_has_words(counter: Counter, language: str) -> None:
    words = ReasonWords(Translator(language))
    for at in ("08:00", "16:00"):
        move_clock(counter, at)
        proposal = dispatch.propose(counter, PLANNER)
        for item in (*proposal.assignments, *proposal.unassigned):
            assert all(words.text(reason) for reason in item.reasons)


def test_accepting_assigns_everything_with_its_arrival(counter: Counter) -> None:
    move_clock(counter, "10:00")
    proposal = dispatch.propose(counter, PLANNER)
    applied = dispatch.apply(counter, MANAGER, proposal)
    assert (len(applied.done), applied.refused) == (len(proposal.assignments), ())
    delivery = counter.cache.get(Delivery, proposal.assignments[0].delivery_id)
    assert delivery is not None
    assert (delivery.guide, delivery.eta) == (proposal.assignments[0].guide, proposal.assignments[0].eta)


def test_what_changed_since_the_proposal_is_refused_and_the_rest_is_done(counter: Counter) -> None:
    proposal = dispatch.propose(counter, PLANNER)
    taken = proposal.assignments[0].delivery_id
    dispatch.assign(counter, MANAGER, taken, "G10")
    applied = dispatch.apply(counter, MANAGER, proposal)
    assert [(key, refusal.code) for key, refusal in applied.refused] == [(taken, "stale_base")]
    assert len(applied.done) == len(proposal.assignments) - 1


def test_planning_again_changes_nothing_that_was_promised(counter: Counter) -> None:
    move_clock(counter, "10:00")
    first = dispatch.propose(counter, PLANNER)
    dispatch.apply(counter, MANAGER, first)
    again = dispatch.propose(counter, PLANNER)
    assert again.assignments == ()
    assert {item.delivery_id: item.guide for item in again.kept} == {
        item.delivery_id: item.guide for item in first.assignments
    }


def test_an_order_without_a_position_is_assigned_by_hand(counter: Counter) -> None:
    key = unlocated(counter)
    proposal = dispatch.propose(counter, PLANNER)
    (left,) = [item for item in proposal.unassigned if item.delivery_id == key]
    assert left.reasons[0].code in {"no_position", "short_stock"}
    assert not isinstance(dispatch.assign(counter, MANAGER, key, "G01"), Refusal)
    (kept,) = [item for item in dispatch.propose(counter, PLANNER).kept if item.delivery_id == key]
    assert (kept.guide, kept.eta, kept.reasons[0].code) == ("G01", None, "no_position")


def test_an_assignment_can_be_taken_back(counter: Counter) -> None:
    key = located(counter)[0]
    dispatch.assign(counter, MANAGER, key, "G01")
    assert not isinstance(dispatch.unassign(counter, MANAGER, key), Refusal)
    assert key in in_state(counter, DeliveryState.WAITING)


def test_hand_assignments_are_refused_with_a_code(counter: Counter) -> None:
    key = located(counter)[0]
    codes = [
        dispatch.assign(counter, MANAGER, "no-such", "G01"),
        dispatch.assign(counter, MANAGER, key, "G99"),
        dispatch.assign(counter, MANAGER, key, "G01", base=7),
        dispatch.unassign(counter, MANAGER, "no-such"),
    ]
    assert [isinstance(refusal, Refusal) and refusal.code for refusal in codes] == [
        "unknown_delivery",
        "unknown_guide",
        "stale_base",
        "unknown_delivery",
    ]


def test_what_is_in_custody_stays_with_its_guide_and_fills_the_bag(counter: Counter) -> None:
    move_clock(counter, "11:20")
    key = located(counter)[0]
    run(counter, HandOver(key, 1, "G10", Proof.TOKEN))
    seen = situation(counter, counter.clock.now())
    (stop,) = [stop for stop in seen.problem.stops if stop.id == key]
    assert (stop.guide, stop.held) == ("G10", True)
    (kept,) = [item for item in dispatch.propose(counter, PLANNER).kept if item.delivery_id == key]
    assert kept.guide == "G10"
    assert kept.reasons[0].code == "in_custody"


def test_a_guide_who_is_out_goes_on_from_the_last_customer(counter: Counter) -> None:
    move_clock(counter, "11:00")
    first, second = located(counter)[:2]
    run(counter, HandOver(first, 1, "G01", Proof.TOKEN), HandOver(second, 1, "G01", Proof.TOKEN))
    move_clock(counter, "11:15")
    run(counter, Deliver(first, Proof.PICKUP_CODE))
    move_clock(counter, "11:20")
    problem = situation(counter, counter.clock.now()).problem
    (vehicle,) = [vehicle for vehicle in problem.vehicles if vehicle.guide == "G01"]
    assert vehicle.start != vehicle.store
    assert vehicle.start_s == -300


@pytest.mark.parametrize("how", ["recalled", "failed"])
def test_what_must_come_back_goes_to_the_store(counter: Counter, how: str) -> None:
    move_clock(counter, "11:00")
    key = located(counter)[0]
    run(counter, HandOver(key, 1, "G01", Proof.TOKEN))
    delivery = counter.cache.get(Delivery, key)
    assert delivery is not None
    run(counter, CancelOrder(delivery.order_id, "x") if how == "recalled" else FailDelivery(key, "unreachable"))
    problem = situation(counter, counter.clock.now()).problem
    (stop,) = [stop for stop in problem.stops if stop.id == key]
    assert (stop.place, stop.held) == (0, True)


def test_alternatives_name_every_guide_with_arrival_or_obstacle(counter: Counter) -> None:
    move_clock(counter, "10:00")
    item = dispatch.propose(counter, PLANNER).assignments[0]
    why = dispatch.alternatives(counter, PLANNER, item.delivery_id)
    assert why is not None
    assert (why.guide, why.reasons) == (item.guide, item.reasons)
    assert {option.guide for option in why.options} == {"G01", "G04", "G07", "G10"}
    assert [option.eta for option in why.options if option.guide == item.guide] == [item.eta]
    assert all((option.eta is None) == (option.obstacle is not None) for option in why.options)


def test_a_guide_off_shift_is_named_as_such(counter: Counter) -> None:
    move_clock(counter, "18:00")
    why = dispatch.alternatives(counter, PLANNER, located(counter)[-1])
    assert why is not None
    off = {option.guide for option in why.options if option.obstacle and option.obstacle.code == "guide_not_on_shift"}
    assert off == {"G07"}


def test_there_are_no_alternatives_for_what_is_in_custody_or_unknown(counter: Counter) -> None:
    key = located(counter)[0]
    run(counter, HandOver(key, 1, "G01", Proof.TOKEN))
    why = dispatch.alternatives(counter, PLANNER, key)
    assert why is not None
    assert (why.guide, why.options) == ("G01", ())
    assert dispatch.alternatives(counter, PLANNER, "no-such") is None


def test_without_guides_everything_has_a_reason(counter: Counter) -> None:
    guides = counter.cache.every(Guide)
    run(counter, *(RegisterGuide(replace(guide, active=False)) for guide in guides))
    proposal = dispatch.propose(counter, PLANNER)
    assert proposal.assignments == ()
    assert {item.reasons[0].code for item in proposal.unassigned} == {
        "no_guide_on_shift", "no_position", "short_stock"
    }  # fmt: skip


def test_where_there_are_too_many_to_ask_about_each_still_names_the_courier(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "MOST_WAYS", 0)
    move_clock(counter, "23:00")
    left = dispatch.propose(counter, InsertionPlanner()).unassigned
    late = [item for item in left if item.reasons[0].code == "window_passed"]
    assert late
    assert {tuple(way.code for way in item.ways) for item in late} == {("ways_not_tried", "way_courier")}


def test_without_the_keys_to_positions_nothing_fails(counter: Counter, tmp_path: Path) -> None:
    from storeapp.services.clock import FixedClock
    from storeapp.services.home import Home

    locked = Home(tmp_path / "home", FixedClock(counter.clock.now())).open()
    try:
        proposal = dispatch.propose(locked, PLANNER)
    finally:
        locked.close()
    assert proposal.assignments == ()
    assert "position_locked" in {item.reasons[0].code for item in proposal.unassigned}
