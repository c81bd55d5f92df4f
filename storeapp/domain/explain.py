"""Says why: why this guide, why not the others, why nobody. Everything is worked out from the model, not guessed."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storeapp.domain.datum import to_wgs84
from storeapp.domain.dispatch import (
    LI_PER_FEN,
    Plan,
    Problem,
    Reason,
    Route,
    Stop,
    Unassigned,
    Vehicle,
    in_time,
)
from storeapp.domain.place import distance_m
from storeapp.domain.schedule import Insertion, Schedule, Step, schedules_of, step_place

NEARNESS = (
    "not_planned",
    "courier_cheaper",
    "all_full",
    "shift_ends",
    "no_time",
    "too_heavy",
    "too_many_parcels",
    "too_bulky",
    "no_certificate",
    "level_too_low",
    "banned",
    "pinned",
)
"""Obstacles by how little is missing; of several guides' obstacles the first says most about a stop."""
_FULL = frozenset({"busy", "most_stops"})


@dataclass(frozen=True, slots=True)
class Option:
    """What it would mean if a guide took a stop, or with ``obstacle`` why that does not work."""

    guide: str
    cost_li: int = 0
    extra_m: int = 0
    eta: datetime | None = None
    obstacle: Reason | None = None


def iso(moment: datetime) -> str:
    """An instant as the data of a reason holds it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


# -- why nobody


def blocked(problem: Problem, stop: Stop) -> Reason | None:
    """Why a stop cannot be planned for anybody, None where it can be tried."""
    if stop.obstacle and not stop.committed:
        return Reason(stop.obstacle)
    if stop.place is None:
        return Reason("no_position")
    if stop.committed:
        return None
    if stop.pinned and stop.pinned in stop.banned:
        return Reason("pinned_and_banned", {"guide": stop.pinned})
    if stop.due_s + stop.late_s < 0:
        return Reason("window_passed", {"due_at": iso(problem.at(stop.due_s))})
    here, there = (to_wgs84(problem.places[place]) for place in (stop.origin, stop.place))
    away_m = round(distance_m(here, there))
    if problem.radius_m is not None and away_m > problem.radius_m:
        return Reason("too_far", {"distance_m": away_m, "most_distance_m": problem.radius_m})
    return None


def unsuited(stop: Stop, vehicle: Vehicle) -> Reason | None:
    """Why this guide could never take the stop, whatever else there is to do."""
    most, load, guide = vehicle.capacity, stop.load, {"guide": vehicle.guide}
    if vehicle.guide in stop.banned:
        return Reason("banned", guide)
    if stop.pinned not in ("", vehicle.guide):
        return Reason("pinned", {"guide": stop.pinned})
    if vehicle.level < stop.level:
        return Reason("level_too_low", guide | {"level": stop.level})
    missing = sorted(stop.certificates - vehicle.certificates)
    if missing:
        return Reason("no_certificate", guide | {"certificate": missing[0]})
    if load.weight_g > most.weight_g:
        return Reason("too_heavy", guide | {"weight_g": load.weight_g, "most_weight_g": most.weight_g})
    if load.parcels > most.parcels:
        return Reason("too_many_parcels", guide | {"parcels": load.parcels, "most_parcels": most.parcels})
    if load.volume_ml > most.volume_ml:
        return Reason("too_bulky", guide | {"volume_ml": load.volume_ml, "most_volume_ml": most.volume_ml})
    return None


def obstacle(stop: Stop, schedule: Schedule) -> Reason:
    """Why a guide who has been asked in vain cannot take a stop now."""
    problem, vehicle = schedule.problem, schedule.vehicle
    reason = unsuited(stop, vehicle)
    if reason is not None:
        return reason
    if vehicle.most_stops is not None and schedule.stops >= vehicle.most_stops:
        return Reason("most_stops", {"guide": vehicle.guide, "most": vehicle.most_stops})
    arrive_s, done_s = _alone(problem, stop, vehicle)
    data = {"guide": vehicle.guide, "arrive_at": iso(problem.at(arrive_s))}
    if arrive_s > stop.due_s + stop.late_s:
        return Reason("no_time", data | {"due_at": iso(problem.at(stop.due_s))})
    if done_s > vehicle.end_s + vehicle.overtime_s:
        return Reason("shift_ends", data | {"end_at": iso(problem.at(vehicle.end_s))})
    return Reason("busy", {"guide": vehicle.guide, "stops": schedule.stops})


def _alone(problem: Problem, stop: Stop, vehicle: Vehicle) -> tuple[int, int]:
    """When a guide with nothing else to do would arrive, and be at the end place."""
    seconds, goal = problem.travel.seconds_from, step_place(stop)
    time_s = vehicle.start_s
    if not stop.held:
        there_s = time_s + seconds(vehicle.start, vehicle.mode)[stop.origin]
        time_s = max(there_s, 0, stop.ready_s) + problem.pickup_s
    begin_s = max(time_s + seconds(vehicle.start if stop.held else stop.origin, vehicle.mode)[goal], 0, stop.start_s)
    return begin_s, begin_s + stop.service_s + seconds(goal, vehicle.mode)[vehicle.end]


def dearer(problem: Problem, stop: Stop, found: Insertion, vehicle: Vehicle) -> Reason | None:
    """A stop that costs more by a guide than left to a courier is better left."""
    left_li = problem.left_li(stop)
    if found.cost_li <= left_li:
        return None
    asked_li = left_li if stop.courier_li is None else stop.courier_li
    return Reason(
        "courier_cheaper",
        {"guide": vehicle.guide, "cost_fen": found.cost_li // LI_PER_FEN, "courier_fen": asked_li // LI_PER_FEN},
    )


def left(problem: Problem, stop: Stop, schedules: Iterable[Schedule]) -> Unassigned:
    """A stop without a guide, with the reason that says what is missing."""
    reason = blocked(problem, stop)
    if reason is None and stop.committed:
        reason = Reason("guide_not_on_shift", {"guide": stop.guide})
    return Unassigned(stop.id, (reason or _nearest(stop, schedules),))


def _nearest(stop: Stop, schedules: Iterable[Schedule]) -> Reason:
    reasons = [_why_not(stop, schedule) for schedule in schedules]
    if not reasons:
        return Reason("no_guide_on_shift")
    if any(reason.code in _FULL for reason in reasons):
        reasons.append(Reason("all_full", {"guides": sum(reason.code in _FULL for reason in reasons)}))
    ranked = [reason for reason in reasons if reason.code in NEARNESS]
    return min(ranked, key=lambda reason: (NEARNESS.index(reason.code), str(reason.data.get("arrive_at", ""))))


def _why_not(stop: Stop, schedule: Schedule) -> Reason:
    if unsuited(stop, schedule.vehicle) is None:
        found = schedule.best(stop)
        # What fits and is not dear was left by a planner that did not look everywhere: there is still room.
        cheap = found and (
            dearer(schedule.problem, stop, found, schedule.vehicle) or Reason("not_planned", _guide(schedule))
        )
        if cheap:
            return cheap
    return obstacle(stop, schedule)


def _guide(schedule: Schedule) -> dict[str, str | int]:
    return {"guide": schedule.vehicle.guide}


# -- why this guide


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
    found = [_way(schedule, k, detour_m), _punctual(schedule, k), *_free(schedule, k)]
    found += [_load(schedule, k), _source(schedule, k)]
    if stop.held:
        found.insert(0, Reason("in_custody", _guide(schedule)))
    elif stop.committed:
        found.insert(0, Reason("kept", _guide(schedule)))
    else:
        found += _skilled(schedule, stop)
        found.append(_next_best(schedule, replace(stop, tardy=False), detour_m, others))
        found += _fair(schedule, others)
    return tuple(found)


def _skilled(schedule: Schedule, stop: Stop) -> Iterator[Reason]:
    """What the stop asks of a guide, and this one has."""
    if stop.pinned:
        yield Reason("pinned_here", _guide(schedule))
    if stop.level:
        yield Reason("level", _guide(schedule) | {"level": stop.level})
    for certificate in sorted(stop.certificates):
        yield Reason("certified", _guide(schedule) | {"certificate": certificate})


def _fair(schedule: Schedule, others: Sequence[Schedule]) -> Iterator[Reason]:
    """That others have earned more today, where that counts."""
    mine = schedule.vehicle.surcharge_li
    more = {other.vehicle.guide for other in others if other.vehicle.surcharge_li > mine}
    if more:
        yield Reason("fair", _guide(schedule) | {"guides": len(more)})


def _saved_li(schedule: Schedule, stop: str) -> int:
    """What way and overtime would cost less without the stop."""
    with_it = schedule.cost_li
    before = schedule.remove(stop)
    without = schedule.cost_li
    schedule.restore(before)
    return with_it - without


def _detour_m(schedule: Schedule, stop: str) -> int:
    with_it = schedule.metres
    before = schedule.remove(stop)
    without = schedule.metres
    schedule.restore(before)
    return with_it - without


def _way(schedule: Schedule, k: int, detour_m: int) -> Reason:
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
        return Reason("only_guide", _guide(schedule))
    best, other = min(found, key=lambda pair: pair[0])
    data: dict[str, str | int] = {
        "guide": other.vehicle.guide,
        "arrive_at": iso(schedule.problem.at(best.begin_s)),
    }
    more_m = best.extra_m - detour_m
    return Reason("next_best", data | {"more_m": more_m}) if more_m > 0 else Reason("next_best_same", data)


def ask(schedule: Schedule, stop: Stop) -> Insertion | None:
    """The cheapest way for a guide to take a stop on, None where there is none."""
    return None if unsuited(stop, schedule.vehicle) else schedule.best(stop)


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
    cost_li = _saved_li(schedule, stop.id) + problem.take_li(in_time(stop, begin_s), vehicle)
    return Option(vehicle.guide, cost_li, extra_m, problem.at(begin_s))


def _option(schedule: Schedule, stop: Stop, reason: Reason | None) -> Option:
    guide = schedule.vehicle.guide
    found = None if reason else ask(schedule, stop)
    if found is None:
        return Option(guide, obstacle=reason or obstacle(stop, schedule))
    return Option(guide, found.cost_li, found.extra_m, schedule.problem.at(found.begin_s))


def _rank(option: Option) -> tuple[bool, int, str]:
    return option.obstacle is not None, option.cost_li, option.guide


def finished(
    problem: Problem,
    routes: tuple[Route, ...],
    schedules: Sequence[Schedule],
    *,
    unasked: Container[str] = frozenset(),
) -> tuple[Unassigned, ...]:
    """Every stop that is in no route, with its reason; a repeated id counts as a second stop.

    For those in ``unasked`` there was no time to ask anybody.
    """
    planned = {visit.stop for route in routes for visit in route.visits}
    seen: set[str] = set()
    rest = []
    for stop in problem.stops:
        if stop.id in seen:
            rest.append(Unassigned(stop.id, (Reason("duplicate_id"),)))
        elif stop.id not in planned and stop.id in unasked:
            rest.append(Unassigned(stop.id, (blocked(problem, stop) or Reason("no_planning_time"),)))
        elif stop.id not in planned:
            rest.append(left(problem, stop, schedules))
        seen.add(stop.id)
    return tuple(rest)
