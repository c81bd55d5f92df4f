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
from storeapp.domain.schedule import Schedule, step_of
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
    after = one_at_a_time(problem, before, InsertionPlanner())
    assert check(problem, after) == []
    homes = {vehicle.id: vehicle.store for vehicle in problem.vehicles}
    for route, turns in zip(after.routes, stores_in_turn(problem, after), strict=True):
        away = [store for store in turns if store != homes[route.vehicle]]
        assert len(away) == len(set(away)), "a store is worked for in one stretch"
    # What was good before is as it was.
    assert one_at_a_time(problem, after, InsertionPlanner()) == after


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.sampled_from(PLANNERS))
def test_what_is_borrowed_holds_every_visit_for_another_store_and_nothing_else(seed: int, planner: Planner) -> None:
    problem = a_region(Random(seed))
    plan = one_at_a_time(problem, planned(problem, planner), InsertionPlanner())
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


def test_a_round_for_two_stores_is_given_up_for_the_other_one_and_taken_by_its_own_guide() -> None:
    places = [north(0), north(0, 300), north(0, 600), north(0, 900)]
    jobs = (stop("a", 2), replace(stop("b", 3), origin=1))
    fleet = (vehicle("mine"), vehicle("theirs", start=1, end=1, store=1))
    problem = Problem(NOW, tuple(places), jobs, fleet, Haversine(places), cross_percent=130)
    both = Schedule(problem, fleet[0])
    both.follow([step_of(each, pickup=pickup) for pickup in (True, False) for each in jobs])
    after = one_at_a_time(problem, Plan((both.route(),)), InsertionPlanner())
    assert check(problem, after) == []
    assert after.vehicle_of() == {"a": "mine", "b": "theirs"}
    assert list(borrowed(problem, after.routes)) == []


def test_what_no_guide_of_the_own_store_can_take_is_left_with_the_reason() -> None:
    places = [north(0), north(0, 300), north(0, 600), north(0, 900)]
    jobs = (stop("a", 2), replace(stop("b", 3), origin=1))
    problem = Problem(NOW, tuple(places), jobs, (vehicle("mine"),), Haversine(places), cross_percent=130)
    both = Schedule(problem, problem.vehicles[0])
    both.follow([step_of(each, pickup=pickup) for pickup in (True, False) for each in jobs])
    after = one_at_a_time(problem, Plan((both.route(),)), InsertionPlanner())
    assert after.vehicle_of() == {"a": "mine"}
    assert [(left.stop, left.reasons[0].code) for left in after.unassigned] == [("b", "no_guide_on_shift")]
