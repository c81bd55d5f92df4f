"""What it would mean that a guide takes a stop, before anybody decides it: cost, arrival, and whom it delays."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from storeapp.domain import explain
from storeapp.domain.dispatch import Plan, Problem, Reason, Stop, in_time
from storeapp.domain.schedule import Schedule, schedules_of


@dataclass(frozen=True, slots=True)
class Delay:
    """A stop of the guide that would begin later; ``late_s`` is what it would be past its promise."""

    stop: str
    by_s: int
    late_s: int


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The plan with a stop given to a guide.

    Attributes:
        guide: who takes it.
        cost_li: what the whole plan would count more than it does.
        extra_m: how much longer the guide's way would be.
        begin_s: when it would begin at the door.
        late_s: how much past its promise that is.
        overtime_s: how long after the end of the shift the guide would be done.
        delays: the guide's other stops that would begin later.
        obstacle: why no planner would do so; None where it fits.
    """

    guide: str
    cost_li: int
    extra_m: int
    begin_s: int
    late_s: int
    overtime_s: int
    delays: tuple[Delay, ...] = ()
    obstacle: Reason | None = None


def what_if(problem: Problem, plan: Plan, stop_id: str, guide: str) -> WhatIf | None:
    """Give a stop to a guide in an otherwise unchanged plan.

    Returns:
        None where there is no such stop, it has no place or is in custody, or the guide does not work.
    """
    stop = next((stop for stop in problem.stops if stop.id == stop_id), None)
    if stop is None or stop.place is None or stop.held:
        return None
    schedules = schedules_of(problem, plan.routes)
    worth_li = _take_out(problem, schedules.values(), stop)
    tried = [_try(schedule, stop, worth_li) for schedule in schedules.values() if schedule.vehicle.guide == guide]
    return min(tried, key=lambda found: (found.obstacle is not None, found.late_s, found.cost_li), default=None)


def untried(problem: Problem, stop_id: str, guide: str) -> Reason | None:
    """Why nothing can be said of a stop and a guide, where `what_if` gives None; else None."""
    stop = next((stop for stop in problem.stops if stop.id == stop_id), None)
    if stop is None:
        return Reason("not_to_plan")
    if stop.held:
        return Reason("in_custody", {"guide": stop.guide})
    if stop.place is None:
        return Reason("no_position")
    if all(vehicle.guide != guide for vehicle in problem.vehicles):
        return Reason("guide_not_on_shift", {"guide": guide})
    return None


def _take_out(problem: Problem, schedules: Iterable[Schedule], stop: Stop) -> int:
    """What the stop counts where it is now."""
    for schedule in schedules:
        if any(step.stop.id == stop.id for step in schedule.steps):
            before_li, taken = schedule.cost_li + schedule.shift_li, in_time(stop, schedule.begin_s(stop.id))
            schedule.remove(stop.id)
            # The stop's own shift is among those of the schedule.
            own_li = problem.take_li(replace(taken, shifted=False), schedule.vehicle)
            return before_li - schedule.cost_li - schedule.shift_li + own_li
    return problem.left_li(stop)


def _try(schedule: Schedule, stop: Stop, worth_li: int) -> WhatIf:
    problem, vehicle = schedule.problem, schedule.vehicle
    before = {step.stop.id: schedule.begin_s(step.stop.id) for step in schedule.steps if not step.pickup}
    before_m, before_li = schedule.metres, schedule.cost_li + schedule.shift_li
    obstacle = explain.blocked(problem, stop)
    found = None if obstacle else explain.ask(schedule, stop)
    if found is None:
        obstacle = obstacle or explain.obstacle(stop, schedule)
        schedule.force(stop)
    else:
        schedule.insert(stop, found)
    begin_s = schedule.begin_s(stop.id)
    taken = replace(in_time(stop, begin_s), shifted=False)
    cost_li = schedule.cost_li + schedule.shift_li - before_li + problem.take_li(taken, vehicle) - worth_li
    return WhatIf(
        vehicle.guide,
        cost_li,
        schedule.metres - before_m,
        begin_s,
        max(0, begin_s - stop.due_s),
        max(0, schedule.end_s - vehicle.end_s),
        tuple(_delays(schedule, before)),
        obstacle,
    )


def _delays(schedule: Schedule, before: Mapping[str, int]) -> Iterator[Delay]:
    for step in schedule.steps:
        was_s = before.get(step.stop.id)
        if step.pickup or was_s is None:
            continue
        now_s = schedule.begin_s(step.stop.id)
        if now_s > was_s:
            yield Delay(step.stop.id, now_s - was_s, max(0, now_s - step.stop.due_s))
