"""Plans one region and turns the plan into what a counter would have said: lend, borrow, assign, each with its base.

Nothing that somebody has decided is changed. An assignment that a counter has made in the meantime wins by its base,
as between two counters, and stands in the job's outcome with the reason.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from uuid import uuid4

import msgspec

from hub import region_problem
from hub.core import Hub
from hub.decisions import decide_told
from hub.jobs import JobLeft, JobOutcome, JobState, Progress, RegionJob, Stage
from hub.region_problem import RegionSituation
from storeapp.adapters.region_first import first_plan
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.codec import encode
from storeapp.domain import explain
from storeapp.domain.borrowing import Borrowed, borrowed, one_at_a_time
from storeapp.domain.delivery import DeliveryState
from storeapp.domain.dispatch import LI_PER_FEN, Plan, Planner, Problem, Reason, Stop
from storeapp.domain.kernel import Command, Data
from storeapp.domain.moment import Window
from storeapp.domain.recipe import Method, PlanRecord, Recipe
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.lending import BorrowGuide, SendGuide
from storeapp.domain.schedule import Schedule, schedules_of
from storeapp.domain.words import Role
from sync.protocol.messages import Result, ResultStatus, WireCommand

MOST_ASKED = 200
"""Of so many that no search came to it is asked why; each is tried with every guide of the region."""
AT_ONCE = 50
"""So many assignments are one transaction: a counter of the same store waits for no more than that."""
SHARE = 0.9
"""What part of the budget the searches get: the rest is for whoever does not stop at once."""
_TOLD = frozenset({"guide", "store", "since", "state", "most", "level", "certificate", "device", "sku"})
"""What of a reason's data is kept: nothing from which a customer's place could be worked out."""
_UNSAID = "store_unknown"
"""What a plan says of a delivery that no part of it has answered: there was no time to."""


class Work:
    """One job on one thread; another thread may ask it to stop, and its pulse says how far it is."""

    def __init__(
        self,
        hub: Hub,
        job: RegionJob,
        planners: Sequence[Planner],
        *,
        monotonic: Callable[[], float] = time.monotonic,
        told: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._hub = hub
        self._job = job
        self._planners = planners
        self._monotonic = monotonic
        self._began = monotonic()
        self._told = told
        self._stopped = threading.Event()
        self._progress = Progress()

    @property
    def progress(self) -> Progress:
        """How far it is, by now."""
        return msgspec.structs.replace(self._progress, seconds=self._seconds())

    @property
    def stopped(self) -> bool:
        """Whether somebody has asked it to stop."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """Nobody wants it any more."""
        self._stopped.set()

    def run(self) -> tuple[JobState, JobOutcome]:
        """Do the job; what was assigned before somebody stopped it stays.

        Raises:
            DatabaseBusy: it ended early.
        """
        self._tell(stage=Stage.READING)
        seen = region_problem.situation(self._hub, self._job.region, now=self._hub.now())
        free = [stop.id for stop in seen.problem.stops if not stop.committed]
        self._tell(
            stage=Stage.PLANNING,
            stores=len(seen.stores),
            guides=len({vehicle.guide for vehicle in seen.problem.vehicles}),
            orders=len(free) + len(seen.left),
        )
        plan, first = self._plan(seen.problem, set(free))
        if self.stopped:
            return JobState.CANCELLED, JobOutcome()
        self._tell(stage=Stage.ASSIGNING)
        outcome = _Intents(self._hub, self._job, seen, plan, self).carry_out()
        self._tell(stage=Stage.OVER)
        made = msgspec.structs.replace(
            outcome, planned_at=seen.problem.now.isoformat(), first=first.parts, searches=_searches(plan)
        )
        return (JobState.CANCELLED if self.stopped else JobState.DONE), made

    def _tell(self, **changes: object) -> None:
        self._progress = msgspec.structs.replace(self._progress, **changes, seconds=self._seconds())
        self._told(self._progress)

    def _seconds(self) -> float:
        return round(self._monotonic() - self._began, 1)

    def assigned(self, count: int) -> None:
        """So many more were assigned."""
        self._tell(assigned=self._progress.assigned + count)

    def _plan(self, problem: Problem, free: set[str]) -> tuple[Plan, Plan]:
        """The plan, and the one that it began from."""
        ends = self._monotonic() + self._job.budget_s

        def over() -> bool:
            return self.stopped or self._monotonic() >= ends

        def parts(done: int, total: int) -> None:
            self._tell(parts_done=done, parts=total)

        best = first = first_plan(problem, over)
        self._tell_plan(best, free)
        left_s = max(0.0, SHARE * (ends - self._monotonic()))
        planner = RegionPlanner(self._planners, budget_s=left_s, told=parts)
        for plan in planner.plans(replace(problem, before=best.routes), over):
            if plan.cost_li <= best.cost_li:
                best = plan
                self._tell_plan(best, free)
        if self.stopped:
            return best, first
        best = one_at_a_time(problem, best)
        self._tell_plan(best, free)
        return best, first

    def _tell_plan(self, plan: Plan, free: set[str]) -> None:
        self._tell(planned=len(free & plan.vehicle_of().keys()), cost_fen=plan.cost_li // LI_PER_FEN)


class _Intents:
    """The commands that follow from a plan, and what became of them."""

    def __init__(self, hub: Hub, job: RegionJob, seen: RegionSituation, plan: Plan, work: Work) -> None:
        self._hub = hub
        self._job = job
        self._seen = seen
        self._plan = plan
        self._work = work
        self._refused: list[JobLeft] = []
        self._assigned: set[str] = set()
        self._lent = 0

    def carry_out(self) -> JobOutcome:
        """Lend first, because without a loan nothing can be assigned to a guest."""
        loans = list(borrowed(self._seen.problem, self._plan.routes))
        for loan in loans:
            if not self._work.stopped:
                self._lend(loan)
        gone = {item.delivery for item in self._refused}
        by_store: dict[str, list[AssignDelivery]] = {}
        for command in self._assignments():
            if command.delivery_id not in gone:
                by_store.setdefault(self._store_of(command.delivery_id), []).append(command)
        for store, commands in sorted(by_store.items()):
            for start in range(0, len(commands), AT_ONCE):
                if not self._work.stopped:
                    self._assign(store, commands[start : start + AT_ONCE])
        for loan in loans:
            self._call_back(loan)
        left = (*self._seen.left, *self._left())
        return JobOutcome(len(self._assigned), self._lent, left, tuple(self._refused))

    def _store_of(self, delivery: str) -> str:
        return self._seen.deliveries[delivery].store

    # -- loans

    def _lend(self, loan: Borrowed) -> None:
        home, to = self._seen.home[loan.guide], self._seen.stores[loan.origin]
        at = self._seen.problem.at
        window, there = Window(at(loan.leave_s), at(loan.back_s)), Window(at(loan.from_s), at(loan.until_s))
        result = self._one(home, SendGuide(loan.guide, to, window, there))
        if result.status is ResultStatus.APPLIED:
            result = self._one(to, BorrowGuide(loan.guide))
        if result.status is ResultStatus.APPLIED:
            self._lent += 1
        else:
            self._refused += [_why(delivery, to, *_problem(result)) for delivery in loan.stops]

    def _call_back(self, loan: Borrowed) -> None:
        """A guide of whom nothing is wanted there in the end stays at home."""
        to = self._seen.stores[loan.origin]
        others = (job for job in self._seen.deliveries.values() if job.store == to)
        before = any(job.guide == loan.guide and job.state is not DeliveryState.WAITING for job in others)
        if before or self._assigned & set(loan.stops):
            return
        self._one(self._seen.home[loan.guide], SendGuide(loan.guide, to, None))
        self._one(to, BorrowGuide(loan.guide))

    def _one(self, store: str, command: Command) -> Result:
        (result,) = decide_told(self._hub, store, [self._wire(store, command)])
        return result

    # -- assignments

    def _assignments(self) -> Iterator[AssignDelivery]:
        """In the order of arrival."""
        problem, free = self._seen.problem, {s.id for s in self._seen.problem.stops if not s.committed}
        guides = {vehicle.id: vehicle.guide for vehicle in problem.vehicles}
        # The searches of its parts stand in the job: repeated beside each assignment they would outweigh it.
        made = self._plan.recipe
        record = PlanRecord(problem.now, made, job=self._job.id)
        visits = [(visit, guides[route.vehicle]) for route in self._plan.routes for visit in route.visits]
        for visit, guide in sorted(visits, key=lambda each: (each[0].begin_s, each[0].stop)):
            if not visit.pickup and visit.stop in free:
                base = self._seen.deliveries[visit.stop].assignments
                eta = problem.at(visit.begin_s)
                yield AssignDelivery(visit.stop, guide, base, eta, seed=made.seed, steps=made.steps, plan=record)

    def _assign(self, store: str, commands: Sequence[AssignDelivery]) -> None:
        results = decide_told(self._hub, store, [self._wire(store, command) for command in commands])
        done = 0
        for command, result in zip(commands, results, strict=True):
            if result.status is ResultStatus.APPLIED:
                self._assigned.add(command.delivery_id)
                done += 1
            else:
                self._refused.append(_why(command.delivery_id, store, *_problem(result)))
        self._work.assigned(done)

    def _wire(self, store: str, command: Command) -> WireCommand:
        return WireCommand(
            seq=1,
            id=str(uuid4()),
            kind=command.KIND,
            at=self._hub.now(),
            actor=self._job.started_by,
            role=Role.MANAGER.value,
            store=store,
            body=msgspec.Raw(encode(command)),
        )

    # -- what is left

    def _left(self) -> Iterator[JobLeft]:
        """What the plan gives to nobody, and why."""
        free = {stop.id: stop for stop in self._seen.problem.stops if not stop.committed}
        planned = self._plan.vehicle_of().keys()
        reasons = {item.stop: item.reasons[0] for item in self._plan.unassigned if item.reasons}
        unsaid = 0
        for key, stop in free.items():
            if key in planned:
                continue
            reason = reasons.get(key)
            if reason is None or (reason.code == _UNSAID and not stop.obstacle):
                unsaid += 1
                reason = self._asked(stop) if unsaid <= MOST_ASKED else Reason("no_planning_time")
            yield _why(key, self._store_of(key), reason.code, reason.data)

    def _asked(self, stop: Stop) -> Reason:
        """Why no part of the plan has answered for a stop: what keeps everybody from it, else that time ran out."""
        (reason,) = explain.left(self._seen.problem, stop, self._schedules.values()).reasons
        return Reason("no_planning_time") if reason.code == "not_planned" else reason

    @cached_property
    def _schedules(self) -> dict[str, Schedule]:
        return schedules_of(self._seen.problem, self._plan.routes)


def _searches(plan: Plan) -> tuple[Recipe, ...]:
    """Those of a plan that was searched for; what each store made alone is told by itself."""
    return plan.parts if plan.recipe.by is Method.REGION else ()


def _problem(result: Result) -> tuple[str, Data]:
    return (result.problem.code, result.problem.data) if result.problem else (result.status.value, {})


def _why(delivery: str, store: str, code: str, data: Data) -> JobLeft:
    return JobLeft(delivery, store, code, {name: value for name, value in data.items() if name in _TOLD})
