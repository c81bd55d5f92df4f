"""Turns parts of ways around, a move that the search lacks where parcels are shipments."""

from collections.abc import Iterator, Sequence

from pyvrp import Activity, ProblemData, Route, Solution


def reordered(data: ProblemData, solution: Solution) -> Solution:
    """The solution with deliveries that follow each other turned around wherever that is shorter and in time."""
    return Solution(data, [_reordered(data, route) for route in solution.routes()])


def _reordered(data: ProblemData, route: Route) -> Route:
    best = route
    again = route.is_feasible()
    while again:
        again = False
        way = [Activity(each.type, each.idx) for each in best if not each.is_depot()]
        for other in _turned(way):
            found = Route(data, other, route.vehicle_type())
            if found.distance_cost() < best.distance_cost() and found.is_feasible():
                best, again = found, True
                break
    return best


def _turned(way: Sequence[Activity]) -> Iterator[list[Activity]]:
    """The way with each run of deliveries, or a part of it, turned around."""
    for first in range(len(way)):
        for end in range(first + 2, len(way) + 1):
            if way[end - 1].is_pickup() or way[first].is_pickup():
                break
            yield [*way[:first], *reversed(way[first:end]), *way[end:]]
