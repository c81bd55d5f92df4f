"""The plan that a region has however little time there is: insertion, each store with its own guides.

A search of a region that is stopped before every neighbourhood has a plan gives none, and with a few seconds for a
dozen of them on a busy machine that happens.
"""

from collections.abc import Callable
from dataclasses import replace

from storeapp.adapters.insertion import first_draft
from storeapp.domain.dispatch import Plan, Problem, cost_li, never
from storeapp.domain.region import part


def first_plan(problem: Problem, late: Callable[[], bool] = never) -> Plan:
    """What each store would plan alone, at once; of what is left it says nothing.

    Its parts are the stores by the order of their places.
    """
    stores = sorted({vehicle.store for vehicle in problem.vehicles} | {stop.origin for stop in problem.stops})
    asked = [part(problem, (store,)) for store in stores]
    if problem.parts:
        asked = [replace(each, recipe=recipe) for each, recipe in zip(asked, problem.parts, strict=True)]
    drafts = [first_draft(each, late) for each in asked]
    routes = tuple(schedule.route() for draft in drafts for schedule in draft.schedules.values() if schedule.steps)
    return Plan(routes, (), cost_li(problem, routes), parts=tuple(draft.recipe for draft in drafts))
