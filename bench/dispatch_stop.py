"""Measures how soon plans end once nobody wants them, and how long the next question then waits, by the wall."""

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

from bench.dispatch_insertion import problem
from bench.report import Figure, Report
from storeapp.adapters.planner_process import ProcessPlanner
from storeapp.domain.dispatch import Limits, Problem

SIZES = ((50, 10), (200, 40), (1000, 200))
AFTER_S = (0.0, 0.03, 0.1, 0.3, 0.7)
"""So long after the question nobody wants plans any more: while insertion plans, the search is set up, or runs."""
GOAL_MS = 100


def run() -> Report:
    """The slowest of all stops of each size, and the median of the first plans after it."""
    planner = ProcessPlanner(Limits(budget_s=30, patient=True))
    try:
        planner.warm()
        return Report("dispatch_stop", tuple(_figures(planner)), {"clock": "wall"})
    finally:
        planner.close()


def _figures(planner: ProcessPlanner) -> Iterator[Figure]:
    for orders, guides in SIZES:
        # The problem's own budget is the one that counts.
        given = replace(problem(orders, guides, seed=1), budget_s=30.0)
        measured = [_measure(planner, given, after_s) for after_s in AFTER_S]
        name = f"{orders} orders, {guides} guides"
        yield Figure(f"{name}: slowest stop", max(stop_ms for stop_ms, _ in measured), "ms", GOAL_MS)
        yield Figure(f"{name}: first plan after it", statistics.median(first for _, first in measured), "ms")


def _measure(planner: ProcessPlanner, given: Problem, after_s: float) -> tuple[float, float]:
    """Milliseconds from the wish to stop to the end of plans, and from the next question to its first plan."""
    until = time.perf_counter() + after_s
    for _ in planner.plans(given, lambda: time.perf_counter() >= until):
        pass
    stop_ms = (time.perf_counter() - until) * 1000
    asked = time.perf_counter()
    answers = planner.plans(given)
    next(answers)
    first_ms = (time.perf_counter() - asked) * 1000
    answers.close()  # type: ignore[attr-defined] # it is a generator
    return stop_ms, first_ms


if __name__ == "__main__":
    print("\n".join(run().lines()))
