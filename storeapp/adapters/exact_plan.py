"""Proves the best plan of a few orders: all routes of each guide, and the cheapest choice of one route each.

Prices for being served (Lagrange multipliers) give a bound below every choice. Routes that cannot be in a better plan
than the one at hand are dropped by it; what is left is searched to the end.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from storeapp.adapters.exact_routes import Column, TooMany, columns
from storeapp.adapters.pyvrp_model import Draughtboard
from storeapp.domain.schedule import Step

MOST_STOPS = 20
ROUNDS = 400
Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Fleet:
    """One guide's routes: gains in li (less is better, 0 is staying), and which stops each has."""

    routes: list[Column]
    gains: Floats
    has: Floats

    def only(self, wanted: npt.NDArray[np.bool_]) -> "_Fleet":
        """Some of the routes."""
        kept = np.flatnonzero(wanted)
        return _Fleet([self.routes[n] for n in kept], self.gains[kept], self.has[kept])


def cheapest(
    board: Draughtboard, known_li: int, late: Callable[[], bool]
) -> tuple[dict[str, tuple[Step, ...]] | None, int] | None:
    """The steps of each vehicle in the cheapest plan, and what it counts.

    Args:
        board: what is decided among.
        known_li: what the plan at hand counts: routes, stops, and stops of the board that are left.
        late: asked now and then; True ends the search.

    Returns:
        None where it took too long, and no steps where the plan at hand is proven the cheapest.
    """
    if len(board.stops) > MOST_STOPS:
        return None
    left_li = np.array([0 if stop.committed else board.problem.left_li(stop) for stop in board.stops], dtype=float)
    try:
        fleets = [_fleet(columns(schedule, board.stops, late), left_li) for schedule in board.schedules]
        if any(not fleet.routes for fleet in fleets):
            return None
        goal = float(known_li - left_li.sum())
        chosen, gain = _Choice(fleets, goal, late).best()
    except TooMany:
        return None
    if chosen is None:
        return None, known_li
    steps = {schedule.vehicle.id: route.steps for schedule, route in zip(board.schedules, chosen, strict=True)}
    return steps, round(gain + left_li.sum())


def _fleet(routes: list[Column], left_li: Floats) -> _Fleet:
    bits = np.arange(len(left_li))
    has = (np.array([route.stops for route in routes], dtype=np.int64)[:, None] >> bits & 1).astype(float)
    gains = np.array([route.cost_li for route in routes], dtype=float) - has @ left_li
    worth = (gains <= 0) | (has.sum(axis=1) == 0) | np.full(len(routes), all(route.stops for route in routes))
    return _Fleet(routes, gains, has).only(worth)


class _Choice:
    """One route a guide, no stop twice, cheaper than ``goal``."""

    def __init__(self, fleets: Sequence[_Fleet], goal: float, late: Callable[[], bool]) -> None:
        self._goal, self._late = goal, late
        self._prices, bound = self._bound(fleets)
        priced = [fleet.gains + fleet.has @ self._prices for fleet in fleets]
        self._paid = float(self._prices.sum())
        mins = [float(values.min()) for values in priced]
        # Half a li: sums are whole numbers, so what is not better by more than that is not better.
        kept = [values - low + bound < goal - 0.5 for values, low in zip(priced, mins, strict=True)]
        self._fleets = [fleet.only(wanted) for fleet, wanted in zip(fleets, kept, strict=True)]
        self._priced = [values[wanted] for values, wanted in zip(priced, kept, strict=True)]
        self._rest = [*np.cumsum(mins[::-1])[::-1].tolist(), 0.0]
        self._found: tuple[Column, ...] | None = None

    def _bound(self, fleets: Sequence[_Fleet]) -> tuple[Floats, float]:
        """Prices of stops with the highest bound that subgradient steps reach."""
        prices = np.zeros(fleets[0].has.shape[1])
        best, bound, pace = prices, -np.inf, 1.0
        for _ in range(ROUNDS):
            if self._late():
                raise TooMany
            picks = [int(np.argmin(fleet.gains + fleet.has @ prices)) for fleet in fleets]
            used = sum((fleet.has[pick] for fleet, pick in zip(fleets, picks, strict=True)), np.zeros(len(prices)))
            value = (
                sum(float(f.gains[p] + f.has[p] @ prices) for f, p in zip(fleets, picks, strict=True)) - prices.sum()
            )
            if value > bound:
                best, bound = prices, float(value)
            else:
                pace *= 0.98
            slope = np.where((prices > 0) | (used > 1), used - 1, 0)
            if bound > self._goal - 1 or not slope.any():
                break
            prices = np.maximum(0, prices + pace * max(self._goal - value, 1.0) / float(slope @ slope) * slope)
        return best, bound

    def best(self) -> tuple[tuple[Column, ...] | None, float]:
        """The cheapest choice and its gain; None where nothing is cheaper than the goal."""
        self._try(0, (), 0, 0.0, 0.0)
        return self._found, self._goal

    def _try(self, n: int, chosen: tuple[Column, ...], stops: int, gain: float, priced: float) -> None:
        if self._late():
            raise TooMany
        if n == len(self._fleets):
            if gain < self._goal - 0.5:
                self._found, self._goal = chosen, gain
            return
        fleet, values = self._fleets[n], self._priced[n]
        for k in np.argsort(values, kind="stable").tolist():
            if priced + values[k] + self._rest[n + 1] - self._paid >= self._goal - 0.5:
                return
            route = fleet.routes[k]
            if not route.stops & stops:
                self._try(n + 1, (*chosen, route), stops | route.stops, gain + fleet.gains[k], priced + values[k])
