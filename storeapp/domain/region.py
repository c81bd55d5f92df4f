"""Cuts the planning problem of many stores into neighbourhoods, so that each is small enough to be searched well.

Stores that lie together are cut last, because their guides can help each other out. After every neighbourhood has
its plan, they are planned again together, from the plans they have. What crosses a cut is found there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from storeapp.domain.dispatch import Plan, Problem, Reason, Route, Stop, Unassigned, Vehicle, cost_li
from storeapp.domain.recipe import Method, Recipe

MOST_STOPS = 150
"""Of so many deliveries a search of a few seconds still gets near the best plan."""


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Stores that are planned together, by their places; ``stops`` is how many deliveries they have."""

    stores: tuple[int, ...]
    stops: int

    def __add__(self, other: "Neighbourhood") -> "Neighbourhood":
        return Neighbourhood(tuple(sorted({*self.stores, *other.stores})), self.stops + other.stops)


def neighbourhoods(problem: Problem, *, most_stops: int = MOST_STOPS) -> tuple[Neighbourhood, ...]:
    """The stores in groups of at most so many deliveries, unless one store alone has more.

    A group too large is cut across its longer side where both halves have about as many deliveries.
    """
    counts: dict[int, int] = {vehicle.store: 0 for vehicle in problem.vehicles}
    for stop in problem.stops:
        counts[stop.origin] = counts.get(stop.origin, 0) + 1
    known = [store for store in sorted(counts) if 0 <= store < len(problem.places)]
    return tuple(_cut(problem, known, counts, most_stops)) if known else ()


def _cut(
    problem: Problem, stores: Sequence[int], counts: Mapping[int, int], most_stops: int
) -> Iterable[Neighbourhood]:
    total = sum(counts[store] for store in stores)
    if total <= most_stops or len(stores) == 1:
        yield Neighbourhood(tuple(sorted(stores)), total)
        return
    ordered = _along_the_longer_side(problem, stores)
    at = _half(ordered, counts, total)
    yield from _cut(problem, ordered[:at], counts, most_stops)
    yield from _cut(problem, ordered[at:], counts, most_stops)


def _along_the_longer_side(problem: Problem, stores: Sequence[int]) -> list[int]:
    """The stores from one end to the other, by the ways between the two that lie furthest apart."""
    rows = {store: problem.travel.metres_from(store) for store in stores}
    _, one, other = max((rows[a][b], -a, -b) for a in stores for b in stores if a < b)
    near, far = rows[-one], rows[-other]
    return sorted(stores, key=lambda store: (near[store] - far[store], store))


def _half(ordered: Sequence[int], counts: Mapping[int, int], total: int) -> int:
    """Where to cut, at least one store on each side."""
    before, best = 0, (total + 1, 1)
    for at, store in enumerate(ordered[:-1], start=1):
        before += counts[store]
        best = min(best, (abs(total - 2 * before), at))
    return best[1]


def together(every: Sequence[Neighbourhood]) -> Neighbourhood | None:
    """All of them as one, None where there is nothing to put together."""
    return sum(every[1:], every[0]) if len(every) > 1 else None


def part(problem: Problem, stores: Iterable[int], routes: Sequence[Route] = ()) -> Problem:
    """What the guides of some stores have to plan: what they have taken, and what nobody has taken at their stores.

    Args:
        problem: the whole of it; places keep their numbers.
        stores: the places of the stores.
        routes: the plan so far of the whole problem; those of the part are where its search begins.
    """
    inside = frozenset(stores)
    vehicles = tuple(vehicle for vehicle in problem.vehicles if vehicle.store in inside)
    ids = {vehicle.id for vehicle in vehicles}
    theirs = tuple(route for route in routes if route.vehicle in ids)
    elsewhere = {visit.stop for route in routes if route.vehicle not in ids for visit in route.visits}
    taken = {visit.stop for route in theirs for visit in route.visits}
    guides = {vehicle.guide for vehicle in vehicles}
    stops = tuple(stop for stop in problem.stops if _belongs(stop, inside, guides, taken, elsewhere))
    return replace(problem, stops=stops, vehicles=vehicles, before=theirs or _before(problem, vehicles), parts=())


def _belongs(stop: Stop, inside: frozenset[int], guides: set[str], taken: set[str], elsewhere: set[str]) -> bool:
    if stop.id in taken or stop.id in elsewhere:
        return stop.id in taken
    # Who has a parcel already keeps it, wherever it was picked up.
    return stop.guide in guides if stop.guide else stop.origin in inside


def _before(problem: Problem, vehicles: Iterable[Vehicle]) -> tuple[Route, ...]:
    ids = {vehicle.id for vehicle in vehicles}
    return tuple(route for route in problem.before if route.vehicle in ids)


def joined(problem: Problem, plan: Plan, parts: Iterable[tuple[Problem, Plan]]) -> Plan:
    """The plan with some of its parts planned anew.

    What belongs to no part because nobody knows its store or its guide is left with the reason ``store_unknown``. The
    recipes of these parts come behind those of the plan so far; its seed is the last one's, its steps are those of all.
    """
    routes = {route.vehicle: route for route in plan.routes}
    reasons = {left.stop: left for left in plan.unassigned}
    searches = list(plan.parts)
    for asked, answer in parts:
        for vehicle in asked.vehicles:
            routes.pop(vehicle.id, None)
        for stop in asked.stops:
            reasons.pop(stop.id, None)
        routes |= {route.vehicle: route for route in answer.routes}
        reasons |= {left.stop: left for left in answer.unassigned}
        searches.append(answer.recipe)
    order = [vehicle.id for vehicle in problem.vehicles if vehicle.id in routes]
    kept = tuple(routes[vehicle] for vehicle in dict.fromkeys(order))
    planned = {visit.stop for route in kept for visit in route.visits}
    left = tuple(
        reasons.get(stop.id, Unassigned(stop.id, (Reason("store_unknown"),)))
        for stop in problem.stops
        if stop.id not in planned
    )
    return Plan(kept, left, cost_li(problem, kept), _made_of(searches), tuple(searches))


def _made_of(searches: Sequence[Recipe]) -> Recipe:
    seed = searches[-1].seed if searches else 0
    return Recipe(Method.REGION, seed, sum(each.steps for each in searches))
