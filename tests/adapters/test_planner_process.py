from collections.abc import Iterator

import pytest

from storeapp.adapters.planner_process import ProcessPlanner
from storeapp.adapters.pyvrp_planner import Limits, PyvrpPlanner
from storeapp.domain.dispatch import best_plan
from storeapp.domain.dispatch_check import check
from tests.domain.problems import random_problem

FEW = Limits(budget_s=None, steps=100)
DAY = random_problem(3, stops=30, vehicles=6, wild=False)


@pytest.fixture(scope="module")
def planner() -> Iterator[ProcessPlanner]:
    made = ProcessPlanner(FEW)
    yield made
    made.close()


def test_a_process_plans_what_the_same_search_plans_here(planner: ProcessPlanner) -> None:
    assert list(planner.plans(DAY)) == list(PyvrpPlanner(FEW).plans(DAY))


def test_one_process_answers_again_and_again(planner: ProcessPlanner) -> None:
    planner.warm()
    process = planner._process
    assert best_plan(planner, DAY) == best_plan(planner, DAY)
    assert planner._process is process


def test_who_stops_asking_stops_the_search_and_may_ask_again() -> None:
    planner = ProcessPlanner(Limits(budget_s=None, patient=True))
    try:
        answers = planner.plans(DAY)
        assert check(DAY, next(answers)) == []
        answers.close()  # type: ignore[attr-defined] # it is a generator
        assert check(DAY, next(planner.plans(DAY))) == []
    finally:
        planner.close()


def test_a_process_that_dies_leaves_the_plans_so_far(caplog: pytest.LogCaptureFixture) -> None:
    planner = ProcessPlanner(Limits(budget_s=None, patient=True))
    answers = planner.plans(DAY)
    first = next(answers)
    assert planner._process is not None
    planner._process.kill()
    assert [first, *answers][-1].cost_li <= first.cost_li
    assert "died" in caplog.text
    planner.close()


def test_where_no_process_answers_insertion_plans() -> None:
    planner = ProcessPlanner(FEW, start_s=0.0)
    assert check(DAY, best_plan(planner, DAY)) == []
    planner.close()


def test_a_budget_is_kept_although_more_could_be_gained() -> None:
    planner = ProcessPlanner(Limits(budget_s=0.05, patient=True))
    try:
        assert check(DAY, best_plan(planner, DAY)) == []
    finally:
        planner.close()
