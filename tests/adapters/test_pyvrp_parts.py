from dataclasses import replace

import pytest

from storeapp.adapters import pyvrp_parts
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, best_plan
from storeapp.domain.dispatch_check import check
from tests.domain.problems import random_problem


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyvrp_parts, "WHOLE_UP_TO", 20)
    monkeypatch.setattr(pyvrp_parts, "WHOLE_STEPS", 1)
    monkeypatch.setattr(pyvrp_parts, "PART_STOPS", 25)
    monkeypatch.setattr(pyvrp_parts, "PART_STEPS", 40)


@pytest.mark.parametrize("seed", range(6))
def test_every_plan_searched_in_parts_is_feasible_and_cheaper_than_the_one_before(seed: int) -> None:
    given = random_problem(seed, stops=40, vehicles=9)
    plans = list(PyvrpPlanner(Limits(budget_s=None, steps=300, seed=seed + 1)).plans(given))
    assert all(check(given, plan) == [] for plan in plans)
    assert [plan.cost_li for plan in plans] == sorted({plan.cost_li for plan in plans}, reverse=True)


def test_what_is_searched_in_parts_from_the_start_gains_and_can_be_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyvrp_parts, "NEVER_WHOLE", 30)
    given = random_problem(7, stops=60, vehicles=8, wild=False)
    plans = list(PyvrpPlanner(Limits(budget_s=None, steps=400, seed=3)).plans(given))
    assert [check(given, plan) for plan in plans] == [[]] * len(plans)
    assert plans[-1].cost_li < plans[0].cost_li
    again = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=plans[-1].steps, seed=3)), given)
    assert again == plans[-1]


@pytest.mark.parametrize("seed", range(6))
def test_parts_from_the_start_keep_every_rule(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(pyvrp_parts, "NEVER_WHOLE", 10)
    given = random_problem(seed, stops=40, vehicles=9)
    assert all(check(given, plan) == [] for plan in PyvrpPlanner(Limits(budget_s=None, steps=200)).plans(given))


def test_parts_gain_and_the_same_seed_and_steps_give_the_same_plan() -> None:
    given = random_problem(6, stops=60, vehicles=8, wild=False)
    short = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=60, seed=5)), given)
    plan = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=1200, seed=5)), given)
    again = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=plan.steps, seed=plan.seed)), given)
    assert replace(again, recipe=plan.recipe) == plan
    assert plan.cost_li < short.cost_li
