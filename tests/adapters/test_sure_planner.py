"""However little time there is, a region has the plan that its stores would make alone."""

from dataclasses import replace

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.adapters.sure_planner import SurePlanner, first_routes
from storeapp.domain.dispatch import Limits, Plan, best_plan, cost_li
from storeapp.domain.dispatch_check import check
from tests.domain.test_region import region_of


def test_the_first_routes_are_good_and_cross_no_border() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    routes = first_routes(whole)
    plan = Plan(routes)
    assert plan.vehicle_of()
    origins, homes = {s.id: s.origin for s in whole.stops}, {v.id: v.store for v in whole.vehicles}
    assert all(origins[stop] == homes[vehicle] for stop, vehicle in plan.vehicle_of().items())
    assert cost_li(whole, routes) < cost_li(whole, ())


def test_a_planner_that_was_stopped_at_once_gives_what_it_began_with() -> None:
    whole = region_of(4, stores=6, stops=40, guides=10)
    begun = replace(whole, before=first_routes(whole))
    assert list(InsertionPlanner().plans(begun, stopped=lambda: True)) == []
    (plan,) = SurePlanner(InsertionPlanner()).plans(begun, stopped=lambda: True)
    assert plan.vehicle_of() == Plan(begun.before).vehicle_of()
    (whole_plan,) = RegionPlanner([SurePlanner(InsertionPlanner())], most_stops=10).plans(begun, stopped=lambda: True)
    assert whole_plan.vehicle_of() == plan.vehicle_of()
    assert check(whole, whole_plan) == []


def test_a_search_that_has_time_betters_it() -> None:
    whole = region_of(5, stores=4, stops=20, guides=6)
    begun = replace(whole, before=first_routes(whole))
    planner = RegionPlanner([SurePlanner(PyvrpPlanner(Limits(budget_s=None, steps=60)))], budget_s=None, most_stops=10)
    plan = best_plan(planner, begun)
    assert check(whole, plan) == []
    assert plan.cost_li <= cost_li(whole, begun.before)
