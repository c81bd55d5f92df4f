"""Sees to it that a region has a plan however little time there is: insertion, store by store, before any search.

A search that is stopped before it has said anything says nothing, and with forty parts in a few seconds on a busy
machine that happens. What it was to begin from is a plan, too.
"""

from collections.abc import Callable, Iterator

from storeapp.adapters.insertion import Draft, first_draft
from storeapp.domain.dispatch import Plan, Planner, Problem, Route, cost_li, never
from storeapp.domain.region import part


class SurePlanner:
    """A planner whose last plan is never worse than what its problem began with, even where it is stopped at once."""

    def __init__(self, planner: Planner) -> None:
        self._planner = planner

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        """The plans of the planner; where it gives none, the one to begin from."""
        answered = False
        for plan in self._planner.plans(problem, stopped):
            answered = True
            yield plan
        if not answered:
            yield _begun(problem)


def _begun(problem: Problem) -> Plan:
    """What was promised and what the routes of before say; of what is left nothing is said."""
    draft = Draft(problem)
    draft.commit()
    draft.resume()
    routes = tuple(schedule.route() for schedule in draft.schedules.values() if schedule.steps)
    return Plan(routes, (), cost_li(problem, routes))


def first_routes(problem: Problem, late: Callable[[], bool] = never) -> tuple[Route, ...]:
    """Routes by insertion, each store with its own guides: so many small problems take no time."""
    stores = {vehicle.store for vehicle in problem.vehicles} | {stop.origin for stop in problem.stops}
    drafts = (first_draft(part(problem, (store,)), late) for store in sorted(stores))
    return tuple(schedule.route() for draft in drafts for schedule in draft.schedules.values() if schedule.steps)
