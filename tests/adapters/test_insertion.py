from dataclasses import replace

import pytest
from hypothesis import given as hypothesis_given

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Load, Problem, best_plan
from storeapp.domain.dispatch_check import check
from tests.domain.problems import north, problem, problems, random_problem, stop, vehicle

PLANNER = InsertionPlanner()


@hypothesis_given(problems())
def test_every_plan_of_any_problem_is_feasible_and_complete(given: Problem) -> None:
    for plan in PLANNER.plans(given):
        assert check(given, plan) == []


@hypothesis_given(problems())
def test_each_plan_is_cheaper_than_the_one_before(given: Problem) -> None:
    costs = [plan.cost_li for plan in PLANNER.plans(given)]
    assert costs == sorted(set(costs), reverse=True)


@hypothesis_given(problems())
def test_the_same_problem_has_the_same_plan(given: Problem) -> None:
    assert best_plan(PLANNER, given) == best_plan(InsertionPlanner(), given)


@hypothesis_given(problems())
def test_free_stops_make_no_promised_stop_later_than_it_was_due(given: Problem) -> None:
    promised = replace(given, stops=tuple(stop for stop in given.stops if stop.committed))
    alone, full = begins(promised), begins(given)
    due = {stop.id: stop.due_s for stop in reversed(promised.stops)}
    assert all(full[stop] <= max(due[stop], alone[stop]) for stop in alone)


def begins(given: Problem) -> dict[str, int]:
    plan = best_plan(PLANNER, given)
    return {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}


@pytest.mark.parametrize(
    "given",
    [
        problem([], []),
        problem([stop("a")], [], [north(500)]),
        problem([], [vehicle("v")]),
        problem([stop("a")], [vehicle("v", capacity=Load())], [north(500)]),
        problem([stop("a"), stop("a")], [vehicle("v"), vehicle("v")], [north(500)]),
        problem([stop("a", start_s=-7200, due_s=-3600)], [vehicle("v")], [north(500)]),
        problem([stop("a")], [vehicle("v", start_s=0, end_s=0)], [north(500)]),
    ],
    ids=["nothing", "no guide", "no order", "no capacity", "duplicates", "past window", "empty shift"],
)
def test_whatever_is_missing_ends_in_reasons_not_in_errors(given: Problem) -> None:
    plan = best_plan(PLANNER, given)
    assert check(given, plan) == []


def test_a_thousand_orders_are_all_answered() -> None:
    given = random_problem(7, stops=1000, vehicles=4)
    assert check(given, best_plan(PLANNER, given)) == []


def test_moving_a_stop_saves_what_greedy_insertion_lost() -> None:
    plans = [plan for seed in range(20) for plan in list(PLANNER.plans(random_problem(seed, stops=30, vehicles=6)))[1:]]
    assert plans


@pytest.mark.parametrize("seed", [10, 14, 19, 22])
def test_what_a_full_day_was_told_is_kept_on_time(seed: int) -> None:
    fresh = random_problem(seed, stops=60, vehicles=2, wild=False)
    plan = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=200)), fresh)
    guides = {each.id: each.guide for each in fresh.vehicles}
    doors = [(visit, guides[route.vehicle]) for route in plan.routes for visit in route.visits if not visit.pickup]
    begins = {visit.stop: (guide, visit.begin_s) for visit, guide in doors}
    planned = [each for each in fresh.stops if each.id in begins]
    told = [replace(each, guide=begins[each.id][0], eta_s=begins[each.id][1]) for each in planned]
    given = replace(fresh, stops=tuple(told))
    again = best_plan(PLANNER, given)
    assert check(given, again) == []
    due = {each.id: each.due_s + each.late_s for each in told}
    late = [v.stop for route in again.routes for v in route.visits if not v.pickup and v.begin_s > due[v.stop]]
    assert late == []
