"""Whatever a region's plan is, afterwards a guide works for one store at a time, and every plan stays a good one."""

import itertools
from dataclasses import replace
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.borrowing import borrowed, one_at_a_time
from storeapp.domain.dispatch import Limits, Plan, Planner, Problem, best_plan
from storeapp.domain.dispatch_check import check
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import step_of
from storeapp.domain.travel import Haversine
from tests.domain.problems import NOW, north, stop, vehicle
from tests.domain.test_region import region_of

PLANNERS: tuple[Planner, ...] = (InsertionPlanner(), PyvrpPlanner(Limits(budget_s=None, steps=30)))
"""The search picks up at two stores for one round; insertion never does."""


def planned(problem: Problem, planner: Planner) -> Plan:
    return best_plan(planner, problem)


def a_region(rng: Random) -> Problem:
    """Stores so near to each other that guides help out."""
    return region_of(rng.randrange(10**6), stores=rng.randint(2, 5), stops=rng.randint(4, 24), guides=rng.randint(2, 6))


def stores_in_turn(problem: Problem, plan: Plan) -> list[list[int]]:
    """For each route the stores that it works for, in turn, as often as it changes."""
    stops = {stop.id: stop for stop in problem.stops}
    found = []
    for route in plan.routes:
        turns: list[int] = []
        for visit in route.visits:
            origin = stops[visit.stop].origin
            if turns[-1:] != [origin]:
                turns.append(origin)
        found.append(turns)
    return found


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(PLANNERS))
def test_a_guide_works_for_one_store_at_a_time(seed: int, planner: Planner) -> None:
    problem = a_region(Random(seed))
    before = planned(problem, planner)
    after = one_at_a_time(problem, before)
    assert check(problem, after) == []
    homes = {vehicle.id: vehicle.store for vehicle in problem.vehicles}
    for route, turns in zip(after.routes, stores_in_turn(problem, after), strict=True):
        away = [store for store in turns if store != homes[route.vehicle]]
        assert len(away) == len(set(away)), "a store is worked for in one stretch"
    # What was good before is as it was.
    assert one_at_a_time(problem, after) == after


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(PLANNERS))
def test_what_is_borrowed_holds_every_visit_for_another_store_and_nothing_else(seed: int, planner: Planner) -> None:
    problem = a_region(Random(seed))
    plan = one_at_a_time(problem, planned(problem, planner))
    stops = {stop.id: stop for stop in problem.stops}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    loans = list(borrowed(problem, plan.routes))
    for route in plan.routes:
        vehicle = vehicles[route.vehicle]
        mine = [loan for loan in loans if set(loan.stops) & {visit.stop for visit in route.visits}]
        for loan in mine:
            assert loan.leave_s <= loan.from_s < loan.until_s <= loan.back_s
        for one, other in itertools.pairwise(mine):
            assert min(one.back_s, other.back_s) <= max(one.leave_s, other.leave_s), "two stores at once"
        for visit in route.visits:
            origin = stops[visit.stop].origin
            inside = [loan.origin for loan in mine if loan.from_s <= visit.begin_s and visit.leave_s <= loan.until_s]
            assert inside == ([] if origin == vehicle.store else [origin])


def two_stores(**more: object) -> Problem:
    """One stop of each of two stores in a row, and a guide of the first."""
    places = [north(0), north(0, 300), north(0, 600), north(0, 900)]
    jobs = (stop("a", 2), replace(stop("b", 3), origin=1))
    return Problem(NOW, tuple(places), jobs, (vehicle("mine", **more),), Haversine(places), cross_percent=130)


def in_one_round(problem: Problem) -> Schedule:
    both = Schedule(problem, problem.vehicles[0])
    both.follow([step_of(each, pickup=pickup) for pickup in (True, False) for each in problem.stops])
    return both


def test_a_round_for_two_stores_becomes_two() -> None:
    problem = two_stores()
    after = one_at_a_time(problem, Plan((in_one_round(problem).route(),)))
    assert check(problem, after) == []
    assert (after.vehicle_of(), after.unassigned) == ({"a": "mine", "b": "mine"}, ())
    assert [loan.stops for loan in borrowed(problem, after.routes)] == [("b",)]


def test_where_there_is_time_for_one_only_the_other_goes_to_its_own_store() -> None:
    short = two_stores(end_s=in_one_round(two_stores()).end_s)
    theirs = vehicle("theirs", start=1, end=1, store=1)
    problem = replace(short, vehicles=(*short.vehicles, theirs))
    after = one_at_a_time(problem, Plan((in_one_round(problem).route(),)))
    assert check(problem, after) == []
    assert len(after.vehicle_of()) == 2
    assert set(after.vehicle_of().values()) == {"mine", "theirs"}


def test_where_nobody_else_has_time_it_is_left_with_the_reason() -> None:
    problem = two_stores(end_s=in_one_round(two_stores()).end_s)
    after = one_at_a_time(problem, Plan((in_one_round(problem).route(),)))
    assert check(problem, after) == []
    (left,) = after.unassigned
    assert ({*after.vehicle_of(), left.stop}, left.reasons[0].code) == ({"a", "b"}, "all_full")
    assert after.cost_li == problem.left_li(next(stop for stop in problem.stops if stop.id == left.stop)) + sum(
        route.cost_li for route in after.routes
    ) + sum(problem.take_li(stop, problem.vehicles[0]) for stop in problem.stops if stop.id != left.stop)
