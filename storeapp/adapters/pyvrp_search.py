"""The search for better routes: local search from a disturbed solution again and again, a step at a time.

A step at a time, so that whoever runs it can stop it between two steps, stream what was found, and repeat it: the
same model, start, seed and count of steps give the same solution.
"""

import logging
import sys
import warnings
from collections.abc import Callable
from itertools import islice

from pyvrp import PenaltyManager, PenaltyParams, RandomNumberGenerator, Solution
from pyvrp.exceptions import PenaltyBoundWarning
from pyvrp.search import OPERATORS, LocalSearch, PerturbationManager, PerturbationParams

from storeapp.adapters.pyvrp_model import Model

DISTURBED = PerturbationParams(1, 8)
HISTORY = 8
"""A solution is good enough to go on from where it is better than the one this many steps ago."""
LOAD_LI = (1000.0, 2.0, 2.0)
"""What a parcel, a gram and a millilitre too much cost at first; the search learns better prices."""
LATE_LI = 50.0
FAR_LI = 2.0
_PENALTIES = PenaltyParams(solutions_between_updates=50)


def silence() -> None:
    """Take away the handler with which the solver writes to standard output: there, a window's program dies.

    That a price of its own has grown to its bound is nobody's business either: ``best`` is feasible all the same.
    """
    warnings.filterwarnings("ignore", category=PenaltyBoundWarning)
    logger = logging.getLogger("pyvrp")
    for handler in list(logger.handlers):
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stdout:
            logger.removeHandler(handler)


silence()


def _nobody(_found: Solution) -> None:
    """Nobody looks at what is found."""


class Search:
    """Late acceptance over perturbed local optima; ``best`` is always feasible."""

    def __init__(self, model: Model, start: Solution, *, seed: int, seen: Callable[[Solution], None] = _nobody) -> None:
        """Begin at a feasible start; ``seen`` is told every solution that is found."""
        self._seen = seen
        self._rng = RandomNumberGenerator(seed)
        self._penalties = PenaltyManager((list(LOAD_LI), LATE_LI, FAR_LI), _PENALTIES)
        self._local = LocalSearch(model.data, self._rng, model.neighbours(), PerturbationManager(DISTURBED))
        for operator in OPERATORS:
            if operator.supports(model.data):
                self._local.add_operator(operator(model.data))
        self.steps = 0
        self._history: list[Solution] = []
        self.best = self._polished(start)
        self.cost = self.cost_of(self.best)
        self._start = self._current = self.best
        self._seen(self.best)

    def offer(self, solution: Solution) -> bool:
        """Go on from another feasible solution where that leads to a better one; says whether it does."""
        found = self._polished(solution)
        if self.cost_of(found) >= self.cost:
            return False
        self.best = self._current = found
        self.cost = self.cost_of(found)
        self._seen(found)
        return True

    def cost_of(self, solution: Solution) -> int:
        """What a solution counts at the present penalties, which a feasible one has none of."""
        return int(self._penalties.cost_evaluator().penalised_cost(solution))

    def _polished(self, solution: Solution) -> Solution:
        """The best local search finds without a disturbance, where that is feasible."""
        before = self.cost_of(solution)
        better = self._local(solution, self._penalties.max_cost_evaluator(), exhaustive=True)
        return better if better.is_feasible() and self.cost_of(better) < before else solution

    def step(self) -> bool:
        """Try once; says whether ``best`` is better now."""
        found = self._local(self._current, self._penalties.cost_evaluator(), exhaustive=False)
        self._penalties.register(found)
        self._seen(found)
        better = found.is_feasible() and self.cost_of(found) < self.cost
        if better:
            found = self.best = self._polished(found)
            self.cost = self.cost_of(found)
            self._seen(found)
        self._accept(found)
        self.steps += 1
        return better

    def _accept(self, found: Solution) -> None:
        slot = self.steps % HISTORY
        late = next(islice(self._history, slot, None), self._start)
        cost, now, before = (self.cost_of(solution) for solution in (found, self._current, late))
        if cost < before or cost < now:
            self._current, now = found, cost
        if slot == len(self._history):
            self._history.append(self._current)
        elif now < before:
            self._history[slot] = self._current
