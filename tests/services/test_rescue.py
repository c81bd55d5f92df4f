from collections.abc import Iterator
from pathlib import Path

import pytest

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.kernel import Refusal
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.verdict import Verdict
from storeapp.services import dispatch, handoff, rescue, slips
from storeapp.services.counter import Counter
from storeapp.services.handoff import HandoffResult
from storeapp.services.rescue import Rescued
from tests.services.store_day import MANAGER, STAFF, in_state, open_counter

PLANNER = InsertionPlanner()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="10:00")
    dispatch.apply(opened, MANAGER, dispatch.propose(opened, PLANNER))
    yield opened
    opened.close()


def handed_over(counter: Counter) -> Delivery:
    key = in_state(counter, DeliveryState.ASSIGNED)[0]
    job = counter.cache.get(Delivery, key)
    assert job is not None
    with counter.transaction(MANAGER) as tx:
        tx.must(HandOver(key, 1, job.guide, Proof.TOKEN))
    return job


def holder(counter: Counter, key: str) -> str:
    job = counter.cache.get(Delivery, key)
    assert job is not None
    return job.parcels[0].custodian.holder_id


def badge(counter: Counter, guide: str) -> str:
    paper = slips.issue_badge(counter, MANAGER, guide)
    assert not isinstance(paper, Refusal)
    return paper.qr_text


def test_both_badges_move_what_one_holds_to_the_nearest_who_can(counter: Counter) -> None:
    job = handed_over(counter)
    plan = rescue.plan_rescue(counter, PLANNER, job.guide)
    [change] = plan.handovers
    assert (change.stop, change.before) == (job.id, job.guide)
    taker = change.after or "G04"
    done = rescue.rescue(counter, STAFF, badge(counter, job.guide), badge(counter, taker))
    assert done == Rescued(job.guide, taker, (job.id,))
    assert holder(counter, job.id) == taker


def test_a_slip_that_went_out_is_used_whoever_holds_the_parcel(counter: Counter) -> None:
    key = in_state(counter, DeliveryState.ASSIGNED)[0]
    job = counter.cache.get(Delivery, key)
    assert job is not None
    paper = slips.issue_slip(counter, MANAGER, key)
    assert not isinstance(paper, Refusal)
    first, other = badge(counter, job.guide), badge(counter, "G04" if job.guide != "G04" else "G01")
    handoff.scan(counter, MANAGER, first, paper.qr_text)
    rescue.rescue(counter, MANAGER, first, other)
    again = handoff.scan(counter, MANAGER, other, paper.qr_text)
    assert isinstance(again, HandoffResult)
    assert (again.verdict, again.saved) == (Verdict.ALREADY_USED, False)


def test_a_bad_badge_moves_nothing(counter: Counter) -> None:
    job = handed_over(counter)
    found = rescue.rescue(counter, MANAGER, badge(counter, job.guide), "no badge")
    assert not isinstance(found, Rescued)
    assert holder(counter, job.id) == job.guide


def test_a_manager_may_record_what_was_told_with_a_reason(counter: Counter) -> None:
    job = handed_over(counter)
    taker = "G04" if job.guide != "G04" else "G01"
    assert rescue.record_rescue(counter, STAFF, job.guide, taker, reason="phone") == Refusal("manager_only")
    assert rescue.record_rescue(counter, MANAGER, job.guide, taker, reason=" ") == Refusal("reason_missing")
    assert isinstance(rescue.record_rescue(counter, MANAGER, job.guide, taker, reason="phone"), Rescued)
    assert holder(counter, job.id) == taker


def test_a_rescue_needs_two_guides_who_are_known_and_something_to_give(counter: Counter) -> None:
    for taker, code in (("G01", "same_guide"), ("G99", "unknown_guide"), ("G04", "nothing_held")):
        found = rescue.record_rescue(counter, MANAGER, "G01", taker, reason="phone")
        assert isinstance(found, Refusal)
        assert found.code == code


def test_the_taker_goes_on_from_where_the_giver_was_and_finishes_it(counter: Counter) -> None:
    job = handed_over(counter)
    taker = "G04" if job.guide != "G04" else "G01"
    rescue.record_rescue(counter, MANAGER, job.guide, taker, reason="phone")
    kept = {item.delivery_id: item.guide for item in dispatch.propose(counter, PLANNER).kept}
    assert kept[job.id] == taker
