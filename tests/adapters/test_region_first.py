"""However little time there is, a region has the plan that its stores would make alone."""

from dataclasses import replace

from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_first import first_plan
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.domain.dispatch import Limits, best_plan, cost_li
from storeapp.domain.dispatch_check import check
from tests.domain.test_region import region_of


def test_the_first_plan_is_made_of_good_routes_that_cross_no_border() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    plan = first_plan(whole)
    origins, homes = {s.id: s.origin for s in whole.stops}, {v.id: v.store for v in whole.vehicles}
    assert plan.vehicle_of()
    assert all(origins[stop] == homes[vehicle] for stop, vehicle in plan.vehicle_of().items())
    assert plan.cost_li == cost_li(whole, plan.routes) < cost_li(whole, ())


def test_what_was_promised_is_in_it_even_when_it_is_late() -> None:
    whole = region_of(4, stores=3, stops=12, guides=4)
    first = whole.vehicles[0]
    held = replace(whole.stops[0], guide=first.guide, held=True)
    late = replace(whole, stops=(held, *whole.stops[1:]))
    assert first_plan(late, late=lambda: True).vehicle_of() == {held.id: first.id}


def test_a_search_that_has_time_betters_it() -> None:
    whole = region_of(5, stores=4, stops=20, guides=6)
    begun = first_plan(whole)
    planner = RegionPlanner([PyvrpPlanner(Limits(budget_s=None, steps=60))], budget_s=None, most_stops=10)
    plan = best_plan(planner, replace(whole, before=begun.routes))
    assert check(whole, plan) == []
    assert plan.cost_li <= begun.cost_li
