"""Which window to offer."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Load, Problem, best_plan
from storeapp.domain.moment import Window
from storeapp.domain.offers import SURE, Offer, offers, recommended, slots
from storeapp.domain.place import Position
from storeapp.domain.punctuality import route_chances
from storeapp.domain.risk import ASSUMED
from storeapp.domain.schedule import Schedule
from tests.domain.problems import NOW, north, problem, stop, vehicle

HOUR, HALF = timedelta(hours=1), timedelta(minutes=30)


def chance(schedule: Schedule, name: str) -> float:
    stops = {step.stop.id: step.stop for step in schedule.steps}
    return route_chances(schedule.route(), stops, ASSUMED, left_s=schedule.vehicle.start_s)[name]


def asked(given_problem: Problem, hours: int = 3) -> tuple[Offer, ...]:
    """Offers for an order to place 1 in every half hour."""
    plan = best_plan(InsertionPlanner(), given_problem)
    windows = slots(NOW, NOW + timedelta(hours=hours), length=HOUR, step=HALF)
    return offers(given_problem, plan, stop("new", 1), windows, chance)


@given(st.integers(0, 10**6), st.integers(0, 30), st.integers(1, 8))
def test_slots_begin_on_the_clock_and_end_in_time(minute: int, hours: int, length: int) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(minutes=minute)
    until = now + timedelta(hours=hours)
    found = slots(now, until, length=length * HALF, step=HALF)
    assert all(slot.start >= now and slot.end <= until and slot.start.minute in (0, 30) for slot in found)
    assert all(slot.end - slot.start == length * HALF for slot in found)
    assert len(found) >= 2 * (hours - length / 2) - 1


def test_where_a_guide_goes_anyway_is_cheaper() -> None:
    def costs(there: Position) -> list[int]:
        busy = problem([stop("a", 2, start_s=0, due_s=7200)], [vehicle("v")], [there, north(2050)])
        found = asked(busy)
        best = recommended(found)
        assert best is not None
        assert best.risk_li == min(offer.risk_li for offer in found if offer.chance >= SURE)
        return [offer.cost_li for offer in found if offer.obstacle is None]

    assert min(costs(north(2000))) < min(costs(north(-2000)))


def test_each_window_says_who_how_many_and_when() -> None:
    found = asked(problem([], [vehicle("v"), vehicle("w")], [north(800)]))
    assert all(offer.guides == 2 and offer.guide in {"v", "w"} for offer in found)
    assert all(offer.eta is not None and offer.window.contains(offer.eta) for offer in found)
    assert all(0.5 < offer.chance < 1 for offer in found)


def test_full_hours_are_not_offered_and_say_why() -> None:
    full = [stop(f"a{k}", 1, start_s=0, due_s=3600, load=Load(4)) for k in range(1)]
    given_problem = problem(full, [vehicle("v", start_s=0, end_s=1500)], [north(800)])
    found = asked(given_problem)
    assert any(offer.obstacle is not None for offer in found)
    assert asked(problem([], [], [north(800)]))[0].obstacle is not None
    assert recommended(asked(problem([], [], [north(800)]))) is None


def test_a_place_too_far_away_has_the_reason_in_every_window() -> None:
    found = asked(problem([], [vehicle("v")], [north(9000)], radius_m=5000))
    assert {offer.obstacle.code for offer in found if offer.obstacle} == {"too_far"}
    assert len(found) == 5


def test_asking_changes_nothing() -> None:
    given_problem = problem([stop("a", 2, due_s=7200)], [vehicle("v")], [north(2000), north(500)])
    assert asked(given_problem) == asked(given_problem)


def test_what_is_promised_stays_on_time() -> None:
    given_problem = problem([stop("a", 2, start_s=0, due_s=700)], [vehicle("v")], [north(-3000), north(2000)])
    for offer in asked(given_problem):
        if offer.obstacle is None and offer.window.start == NOW:
            assert offer.extra_m >= 0
            assert offer.eta is not None
            assert offer.eta > NOW + timedelta(seconds=600)


def test_of_unsure_windows_the_surest_is_recommended() -> None:
    def offer(hour: int, sure: float, risk_li: int) -> Offer:
        window = Window(NOW + hour * HOUR, NOW + (hour + 1) * HOUR)
        return Offer(window, "v", NOW, 0, 0, sure, 1, risk_li)

    assert recommended([offer(0, 0.5, 10), offer(1, 0.7, 900)]) == offer(1, 0.7, 900)
    assert recommended([offer(0, 0.95, 300), offer(1, 0.91, 200)]) == offer(1, 0.91, 200)
    assert recommended([]) is None
