import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from storeapp.adapters.planner_process import ProcessPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Plan, best_plan
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


def test_a_stop_from_elsewhere_ends_the_plans_while_none_comes() -> None:
    planner = ProcessPlanner(Limits(budget_s=None, patient=True))
    told: list[Plan] = []
    try:
        best = best_plan(planner, DAY, better=told.append, stopped=lambda: len(told) > 1)
        assert best == told[-1]
        assert check(DAY, best_plan(planner, DAY, stopped=iter([*[False] * 99, *[True] * 9999]).__next__)) == []
    finally:
        planner.close()


def test_who_stops_while_the_process_starts_may_ask_again() -> None:
    planner = ProcessPlanner(FEW)
    try:
        assert list(planner.plans(DAY, lambda: True)) == []
        assert list(planner.plans(DAY)) == list(PyvrpPlanner(FEW).plans(DAY))
    finally:
        planner.close()


def test_who_stops_while_another_starts_the_process_does_not_wait_for_that() -> None:
    planner = ProcessPlanner(Limits(0.2))
    with planner._lock:
        assert list(planner.plans(random_problem(1, stops=10, vehicles=3), stopped=lambda: True)) == []


def test_what_nobody_wants_any_more_is_not_asked(planner: ProcessPlanner, monkeypatch: pytest.MonkeyPatch) -> None:
    given = random_problem(1, stops=10, vehicles=3)
    assert list(planner.plans(given))
    sent: list[object] = []
    monkeypatch.setattr(planner, "_stop", lambda: sent.append("stop"))
    assert list(planner.plans(given, stopped=lambda: True)) == []
    assert sent == []


def test_the_window_loads_no_solver() -> None:
    loads = "import sys, storeapp.adapters.planner_process; sys.exit('pyvrp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads], check=False).returncode == 0


def test_a_process_that_dies_leaves_the_plans_so_far(caplog: pytest.LogCaptureFixture) -> None:
    planner = ProcessPlanner(Limits(budget_s=None, patient=True))
    answers = planner.plans(DAY)
    first = next(answers)
    assert planner._process is not None
    planner._process.kill()
    assert [first, *answers][-1].cost_li <= first.cost_li
    assert "died" in caplog.text
    planner.close()


@pytest.mark.skipif(sys.platform == "win32", reason="only there one thread can take another's child")
def test_an_end_that_another_thread_has_seen_first_is_no_error() -> None:
    planner = ProcessPlanner(FEW)
    planner.warm()
    dead = planner._let_go()
    assert dead is not None
    assert dead.pid is not None
    os.waitpid(dead.pid, 0)
    planner._bury(dead)
    assert list(planner.plans(DAY)) == list(PyvrpPlanner(FEW).plans(DAY))
    planner.close()


def test_a_process_that_starts_while_the_planner_is_closed_is_ended() -> None:
    planner = ProcessPlanner(FEW)
    planner.close()
    planner.warm()
    assert planner._process is None


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
