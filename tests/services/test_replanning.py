from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.dispatch import Limits
from storeapp.domain.recipe import Method, PlanRecord
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.services import dispatch
from storeapp.services.counter import Counter
from storeapp.services.dispatch import Proposal
from storeapp.services.replanning import accept, board, replan
from tests.services.store_day import MANAGER, in_state, move_clock, open_counter

PLANNER = InsertionPlanner()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path)
    move_clock(opened, "10:00")
    yield opened
    opened.close()


def assign_all(counter: Counter) -> dict[str, str]:
    dispatch.apply(counter, MANAGER, dispatch.propose(counter, PLANNER))
    return guides(counter)


def guides(counter: Counter) -> dict[str, str]:
    return {key: job.guide for key, job in counter.cache.many(Delivery, assigned(counter)).items()}


def assigned(counter: Counter) -> list[str]:
    return in_state(counter, DeliveryState.ASSIGNED)


def test_nothing_changes_where_nothing_happened(counter: Counter) -> None:
    assert assign_all(counter)
    plan = replan(counter, PLANNER)
    assert plan.changes == ()
    assert accept(counter, MANAGER, plan).done == ()


def test_what_a_lost_guide_had_goes_to_others_and_nothing_else_moves(counter: Counter) -> None:
    told = assign_all(counter)
    out = next(iter(told.values()))
    plan = replan(counter, PLANNER, out=out)
    assert {change.before for change in plan.changes} == {out}
    applied = accept(counter, MANAGER, plan)
    assert applied.refused == ()
    after = guides(counter)
    assert out not in after.values()
    assert all(after[key] == guide for key, guide in told.items() if guide != out)


def test_what_a_lost_guide_holds_is_a_rescue_that_accepting_leaves_to_the_handover(counter: Counter) -> None:
    told = assign_all(counter)
    held, out = next(iter(told.items()))
    with counter.transaction(MANAGER) as tx:
        tx.must(HandOver(held, 1, out, Proof.TOKEN))
    plan = replan(counter, PLANNER, out=out)
    assert [change.stop for change in plan.changes if change.rescue] == [held]
    assert held not in accept(counter, MANAGER, plan).done


def test_what_changed_meanwhile_is_refused_by_itself(counter: Counter) -> None:
    told = assign_all(counter)
    out = next(iter(told.values()))
    plan = replan(counter, PLANNER, out=out)
    taken = next(change.stop for change in plan.changes)
    dispatch.unassign(counter, MANAGER, taken)
    assert [each.delivery_id for each in accept(counter, MANAGER, plan).refused] == [taken]


def test_a_delivery_can_be_tried_on_a_guide_before_it_is_dropped(counter: Counter) -> None:
    told = assign_all(counter)
    kept = board(counter, PLANNER)
    delivery, guide = next(iter(told.items()))
    same = kept.what_if(delivery, guide)
    assert same is not None
    assert same.cost_li <= 0
    others = {other for other in told.values() if other != guide}
    assert all(kept.what_if(delivery, other) is not None for other in others)


def journalled(counter: Counter) -> set[PlanRecord | None]:
    entries = [entry for entry in counter.journal.after(0) if entry.kind == AssignDelivery.KIND]
    return {msgspec.json.decode(entry.body, type=AssignDelivery).plan for entry in entries}


def told(proposal: Proposal) -> list[tuple[str, str, datetime | None]]:
    return [(item.delivery_id, item.guide, item.eta) for item in proposal.assignments]


@pytest.mark.parametrize("prove_s", [0.0, 120.0])
def test_a_plan_is_made_again_from_what_the_journal_tells(
    counter: Counter, tmp_path_factory: pytest.TempPathFactory, prove_s: float
) -> None:
    planner = PyvrpPlanner(Limits(budget_s=0.05, seed=4, prove_s=prove_s))
    proposal = dispatch.propose(counter, planner, most_waiting=20)
    dispatch.apply(counter, MANAGER, proposal)
    (record,) = journalled(counter)
    assert record is not None
    assert (record.at, record.waiting, record.recipe.seed) == (counter.clock.now(), 20, 4)
    assert (record.recipe.by is Method.PROOF) == bool(prove_s)
    same_day = open_counter(tmp_path_factory.mktemp("again"))
    try:
        again = dispatch.propose(same_day, PyvrpPlanner(), record.at, most_waiting=record.waiting, recipe=record.recipe)
        assert told(again) == told(proposal)
        assert again.record == record
    finally:
        same_day.close()


def test_one_delivery_of_a_plan_tells_of_the_plan_too(counter: Counter) -> None:
    proposal = dispatch.propose(counter, PLANNER)
    dispatch.take(counter, MANAGER, proposal.assignments[0], proposal)
    assert journalled(counter) == {proposal.record}


def test_a_hand_follows_no_plan(counter: Counter) -> None:
    dispatch.assign(counter, MANAGER, in_state(counter, DeliveryState.WAITING)[0], "G01")
    assert journalled(counter) == {None}


def test_a_replan_is_made_again_from_what_the_journal_tells(counter: Counter) -> None:
    out = next(iter(assign_all(counter).values()))
    found = replan(counter, PyvrpPlanner(Limits(budget_s=0.05, seed=2)), out=out)
    record = found.proposal.record
    assert (record.again, record.out, record.recipe.seed) == (True, out, 2)
    again = replan(counter, PyvrpPlanner(), record.at, out=record.out, recipe=record.recipe)
    assert again == found
    accept(counter, MANAGER, found)
    assert record in journalled(counter)
