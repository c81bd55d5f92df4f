"""Plans with a route solver: a feasible plan at once, then better ones until there is no time or nothing to gain."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from msgspec import structs

from storeapp.adapters.exact_plan import cheapest
from storeapp.adapters.insertion import Draft, first_draft
from storeapp.adapters.pyvrp_model import Draughtboard, Model, open_part
from storeapp.adapters.pyvrp_parts import PartedSearch, starts_whole
from storeapp.adapters.travel_table import tabled
from storeapp.domain.dispatch import Limits, Plan, Problem, in_time, never
from storeapp.domain.recipe import Method
from storeapp.domain.steps import Step

FIRST_REPORT = 64
"""After this many steps the first better plan is given, then after twice as many, and so on."""
PATIENCE, PATIENT = 100, 0.7
"""Steps without a gain after which the search ends: so many, or that share of the square of the number of stops.

A larger day has more to try, and what is found late still counts.
"""

DRAFT_SHARE = 0.6
"""What share of the budget insertion may take."""
MODEL_S = 5e-7
"""About how long it takes to set the search up, for each pair of stops; a search that cannot start is not begun."""


class PyvrpPlanner:
    """The plan by insertion, then what the search finds.

    Args:
        limits: when to stop.
        clock: gives seconds; the budget counts on it from the first question.
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits or Limits()
        self._clock = clock

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        """The first plan at once, better ones after it; each says by what recipe it was made.

        Once stopped, the best plan so far is still given.
        """
        return _Run(_within(self._limits, problem), self._clock, stopped).plans(problem)


def _within(limits: Limits, problem: Problem) -> Limits:
    """The problem's budget counts where there is any; a plan that is made again has no limit but its own steps."""
    again = problem.recipe
    if again is not None:
        prove_s = math.inf if again.by is Method.PROOF else 0.0
        return Limits(None, again.steps, again.seed, patient=True, prove_s=prove_s)
    if limits.budget_s is None or problem.budget_s is None:
        return limits
    return replace(limits, budget_s=problem.budget_s)


class _Run:
    """One question."""

    def __init__(self, limits: Limits, clock: Callable[[], float], stopped: Callable[[], bool]) -> None:
        self._limits = limits
        self._clock = clock
        self._stop = stopped
        self._telling_s = 0.0

    def plans(self, problem: Problem) -> Iterator[Plan]:
        """As the planner says."""
        started = self._clock()
        problem = replace(problem, travel=tabled(problem.travel))
        draft = first_draft(problem, lambda: self._late(started, DRAFT_SHARE))
        if self._stop():
            return
        drafted = self._clock()
        first = self._seeded(draft.plan())
        # Telling a plan with its reasons takes as long again at the end.
        self._telling_s = self._clock() - drafted
        yield first
        if problem.recipe is not None and problem.recipe.by is Method.INSERTION:
            return
        search = self._begin(problem, draft, started)
        if search is None:
            if draft.improve(lambda: self._late(started)) and (better := draft.plan()).cost_li < first.cost_li:
                yield self._seeded(better)
            return
        best = first
        for plan in self._better(first, draft, search, started):
            best = plan
            yield plan
        if self._limits.prove_s > 0 and (proven := self._proven(problem, best, search)) is not None:
            yield proven

    def _seeded(self, plan: Plan, **changes: object) -> Plan:
        return replace(plan, recipe=structs.replace(plan.recipe, seed=self._limits.seed, **changes))

    def _proven(self, problem: Problem, best: Plan, running: "_Running") -> Plan | None:
        """The cheapest plan there is, None where that could not be proven in time."""
        until = self._clock() + self._limits.prove_s
        # All of it, also where the search began with less: what is proven does not depend on where it began.
        draft = first_draft(replace(problem, recipe=None))
        board = open_part(problem, draft.schedules.values())
        fixed_li = draft.plan().cost_li - _counted(board, draft)
        found = cheapest(board, best.cost_li - fixed_li, lambda: self._stop() or self._clock() >= until)
        if found is None:
            return None
        steps, _ = found
        if steps is None:
            return self._seeded(best, by=Method.PROOF)
        for vehicle, way in steps.items():
            draft.schedules[vehicle].follow(way)
        begun = best.recipe.inserted
        return self._seeded(draft.plan(), by=Method.PROOF, steps=running.search.steps, inserted=begun)

    def _late(self, started: float, share: float = 1.0) -> bool:
        left_s = self._left_s(started, share)
        return self._stop() or (left_s is not None and left_s <= 0)

    def _left_s(self, started: float, share: float = 1.0) -> float | None:
        """How long there is still to search, None where there is no limit."""
        budget_s = self._limits.budget_s
        return None if budget_s is None else share * budget_s - self._telling_s - (self._clock() - started)

    def _begin(self, problem: Problem, draft: Draft, started: float) -> "_Running | None":
        board = open_part(problem, draft.schedules.values())
        again = problem.recipe
        if not board.stops or not board.schedules or self._stop() or (again and again.by is Method.MOVES):
            return None
        left_s = self._left_s(started)
        if left_s is not None and left_s < MODEL_S * len(board.stops) ** 2:
            return None
        model = Model(board)
        # Insertion and solver count alike; where they ever differ, insertion's plan is the one that was checked.
        if starts_whole(model) and not model.solution(_ways(draft)).is_feasible():
            return None
        return _Running(PartedSearch(board, draft.schedules, model, seed=self._limits.seed), len(board.stops))

    def _better(self, best: Plan, draft: Draft, running: "_Running", started: float) -> Iterator[Plan]:
        # What polishing the start gained is told, too.
        search, gained_at, report_at, told_at = running.search, 0, FIRST_REPORT, -1
        while not self._ended(search.steps, search.steps - gained_at, running.stops, started):
            if search.step():
                gained_at = search.steps
            if search.steps >= report_at:
                report_at *= 2
                if gained_at > told_at:
                    told_at = search.steps
                    plan = self._plan(draft, running)
                    if plan.cost_li < best.cost_li:
                        best = plan
                        yield plan
        if gained_at > told_at and (plan := self._plan(draft, running)).cost_li < best.cost_li:
            yield plan

    def _ended(self, steps: int, in_vain: int, stops: int, started: float) -> bool:
        limits = self._limits
        return (
            self._late(started)
            or (limits.steps is not None and steps >= limits.steps)
            or (not limits.patient and in_vain >= max(PATIENCE, round(PATIENT * stops**2)))
        )

    def _plan(self, draft: Draft, running: "_Running") -> Plan:
        for vehicle, steps in running.search.routes().items():
            draft.schedules[vehicle].follow(steps)
        return self._seeded(draft.plan(), by=Method.SEARCH, steps=running.search.steps)


def _ways(draft: Draft) -> dict[str, list[Step]]:
    return {name: schedule.steps for name, schedule in draft.schedules.items()}


def _counted(board: Draughtboard, draft: Draft) -> int:
    """What the part of a draft that may change counts: ways, stops, and the stops that are left."""
    problem, total = board.problem, 0
    left = {stop.id: stop for stop in board.stops}
    for schedule in board.schedules:
        mine = draft.schedules[schedule.vehicle.id]
        done = [left.pop(step.stop.id) for step in mine.steps if not step.pickup]
        total += sum(problem.take_li(in_time(stop, mine.begin_s(stop.id)), schedule.vehicle) for stop in done)
        total += mine.cost_li
    return total + sum(problem.left_li(stop) for stop in left.values())


@dataclass(frozen=True, slots=True)
class _Running:
    search: PartedSearch
    stops: int
