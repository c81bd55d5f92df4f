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
from storeapp.services.rescue import Giving, Rescued
from storeapp.services.slips import guide_label
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


# -- at the desk, paper by paper


def other_than(job: Delivery) -> str:
    return "G04" if job.guide != "G04" else "G01"


def went_out(counter: Counter) -> tuple[Delivery, str]:
    """A delivery that a guide took, and its slip."""
    key = in_state(counter, DeliveryState.ASSIGNED)[0]
    paper = slips.issue_slip(counter, MANAGER, key)
    job = counter.cache.get(Delivery, key)
    assert job is not None
    assert not isinstance(paper, Refusal)
    scanned = handoff.scan(counter, MANAGER, badge(counter, job.guide), paper.qr_text)
    assert isinstance(scanned, HandoffResult)
    assert scanned.saved
    return job, paper.qr_text


def test_two_badges_one_after_the_other_move_everything_and_it_can_be_taken_back(counter: Counter) -> None:
    job = handed_over(counter)
    giving = rescue.show_paper(counter, STAFF, Giving(), badge(counter, job.guide))
    assert isinstance(giving, Giving)
    assert (giving.guide and giving.guide.code, giving.count) == (job.guide, 1)
    done = rescue.show_paper(counter, STAFF, giving, badge(counter, other_than(job)))
    assert done == Rescued(job.guide, other_than(job), (job.id,))
    assert isinstance(done, Rescued)
    assert rescue.take_back(counter, STAFF, done) == Rescued(other_than(job), job.guide, (job.id,))
    assert holder(counter, job.id) == job.guide


def test_slips_say_which_parcels_are_meant_and_move_nothing_alone(counter: Counter) -> None:
    first, slip = went_out(counter)
    giving = rescue.show_paper(counter, STAFF, Giving(), slip)
    assert isinstance(giving, Giving)
    assert (giving.guide and giving.guide.code, giving.only, giving.badge) == (first.guide, (first.id,), "")
    assert rescue.show_paper(counter, STAFF, giving, slip) == giving
    assert holder(counter, first.id) == first.guide
    wrong = rescue.show_paper(counter, STAFF, giving, badge(counter, other_than(first)))
    assert isinstance(wrong, Refusal)
    assert wrong.code in {"nothing_held", "held_by_other"}


def test_each_failure_at_the_desk_has_its_name(counter: Counter) -> None:
    ready = in_state(counter, DeliveryState.ASSIGNED)[1]
    job, slip = went_out(counter)
    mine = badge(counter, job.guide)
    giving = rescue.show_paper(counter, STAFF, Giving(), mine)
    assert isinstance(giving, Giving)
    paper = slips.issue_slip(counter, MANAGER, ready)
    assert not isinstance(paper, Refusal)

    def code(given: Giving, text: str) -> str:
        found = rescue.show_paper(counter, STAFF, given, text)
        return found.code if isinstance(found, Refusal) else getattr(found, "verdict", type(found).__name__)

    assert code(giving, mine) == "same_guide"
    assert code(giving, paper.qr_text) == "not_with_guide"
    assert code(Giving(), badge(counter, other_than(job))) == "nothing_held"
    assert code(giving, "6901234567892") == Verdict.MALFORMED
    assert code(giving, "0000000000") in {"unknown_short_code", Verdict.MALFORMED}
    elsewhere = Giving(guide=guide_label(None, other_than(job)))
    assert code(elsewhere, slip) == "held_by_other"
