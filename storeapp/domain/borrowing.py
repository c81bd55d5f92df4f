"""What a region's plan asks of guides at stores that are not their own: one store at a time, and for how long.

A solver may let a guide pick up at two stores and bring both on one round. Each store's counter plans alone, though,
and can only do so with a guide whose time is its own; so what a guide does for another store is one stretch of time
with nothing for anybody else in between, and what does not keep to that goes back to the store's own guides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from storeapp.domain.dispatch import Plan, Planner, Problem, Route, Stop, Vehicle, best_plan
from storeapp.domain.region import joined
from storeapp.domain.schedule import Schedule


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


def one_at_a_time(problem: Problem, plan: Plan, planner: Planner) -> Plan:
    """The plan without rounds for two stores at once; what was in them goes to a store's own guides where it fits."""
    stops = {stop.id: stop for stop in problem.stops}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    routes, dropped = [], set()
    for route in plan.routes:
        mixed = _mixed(route, vehicles[route.vehicle], stops)
        dropped |= mixed
        routes.append(_less(problem, vehicles[route.vehicle], route, mixed) if mixed else route)
    if not dropped:
        return plan
    kept = replace(plan, routes=tuple(route for route in routes if route.visits))
    parts = [_own(problem, kept, origin, dropped) for origin in sorted({stops[each].origin for each in dropped})]
    return joined(problem, kept, [(part, best_plan(planner, part)) for part in parts])


def _mixed(route: Route, vehicle: Vehicle, stops: Mapping[str, Stop]) -> set[str]:
    """What was newly given for other stores and stands with anything else in one stretch."""
    found: set[str] = set()
    for origin, (first, last) in _stretches(route, vehicle, stops).items():
        inside = route.visits[first : last + 1]
        if any(stops[visit.stop].origin != origin for visit in inside):
            found |= {v.stop for v in inside if stops[v.stop].origin == origin and not stops[v.stop].committed}
    return found


def _stretches(route: Route, vehicle: Vehicle, stops: Mapping[str, Stop]) -> dict[int, tuple[int, int]]:
    """From which visit to which one a guide works for each store that is not the guide's own."""
    found: dict[int, tuple[int, int]] = {}
    for at, visit in enumerate(route.visits):
        origin = stops[visit.stop].origin
        if origin != vehicle.store:
            found[origin] = (found.get(origin, (at, at))[0], at)
    return found


def _less(problem: Problem, vehicle: Vehicle, route: Route, without: set[str]) -> Route:
    visits = tuple(visit for visit in route.visits if visit.stop not in without)
    return Schedule.of(problem, vehicle, replace(route, visits=visits)).route()


def _own(problem: Problem, plan: Plan, origin: int, dropped: set[str]) -> Problem:
    """What is left of a store and its own guides who are not lent: nothing of it crosses a border."""
    stops = {stop.id: stop for stop in problem.stops}
    routes = {route.vehicle: route for route in plan.routes}
    lent = {v for v, route in routes.items() if any(stops[visit.stop].origin != origin for visit in route.visits)}
    vehicles = tuple(v for v in problem.vehicles if v.store == origin and v.id not in lent)
    theirs = {visit.stop for v in vehicles if v.id in routes for visit in routes[v.id].visits}
    mine = tuple(s for s in problem.stops if s.id in theirs or (s.id in dropped and s.origin == origin))
    before = tuple(routes[v.id] for v in vehicles if v.id in routes)
    return replace(problem, stops=mine, vehicles=vehicles, before=before)


def borrowed(problem: Problem, routes: Sequence[Route]) -> Iterator[Borrowed]:
    """The stretches of time for which guides are newly needed at other stores."""
    stops = {stop.id: stop for stop in problem.stops}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    for route in routes:
        vehicle = vehicles[route.vehicle]
        for origin, (first, last) in sorted(_stretches(route, vehicle, stops).items()):
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
