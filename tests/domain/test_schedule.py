from storeapp.domain.dispatch import Load, Problem
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Insertion
from storeapp.domain.words import TravelMode
from tests.domain.problems import north, problem, stop, vehicle


def filled(given: Problem) -> Schedule:
    schedule = Schedule(given, given.vehicles[0])
    for wanted in given.stops:
        found = schedule.best(wanted)
        assert found is not None, wanted.id
        schedule.insert(wanted, found)
    return schedule


def order(schedule: Schedule) -> list[str]:
    return [f"{'+' if step.pickup else ''}{step.stop.id}" for step in schedule.steps]


def test_two_stops_on_one_way_share_a_trip() -> None:
    given = problem([stop("near"), stop("far", 2)], [vehicle("v")], [north(500), north(1000)])
    assert order(filled(given)) == ["+near", "+far", "near", "far"]


def test_what_does_not_fit_on_board_goes_on_a_second_trip() -> None:
    given = problem([stop("a"), stop("b", 2)], [vehicle("v", capacity=Load(1, 5000, 10))], [north(500), north(1000)])
    assert order(filled(given)) in (["+a", "a", "+b", "b"], ["+b", "b", "+a", "a"])


def test_a_guide_waits_in_the_store_not_at_the_door() -> None:
    given = problem([stop("later", start_s=3000, due_s=3600)], [vehicle("v")], [north(1000)])
    pickup, delivery = filled(given).visits()
    assert delivery.arrive_s == delivery.begin_s == 3000
    assert pickup.begin_s == 3000 - given.travel.seconds_from(0, TravelMode.EBIKE)[1]


def test_a_stop_on_the_way_home_costs_the_detour_only() -> None:
    places = [north(1000), north(2000)]
    given = problem([stop("a", pay_li=0)], [vehicle("v", end=2)], places)
    found = Schedule(given, given.vehicles[0]).best(given.stops[0])
    assert found is not None
    assert found.extra_m <= 2
    assert found.cost_li == 0


def test_nothing_is_inserted_that_makes_an_earlier_promise_late() -> None:
    tight = stop("tight", 2, due_s=320)
    given = problem([tight, stop("other", service_s=600)], [vehicle("v")], [north(500), north(1000)])
    assert order(filled(given)).index("tight") < order(filled(given)).index("other")


def test_a_committed_stop_may_be_late_but_never_later_for_a_free_one() -> None:
    late = stop("late", 1, due_s=10, guide="v")
    given = problem([late, stop("free", 2)], [vehicle("v")], [north(2000), north(0, 2000)])
    schedule = Schedule(given, given.vehicles[0])
    assert schedule.best(late) is None
    schedule.force(late)
    before_s = schedule.begin_s("late")
    found = schedule.best(given.stops[1])
    assert isinstance(found, Insertion)
    schedule.insert(given.stops[1], found)
    assert schedule.begin_s("late") == before_s
    assert schedule.feasible


def test_what_is_in_custody_is_delivered_before_the_next_trip() -> None:
    held = stop("held", 1, guide="v", held=True)
    given = problem([held, stop("free", 2)], [vehicle("v", start_s=-60)], [north(800), north(300)])
    assert order(filled(given)) == ["held", "+free", "free"]


def test_the_most_stops_of_a_shift_count_over_all_trips() -> None:
    given = problem([stop("a"), stop("b")], [vehicle("v", most_stops=1)], [north(300)])
    schedule = Schedule(given, given.vehicles[0])
    found = schedule.best(given.stops[0])
    assert found is not None
    schedule.insert(given.stops[0], found)
    assert schedule.best(given.stops[1]) is None


def test_removing_and_restoring_leaves_the_schedule_as_it_was() -> None:
    given = problem([stop("near"), stop("far", 2)], [vehicle("v")], [north(500), north(1000)])
    schedule = filled(given)
    before = schedule.route()
    schedule.restore(schedule.remove("near"))
    assert schedule.route() == before
