"""Plans a region of many stores: as a whole, and where several may plan, by neighbourhoods and then together, too."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from queue import Empty, SimpleQueue
from threading import Event

from storeapp.domain.dispatch import Plan, Planner, Problem, never
from storeapp.domain.region import MOST_STOPS, Neighbourhood, joined, neighbourhoods, part, together

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
        """Better and better plans of the whole region.

        One worker searches the region as a whole, from nothing. With several, one does so, and the others plan the
        neighbourhoods and then the region from those: which of the two ends up cheaper differs from day to day. Who
        stops it before any search has a plan gets none, because parcels in custody must be in every plan. A plan is
        made again by its searches in their order; one that was too late or gained nothing is not among them.
        """
        groups = neighbourhoods(problem, most_stops=self._most_stops)
        if not groups:
            yield joined(problem, Plan(), ())
            return
        if stopped():
            return
        with _crew(self._workers) as crew:
            best: Plan | None = None
            for plan in self._found(problem, groups, crew, stopped):
                if best is None or plan.cost_li < best.cost_li:
                    best = plan
                    yield plan

    def _found(
        self, problem: Problem, groups: Sequence[Neighbourhood], crew: "_Crew", stopped: Callable[[], bool]
    ) -> Iterator[Plan]:
        """What the searches come to: of the whole whenever they have found more, of the parts when all have ended."""
        whole, nothing = together(groups), joined(problem, Plan(), ())
        at_once, by_parts = self._searches(problem, groups)
        last = by_parts and whole is not None and len(problem.parts) != len(groups)
        total, done = at_once + by_parts * len(groups) + last, 0
        if whole is not None and at_once:
            crew.start(_AT_ONCE, self._asked(problem, replace(part(problem, whole.stores), before=()), 0, 1.0))
        if by_parts:
            share = self._share(len(groups), several=last, beside=at_once)
            for number, group in enumerate(groups):
                crew.start(number, self._asked(problem, part(problem, group.stores), number, share))
        alone: dict[int, tuple[Problem, Plan]] = {}
        waiting, base = len(groups), nothing
        for news in crew.news(stopped):
            if news.plan is not None:
                if news.number >= 0:
                    alone[news.number] = news.problem, news.plan
                else:
                    yield joined(problem, nothing if news.number == _AT_ONCE else base, [(news.problem, news.plan)])
                continue
            done += 1
            self._told(done, total)
            waiting -= news.number >= 0
            if news.number >= 0 and waiting == 0 and len(alone) == len(groups):
                base = joined(problem, nothing, [alone[number] for number in range(len(groups))])
                yield base
                if last and whole is not None and not stopped():
                    begun = part(problem, whole.stores, base.routes)
                    crew.start(_TOGETHER, self._asked(problem, begun, len(groups), 1 - ALONE_SHARE))

    def _searches(self, problem: Problem, groups: Sequence[Neighbourhood]) -> tuple[bool, bool]:
        """Whether to search the region at once, and whether by parts; what is made again says by its searches.

        Raises:
            ValueError: what is to be made again was made of other parts.
        """
        if problem.parts and len(problem.parts) not in {1, len(groups), len(groups) + (len(groups) > 1)}:
            raise ValueError(f"{len(problem.parts)} searches are not of {len(groups)} neighbourhoods")
        if len(groups) == 1:
            return False, True
        if problem.parts:
            return len(problem.parts) == 1, len(problem.parts) > 1
        return True, len(self._workers) > 1

    def _share(self, parts: int, *, several: bool, beside: bool) -> float:
        """What share of the time one of the parts gets, when one worker may be busy beside them."""
        workers = max(1, len(self._workers) - beside)
        return (ALONE_SHARE if several else 1.0) / -(-parts // workers)

    def _asked(self, problem: Problem, asked: Problem, number: int, share: float) -> Problem:
        """A part of the problem with its time, or with the search that it is made again by."""
        asked = replace(asked, budget_s=None if self._budget_s is None else self._budget_s * share)
        return replace(asked, recipe=problem.parts[number]) if problem.parts else asked


_AT_ONCE, _TOGETHER = -1, -2
"""The numbers of the searches of the whole: from nothing, and from its neighbourhoods."""


@dataclass(frozen=True, slots=True)
class _News:
    """A plan of a problem that a worker has found; none where it has ended, perhaps with an error."""

    number: int
    problem: Problem
    plan: Plan | None = None
    error: Exception | None = None


class _Crew:
    """Workers, each with one problem at a time; which of them plans it makes no difference."""

    def __init__(self, workers: Sequence[Planner], pool: ThreadPoolExecutor) -> None:
        self._free: SimpleQueue[Planner] = SimpleQueue()
        for worker in workers:
            self._free.put(worker)
        self._pool = pool
        self._over = Event()
        self._news: SimpleQueue[_News] = SimpleQueue()
        self._running = 0

    def start(self, number: int, problem: Problem) -> None:
        """Have a problem planned when a worker is free; those that are started first are planned first."""
        self._running += 1
        self._pool.submit(self._plan, number, problem)

    def stop(self) -> None:
        """Nothing more is wanted: who plans comes to an end."""
        self._over.set()

    def news(self, stopped: Callable[[], bool]) -> Iterator[_News]:
        """Every plan as it is found, and every end, until all that was started has ended.

        ``stopped`` is asked here, on the caller's thread, and told to the workers.
        """
        while self._running:
            try:
                news = self._news.get(timeout=None if self._over.is_set() else ASK_S)
            except Empty:
                news = None
            if news is not None:
                if news.error is not None:
                    raise news.error
                self._running -= news.plan is None
                yield news
            if not self._over.is_set() and stopped():
                self.stop()

    def _plan(self, number: int, problem: Problem) -> None:
        worker = self._free.get()
        try:
            if not self._over.is_set():
                for plan in worker.plans(problem, self._over.is_set):
                    self._news.put(_News(number, problem, plan))
        except Exception as error:
            self._news.put(_News(number, problem, error=error))
        else:
            self._news.put(_News(number, problem))
        finally:
            self._free.put(worker)


@contextmanager
def _crew(workers: Sequence[Planner]) -> Iterator[_Crew]:
    with ThreadPoolExecutor(max(1, len(workers)), thread_name_prefix="region") as pool:
        crew = _Crew(workers, pool)
        try:
            yield crew
        finally:
            # A part that fails, or a caller who goes away, ends the others.
            crew.stop()
