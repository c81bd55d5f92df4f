"""What would make a delivery possible that nobody takes, worked out from the plan with one limit lifted at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from storeapp.domain.dispatch import BOUNDLESS, FAR_S, LI_PER_FEN, Problem, Reason, Route, Stop, Vehicle
from storeapp.domain.explain import blocked, iso, unsuited
from storeapp.domain.schedule import Schedule

MOST_OVERTIME_S = 2 * 3600
"""How much longer a guide is asked to work at most where that would make a stop possible."""


def ways(problem: Problem, routes: Sequence[Route], stop: Stop, *, asking: bool = True) -> tuple[Reason, ...]:
    """What would make a stop possible that nobody takes: a later promise, more room, overtime, a wish taken back.

    Each is tried in the plan as it is, with that one limit lifted. The last is a courier, where the price is known.
    Without ``asking`` nothing is tried, and ``ways_not_tried`` says so.
    """
    if stop.committed or stop.obstacle:
        return ()
    known = {route.vehicle: route for route in routes}
    reason = blocked(problem, stop)
    liftable = reason is None or reason.code in _LIFTABLE
    found = [
        way
        for code, lift in (_LIFTS.items() if asking and liftable else ())
        if (way := min(_lifted(problem, known, stop, code, lift), key=lambda way: way[0], default=None))
    ]
    untried = () if asking or not liftable else (Reason("ways_not_tried"),)
    courier = [] if stop.courier_li is None else [Reason("way_courier", {"courier_fen": stop.courier_li // LI_PER_FEN})]
    return (*(reason for _, reason in found), *untried, *courier)


_Lift = Callable[[Stop, Vehicle], tuple[Stop, Vehicle]]


def _lifted(
    problem: Problem, routes: Mapping[str, Route], stop: Stop, code: str, lift: _Lift
) -> Iterator[tuple[int, Reason]]:
    for vehicle in problem.vehicles:
        asked, able = lift(stop, vehicle)
        if (asked, able) == (stop, vehicle) or unsuited(asked, able) is not None:
            continue
        schedule = Schedule.of(problem, able, routes.get(vehicle.id))
        found = schedule.best(asked)
        if found is None or found.cost_li > problem.left_li(stop):
            continue
        data: dict[str, str | int] = {"guide": vehicle.guide, "arrive_at": iso(problem.at(found.begin_s))}
        if lift is _later:
            yield found.begin_s, Reason(code, data)
        elif lift is _longer:
            schedule.insert(asked, found)
            over_s = max(60, schedule.end_s - vehicle.end_s)
            yield over_s, Reason(code, data | {"overtime_s": over_s})
        else:
            yield found.cost_li, Reason(code, data)


def _later(stop: Stop, vehicle: Vehicle) -> tuple[Stop, Vehicle]:
    return replace(stop, due_s=FAR_S, late_s=0), vehicle


def _roomier(stop: Stop, vehicle: Vehicle) -> tuple[Stop, Vehicle]:
    return stop, replace(vehicle, capacity=BOUNDLESS, most_stops=None)


def _longer(stop: Stop, vehicle: Vehicle) -> tuple[Stop, Vehicle]:
    return stop, replace(vehicle, overtime_s=max(vehicle.overtime_s, MOST_OVERTIME_S))


def _unpinned(stop: Stop, vehicle: Vehicle) -> tuple[Stop, Vehicle]:
    return replace(stop, pinned=""), vehicle


def _unbanned(stop: Stop, vehicle: Vehicle) -> tuple[Stop, Vehicle]:
    return replace(stop, banned=stop.banned - {vehicle.guide}), vehicle


_LIFTS: Mapping[str, _Lift] = {
    "way_later": _later,
    "way_room": _roomier,
    "way_overtime": _longer,
    "way_unpinned": _unpinned,
    "way_unbanned": _unbanned,
}
_LIFTABLE = frozenset({"window_passed", "pinned_and_banned"})
"""What keeps a stop from being planned and one lifted limit may change."""
