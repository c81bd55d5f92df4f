"""Measures planning again when a guide drops out: what else moves, what it costs, and how long it takes."""

import statistics
import time
from collections import Counter
from dataclasses import dataclass, replace

from bench.dispatch_insertion import problem
from bench.report import Figure, Report
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Plan, Problem, best_plan, cost_li
from storeapp.domain.dispatch_check import check
from storeapp.domain.replan import changes, loosened, without

ORDERS, GUIDES, ROUNDS = 100, 20, 3
CHANGE_LI = 3000
BUDGET_S, PATIENT_S = 0.4, 3.0


@dataclass(frozen=True, slots=True)
class Dropout:
    """What came of it: stops that moved between the others, and CPU milliseconds.

    ``above`` is percent above what a patient search finds at the same price of changes, ``scratch`` above a plan from
    scratch that keeps nothing.
    """

    moved: int
    above: float
    scratch: float
    took_ms: float


def run() -> Report:
    """Medians of several days; the guide with the most stops drops out. What is in custody never moves by itself."""
    found = [measure(problem(ORDERS, GUIDES, seed=seed)) for seed in range(ROUNDS)]
    figures = (
        Figure("moved between the others", statistics.median(each.moved for each in found), "stops", 1),
        Figure("above the best at that price", statistics.median(each.above for each in found), "%", 0.2),
        Figure("above a plan from scratch", statistics.median(each.scratch for each in found), "%"),
        Figure("planned again after", statistics.median(each.took_ms for each in found), "ms", 500),
    )
    return Report("dispatch_dropout", figures, {"clock": "CPU"})


def measure(day: Problem, *, budget_s: float = BUDGET_S, patient_s: float = PATIENT_S) -> Dropout:
    """One day on which the busiest guide drops out after everybody was told."""
    plan = _plan(day, 1.0)
    guides = {vehicle.id: vehicle.guide for vehicle in day.vehicles}
    told = {stop: guides[vehicle] for stop, vehicle in plan.vehicle_of().items()}
    stops = tuple(replace(stop, guide=told.get(stop.id, "")) for stop in day.stops)
    before = replace(day, stops=stops)
    out = Counter(told.values()).most_common(1)[0][0]
    loose = without(loosened(before, plan, change_li=CHANGE_LI), out)
    started = time.process_time()
    after = _plan(loose, budget_s)
    took_ms = (time.process_time() - started) * 1000
    if faults := check(loose, after):
        raise RuntimeError(faults[0])
    free = replace(loose, change_li=0)
    scratch_li = _plan(replace(free, before=()), patient_s).cost_li
    best_li = min(after.cost_li, _plan(loose, patient_s).cost_li)
    moved = sum(change.before != out for change in changes(before, loose, after))
    above = 100 * (after.cost_li / best_li - 1)
    return Dropout(moved, above, 100 * (cost_li(free, after.routes) / scratch_li - 1), took_ms)


def _plan(day: Problem, budget_s: float) -> Plan:
    return best_plan(PyvrpPlanner(Limits(budget_s, patient=True), clock=time.process_time), day)
