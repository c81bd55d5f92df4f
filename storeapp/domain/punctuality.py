"""How likely each stop of a plan is on time, with what goes wrong before it added up along the way."""

from collections.abc import Iterable, Mapping, Sequence

from storeapp.domain.dispatch import Plan, Problem, Route, Stop
from storeapp.domain.risk import scale_s
from storeapp.domain.words import TravelMode


def chances(problem: Problem, plan: Plan, scores: Mapping[TravelMode, Sequence[int]]) -> dict[str, float]:
    """The chance of each planned stop to begin within its promise, by stop.

    Args:
        problem: what was planned.
        plan: for it.
        scores: past errors by mode, rising, as `risk.Spreads.of` gives them.
    """
    stops = {stop.id: stop for stop in reversed(problem.stops)}
    modes = {vehicle.id: vehicle.mode for vehicle in problem.vehicles}
    found: dict[str, float] = {}
    for route in plan.routes:
        found |= route_chances(route, stops, scores[modes[route.vehicle]], left_s=_left_s(problem, route))
    return found


def _left_s(problem: Problem, route: Route) -> int:
    return next(vehicle.start_s for vehicle in problem.vehicles if vehicle.id == route.vehicle)


def route_chances(route: Route, stops: Mapping[str, Stop], scores: Sequence[int], *, left_s: int) -> dict[str, float]:
    """The chances of one route: each past error is played along it.

    A wait for a promise to begin, or in the store, takes up what a guide is late by until then. ``left_s`` is when
    the way began.
    """
    good: dict[str, int] = {}
    for score in scores:
        for stop in _kept(route, stops, score, left_s):
            good[stop] = good.get(stop, 0) + 1
    return {visit.stop: good.get(visit.stop, 0) / (len(scores) + 1) for visit in route.visits if not visit.pickup}


def _kept(route: Route, stops: Mapping[str, Stop], score: int, left_s: int) -> Iterable[str]:
    """The stops that would be on time if everything went as one past arrival did."""
    late_s, ahead_s, since_s = 0.0, 0.0, left_s
    for visit in route.visits:
        further_s = ahead_s + max(0, visit.arrive_s - since_s)
        late_s += score / 1000 * (_scale(further_s) - _scale(ahead_s))
        ahead_s, since_s = further_s + visit.leave_s - visit.begin_s, visit.leave_s
        stop = stops[visit.stop]
        earliest_s = max(0, stop.ready_s if visit.pickup else stop.start_s)
        begin_s = max(visit.arrive_s + late_s, earliest_s, visit.begin_s if visit.pickup else earliest_s)
        if not visit.pickup and begin_s <= stop.due_s:
            yield visit.stop
        late_s = begin_s - visit.begin_s
        if begin_s == visit.begin_s and visit.begin_s > visit.arrive_s:
            # The wait was long enough: from here on the way begins anew.
            ahead_s = 0.0


def _scale(ahead_s: float) -> float:
    return scale_s(round(ahead_s)) if ahead_s > 0 else 0.0
