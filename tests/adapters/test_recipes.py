"""A plan that was cut off by a clock is made again from its recipe, without one: the same guides, orders and times."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import example
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from storeapp.adapters import pyvrp_parts
from storeapp.adapters.insertion import InsertionPlanner, first_draft
from storeapp.adapters.planner_process import ProcessPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_first import first_plan
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.domain.dispatch import Limits, Plan, Planner, Problem, best_plan, never
from storeapp.domain.recipe import Method, Recipe
from tests.domain.problems import random_problem
from tests.domain.test_region import region_of


def ticking(step_s: float) -> Callable[[], float]:
    """A clock that goes on by so much at each look, so that a budget ends somewhere, and never twice at one place."""
    passed = 0.0

    def clock() -> float:
        nonlocal passed
        passed += step_s
        return passed

    return clock


def again(given: Problem, plan: Plan, planner: Planner | None = None) -> Plan:
    return best_plan(planner or PyvrpPlanner(), replace(given, recipe=plan.recipe))


@hypothesis_given(st.integers(0, 10**6), st.integers(1, 40), st.floats(0.0005, 0.2), st.booleans())
@example(3512, 38, 0.0625, True)  # What was proven began with an insertion that was cut off.
def test_any_plan_of_any_budget_is_made_again_from_its_recipe(
    seed: int, stops: int, step_s: float, prove: bool
) -> None:
    given = random_problem(seed, stops=stops, vehicles=1 + seed % 6)
    limits = Limits(budget_s=1.0, seed=seed % 7, prove_s=3.0 if prove else 0.0)
    for plan in PyvrpPlanner(limits, clock=ticking(step_s)).plans(replace(given, budget_s=1.0)):
        assert again(given, plan) == plan


def test_plans_of_every_method_are_made_again() -> None:
    given = random_problem(3, stops=40, vehicles=8, wild=False)
    found = set()
    for step_s in (0.0005, 0.3):
        for plan in PyvrpPlanner(clock=ticking(step_s)).plans(given):
            found.add(plan.recipe.by)
            assert again(given, plan) == plan
    assert found >= {Method.INSERTION, Method.SEARCH}
    given = random_problem(3, stops=16, vehicles=4, wild=False)
    proven = best_plan(PyvrpPlanner(Limits(None, 60, prove_s=60.0)), given)
    assert proven.recipe.by is Method.PROOF
    assert again(given, proven) == proven


def test_insertion_that_was_cut_off_is_cut_off_at_the_same_delivery() -> None:
    given = random_problem(5, stops=40, vehicles=5, wild=False)
    left = iter([False] * 11)
    cut = first_draft(given, lambda: next(left, True)).plan()
    assert cut.recipe == Recipe(inserted=11)
    assert {reason.code for item in cut.unassigned for reason in item.reasons} >= {"no_planning_time"}
    assert best_plan(InsertionPlanner(), replace(given, recipe=cut.recipe)) == cut
    assert again(given, cut).routes == cut.routes


@pytest.mark.parametrize("tries", [0, 1, 7, 30, 10**6])
def test_moves_that_were_cut_off_are_made_again_by_count(tries: int) -> None:
    given = random_problem(4, stops=30, vehicles=6, wild=False)
    draft = first_draft(given)
    count = iter(range(tries))
    draft.improve(lambda: next(count, None) is None)
    plan = draft.plan()
    assert plan.recipe.by is Method.MOVES
    assert plan.recipe.steps <= tries
    for planner in (InsertionPlanner(), PyvrpPlanner()):
        assert again(given, plan, planner).routes == plan.routes


def test_a_search_in_parts_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyvrp_parts, "NEVER_WHOLE", 30)
    given = random_problem(7, stops=60, vehicles=8, wild=False)
    plan = best_plan(PyvrpPlanner(Limits(seed=3), clock=ticking(0.002)), given)
    assert plan.recipe.by is Method.SEARCH
    assert again(given, plan) == plan


def test_the_process_makes_a_plan_again_whatever_its_budget() -> None:
    given = replace(random_problem(3, stops=30, vehicles=6, wild=False), budget_s=0.001)
    plan = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=150, seed=2)), given)
    planner = ProcessPlanner(Limits(budget_s=0.001))
    try:
        assert again(given, plan, planner) == plan
    finally:
        planner.close()


class Hurried:
    """A planner of a region's part whose clock allows for each part another count of steps."""

    def __init__(self) -> None:
        self.parts = 0

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        self.parts += 1
        yield from PyvrpPlanner(Limits(None, 20 * self.parts, seed=5, patient=True)).plans(problem, stopped)


@pytest.mark.parametrize("seed", range(3))
def test_a_regions_plan_is_made_again_from_the_searches_it_is_made_of(seed: int) -> None:
    whole = region_of(seed, stores=6, stops=40, guides=10)
    left = iter([False] * 25)
    first = first_plan(whole, lambda: next(left, True))
    assert first_plan(replace(whole, parts=first.parts)) == first
    begun = replace(whole, before=first.routes)
    for plan in RegionPlanner([Hurried()], budget_s=None, most_stops=10).plans(begun):
        assert plan.recipe.by is Method.REGION
        planner = RegionPlanner([PyvrpPlanner(), PyvrpPlanner()], budget_s=0.001, most_stops=10)
        assert best_plan(planner, replace(begun, parts=plan.parts)) == plan
