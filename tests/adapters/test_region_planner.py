"""A region is planned by several planners at once, better from round to round, and stops when it should."""

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.domain.dispatch import Limits, best_plan
from storeapp.domain.dispatch_check import check
from tests.domain.problems import problem
from tests.domain.test_region import region_of

STEPS = Limits(budget_s=None, steps=60)


def test_every_plan_is_good_and_cheaper_than_the_one_before() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    far = []
    planner = RegionPlanner([PyvrpPlanner(STEPS)], budget_s=None, most_stops=10, told=lambda *at: far.append(at))
    plans = list(planner.plans(whole))
    assert [check(whole, plan) for plan in plans] == [[]] * len(plans)
    costs = [plan.cost_li for plan in plans]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < best_plan(InsertionPlanner(), whole).cost_li
    assert far == sorted(far)
    assert {total for _, total in far} == {far[-1][0]}


def test_how_many_plan_makes_no_difference() -> None:
    whole = region_of(4, stores=6, stops=30, guides=8)
    alone = RegionPlanner([PyvrpPlanner(STEPS)], budget_s=None, most_stops=10)
    several = RegionPlanner([PyvrpPlanner(STEPS) for _ in range(3)], budget_s=None, most_stops=10)
    assert best_plan(alone, whole) == best_plan(several, whole)


def test_who_is_stopped_gives_what_there_is() -> None:
    whole = region_of(5, stores=6, stops=30, guides=8)
    planner = RegionPlanner([PyvrpPlanner(Limits(budget_s=None))], budget_s=None, most_stops=10)
    plans = list(planner.plans(whole, stopped=lambda: True))
    assert len(plans) == 1
    assert check(whole, plans[0]) == []


def test_an_empty_region_has_an_empty_plan() -> None:
    (plan,) = RegionPlanner([InsertionPlanner()]).plans(problem([], []))
    assert (plan.routes, plan.unassigned) == ((), ())
