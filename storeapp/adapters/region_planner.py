"""Plans a region of many stores: every neighbourhood by itself, several at once, then together."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from queue import SimpleQueue
from threading import Event

from storeapp.domain.dispatch import Plan, Planner, Problem, never
from storeapp.domain.region import MOST_STOPS, joined, neighbourhoods, part, together

ALONE_SHARE = 0.2
"""What part of the time the neighbourhoods get before they are planned together."""
ASK_S = 0.02
"""How often it is asked whether plans are still wanted while the parts are planned."""

Told = Callable[[int, int], None]


def _nobody(_done: int, _total: int) -> None:
    """Nobody is told how far it is."""


class RegionPlanner:
    """A planner for many stores over planners for a few.

    Args:
        workers: who plans the parts, one part each at a time; they must share nothing.
        budget_s: how long all of it may take, divided among the parts; None where the workers end by themselves.
        most_stops: how many deliveries a neighbourhood should have at most.
        told: how many parts of how many are planned, for whoever waits; called after each part, on the thread that
            takes the plans.
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
        """A plan of the whole region after every round; the first once each neighbourhood has one of its own.

        Who stops it before that gets none, because parcels in custody must be in every plan. A plan is made again by
        its searches in their order; where only some of them are in it, the others were too late or gained nothing.
        """
        groups = neighbourhoods(problem, most_stops=self._most_stops)
        whole = together(groups)
        turns = [groups, (whole,)] if whole else [groups]
        recipes = problem.parts
        if recipes:
            turns = turns[: 1 + (len(recipes) > len(groups))]
        total, done = sum(map(len, turns)), 0
        plan = joined(problem, Plan(), ())
        for number, turn in enumerate(turns):
            asked = [part(problem, group.stores, plan.routes if number else ()) for group in turn]
            asked = [replace(each, budget_s=self._share_s(len(turn), number, len(turns))) for each in asked]
            if recipes:
                mine = recipes[len(groups) :] if number else recipes
                asked = [replace(each, recipe=recipe) for each, recipe in zip(asked, mine, strict=False)]
            answers: list[Plan | None] = [None] * len(turn)
            for at, answer in self._planned(asked, stopped):
                answers[at] = answer
                done += 1
                self._told(done, total)
            planned = [(each, answer) for each, answer in zip(asked, answers, strict=True) if answer is not None]
            if number == 0 and len(planned) < len(turn):
                return
            better = joined(problem, plan, planned)
            if number == 0 or better.cost_li < plan.cost_li:
                plan = better
                yield plan
            if stopped():
                return

    def _share_s(self, parts: int, number: int, turns: int) -> float | None:
        """The time of one part, so that all ends in the budget."""
        if self._budget_s is None:
            return None
        alone = ALONE_SHARE if turns > 1 else 1.0
        share = 1 - ALONE_SHARE if number else alone
        return self._budget_s * share / max(1, -(-parts // max(1, len(self._workers))))

    def _planned(self, asked: Sequence[Problem], stopped: Callable[[], bool]) -> Iterator[tuple[int, Plan]]:
        """The best plan of each part as it comes, with the part's number; none for a part that was stopped before it.

        Which worker made it makes no difference.
        """
        free: SimpleQueue[Planner] = SimpleQueue()
        for worker in self._workers:
            free.put(worker)
        over = Event()

        def plan(problem: Problem) -> Plan | None:
            worker = free.get()
            try:
                return None if over.is_set() else _last(worker.plans(problem, over.is_set))
            finally:
                free.put(worker)

        with ThreadPoolExecutor(max(1, len(self._workers)), thread_name_prefix="region") as pool:
            try:
                running = {pool.submit(plan, problem): n for n, problem in enumerate(asked)}
                for future in _as_done(running, over, stopped):
                    answer = future.result()
                    if answer is not None:
                        yield running[future], answer
            finally:
                # A part that fails, or a caller who goes away, ends the others.
                over.set()


def _last(plans: Iterator[Plan]) -> Plan | None:
    last = None
    for plan in plans:
        last = plan
    return last


def _as_done(
    running: Iterable[Future[Plan | None]], over: Event, stopped: Callable[[], bool]
) -> Iterator[Future[Plan | None]]:
    """The parts as they end. ``stopped`` is asked here, on the caller's thread, and told to the workers by ``over``."""
    left = set(running)
    while left:
        done, left = wait(left, timeout=None if over.is_set() else ASK_S, return_when=FIRST_COMPLETED)
        yield from done
        if not over.is_set() and stopped():
            over.set()
