"""A tiny instance from the evaluator's form through the product's own model and back."""

import json
from pathlib import Path

import pytest

from bench import dispatch, dispatch_dropout, dispatch_insertion
from bench.dispatch_instances import load
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, best_plan
from storeapp.domain.dispatch_check import check

DEGREE_M = 12_742_000.0 * 3.141592653589793 / 360
CORE = """
import json

class Instance:
    def __init__(self, raw):
        self.raw = raw

    @classmethod
    def load(cls, path):
        with open(path) as file:
            return cls(json.load(file))

    def evaluate(self, plan):
        done = {order for way in plan.values() for kind, order in way if kind == "D"}
        left = sum(o["unserved"] for n, o in enumerate(self.raw["orders"]) if n not in done)
        return {"cost": left + self.raw["pay"] * len(done), "feasible": True, "bad": []}
"""
BASELINES = """
def nearest_idle(instance):
    return {}

def cheapest_insertion(instance):
    return {0: [["P", 0], ["D", 0]]}
"""


def order(metres_north: float, **more: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "store": 0,
        "pos": [30 + metres_north / DEGREE_M, 104.0],
        "ready": 0,
        "tw": [0, 7200],
        "service": 60,
        "load": [1, 500, 2],
        "level": 1,
        "skills": [],
        "unserved": 9000,
    }
    return plain | more


def tiny() -> dict[str, object]:
    """Two orders on one way, one that is dearer by a guide than by courier, and one for a guide who is not there."""
    return {
        "name": "s4_1_1_1",
        "detour": 1.0,
        "pay": 3000,
        "cross": 1.3,
        "modes": {"ebike": {"speed": 5.0, "per_km": 400, "park": 30, "cap": [8, 20000, 60]}},
        "stores": [{"pos": [30.0, 104.0]}],
        "guides": [{"id": "G0", "store": 0, "mode": "ebike", "level": 1, "skills": [], "home": [30.0, 104.0]}],
        "vehicles": [{"guide": 0, "start": 0, "end": 7200, "commute": False, "max_orders": 8}],
        "orders": [order(1000), order(2000), order(4000, unserved=3100), order(500, level=3)],
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "instances"
    folder.mkdir()
    written = folder / "s4_1_1_1.json"
    written.write_text(json.dumps(tiny()), "utf-8")
    return written


def test_a_plan_goes_back_in_the_evaluators_form_at_the_cost_known_by_hand(path: Path) -> None:
    instance = load(path)
    plan = best_plan(PyvrpPlanner(Limits(budget_s=None, steps=40, prove_s=60)), instance.problem)
    assert check(instance.problem, plan) == []
    assert plan.proven
    way = instance.plain(plan)["0"]
    assert [step[0] for step in way] == ["P", "P", "D", "D"]
    assert {step[1] for step in way} == {0, 1}
    # There and back 4 km at 400 li, twice the pay, and two couriers.
    assert plan.cost_li == 1600 + 2 * 3000 + 3100 + 9000


def test_the_table_tells_gaps_to_the_best_known_and_plans_are_written(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = tmp_path / "evaluator"
    judge.mkdir()
    (judge / "core.py").write_text(CORE, "utf-8")
    (judge / "baselines.py").write_text(BASELINES, "utf-8")
    monkeypatch.setattr(dispatch, "evaluator", lambda: judge)
    monkeypatch.setattr(dispatch, "OUT", tmp_path / "out")
    report = dispatch.run(["--instances", str(path.parent), "--budget", "0.2", "--no-peers"])
    figures = {figure.name: figure.value for figure in report.figures}
    assert figures["4/1/1: 0.2 s"] == 0
    assert figures["4/1/1: greedy"] > figures["4/1/1: insertion"] > 0
    written = json.loads((tmp_path / "out" / "plans" / "s4_1_1_1-0.2.json").read_text("utf-8"))
    assert {step[1] for step in written["0"]} == {0, 1}


def test_without_the_evaluator_nothing_is_claimed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "evaluator", lambda: None)
    report = dispatch.run(["--no-peers"])
    assert (report.figures, "left out" in report.notes) == ((), True)


def test_a_dropout_is_measured_on_a_day_that_was_told() -> None:
    found = dispatch_dropout.measure(dispatch_insertion.problem(12, 3, seed=1), budget_s=0.05, patient_s=0.05)
    assert found.moved <= 12
    assert found.above >= 0


def test_plans_by_insertion_are_timed_one_by_one() -> None:
    times_ms, plans = dispatch_insertion.measure(dispatch_insertion.problem(10, 3, seed=1))
    assert len(times_ms) == len(plans) >= 1
    assert times_ms == sorted(times_ms)
