"""A region is planned as one, and what comes of it are the commands that a counter would have made."""

from datetime import timedelta
from itertools import count
from threading import Event

import msgspec
import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from hub import jobs, region_problem
from hub.compaction import compact
from hub.core import Hub
from hub.decisions import decide_told
from hub.jobs import JobState, Stage
from hub.problems import HubProblem
from hub.region_job import Work
from hub.region_problem import SILENT
from hub.region_runner import work_on
from hub.tables import event_log, order_key, parked, region_job
from storeapp.domain.catalogue import Policy
from storeapp.domain.delivery import Proof
from storeapp.domain.experience import ANY_HOUR, LearnedDetour, TravelProfile
from storeapp.domain.lending import Away, LentGuide
from storeapp.domain.moment import Window
from storeapp.domain.people import Guide
from storeapp.domain.place import distance_m
from storeapp.domain.recipe import Method, Recipe
from storeapp.domain.rules.custody import Deliver, HandOver, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.lending import BorrowGuide, SendGuide
from storeapp.domain.rules.people import IssueBadge, RegisterGuide
from storeapp.domain.rules.travel import LearnTravel
from storeapp.domain.rules.wishes import BanGuide, PinDelivery
from storeapp.domain.statement import Statement, statement_id
from storeapp.domain.words import Mode, TravelMode
from sync.protocol.messages import ResultStatus
from tests.support.hubs import START, TurnedClock
from tests.support.regions import POLICY, Patient, RegionOfStores, Silent, day_of, near, own, quick


@pytest.fixture
def two(hub: Hub) -> RegionOfStores:
    """Store A with two guides, store B with none."""
    region = RegionOfStores(hub, ["A", "B"])
    region.guides("A", "G1", "G2")
    return region


def codes(items: tuple[jobs.JobLeft, ...]) -> dict[str, str]:
    return {item.delivery: item.code for item in items}


def test_what_waits_is_given_to_guides_by_the_hub(two: RegionOfStores) -> None:
    first, second = (two.order(f"T{n}", store="A", at=near(0, north_m=300 * n)) for n in (1, 2))
    done = two.plan()
    assert (done.state, done.progress.stage) == (JobState.DONE, Stage.OVER)
    assert done.outcome is not None
    assert (done.outcome.assigned, done.outcome.left, done.outcome.refused) == (2, (), ())
    assert (done.progress.orders, done.progress.planned, done.progress.assigned) == (2, 2, 2)
    for key in (first, second):
        job = two.delivery(key)
        assert (job.guide in {"G1", "G2"}, job.assignments) == (True, 1)
        assert job.eta is not None
    with two.hub.db.reading() as connection:
        query = sa.select(event_log.c.actor, event_log.c.device).where(event_log.c.kind == AssignDelivery.KIND)
        assert {(row.actor, row.device) for row in connection.execute(query)} == {("hq", "hub")}


def test_each_assignment_and_the_job_tell_how_the_plan_was_made(two: RegionOfStores) -> None:
    for n in range(1, 4):
        two.order(f"T{n}", store="A", at=near(0, north_m=300 * n))
    done = two.plan()
    assert done.outcome is not None
    assert done.outcome.first == (Recipe(),)
    assert done.outcome.searches
    with two.hub.db.reading() as connection:
        query = sa.select(event_log.c.events).where(event_log.c.kind == AssignDelivery.KIND)
        told = [msgspec.json.decode(events)[0][1] for events in connection.scalars(query)]
    assert {event["job"] for event in told} == {done.id}
    assert done.outcome.planned_at == two.hub.now().isoformat()
    assert {each.by for each in done.outcome.searches} <= {Method.INSERTION, Method.MOVES}


def test_a_store_without_guides_borrows_one(two: RegionOfStores) -> None:
    key = two.order("T1", store="B", at=near(1, north_m=300))
    done = two.plan()
    assert done.outcome is not None
    assert (done.outcome.assigned, done.outcome.lent) == (1, 1)
    guide = two.delivery(key).guide
    away, lent = two.state(Away, guide), two.state(LentGuide, f"{guide}@B")
    assert isinstance(away, Away)
    assert isinstance(lent, LentGuide)
    assert (away.store, lent.store, lent.guide.store) == ("A", "B", "A")
    (loan,) = away.loans
    assert (loan.store, lent.windows) == ("B", (loan.there,))
    # The way to the other store is time that neither of the two has.
    assert loan.window.start < loan.there.start < loan.there.end <= loan.window.end


def test_a_second_plan_changes_nothing_of_the_first(two: RegionOfStores) -> None:
    keys = [two.order(f"T{n}", store="AB"[n % 2], at=near(n % 2, north_m=200 * n)) for n in range(1, 5)]
    two.plan()
    before = [two.delivery(key) for key in keys]
    done = two.plan()
    assert [two.delivery(key) for key in keys] == before
    assert done.outcome is not None
    assert (done.outcome.assigned, done.outcome.left, done.outcome.refused) == (0, (), ())


def test_an_assignment_that_a_counter_made_meanwhile_stands(two: RegionOfStores) -> None:
    key = two.order("T1", store="A", at=near(0, north_m=300))
    done = two.plan(meanwhile=lambda: two.counters["A"].do(AssignDelivery(key, "G2", 0)))
    assert done.outcome is not None
    (refused,) = done.outcome.refused
    assert (refused.delivery, refused.code, refused.data["guide"]) == (key, "stale_base", "G2")
    assert (two.delivery(key).guide, two.delivery(key).assignments) == ("G2", 1)
    with two.hub.db.reading() as connection:
        # Nobody at the store has asked for it, so it does not wait for a person there.
        assert connection.scalar(sa.select(sa.func.count()).select_from(parked)) == 0


def test_a_guide_who_left_meanwhile_is_not_lent(two: RegionOfStores) -> None:
    key = two.order("T1", store="B", at=near(1, north_m=300))

    def leave() -> None:
        for name in ("G1", "G2"):
            known = two.state(Guide, name)
            assert isinstance(known, Guide)
            two.counters["A"].do(RegisterGuide(replace(known, active=False)))

    done = two.plan(meanwhile=leave)
    assert done.outcome is not None
    assert codes(done.outcome.refused) == {key: "unknown_guide"}
    assert two.delivery(key).guide == ""


def test_whom_nothing_was_given_to_in_the_end_stays_at_home(two: RegionOfStores) -> None:
    two.guides("B", "G9")
    key = two.order("T1", store="B", at=near(1, north_m=300))
    two.counters["B"].do(BanGuide(key, "G9"))
    done = two.plan(meanwhile=lambda: two.counters["B"].do(AssignDelivery(key, "G9", 0)))
    assert done.outcome is not None
    assert codes(done.outcome.refused) == {key: "stale_base"}
    away = [two.state(Away, name) for name in ("G1", "G2")]
    assert [each.loans for each in away if isinstance(each, Away)] == [()]


def test_the_guides_own_store_pays_what_was_earned_elsewhere_and_takes_it_back(two: RegionOfStores) -> None:
    key = two.order("T1", store="B", at=near(1, north_m=300))
    two.plan()
    guide = two.delivery(key).guide
    two.counters["B"].do(HandOver(key, 1, guide, Proof.TOKEN), Deliver(key, Proof.PICKUP_CODE))
    own, there = statement_id(guide, day_of()), statement_id(guide, day_of(), at="B")
    paid, earned = two.state(Statement, own), two.state(Statement, there)
    assert isinstance(paid, Statement)
    assert isinstance(earned, Statement)
    rate_fen = POLICY.rate_fen[Mode.SCHEDULED] * 130 // 100
    assert (paid.store, paid.total_fen, paid.earnings) == ("A", rate_fen, ())
    assert (earned.store, earned.total_fen, earned.guide_store) == ("B", rate_fen, "A")
    two.counters["B"].do(ReturnDelivery(key, "refused"))
    paid = two.state(Statement, own)
    assert isinstance(paid, Statement)
    assert (paid.lines, paid.total_fen) == ((), 0)


def test_a_new_badge_is_known_where_the_guide_helps_out(two: RegionOfStores) -> None:
    key = two.order("T1", store="B", at=near(1, north_m=300))
    two.plan()
    guide = two.delivery(key).guide
    two.counters["A"].do(IssueBadge(guide, "00" * 8, 90))
    lent = two.state(LentGuide, f"{guide}@B")
    assert isinstance(lent, LentGuide)
    assert lent.guide.badge is not None


def test_where_the_brand_lends_nobody_each_store_is_planned_with_its_own(hub: Hub) -> None:
    region = RegionOfStores(hub, ["A", "B"], policy=Policy(courier_fen=5000))
    region.guides("A", "G1")
    mine, other = (region.order(f"T{n}", store="AB"[n], at=near(n, north_m=300)) for n in range(2))
    done = region.plan()
    assert done.outcome is not None
    assert (done.outcome.assigned, done.outcome.lent) == (1, 0)
    assert codes(done.outcome.left) == {other: "banned"}
    assert region.delivery(mine).guide == "G1"


def test_each_that_cannot_be_planned_is_left_with_its_reason(two: RegionOfStores) -> None:
    placeless = two.order("T1", store="A", at=None)
    far = two.order("T2", store="A", at=near(0, north_m=30_000))
    torn = two.order("T3", store="A", at=near(0, north_m=100))
    fine = two.order("T4", store="A", at=near(0, north_m=200))
    locked = two.order("T5", store="A", at=near(0, north_m=300))
    two.counters["A"].do(PinDelivery(torn, "G1"), BanGuide(torn, "G1"))
    with two.hub.db.writing() as connection:
        connection.execute(sa.delete(order_key).where(order_key.c.subject == locked.removesuffix("-1")))
    done = two.plan()
    assert done.outcome is not None
    assert codes(done.outcome.left) == {
        placeless: "no_position",
        far: "too_far",
        torn: "pinned_and_banned",
        locked: "position_locked",
    }
    assert two.delivery(fine).guide
    # How far away a customer lives would say where, beside the other stores' distances.
    assert not any("distance_m" in left.data for left in done.outcome.left)


def test_a_store_that_was_silent_for_long_decides_alone(two: RegionOfStores) -> None:
    two.guides("B", "G9")
    since = two.hub.now() - SILENT - timedelta(seconds=1)
    two.heard_of("B", since)
    mine, other = (two.order(f"T{n}", store="AB"[n], at=near(n, north_m=300)) for n in range(2))
    done = two.plan()
    assert done.outcome is not None
    assert two.delivery(mine).guide in {"G1", "G2"}
    (left,) = done.outcome.left
    assert (left.delivery, left.code) == (other, "store_silent")
    assert left.data == {"store": "B", "since": since.isoformat()}


def test_with_nobody_on_shift_everything_is_left(hub: Hub) -> None:
    region = RegionOfStores(hub, ["A", "B"])
    key = region.order("T1", store="A", at=near(0, north_m=300))
    done = region.plan()
    assert (done.state, done.outcome and codes(done.outcome.left)) == (JobState.DONE, {key: "no_guide_on_shift"})


def test_a_region_without_work_is_done_at_once(two: RegionOfStores) -> None:
    outcome = two.plan().outcome
    assert outcome is not None
    assert (outcome.assigned, outcome.left, outcome.refused) == (0, (), ())


@pytest.mark.parametrize("region", ["", "west", "a\0b"])
def test_a_region_that_no_store_belongs_to_is_unknown(two: RegionOfStores, region: str) -> None:
    with pytest.raises(HubProblem, match="unknown_region"):
        jobs.start(two.hub, region, by="hq")


@pytest.mark.parametrize("budget_s", [0, jobs.MOST_BUDGET_S + 1])
def test_a_budget_is_a_number_of_seconds_that_somebody_can_wait(two: RegionOfStores, budget_s: int) -> None:
    with pytest.raises(HubProblem, match="malformed_request"):
        jobs.start(two.hub, two.region, by="hq", budget_s=budget_s)


def test_a_region_is_planned_once_at_a_time(two: RegionOfStores) -> None:
    first = jobs.start(two.hub, two.region, by="hq")
    with pytest.raises(HubProblem) as caught:
        jobs.start(two.hub, two.region, by="another")
    assert (caught.value.problem.code, caught.value.problem.data) == ("job_running", {"job": first.id})


def test_two_who_take_a_job_do_not_both_get_it(two: RegionOfStores) -> None:
    jobs.start(two.hub, two.region, by="hq")
    taken = [jobs.take(two.hub, owner) for owner in ("one", "two")]
    assert [job is not None for job in taken] == [True, False]


def test_a_job_whose_hub_died_is_taken_over_and_the_dead_one_has_no_say_any_more(two: RegionOfStores) -> None:
    started = jobs.start(two.hub, two.region, by="hq")
    assert jobs.take(two.hub, "dead")
    clock = TurnedClock(START + jobs.SILENCE)
    two.hub.now = clock
    assert jobs.take(two.hub, "heir") is None
    clock.moment += timedelta(seconds=1)
    assert jobs.take(two.hub, "heir")
    assert not jobs.beat(two.hub, "dead", started.id, jobs.Progress())
    assert not jobs.finish(two.hub, "dead", started.id, JobState.DONE, jobs.Progress(), jobs.JobOutcome())
    assert jobs.beat(two.hub, "heir", started.id, jobs.Progress())


def test_what_a_dead_hub_had_assigned_stays_assigned(two: RegionOfStores) -> None:
    keys = [two.order(f"T{n}", store="AB"[n % 2], at=near(n % 2, north_m=200 * n)) for n in range(1, 5)]
    with pytest.raises(SystemExit):
        two.plan(dying=True)
    half = {key: two.delivery(key).guide for key in keys if two.delivery(key).guide}
    assert 0 < len(half) < len(keys)
    two.hub.now = TurnedClock(START + jobs.SILENCE + timedelta(seconds=1))
    job = jobs.take(two.hub, "heir")
    assert job is not None
    done = work_on(two.hub, "heir", job, planners=quick)
    assert done is not None
    assert done.state is JobState.DONE
    assert {key: two.delivery(key).guide for key in half} == half
    assert all(two.delivery(key).assignments == 1 for key in keys)


def test_a_job_that_nobody_has_begun_is_cancelled_at_once(two: RegionOfStores) -> None:
    started = jobs.start(two.hub, two.region, by="hq")
    cancelled = jobs.cancel(two.hub, started.id, by="boss")
    assert (cancelled.state, cancelled.cancelled_by) == (JobState.CANCELLED, "boss")
    assert jobs.take(two.hub, "here") is None
    with pytest.raises(HubProblem, match="job_over"):
        jobs.cancel(two.hub, started.id, by="boss")
    with pytest.raises(HubProblem, match="unknown_job"):
        jobs.cancel(two.hub, "none", by="boss")


def test_a_job_under_way_is_cancelled_and_assigns_nothing(two: RegionOfStores) -> None:
    key = two.order("T1", store="A", at=near(0, north_m=300))
    done = two.plan(meanwhile=lambda: jobs.cancel(two.hub, jobs.jobs(two.hub)[0].id, by="boss"), patient=True)
    assert (done.state, done.cancelled_by) == (JobState.CANCELLED, "boss")
    assert two.delivery(key).guide == ""


def test_a_hub_that_is_told_to_end_gives_its_job_back(two: RegionOfStores) -> None:
    two.order("T1", store="A", at=near(0, north_m=300))
    started = jobs.start(two.hub, two.region, by="hq")
    taken = jobs.take(two.hub, "here")
    assert taken is not None
    ending = Event()
    ending.set()
    assert work_on(two.hub, "here", taken, planners=lambda _: [Patient()], ending=ending) is None
    assert jobs.job(two.hub, started.id).state is JobState.WAITING
    assert jobs.take(two.hub, "another")


def test_a_planner_that_fails_ends_the_job_and_the_region_can_be_planned_again(
    two: RegionOfStores, caplog: pytest.LogCaptureFixture
) -> None:
    two.order("T1", store="A", at=near(0, north_m=300))

    def broken() -> None:
        raise RuntimeError("a bug")

    done = two.plan(meanwhile=broken)
    assert (done.state, done.outcome and done.outcome.code) == (JobState.FAILED, "failed")
    assert "RuntimeError" in caplog.text
    assert two.plan().state is JobState.DONE


def test_nothing_of_a_customer_is_kept_or_logged(two: RegionOfStores, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    two.order("T1", store="A", at=near(0, north_m=321))
    two.plan()
    with two.hub.db.reading() as connection:
        (row,) = connection.execute(sa.select(region_job)).all()
    kept = bytes(row.progress) + bytes(row.outcome) + caplog.text.encode()
    for secret in (b"13800138000", b"31.20", b"121.43"):
        assert secret not in kept


def test_a_guide_who_is_away_for_a_store_of_another_region_is_not_planned_twice(hub: Hub) -> None:
    east, west = RegionOfStores(hub, ["A", "B"]), RegionOfStores(hub, ["C"], region="west")
    east.guides("A", "G1", hours=(9, 11))
    window = Window(START, START + timedelta(hours=2))
    told = [decide_told(hub, store, [own(hub, store, command)]) for store, command in (
        ("A", SendGuide("G1", "C", window)), ("C", BorrowGuide("G1"))
    )]  # fmt: skip
    assert [result.status for (result,) in told] == [ResultStatus.APPLIED] * 2
    key = east.order("T1", store="A", at=near(0, north_m=300))
    done = east.plan()
    assert done.outcome is not None
    assert codes(done.outcome.left) == {key: "no_guide_on_shift"}
    assert west.plan().state is JobState.DONE


def test_of_too_many_orders_the_most_urgent_are_planned(two: RegionOfStores, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(region_problem, "MOST_WAITING", 2)
    keys = [two.order(f"T{n}", store="A", at=near(0, north_m=100 * n)) for n in range(1, 5)]
    first = two.plan()
    assert first.outcome is not None
    assert (first.outcome.assigned, first.progress.orders) == (2, 4)
    assert set(codes(first.outcome.left).values()) == {"too_many_orders"}
    second = two.plan()
    assert second.outcome is not None
    assert (second.outcome.assigned, second.outcome.left) == (2, ())
    assert all(two.delivery(key).guide for key in keys)


def test_where_there_is_no_time_to_search_each_store_has_its_own_plan(two: RegionOfStores) -> None:
    mine, other = (two.order(f"T{n}", store="AB"[n], at=near(n, north_m=100)) for n in range(2))
    moments = count(0.0, 0.6)
    started = jobs.start(two.hub, two.region, by="hq", budget_s=1)
    taken = jobs.take(two.hub, "here")
    assert taken is not None
    state, outcome = Work(two.hub, taken, [Silent()], monotonic=lambda: next(moments)).run()
    assert (state, outcome.assigned, codes(outcome.left)) == (JobState.DONE, 1, {other: "no_planning_time"})
    assert two.delivery(mine).guide
    assert jobs.job(two.hub, started.id).state is JobState.RUNNING


def test_what_no_search_came_to_has_the_reason_that_the_model_knows(two: RegionOfStores) -> None:
    far = two.order("T1", store="A", at=near(0, north_m=30_000))
    unwanted = two.order("T2", store="B", at=near(1, north_m=100))
    two.counters["B"].do(BanGuide(unwanted, "G1"), BanGuide(unwanted, "G2"))
    moments = count(0.0, 0.6)
    jobs.start(two.hub, two.region, by="hq", budget_s=1)
    taken = jobs.take(two.hub, "here")
    assert taken is not None
    _, outcome = Work(two.hub, taken, [Silent()], monotonic=lambda: next(moments)).run()
    assert codes(outcome.left) == {far: "too_far", unwanted: "banned"}


def test_each_stores_ways_take_as_long_as_its_deliveries_took(two: RegionOfStores) -> None:
    two.guides("B", "G9")
    for n, store in enumerate("AB"):
        two.order(f"T{n}", store=store, at=near(n, north_m=1000))
    learned = (LearnedDetour(TravelMode.EBIKE, ANY_HOUR, 270, 50),)
    two.counters["B"].do(LearnTravel(TravelProfile("B", 1, day_of(), 50, learned)))
    seen = region_problem.situation(two.hub, two.region, now=two.hub.now()).problem
    doors = {stop.origin: stop.place for stop in seen.stops}
    ways = [(seen.travel.metres_from(store)[door], seen.travel.seconds_from(store, TravelMode.EBIKE)[door])
            for store, door in sorted(doors.items()) if door is not None]  # fmt: skip
    (metres_a, seconds_a), (metres_b, seconds_b) = ways
    assert abs(metres_a - metres_b) <= 2
    assert seconds_b > 1.7 * seconds_a
    assert seen.travel.source(1, 0, TravelMode.EBIKE).legs == 50


def test_a_guide_who_is_out_starts_from_the_customer_served_last(two: RegionOfStores) -> None:
    served, held = (two.order(f"T{n}", store="A", at=near(0, north_m=700 * n)) for n in (1, 2))
    two.counters["A"].do(*(HandOver(key, 1, "G1", Proof.TOKEN) for key in (served, held)))
    before = region_problem.situation(two.hub, two.region, now=two.hub.now()).problem
    assert next(v.start for v in before.vehicles if v.guide == "G1") == 0
    two.counters["A"].do(Deliver(served, Proof.PICKUP_CODE))
    seen = region_problem.situation(two.hub, two.region, now=two.hub.now()).problem
    start = next(v.start for v in seen.vehicles if v.guide == "G1")
    assert distance_m(seen.places[start], near(0, north_m=700)) < 5


def test_a_plan_that_was_over_a_month_ago_is_forgotten(two: RegionOfStores) -> None:
    clock = TurnedClock()
    two.hub.now = clock
    two.plan()
    clock.moment += timedelta(days=20)
    two.heard_of("A")
    two.plan()
    clock.moment += timedelta(minutes=1)
    waiting = jobs.start(two.hub, two.region, by="hq")
    clock.moment += timedelta(days=20)
    compact(two.hub)
    assert jobs.jobs(two.hub)[0].id == waiting.id
    assert len(jobs.jobs(two.hub)) == 2
