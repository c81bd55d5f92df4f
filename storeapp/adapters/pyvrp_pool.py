"""Remembers the ways that a search has tried, and puts a better plan together from those of several plans.

A search keeps or drops a plan as a whole. What was good in a plan that it dropped is found here: for a few guides at a
time, the best choice among all the ways that they ever had.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyvrp import RandomNumberGenerator, Solution

from storeapp.adapters.pyvrp_model import Draughtboard, Model
from storeapp.adapters.route_choice import Bounds, Option, choose
from storeapp.domain.steps import Step

TOGETHER = 8
"""Among how many guides a better choice is looked for at once."""
MOST_WAYS = 400
"""How many ways of one guide are remembered; the oldest go first."""
BOUNDS = Bounds(rounds=60, slower=0.9, nodes=2000)


@dataclass(frozen=True, slots=True)
class Way:
    """One guide's steps, and what they count against leaving all their stops."""

    gain_li: int
    steps: tuple[Step, ...]


class Pool:
    """Ways by guide and stops, the cheapest for each; stops are bits, guides are vehicles' ids."""

    def __init__(self, board: Draughtboard) -> None:
        self._bits = {stop.id: 1 << n for n, stop in enumerate(board.stops)}
        self._ways: dict[str, dict[int, Way]] = {}
        self._reach: dict[str, int] = {}
        self._fresh: dict[str, None] = {}
        for schedule in board.schedules:
            vehicle = schedule.vehicle.id
            must = any(step.stop.committed for step in schedule.steps)
            self._ways[vehicle] = {} if must else {0: Way(0, ())}
            self._reach[vehicle] = 0

    def look(self, model: Model, solution: Solution) -> None:
        """Remember what is new in a solution."""
        seen = model.seen
        for route in solution.routes():
            # Two ways of one guide that count the same are nearly always one; to ask for more would take too long.
            key = route.vehicle_type(), route.distance()
            if key not in seen:
                seen.add(key)
                if route.is_feasible():
                    vehicle, steps, gain_li = model.way(route)
                    self._add(vehicle, steps, gain_li)

    def learn(self, model: Model, solution: Solution) -> None:
        """Remember every way of a solution that may become the plan at hand."""
        for route in solution.routes():
            if route.is_feasible():
                self._add(*model.way(route))

    def _add(self, vehicle: str, steps: tuple[Step, ...], gain_li: int) -> None:
        stops = self._stops(steps)
        ways = self._ways[vehicle]
        known = ways.get(stops)
        if known is None or gain_li < known.gain_li:
            ways[stops] = Way(gain_li, steps)
            self._reach[vehicle] |= stops
            self._fresh[vehicle] = None
            if len(ways) > MOST_WAYS:
                del ways[next(each for each in ways if each)]

    def _stops(self, steps: Iterable[Step]) -> int:
        return sum(self._bits[step.stop.id] for step in steps if not step.pickup)

    def better(
        self, routes: Mapping[str, Sequence[Step]], rng: RandomNumberGenerator, tries: int
    ) -> dict[str, tuple[Step, ...]]:
        """Other steps for some of the guides, so that all together cost less; empty where none were found.

        Args:
            routes: the steps of every guide.
            rng: who is asked first.
            tries: around how many guides to look; those without new ways are left out.
        """
        taken = {vehicle: self._stops(steps) for vehicle, steps in routes.items()}
        free = sum(self._bits.values()) - sum(taken.values())
        found: dict[str, tuple[Step, ...]] = {}
        for _ in range(tries):
            if not self._fresh:
                break
            names = list(self._fresh)
            first = names[rng.randint(len(names))]
            del self._fresh[first]
            if taken[first] not in self._ways[first]:
                continue
            others = self._choose(self._around(first, taken), taken, free)
            for vehicle, stops in others.items():
                free ^= taken[vehicle] ^ stops
                taken[vehicle] = stops
                found[vehicle] = self._ways[vehicle][stops].steps
                self._fresh[vehicle] = None
        return found

    def _around(self, first: str, taken: Mapping[str, int]) -> list[str]:
        """The guide and those that have most in common with it: stops that the other had, too."""
        reach, mine = self._reach, taken[first]

        def common(vehicle: str) -> int:
            return (taken[vehicle] & reach[first]).bit_count() + (reach[vehicle] & mine).bit_count()

        others = [vehicle for vehicle, stops in taken.items() if vehicle != first and stops in self._ways[vehicle]]
        return [first, *sorted(others, key=common, reverse=True)[: TOGETHER - 1]]

    def _choose(self, vehicles: Sequence[str], taken: Mapping[str, int], free: int) -> dict[str, int]:
        """The stops of those vehicles that change, in the cheapest choice that is better than what they have."""
        for vehicle in vehicles:
            free |= taken[vehicle]
        ways = [self._ways[vehicle] for vehicle in vehicles]
        goal_li = sum(mine[taken[vehicle]].gain_li for vehicle, mine in zip(vehicles, ways, strict=True))
        options = [[Option(stops, way.gain_li) for stops, way in mine.items() if not stops & ~free] for mine in ways]
        picks = choose(options, goal_li, BOUNDS).picks
        if picks is None:
            return {}
        chosen = [each[pick].stops for each, pick in zip(options, picks, strict=True)]
        return {vehicle: stops for vehicle, stops in zip(vehicles, chosen, strict=True) if stops != taken[vehicle]}
