import logging
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given as hypothesis_given

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Load, Plan, Planner, Problem, best_plan
from storeapp.domain.dispatch_check import check
from tests.domain.problems import north, problem, problems, random_problem, stop, vehicle

FEW = Limits(budget_s=None, steps=60)
PLANNER = PyvrpPlanner(FEW)


@hypothesis_given(problems())
def test_every_plan_of_any_problem_is_feasible_and_complete(given: Problem) -> None:
    for plan in PLANNER.plans(given):
        assert check(given, plan) == []


@hypothesis_given(problems())
def test_each_plan_is_cheaper_than_the_one_before(given: Problem) -> None:
    costs = [plan.cost_li for plan in PLANNER.plans(given)]
    assert costs == sorted(set(costs), reverse=True)


@hypothesis_given(problems())
def test_free_stops_make_no_promised_stop_later_than_it_was_due(given: Problem) -> None:
    promised = replace(given, stops=tuple(stop for stop in given.stops if stop.committed))
    alone, full = begins(promised, InsertionPlanner()), begins(given, PLANNER)
    due = {stop.id: stop.due_s for stop in reversed(promised.stops)}
    assert all(full[stop] <= max(due[stop], alone[stop]) for stop in alone)


def begins(given: Problem, planner: Planner) -> dict[str, int]:
    plan = best_plan(planner, given)
    return {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}


def test_the_same_seed_and_steps_give_the_same_plan() -> None:
    given = random_problem(3, stops=40, vehicles=8, wild=False)
    plan = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=200, seed=5)), given)
    again = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=plan.steps, seed=plan.seed)), given)
    assert replace(again, recipe=plan.recipe) == plan


def test_the_search_saves_what_insertion_lost() -> None:
    given = random_problem(4, stops=40, vehicles=8, wild=False)
    assert best_plan(PLANNER, given).cost_li < best_plan(InsertionPlanner(), given).cost_li


@pytest.mark.parametrize(
    "given",
    [
        problem([], []),
        problem([stop("a")], [], [north(500)]),
        problem([], [vehicle("v")]),
        problem([stop("a")], [vehicle("v", capacity=Load())], [north(500)]),
        problem([stop("a"), stop("a")], [vehicle("v"), vehicle("v")], [north(500)]),
        problem([stop("a", start_s=-7200, due_s=-3600)], [vehicle("v")], [north(500)]),
        problem([stop("a", start_s=7200, due_s=3600)], [vehicle("v")], [north(500)]),
        problem([stop("a")], [vehicle("v", start_s=0, end_s=0)], [north(500)]),
        problem([stop("a", guide="gone")], [vehicle("v")], [north(500)]),
        problem([stop("a", banned=frozenset({"v"}), guide="v")], [vehicle("v")], [north(500)]),
        problem([stop("a", None)], [vehicle("v")], [north(500)]),
        problem([stop("a", unserved_li=10**15)], [vehicle("v", most_stops=1)], [north(500)]),
        problem([stop("a", load=Load(-1, -5, -5), service_s=-60)], [vehicle("v")], [north(500)]),
    ],
    ids=[
        *("nothing", "no guide", "no order", "no capacity", "duplicates", "past window", "reversed window"),
        *("empty shift", "unknown guide", "contradictory pin", "no position", "priceless", "less than nothing"),
    ],
)
def test_whatever_is_missing_ends_in_reasons_not_in_errors(given: Problem) -> None:
    assert check(given, best_plan(PLANNER, given)) == []


def test_nobody_takes_more_stops_in_a_shift_than_the_most() -> None:
    stops = [stop(f"s{n}", n + 1, due_s=9000) for n in range(6)]
    guides = [vehicle("a", most_stops=2, capacity=Load(1, 5000, 10)), vehicle("b", most_stops=3)]
    given = problem(stops, guides, [north(200 + 50 * n) for n in range(6)])
    plan = best_plan(PLANNER, given)
    assert len(plan.vehicle_of()) == 5


def test_what_was_told_changes_only_where_it_saves_more_than_a_change_costs() -> None:
    places = [north(1000), north(1010)]
    stops = [stop("a", told="v"), stop("b", 2, told="w")]
    given = problem(stops, [vehicle("v"), vehicle("w")], places)
    assert len(set(best_plan(PLANNER, replace(given, change_li=0)).vehicle_of().values())) == 1
    assert best_plan(PLANNER, replace(given, change_li=5000)).vehicle_of() == {"a": "v", "b": "w"}


def test_a_surcharge_moves_work_to_who_earned_less() -> None:
    given = problem([stop("a")], [vehicle("rich", surcharge_li=500), vehicle("poor")], [north(900)])
    assert best_plan(PLANNER, given).vehicle_of() == {"a": "poor"}


def test_it_stops_between_two_steps() -> None:
    answers: Iterator[bool] = iter([False, False, False, True])
    told: list[Plan] = []
    planner = PyvrpPlanner(Limits(budget_s=None))
    day = random_problem(3, stops=30, vehicles=6, wild=False)
    best_plan(planner, day, better=told.append, stopped=lambda: bool(told) and next(answers))
    assert told[-1].steps <= 3
    assert next(answers, None) is None


def test_the_solver_writes_nothing_to_standard_output() -> None:
    handlers = logging.getLogger("pyvrp").handlers
    assert not any(getattr(handler, "stream", None) is sys.stdout for handler in handlers)


@pytest.mark.parametrize("ticks", [3, 40, 200])
def test_a_budget_ends_even_insertion_and_what_is_left_says_so(ticks: int) -> None:
    """The clock is at its next second each time it is asked, so the budget is a count of questions."""
    given = replace(random_problem(5, stops=120, vehicles=6, wild=False), budget_s=float(ticks))
    clock = iter(range(10**6))
    plans = list(PyvrpPlanner(Limits(patient=True), clock=lambda: float(next(clock))).plans(given))
    assert all(check(given, plan) == [] for plan in plans)
    assert next(clock) < ticks + 130
    if ticks < 40:
        assert "no_planning_time" in {item.reasons[0].code for item in plans[0].unassigned}


def test_who_stops_before_the_first_plan_gets_none() -> None:
    assert list(PyvrpPlanner(FEW).plans(random_problem(3, stops=30, vehicles=6, wild=False), lambda: True)) == []
