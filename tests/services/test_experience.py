from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.catalogue import BRAND_POLICY, Policy
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import DeliveryState, Proof
from storeapp.domain.experience import GRAIN_M, Leg, TravelDay, TravelProfile
from storeapp.domain.order import Order
from storeapp.domain.people import Guide
from storeapp.domain.place import distance_m
from storeapp.domain.rules.custody import Deliver, HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.travel import LearnTravel, ObserveLegs
from storeapp.domain.travel import Haversine, SourceKind
from storeapp.domain.words import TravelMode
from storeapp.services import dispatch
from storeapp.services.counter import Counter
from storeapp.services.experience import learn_in
from storeapp.services.forgetting import forget_due
from storeapp.services.outcomes import deliver, reveal_code
from storeapp.services.policy import set_policy
from storeapp.services.situation import situation
from storeapp.services.travel import profile_of
from tests.services.store_day import MANAGER, in_state, move_clock, open_counter


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="09:00")
    yield opened
    opened.close()


def legs(counter: Counter) -> list[Leg]:
    return [leg for day in counter.cache.every(TravelDay) for leg in day.legs]


def near(counter: Counter) -> list[str]:
    """Deliveries on the way now: due already, located, nothing missing."""
    orders = {order.delivery_id: order for order in counter.cache.every(Order)}
    found = [key for key in in_state(counter, DeliveryState.WAITING) if orders[key].located and not orders[key].needs]
    return [key for key in found if orders[key].window.start <= counter.clock.now()]


def take_out(counter: Counter, guide: str, jobs: list[str]) -> None:
    with counter.transaction(MANAGER) as tx:
        for job in jobs:
            tx.must(AssignDelivery(job, guide, 0))
            tx.must(HandOver(job, 1, guide, Proof.TOKEN))


def bring(counter: Counter, job: str, at: str) -> None:
    move_clock(counter, at)
    code = reveal_code(counter, MANAGER, job.removesuffix("-1"))
    assert isinstance(code, str)
    assert isinstance(deliver(counter, MANAGER, job, code), tuple)


def a_guide(counter: Counter, mode: TravelMode = TravelMode.EBIKE) -> str:
    return next(guide.id for guide in counter.cache.every(Guide) if guide.store == "XH" and guide.mode is mode)


def place(counter: Counter, job: str) -> object:
    order = counter.cache.get(Order, job.removesuffix("-1"))
    person = counter.privacy.person(order.id, order.sealed) if order else None
    assert person is not None
    assert person.position is not None
    return to_wgs84(person.position)


def test_a_round_of_two_customers_becomes_two_legs_that_lead_to_no_door(counter: Counter) -> None:
    move_clock(counter, "10:30")
    first, second = near(counter)[:2]
    take_out(counter, a_guide(counter), [first, second])
    bring(counter, first, "10:45")
    bring(counter, second, "11:00")
    one, two = legs(counter)
    service_s = counter.policy.service_minutes * 60
    assert (one.mode, one.hour, one.took_s, one.came_s) == (TravelMode.EBIKE, 10, 900 - service_s, 900 - service_s)
    assert (two.took_s, two.came_s) == (900 - service_s, 1800 - service_s)
    assert two.ahead_s > one.ahead_s
    assert one.metres % GRAIN_M == 0
    assert two.metres == pytest.approx(distance_m(place(counter, first), place(counter, second)), abs=GRAIN_M / 2 + 1)  # type: ignore[arg-type] # positions


def test_what_is_entered_without_a_code_or_by_another_counter_counts_once(counter: Counter) -> None:
    move_clock(counter, "10:30")
    job = near(counter)[0]
    take_out(counter, a_guide(counter), [job])
    bring(counter, job, "10:45")
    (day,) = counter.cache.every(TravelDay)
    with counter.transaction(MANAGER) as tx:
        assert tx.must(ObserveLegs(day.store, day.day, day.legs)) == ()


def test_a_delivery_that_no_guide_brought_teaches_nothing(counter: Counter) -> None:
    job = near(counter)[0] if near(counter) else in_state(counter, DeliveryState.WAITING)[0]
    with counter.transaction(MANAGER) as tx:
        tx.must(Deliver(job, Proof.STAFF, reason="found"))
    assert legs(counter) == []


def observed(counter: Counter, percent: int, n: int = 60) -> None:
    """Tell of a day before the demo day on which e-bikes needed so much more than the straight line."""
    day = datetime(2026, 11, 19, tzinfo=UTC).date()
    took_s = 30 + 1000 * percent // 500
    made = tuple(Leg(f"k{i}", TravelMode.EBIKE, 8 + i % 12, 1000, took_s, took_s, took_s) for i in range(n))
    with counter.transaction(MANAGER) as tx:
        tx.must(ObserveLegs(counter.store, day, made))


def test_the_first_delivery_of_a_day_learns_from_the_days_before_and_the_next_one_does_not(counter: Counter) -> None:
    observed(counter, 250)
    move_clock(counter, "10:30")
    first, second = near(counter)[:2]
    take_out(counter, a_guide(counter), [first, second])
    bring(counter, first, "10:45")
    profile = profile_of(counter)
    assert profile is not None
    assert (profile.version, profile.legs) == (1, 60)
    bring(counter, second, "11:00")
    assert profile_of(counter) == profile


def learn_now(counter: Counter) -> TravelProfile:
    with counter.transaction(MANAGER) as tx:
        profile = learn_in(counter, tx, upto=tx.now.date() - timedelta(days=1))
    assert profile is not None
    return profile


def test_plans_are_made_with_what_was_learned_and_say_so(counter: Counter) -> None:
    observed(counter, 250)
    learn_now(counter)
    problem = situation(counter, counter.clock.now()).problem
    plain = Haversine(problem.places).seconds_from(0, TravelMode.EBIKE)
    slower = problem.travel.seconds_from(0, TravelMode.EBIKE)
    assert sum(slower) > 1.3 * sum(plain)
    assert problem.travel.seconds_from(0, TravelMode.WALK) == Haversine(problem.places).seconds_from(0, TravelMode.WALK)
    assert problem.travel.source(0, 1, TravelMode.EBIKE).kind is SourceKind.LEARNED
    item = dispatch.propose(counter, InsertionPlanner()).assignments[0]
    assert any(reason.code.startswith("time_") for reason in item.reasons)


def test_a_changed_policy_is_what_is_assumed_until_enough_is_learned(counter: Counter) -> None:
    policy = counter.cache.get(Policy, BRAND_POLICY) or Policy()
    before = situation(counter, counter.clock.now()).problem.travel.metres_from(0)
    set_policy(counter, MANAGER, replace(policy, detour_percent=270))
    after = situation(counter, counter.clock.now()).problem.travel.metres_from(0)
    assert sum(after) == pytest.approx(2 * sum(before), rel=0.01)


def test_of_two_counters_that_learned_the_first_is_enough(counter: Counter) -> None:
    observed(counter, 250)
    profile = learn_now(counter)
    with counter.transaction(MANAGER) as tx:
        assert tx.must(LearnTravel(replace(profile, legs=1))) == ()
    assert profile_of(counter) == profile


def test_without_a_leg_there_is_nothing_to_learn(counter: Counter) -> None:
    with counter.transaction(MANAGER) as tx:
        assert learn_in(counter, tx, upto=tx.now.date()) is None


def test_what_was_recorded_elsewhere_is_learned_before_the_customer_is_forgotten(counter: Counter) -> None:
    move_clock(counter, "10:30")
    job = near(counter)[0]
    take_out(counter, a_guide(counter), [job])
    move_clock(counter, "10:50")
    with counter.transaction(MANAGER) as tx:
        tx.must(Deliver(job, Proof.PICKUP_CODE))
    assert legs(counter) == []
    forget_due(counter)
    (leg,) = legs(counter)
    assert leg.took_s == 20 * 60 - counter.policy.service_minutes * 60
    forget_due(counter)
    assert legs(counter) == [leg]
