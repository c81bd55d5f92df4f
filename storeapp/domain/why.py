"""Says why: why this guide, and what the others would mean. Everything is worked out from the model, not guessed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storeapp.domain.dispatch import LI_PER_FEN, Plan, Problem, Reason, Route, Stop, in_time, unmarked
from storeapp.domain.explain import ask, blocked, iso, named, obstacle
from storeapp.domain.schedule import Schedule, schedules_of
from storeapp.domain.steps import Step


@dataclass(frozen=True, slots=True)
class Option:
    """What it would mean if a guide took a stop, or with ``obstacle`` why that does not work."""

    guide: str
    cost_li: int = 0
    extra_m: int = 0
    eta: datetime | None = None
    obstacle: Reason | None = None


def reasons(problem: Problem, plan: Plan) -> dict[str, tuple[Reason, ...]]:
    """Why each planned stop is where it is, by stop."""
    schedules = schedules_of(problem, plan.routes)
    return {
        step.stop.id: _why(schedule, k, others=_others(schedule, schedules.values()))
        for schedule in schedules.values()
        for k, step in enumerate(schedule.steps)
        if not step.pickup
    }


def _others(schedule: Schedule, schedules: Iterable[Schedule]) -> list[Schedule]:
    return [other for other in schedules if other.vehicle.guide != schedule.vehicle.guide]


def _why(schedule: Schedule, k: int, *, others: Sequence[Schedule]) -> tuple[Reason, ...]:
    step = schedule.steps[k]
    stop = step.stop
    detour_m = _detour_m(schedule, stop.id)
    found = [*_way(schedule, k, detour_m), _punctual(schedule, k), *_told(schedule, k), *_free(schedule, k)]
    found += [_load(schedule, k), _source(schedule, k)]
    found += _skilled(schedule, stop)
    if stop.held:
        found.insert(0, Reason("in_custody", named(schedule)))
    elif stop.committed:
        found.insert(0, Reason("kept", named(schedule)))
    else:
        found.append(_next_best(schedule, unmarked(stop), detour_m, others))
    return (*found, _fair(schedule, others))


def _skilled(schedule: Schedule, stop: Stop) -> Iterator[Reason]:
    """What the stop asks of a guide, and this one has."""
    if stop.pinned:
        yield Reason("pinned_here", named(schedule))
    if stop.level:
        yield Reason("level", named(schedule) | {"level": stop.level})
    for certificate in sorted(stop.certificates):
        yield Reason("certified", named(schedule) | {"certificate": certificate})
    if not (stop.pinned or stop.level or stop.certificates):
        yield Reason("skill_any")


def _fair(schedule: Schedule, others: Sequence[Schedule]) -> Reason:
    """Whether others have earned more today, or this guide has, where that counts."""
    mine = schedule.vehicle.surcharge_li
    more = {other.vehicle.guide for other in others if other.vehicle.surcharge_li > mine}
    if more:
        return Reason("fair", named(schedule) | {"guides": len(more)})
    if any(other.vehicle.surcharge_li < mine for other in others):
        return Reason("fair_more", named(schedule) | {"price_fen": mine // LI_PER_FEN})
    return Reason("fair_even")


def _saved_li(schedule: Schedule, stop: str) -> int:
    """What way, overtime and told arrivals would cost less without the stop."""
    with_it = schedule.cost_li + schedule.shift_li
    before = schedule.remove(stop)
    without = schedule.cost_li + schedule.shift_li
    schedule.restore(before)
    return with_it - without


def _detour_m(schedule: Schedule, stop: str) -> int:
    with_it = schedule.metres
    before = schedule.remove(stop)
    without = schedule.metres
    schedule.restore(before)
    return with_it - without


def _way(schedule: Schedule, k: int, detour_m: int) -> Iterator[Reason]:
    """The way to the door, and what the whole way is longer for it."""
    way = _leg(schedule, k, detour_m)
    yield way
    if way.code != "way_home":
        yield Reason("detour", {"detour_m": detour_m}) if detour_m > 0 else Reason("no_detour")


def _leg(schedule: Schedule, k: int, detour_m: int) -> Reason:
    problem, vehicle = schedule.problem, schedule.vehicle
    before = schedule.steps[k - 1] if k else None
    origin = before.place if before else vehicle.start
    place = schedule.steps[k].place
    data: dict[str, str | int] = {
        "guide": vehicle.guide,
        "mode": vehicle.mode.value,
        "distance_m": problem.travel.metres_from(origin)[place],
        "travel_s": problem.travel.seconds_from(origin, vehicle.mode)[place],
        "detour_m": detour_m,
    }
    to_base = vehicle.end in (vehicle.start, vehicle.store, schedule.steps[k].stop.origin)
    if not to_base and k == len(schedule.steps) - 1:
        return Reason("way_home", data)
    if before is None:
        return Reason("from_store" if origin == schedule.steps[k].stop.origin else "from_here", data)
    if before.pickup:
        return Reason("from_handover" if before.stop.met else "from_store", data)
    return Reason("on_the_way", data | {"after": before.stop.id})


def _source(schedule: Schedule, k: int) -> Reason:
    """Where the time of the way comes from."""
    origin = schedule.steps[k - 1].place if k else schedule.vehicle.start
    source = schedule.problem.travel.source(origin, schedule.steps[k].place, schedule.vehicle.mode)
    known = {"percent": source.percent, "legs": source.legs, "age_s": source.age_s}
    return Reason(f"time_{source.kind.value}", {name: value for name, value in known.items() if value})


def _punctual(schedule: Schedule, k: int) -> Reason:
    problem, stop = schedule.problem, schedule.steps[k].stop
    arrive_s = schedule.begin_s(stop.id)
    slack_s = stop.due_s - arrive_s
    data: dict[str, str | int] = {"arrive_at": iso(problem.at(arrive_s)), "due_at": iso(problem.at(stop.due_s))}
    if slack_s >= 0:
        return Reason("on_time", data | {"slack_s": slack_s})
    if stop.tardy:
        return Reason("late_at_fee", data | {"late_s": -slack_s, "fee_fen": stop.late_li // LI_PER_FEN})
    return Reason("late", data | {"late_s": -slack_s})


def _told(schedule: Schedule, k: int) -> Iterator[Reason]:
    """That it is later than people were told."""
    problem, stop = schedule.problem, schedule.steps[k].stop
    arrive_s = schedule.begin_s(stop.id)
    if stop.eta_s is not None and in_time(stop, arrive_s).shifted:
        data: dict[str, str | int] = {"told_at": iso(problem.at(stop.eta_s)), "later_s": arrive_s - stop.eta_s}
        yield Reason("later_than_told", data | {"price_fen": stop.shift_li // LI_PER_FEN})


def _free(schedule: Schedule, k: int) -> list[Reason]:
    """Between which moments the guide is in the store and free for this trip."""
    first, behind = trip_bounds(schedule.steps, k)
    visits = list(schedule.visits())
    if schedule.steps[k].stop.held:
        return []
    problem = schedule.problem
    from_s = max(0, visits[first].arrive_s)
    until_s = visits[behind].begin_s if behind < len(visits) else schedule.vehicle.end_s
    if until_s <= from_s:
        return []
    data: dict[str, str | int] = {"since_at": iso(problem.at(from_s)), "free_s": until_s - from_s}
    return [Reason("free", data)]


def trip_bounds(steps: Sequence[Step], k: int) -> tuple[int, int]:
    """The first step of the trip that holds step ``k``, and the one behind its last."""
    first = k
    while first and not steps[first].pickup:
        first -= 1
    while first and steps[first - 1].pickup:
        first -= 1
    behind = k + 1
    while behind < len(steps) and not steps[behind].pickup:
        behind += 1
    return first, behind


def _load(schedule: Schedule, k: int) -> Reason:
    first, behind = trip_bounds(schedule.steps, k)
    aboard = [step.stop.load for step in schedule.steps[first:behind] if not step.pickup]
    most = schedule.vehicle.capacity
    return Reason(
        "load",
        {
            "parcels": sum(load.parcels for load in aboard),
            "most_parcels": most.parcels,
            "weight_g": sum(load.weight_g for load in aboard),
            "most_weight_g": most.weight_g,
        },
    )


def _next_best(schedule: Schedule, stop: Stop, detour_m: int, others: Sequence[Schedule]) -> Reason:
    found = [(best, other) for other in others if (best := ask(other, stop)) is not None]
    if not found:
        return Reason("only_guide", named(schedule))
    best, other = min(found, key=lambda pair: pair[0])
    data: dict[str, str | int] = {
        "guide": other.vehicle.guide,
        "arrive_at": iso(schedule.problem.at(best.begin_s)),
    }
    more_m = best.extra_m - detour_m
    return Reason("next_best", data | {"more_m": more_m}) if more_m > 0 else Reason("next_best_same", data)


# -- what about the others


def options(problem: Problem, routes: Sequence[Route], stop: Stop) -> tuple[Option, ...]:
    """What it means that a guide has the stop, or would mean for each other; the cheapest first, the unable last."""
    reason = blocked(problem, stop)
    schedules = schedules_of(problem, routes).values()
    mine = [schedule for schedule in schedules if any(step.stop.id == stop.id for step in schedule.steps)]
    best = {schedule.vehicle.guide: _present(schedule, stop) for schedule in mine}
    for schedule in [schedule for schedule in schedules if schedule.vehicle.guide not in best]:
        option = _option(schedule, stop, reason)
        known = best.get(option.guide)
        if known is None or _rank(option) < _rank(known):
            best[option.guide] = option
    return tuple(sorted(best.values(), key=_rank))


def _present(schedule: Schedule, stop: Stop) -> Option:
    """The guide who has the stop in the plan, with what the plan says."""
    problem, vehicle = schedule.problem, schedule.vehicle
    extra_m = _detour_m(schedule, stop.id)
    begin_s = schedule.begin_s(stop.id)
    # The stop's own shift is among those of the schedule.
    own_li = problem.take_li(replace(in_time(stop, begin_s), shifted=False), vehicle)
    cost_li = _saved_li(schedule, stop.id) + own_li
    return Option(vehicle.guide, cost_li, extra_m, problem.at(begin_s))


def _option(schedule: Schedule, stop: Stop, reason: Reason | None) -> Option:
    guide = schedule.vehicle.guide
    found = None if reason else ask(schedule, stop)
    if found is None:
        return Option(guide, obstacle=reason or obstacle(stop, schedule))
    return Option(guide, found.cost_li, found.extra_m, schedule.problem.at(found.begin_s))


def _rank(option: Option) -> tuple[bool, int, str]:
    return option.obstacle is not None, option.cost_li, option.guide
