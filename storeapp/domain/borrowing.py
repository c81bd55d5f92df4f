"""What a region's plan asks of guides at stores that are not their own: one store at a time, and for how long.

A solver may let a guide pick up at two stores and bring both on one round. Each store's counter plans alone, though,
and can only do so with a guide whose time is its own; so what a guide does for another store is one stretch of time
with no step for anybody else in between. What does not keep to that is taken out and put where it fits best.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from storeapp.domain import explain
from storeapp.domain.dispatch import Plan, Problem, Route, Stop, Unassigned, Vehicle, cost_li, unmarked
from storeapp.domain.schedule import Schedule, schedules_of
from storeapp.domain.steps import Insertion, Step


@dataclass(frozen=True, slots=True)
class Borrowed:
    """A guide's stretch of time at another store, in seconds from the problem's now.

    ``leave_s`` and ``back_s`` are when the guide is free before the way there and after the way back; ``stops`` what
    is newly given.
    """

    guide: str
    origin: int
    leave_s: int
    from_s: int
    until_s: int
    back_s: int
    stops: tuple[str, ...]


def one_at_a_time(problem: Problem, plan: Plan) -> Plan:
    """The plan without work for two stores at once; what had to be taken out goes where it fits, else it is left."""
    schedules = schedules_of(problem, plan.routes)
    taken: list[Stop] = []
    for schedule in schedules.values():
        while stops := _too_many(problem, schedule):
            for stop in stops:
                schedule.remove(stop.id)
            taken += stops
    if not taken:
        return plan
    new = [_left(problem, stop, schedules) for stop in _urgent(taken) if not _placed(problem, stop, schedules)]
    routes = tuple(schedule.route() for schedule in schedules.values() if schedule.steps)
    left = (*plan.unassigned, *new)
    return replace(plan, routes=routes, unassigned=left, cost_li=cost_li(problem, routes))


def _urgent(stops: Sequence[Stop]) -> list[Stop]:
    return sorted(stops, key=lambda stop: (stop.due_s, stop.start_s, stop.id))


# -- what a guide does at once


def _runs(steps: Sequence[Step]) -> list[tuple[int, list[Step]]]:
    """The steps in turns, each for one store."""
    return [(origin, list(run)) for origin, run in itertools.groupby(steps, key=lambda step: step.stop.origin)]


def _too_many(problem: Problem, schedule: Schedule) -> list[Stop]:
    """What to take out first where another store is worked for in two turns; nothing where all is well.

    Either what is done for that store in other turns than its longest one, or what is done between the two.
    """
    runs, home = _runs(schedule.steps), schedule.vehicle.store
    origins = [origin for origin, _ in runs]
    twice = next((origin for origin in origins if origin != home and origins.count(origin) > 1), None)
    if twice is None:
        return []
    places = [n for n, origin in enumerate(origins) if origin == twice]
    longest = max(places, key=lambda n: len(runs[n][1]))
    others = _stops(run for n, (origin, run) in enumerate(runs) if origin == twice and n != longest)
    between = _stops(run for _, run in runs[places[0] : places[-1] + 1] if run[0].stop.origin != twice)
    choices = [choice for choice in (between, others) if choice and not any(stop.committed for stop in choice)]
    if not choices:
        # Promised is promised: the new ones go, and if there are none, people have said so.
        return [stop for stop in (*others, *between) if not stop.committed]
    return min(choices, key=lambda choice: sum(problem.left_li(stop) for stop in choice))


def _stops(runs: Iterator[list[Step]]) -> list[Stop]:
    found = {step.stop.id: step.stop for run in runs for step in run}
    return [unmarked(stop) for stop in found.values()]


def _one_by_one(schedule: Schedule, stop: Stop, pickup_at: int, drop_at: int) -> bool:
    """Whether each other store is still worked for in one turn with one more stop."""
    before = [step.stop.origin for step in schedule.steps]
    after = [*before[:pickup_at], stop.origin, *before[pickup_at:drop_at], stop.origin, *before[drop_at:]]
    turns = [origin for origin, _ in itertools.groupby(after) if origin != schedule.vehicle.store]
    return len(turns) == len(set(turns))


# -- where it goes instead


def _placed(problem: Problem, stop: Stop, schedules: dict[str, Schedule]) -> bool:
    """Put a stop where it costs least, unless it is better left."""
    best: Insertion | None = None
    for schedule in schedules.values():
        if explain.unsuited(stop, schedule.vehicle) is not None:
            continue
        found = schedule.best(stop, allowed=lambda p, d, s=schedule: _one_by_one(s, stop, p, d))  # type: ignore[misc]
        if found is not None and (best is None or found < best):
            best = found
    if best is None or best.cost_li > problem.left_li(stop):
        return False
    schedules[best.vehicle].insert(stop, best)
    return True


def _left(problem: Problem, stop: Stop, schedules: dict[str, Schedule]) -> Unassigned:
    return explain.left(problem, stop, schedules.values())


# -- what has to be lent


def borrowed(problem: Problem, routes: Sequence[Route]) -> Iterator[Borrowed]:
    """The stretches of time for which guides are newly needed at other stores."""
    stops = {stop.id: stop for stop in problem.stops}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    for route in routes:
        vehicle = vehicles[route.vehicle]
        for origin, first, last in _stretches(route, vehicle, stops):
            visits = route.visits
            inside = [v for v in visits[first : last + 1] if not v.pickup and stops[v.stop].origin == origin]
            new = tuple(v.stop for v in inside if not stops[v.stop].committed)
            if not new:
                continue
            way_s = problem.travel.seconds_from(vehicle.start, vehicle.mode)[origin]
            leave_s = visits[first - 1].leave_s if first else max(vehicle.start_s, visits[0].begin_s - way_s)
            until_s = visits[last].leave_s
            back_s = max(route.end_s, until_s)
            if last + 1 < len(visits):
                following = stops[visits[last + 1].stop]
                # The way on to a third store belongs to the time that one has the guide.
                back_s = visits[last + 1].arrive_s if following.origin == vehicle.store else until_s
            yield Borrowed(vehicle.guide, origin, leave_s, visits[first].begin_s, until_s, back_s, new)


def _stretches(route: Route, vehicle: Vehicle, stops: dict[str, Stop]) -> list[tuple[int, int, int]]:
    """For each store that is not the guide's own, from which visit to which one it is worked for."""
    found: dict[int, tuple[int, int]] = {}
    for at, visit in enumerate(route.visits):
        origin = stops[visit.stop].origin
        if origin != vehicle.store:
            found[origin] = (found.get(origin, (at, at))[0], at)
    return [(origin, first, last) for origin, (first, last) in sorted(found.items())]
