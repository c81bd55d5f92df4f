"""Chooses one way for each of some guides, no stop twice, as cheap as possible.

Prices for being served (Lagrange multipliers) give a bound below every choice. Ways that cannot be in a choice better
than the one at hand are dropped by it; what is left is searched to the end, or as far as it may go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from storeapp.domain.dispatch import never

ROUNDS = 400
PACE, SLOWER = 1.0, 0.98
"""How far the prices move at first, and what is left of that after a round that does not raise the bound."""
HALF_LI = 0.5
"""Sums are whole numbers, so what is not better by more than this is not better."""
Floats = npt.NDArray[np.float64]


class Option(NamedTuple):
    """One way: its stops as bits, and what it counts against leaving all of them; less is better."""

    stops: int
    gain_li: int


@dataclass(frozen=True, slots=True)
class Choice:
    """The index of each guide's option, None where nothing is better than the goal; ``complete`` says all was tried."""

    picks: tuple[int, ...] | None
    complete: bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far to look: rounds of prices, each leaving so much of the pace where it gains nothing, and choices."""

    rounds: int = ROUNDS
    slower: float = SLOWER
    nodes: int | None = None


def choose(
    options: Sequence[Sequence[Option]], goal_li: int, bounds: Bounds, late: Callable[[], bool] = never
) -> Choice:
    """The cheapest choice that gains more than ``goal_li``, a number below zero.

    Args:
        options: of each guide, at least one; staying is an option without stops.
        goal_li: what the choice at hand gains.
        bounds: how far to look.
        late: asked now and then; True ends it.
    """
    if not options:
        return Choice(None, complete=True)
    return _Choosing(options, goal_li, bounds, late).choice()


class _Choosing:
    def __init__(
        self, options: Sequence[Sequence[Option]], goal_li: int, bounds: Bounds, late: Callable[[], bool]
    ) -> None:
        self._goal, self._bounds, self._late = float(goal_li), bounds, late
        flat = [option for each in options for option in each]
        counts = [len(each) for each in options]
        self._first = np.cumsum([0, *counts[:-1]])
        self._owner = np.repeat(np.arange(len(options)), counts)
        self._masks = [option.stops for option in flat]
        self._gains = np.array([option.gain_li for option in flat], dtype=float)
        self._has, self._bits = _matrix(self._masks)
        self._nodes, self._complete = 0, True
        self._found: tuple[int, ...] | None = None

    def choice(self) -> Choice:
        prices, bound = self._bound()
        if self._complete and bound < self._goal - HALF_LI:
            self._search(prices, bound)
        return Choice(self._found, self._complete)

    # -- the bound

    def _bound(self) -> tuple[Floats, float]:
        """Prices of stops with the highest bound that subgradient steps reach."""
        prices = np.zeros(self._has.shape[1])
        best, bound, pace = prices, -np.inf, PACE
        owners = np.arange(len(self._first))
        for _ in range(self._bounds.rounds):
            if self._late():
                self._complete = False
                break
            priced = self._gains + self._has @ prices
            lows = np.minimum.reduceat(priced, self._first)
            value = float(lows.sum() - prices.sum())
            if value > bound:
                best, bound = prices, value
            else:
                pace *= self._bounds.slower
            lowest = np.flatnonzero(priced == lows[self._owner])
            picks = lowest[np.searchsorted(self._owner[lowest], owners)]
            used = self._has[picks].sum(axis=0)
            slope = np.where((prices > 0) | (used > 1), used - 1, 0)
            if bound > self._goal - 1 or not slope.any():
                break
            prices = np.maximum(0, prices + pace * max(self._goal - value, 1.0) / float(slope @ slope) * slope)
        return best, bound

    # -- the search

    def _search(self, prices: Floats, bound: float) -> None:
        priced = self._gains + self._has @ prices
        over = priced - np.minimum.reduceat(priced, self._first)[self._owner]
        kept = np.flatnonzero(over + bound < self._goal - HALF_LI)
        kept = kept[np.argsort(over[kept], kind="stable")]
        options: list[list[int]] = [[] for _ in self._first]
        for n in kept.tolist():
            options[self._owner[n]].append(n)
        # Who has the fewest ways left is asked first, so that little has to be tried again.
        self._order = sorted(range(len(options)), key=lambda owner: len(options[owner]))
        self._options = [options[owner] for owner in self._order]
        self._over = over.tolist()
        self._due = self._dues(prices)
        rest = sum(price for stop, price in zip(self._bits, prices.tolist(), strict=True) if stop not in self._last)
        if bound + rest < self._goal - HALF_LI:
            self._try(0, [], 0, bound + rest)

    def _dues(self, prices: Floats) -> list[list[tuple[int, float]]]:
        """For each guide in turn, the stops that nobody after has a way for, and what leaving them then costs."""
        self._last: dict[int, int] = {}
        for turn, numbers in enumerate(self._options):
            some = 0
            for n in numbers:
                some |= self._masks[n]
            self._last |= {bit: turn for bit in self._bits if some & bit}
        dues: list[list[tuple[int, float]]] = [[] for _ in self._options]
        for bit, price in zip(self._bits, prices.tolist(), strict=True):
            if price > 0 and bit in self._last:
                dues[self._last[bit]].append((bit, price))
        return dues

    def _try(self, turn: int, chosen: list[int], stops: int, counted: float) -> None:
        """Go on from a choice of the first guides; ``counted`` is the bound of all that begin with it."""
        self._nodes += 1
        if turn == len(self._options):
            self._goal = counted
            self._found = tuple(self._named(chosen))
            return
        for n in self._options[turn]:
            if counted + self._over[n] >= self._goal - HALF_LI:
                return
            if not self._complete or self._ends():
                return
            mask = self._masks[n]
            if not mask & stops:
                taken = stops | mask
                most = counted + self._over[n] + sum(price for bit, price in self._due[turn] if not taken & bit)
                if most < self._goal - HALF_LI:
                    self._try(turn + 1, [*chosen, n], taken, most)

    def _ends(self) -> bool:
        nodes = self._bounds.nodes
        if (nodes is not None and self._nodes > nodes) or self._late():
            self._complete = False
        return not self._complete

    def _named(self, chosen: Sequence[int]) -> list[int]:
        """The index of each guide's option among its own."""
        by_owner = sorted(zip(self._order, chosen, strict=True))
        return [n - int(self._first[owner]) for owner, n in by_owner]


def _matrix(masks: Sequence[int]) -> tuple[Floats, list[int]]:
    """Which option has which of the stops that occur, and the bits of those stops."""
    some = 0
    for mask in masks:
        some |= mask
    length = max(1, (some.bit_length() + 7) // 8)
    raw = np.frombuffer(b"".join(mask.to_bytes(length, "little") for mask in masks), dtype=np.uint8)
    every = np.unpackbits(raw.reshape(len(masks), length), axis=1, bitorder="little")
    columns = [n for n in range(some.bit_length()) if some >> n & 1]
    return every[:, columns].astype(float), [1 << n for n in columns]
