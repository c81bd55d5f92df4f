"""Plans a region of many stores: every neighbourhood by itself, several at once, then together."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue

from storeapp.domain.dispatch import Plan, Planner, Problem, best_plan, never
from storeapp.domain.region import MOST_STOPS, joined, neighbourhoods, part, rounds

ALONE_SHARE = 0.2
"""What part of the time the neighbourhoods get before they are planned together."""

Told = Callable[[int, int], None]


def _nobody(_done: int, _total: int) -> None:
    """Nobody is told how far it is."""


class RegionPlanner:
    """A planner for many stores over planners for a few.

    Args:
        workers: who plans the parts, one part each at a time; they must share nothing.
        budget_s: how long all of it may take, divided among the parts; None where the workers end by themselves.
        most_stops: how many deliveries a neighbourhood should have at most.
        told: how many parts of how many are planned, for whoever waits; called on the thread that takes the plans.
    """

    def __init__(
        self,
        workers: Sequence[Planner],
        *,
        budget_s: float | None = 30.0,
        most_stops: int = MOST_STOPS,
        told: Told = _nobody,
    ) -> None:
        self._workers = workers
        self._budget_s = budget_s
        self._most_stops = most_stops
        self._told = told

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        """A plan of the whole region after every round; the first once each neighbourhood has one of its own."""
        groups = neighbourhoods(problem, most_stops=self._most_stops)
        together = rounds(problem, groups)
        total, done = len(groups) + sum(map(len, together)), 0
        plan = joined(problem, Plan(), ())
        turns = [groups, *together]
        for number, turn in enumerate(turns):
            asked = [part(problem, group.stores, plan.routes if number else ()) for group in turn]
            asked = [replace(each, budget_s=self._share_s(len(turn), number, len(together))) for each in asked]
            answers = self._planned(asked, stopped)
            better = joined(problem, plan, zip(asked, answers, strict=True))
            done += len(turn)
            self._told(done, total)
            if number == 0 or better.cost_li < plan.cost_li:
                plan = better
                yield plan
            if stopped():
                return

    def _share_s(self, parts: int, number: int, rounds_together: int) -> float | None:
        """The time of one part, so that all rounds end in the budget."""
        if self._budget_s is None:
            return None
        together = (1 - ALONE_SHARE) / max(1, rounds_together)
        share = together if number else ALONE_SHARE if rounds_together else 1.0
        turns = -(-parts // max(1, len(self._workers)))
        return self._budget_s * share / max(1, turns)

    def _planned(self, asked: Sequence[Problem], stopped: Callable[[], bool]) -> list[Plan]:
        """The best plan of each part; which worker made it makes no difference."""
        free: SimpleQueue[Planner] = SimpleQueue()
        for worker in self._workers:
            free.put(worker)

        def plan(problem: Problem) -> Plan:
            worker = free.get()
            try:
                return best_plan(worker, problem, stopped=stopped)
            finally:
                free.put(worker)

        with ThreadPoolExecutor(max(1, len(self._workers)), thread_name_prefix="region") as pool:
            return list(pool.map(plan, asked))
