from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import permutations, product

from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain import explain
from storeapp.domain.dispatch import Limits, Problem, Stop, best_plan, cost_li, in_time
from storeapp.domain.dispatch_check import check
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Step, step_of
from tests.domain.problems import problems, random_problem

PROVING = PyvrpPlanner(Limits(budget_s=None, steps=20, prove_s=60))


def tiny(seed: int) -> Problem:
    return random_problem(seed, stops=3, vehicles=2, wild=False)


def ways(stops: Sequence[Stop]) -> Iterator[list[Step]]:
    steps = [step_of(stop, pickup=pickup) for stop in stops for pickup in (True, False)]
    for way in permutations(steps):
        if all(way.index(step_of(stop, pickup=True)) < way.index(step_of(stop, pickup=False)) for stop in stops):
            yield list(way)


def counted(schedule: Schedule) -> int:
    begins = [(step.stop, schedule.begin_s(step.stop.id)) for step in schedule.steps if not step.pickup]
    taken = (in_time(stop, begin_s) for stop, begin_s in begins)
    return schedule.cost_li + sum(schedule.problem.take_li(stop, schedule.vehicle) for stop in taken)


def cheapest(problem: Problem, number: int, stops: Sequence[Stop]) -> Schedule | None:
    schedule = Schedule(problem, problem.vehicles[number])
    if any(explain.unsuited(stop, schedule.vehicle) or explain.blocked(problem, stop) for stop in stops):
        return None
    best: list[Step] | None = None
    best_li = 0
    for way in ways([replace(stop, tardy=True) for stop in stops]):
        schedule.follow(way)
        if schedule.feasible and schedule.fits and (best is None or counted(schedule) < best_li):
            best, best_li = way, counted(schedule)
    if best is not None:
        schedule.follow(best)
    return None if best is None else schedule


def cheapest_of_all(problem: Problem) -> int:
    """What the best plan costs, by trying every one."""
    costs = []
    for choice in product(range(-1, len(problem.vehicles)), repeat=len(problem.stops)):
        taken = [
            [s for s, who in zip(problem.stops, choice, strict=True) if who == n] for n in range(len(problem.vehicles))
        ]
        found = [cheapest(problem, n, stops) for n, stops in enumerate(taken)]
        if all(found):
            routes = tuple(schedule.route() for schedule in found if schedule and schedule.steps)
            costs.append(cost_li(problem, routes))
    return min(costs)


@hypothesis_given(st.integers(0, 10**6))
def test_what_is_proven_costs_no_more_than_any_other_plan(seed: int) -> None:
    problem = tiny(seed)
    plan = best_plan(PROVING, problem)
    assert check(problem, plan) == []
    assert plan.cost_li == cheapest_of_all(problem)


@hypothesis_given(problems())
def test_a_proven_plan_of_any_problem_is_feasible_and_not_dearer_than_the_one_found(given: Problem) -> None:
    plans = list(PROVING.plans(given))
    assert check(given, plans[-1]) == []
    assert plans[-1].cost_li <= min(plan.cost_li for plan in plans)


def test_more_than_a_few_stops_are_left_unproven() -> None:
    assert not best_plan(PROVING, random_problem(1, stops=40, vehicles=4, wild=False)).proven


def test_without_time_nothing_is_proven() -> None:
    given = random_problem(1, stops=12, vehicles=3, wild=False)
    assert not best_plan(PyvrpPlanner(Limits(budget_s=None, steps=20, prove_s=0)), given).proven
    clock = iter(range(10**6))
    hurried = PyvrpPlanner(Limits(budget_s=None, steps=20, prove_s=0.5), clock=lambda: float(next(clock)))
    assert not best_plan(hurried, given).proven


def test_a_proof_is_noted_in_the_plan() -> None:
    given = random_problem(1, stops=12, vehicles=3, wild=False)
    plan = best_plan(PROVING, given)
    assert plan.proven
    assert plan.cost_li <= best_plan(PyvrpPlanner(Limits(None, 500)), given).cost_li
