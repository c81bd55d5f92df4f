"""Says why not: why not this guide, why nobody. Everything is worked out from the model, not guessed."""

from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from storeapp.domain.datum import to_wgs84
from storeapp.domain.dispatch import (
    LI_PER_FEN,
    Problem,
    Reason,
    Route,
    Stop,
    Unassigned,
    Vehicle,
)
from storeapp.domain.place import distance_m
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Insertion, step_place

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
            dearer(schedule.problem, stop, found, schedule.vehicle) or Reason("not_planned", named(schedule))
        )
        if cheap:
            return cheap
    return obstacle(stop, schedule)


def named(schedule: Schedule) -> dict[str, str | int]:
    """Whose schedule it is, as the data of a reason holds it."""
    return {"guide": schedule.vehicle.guide}


def ask(schedule: Schedule, stop: Stop) -> Insertion | None:
    """The cheapest way for a guide to take a stop on, None where there is none."""
    return None if unsuited(stop, schedule.vehicle) else schedule.best(stop)


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
