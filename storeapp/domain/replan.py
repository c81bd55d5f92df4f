"""Plans again after something changed: what was told stays unless a change saves more than it costs.

Where a guide drops out, the others take over: what lay in the store for the guide, and what the guide holds, which is
picked up where the guide is.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from storeapp.domain.dispatch import FAR_S, Plan, Problem, Stop


@dataclass(frozen=True, slots=True)
class Change:
    """A stop that goes to another guide than was told, or at another time; ``after`` is empty where nobody takes it.

    ``rescue`` says that the guide before holds it, so one guide hands it over to the other. ``told`` is when people
    were told that it would arrive, ``eta`` when it would now; None where nobody was told, and where nobody brings it.
    """

    stop: str
    before: str
    after: str
    rescue: bool = False
    told: datetime | None = None
    eta: datetime | None = None

    @property
    def moved(self) -> bool:
        """Whether it goes to another guide, or to none."""
        return self.after != self.before


def loosened(problem: Problem, plan: Plan, *, change_li: int) -> Problem:
    """What waits in the store may go to another guide than was told, at a price; what is in custody stays.

    Args:
        problem: everything as it was told, so each such stop names its guide.
        plan: the plan that people know, from which the search goes on.
        change_li: what each change counts.
    """
    stops = tuple(_loose(stop) for stop in problem.stops)
    return replace(problem, stops=stops, before=plan.routes, change_li=change_li)


def _loose(stop: Stop) -> Stop:
    # A stop that cannot be on time any more keeps its guide: as a free one nobody could take it.
    if not stop.committed or stop.held or stop.due_s < 0 or stop.place is None:
        return stop
    return replace(stop, guide="", told=stop.guide)


def without(problem: Problem, guide: str) -> Problem:
    """The guide is out from now on: all of the guide's stops are free, and what is in custody waits where the guide is.

    The last place that is known is where the present way began.
    """
    places = [vehicle.start for vehicle in problem.vehicles if vehicle.guide == guide]
    stops = tuple(_freed(stop, guide, places[0] if places else None) for stop in problem.stops)
    vehicles = tuple(vehicle for vehicle in problem.vehicles if vehicle.guide != guide)
    return replace(problem, stops=stops, vehicles=vehicles)


def _freed(stop: Stop, guide: str, place: int | None) -> Stop:
    if guide not in (stop.guide, stop.told):
        return stop
    pinned = "" if stop.pinned == guide else stop.pinned
    freed = replace(stop, guide="", told="", pinned=pinned, banned=stop.banned | {guide})
    if not stop.held:
        return freed
    # A rescue is worth it although the promise is broken already.
    due_s = FAR_S if stop.due_s < 0 else stop.due_s
    origin = stop.origin if place is None else place
    return replace(freed, held=False, origin=origin, ready_s=0, due_s=due_s, met=origin != stop.origin)


def changes(before: Problem, problem: Problem, plan: Plan) -> tuple[Change, ...]:
    """How a plan differs from what was told: other guides, and arrivals that are more than a little earlier or later.

    Only later ones were paid for: who is early can wait at the door, which counts nothing.

    Args:
        before: the problem in which each stop still names its guide.
        problem: the one that the plan solves.
        plan: the new plan.
    """
    guides = {vehicle.id: vehicle.guide for vehicle in problem.vehicles}
    taken = {stop: guides[vehicle] for stop, vehicle in plan.vehicle_of().items()}
    begins = {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}
    found = (
        _change(problem, stop, taken.get(stop.id, ""), begins.get(stop.id)) for stop in before.stops if stop.committed
    )
    return tuple(change for change in found if change is not None)


def _change(problem: Problem, stop: Stop, after: str, begin_s: int | None) -> Change | None:
    told_s = stop.eta_s
    shifted = told_s is not None and begin_s is not None and abs(begin_s - told_s) > stop.shift_s
    moved = after != stop.guide
    # What was to have arrived before now is late, whatever anybody plans.
    if not moved and not (shifted and (told_s or 0) + stop.shift_s >= 0):
        return None
    told = None if told_s is None else problem.at(told_s)
    eta = None if begin_s is None else problem.at(begin_s)
    return Change(stop.id, stop.guide, after, stop.held and moved, told, eta)
