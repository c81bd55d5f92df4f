"""The plan that a region has however little time there is: insertion, each store with its own guides.

A search of a region that is stopped before every neighbourhood has a plan gives none, and with a few seconds for a
dozen of them on a busy machine that happens.
"""

from collections.abc import Callable

from storeapp.adapters.insertion import first_draft
from storeapp.domain.dispatch import Plan, Problem, cost_li, never
from storeapp.domain.region import part


def first_plan(problem: Problem, late: Callable[[], bool] = never) -> Plan:
    """What each store would plan alone, at once; of what is left it says nothing."""
    stores = {vehicle.store for vehicle in problem.vehicles} | {stop.origin for stop in problem.stops}
    drafts = (first_draft(part(problem, (store,)), late) for store in sorted(stores))
    routes = tuple(schedule.route() for draft in drafts for schedule in draft.schedules.values() if schedule.steps)
    return Plan(routes, (), cost_li(problem, routes))
