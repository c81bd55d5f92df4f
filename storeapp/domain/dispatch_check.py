"""Judges a plan without knowing how it was made, so that no planner can be wrong in the way its own tests are."""

from collections import Counter
from collections.abc import Iterator

from storeapp.domain.dispatch import Plan, Problem, Route, Stop, Vehicle, cost_li


def check(problem: Problem, plan: Plan) -> list[str]:
    """What is wrong with a plan, empty for a good one.

    A committed stop may be late, may be too much to carry and may cause overtime, because it is done anyway.
    """
    return [*_complete(problem, plan), *(fault for route in plan.routes for fault in _route(problem, route))]


def _complete(problem: Problem, plan: Plan) -> Iterator[str]:
    wanted = Counter(stop.id for stop in problem.stops)
    planned = [visit.stop for route in plan.routes for visit in route.visits if not visit.pickup]
    found = Counter([*planned, *(item.stop for item in plan.unassigned)])
    if found != wanted:
        yield f"stops missing or repeated: {(wanted - found) + (found - wanted)}"
    yield from (f"{stop} is planned twice" for stop, count in Counter(planned).items() if count > 1)
    yield from (f"{item.stop} is left without a reason" for item in plan.unassigned if not item.reasons)
    vehicles = Counter(route.vehicle for route in plan.routes)
    yield from (f"{vehicle} has two routes" for vehicle, count in vehicles.items() if count > 1)
    if plan.cost_li != cost_li(problem, plan.routes):
        yield "the cost is wrong"


def _route(problem: Problem, route: Route) -> Iterator[str]:
    stops = {stop.id: stop for stop in reversed(problem.stops)}
    vehicle = next((known for known in problem.vehicles if known.id == route.vehicle), None)
    if vehicle is None:
        yield f"{route.vehicle} is unknown"
        return
    mine = [stops[visit.stop] for visit in route.visits if not visit.pickup]
    for stop in mine:
        yield from _suits(stop, vehicle)
    free = [stop for stop in mine if not stop.committed]
    if free and vehicle.most_stops is not None and len(mine) > vehicle.most_stops:
        yield f"{vehicle.id} has too many stops"
    yield from _times(problem, route, stops, vehicle)
    yield from _loads(route, stops, vehicle)


def _suits(stop: Stop, vehicle: Vehicle) -> Iterator[str]:
    if stop.committed:
        if stop.guide != vehicle.guide:
            yield f"{stop.id} was taken from {stop.guide}"
        return
    if stop.obstacle:
        yield f"{stop.id} must not be planned"
    skilled = stop.certificates <= vehicle.certificates and stop.level <= vehicle.level
    if not skilled or vehicle.guide in stop.banned or stop.pinned not in ("", vehicle.guide):
        yield f"{vehicle.id} must not take {stop.id}"


def _times(problem: Problem, route: Route, stops: dict[str, Stop], vehicle: Vehicle) -> Iterator[str]:
    time_s, place, metres = vehicle.start_s, vehicle.start, 0
    for visit in route.visits:
        stop = stops[visit.stop]
        goal = stop.origin if visit.pickup else stop.place
        if goal is None:
            yield f"{stop.id} has no place"
            return
        needed_s = problem.pickup_s if visit.pickup else stop.service_s
        early = visit.arrive_s < time_s + problem.travel.seconds_from(place, vehicle.mode)[goal]
        if early or visit.begin_s < max(0, visit.arrive_s) or visit.leave_s < visit.begin_s + needed_s:
            yield f"{stop.id} is reached too soon"
        if visit.begin_s < (stop.ready_s if visit.pickup else stop.start_s):
            yield f"{stop.id} begins before it may"
        if not visit.pickup and not stop.committed and visit.begin_s > stop.due_s + stop.late_s:
            yield f"{stop.id} is late"
        metres += problem.travel.metres_from(place)[goal]
        time_s, place = visit.leave_s, goal
    metres += problem.travel.metres_from(place)[vehicle.end]
    if route.end_s < time_s + problem.travel.seconds_from(place, vehicle.mode)[vehicle.end]:
        yield f"{vehicle.id} ends too soon"
    if route.end_s > vehicle.end_s + vehicle.overtime_s and not any(
        stops[visit.stop].committed for visit in route.visits
    ):
        yield f"{vehicle.id} works overtime"
    overtime_li = max(0, time_s + problem.travel.seconds_from(place, vehicle.mode)[vehicle.end] - vehicle.end_s)
    overtime_li = overtime_li * vehicle.overtime_li // 60
    if route.metres != metres or route.cost_li != problem.way_li(metres, vehicle) + overtime_li:
        yield f"{vehicle.id} has another way than it says"


def _loads(route: Route, stops: dict[str, Stop], vehicle: Vehicle) -> Iterator[str]:
    aboard = {visit.stop for visit in route.visits if stops[visit.stop].held}
    for visit in route.visits:
        stop = stops[visit.stop]
        if visit.pickup:
            if stop.held or stop.id in aboard:
                yield f"{stop.id} is picked up again"
            aboard.add(stop.id)
            load = sum((stops[other].load for other in sorted(aboard)), vehicle.carried)
            if any(not stops[other].committed for other in aboard) and not load.fits(vehicle.capacity):
                yield f"{vehicle.id} carries too much"
        elif stop.id not in aboard:
            yield f"{stop.id} is delivered before it is picked up"
        if not visit.pickup:
            aboard.discard(stop.id)
    if aboard:
        yield f"{vehicle.id} ends with parcels"
