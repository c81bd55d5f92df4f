"""Puts a planning problem into the route solver's terms, and its solutions back into steps.

A parcel in the store is a shipment from its origin to the door; one in custody is a client whose goods are on board.
What solver models lack is put into the way's cost: who must not take a stop has an arc into it that no plan can pay,
and most stops of a shift are a distance limit in which every stop counts a constant more than any way.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np
import numpy.typing as npt
from pyvrp import (
    Activity,
    ActivityType,
    Client,
    Depot,
    Location,
    ProblemData,
    Route,
    Shipment,
    Solution,
    VehicleType,
)

from storeapp.adapters.travel_table import Matrix, TravelTable
from storeapp.domain import explain
from storeapp.domain.dispatch import BOUNDLESS, Load, Problem, Stop, Vehicle
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Step, step_of, step_place
from storeapp.domain.words import TravelMode

NEIGHBOURS, TRIPS = 40, 10
"""How many other stops a stop may share a trip with, and how many may end the trip before."""
WAIT_LI, LATE_LI = 2.0, 2.0
"""What a second of waiting or lateness between two stops weighs against the way's cost when neighbours are chosen."""
MOST_LI = 10**7
"""What leaving a stop counts at most here, so that sums stay far from the solver's 64 bits."""
BANNED_LI, BANNED_S = 10**10, 10**6
BOUNDLESS_LI = 10**15


@dataclass(frozen=True, slots=True)
class Draughtboard:
    """What is decided among: schedules that may change, and stops that may be put into them."""

    problem: Problem
    schedules: tuple[Schedule, ...]
    stops: tuple[Stop, ...]


def open_part(problem: Problem, schedules: Iterable[Schedule]) -> Draughtboard:
    """Leaves out what no search can better: guides who have too much or too late already, stops nobody can take."""
    every = tuple(schedules)
    free = tuple(schedule for schedule in every if _open(schedule))
    there = {step.stop.id: step.stop for schedule in free for step in schedule.steps}
    planned = {step.stop.id for schedule in every for step in schedule.steps}
    wanted = {stop.id: stop for stop in reversed(problem.stops) if stop.id not in planned and not stop.committed}
    # No guide has them, so that they would be later than told is the least that could be paid for.
    loose = [
        replace(stop, shifted=stop.told_by_s is not None)
        for stop in wanted.values()
        if _open_stop(problem, replace(stop, shifted=True), free)
    ]
    return Draughtboard(problem, free, tuple(sorted([*there.values(), *loose], key=lambda stop: stop.id)))


def _open(schedule: Schedule) -> bool:
    return schedule.feasible and schedule.fits and schedule.vehicle.start_s <= schedule.end_limit_s


def _open_stop(problem: Problem, stop: Stop, schedules: Iterable[Schedule]) -> bool:
    in_time = max(0, stop.start_s, stop.ready_s) <= stop.last_s
    some = any(explain.unsuited(stop, schedule.vehicle) is None for schedule in schedules)
    return in_time and some and explain.blocked(problem, stop) is None


class Model:
    """The solver's data for a part of a problem, and the way back."""

    def __init__(self, board: Draughtboard) -> None:
        self._problem = board.problem
        self._schedules = board.schedules
        self.held = [stop for stop in board.stops if stop.held]
        self.waiting = [stop for stop in board.stops if not stop.held]
        self.stops = [*self.held, *self.waiting]
        self._owner = {
            step.stop.id: schedule.vehicle.id
            for schedule in board.schedules
            for step in schedule.steps
            if step.stop.committed
        }
        self._limits = {step.stop.id: s.limit_s(step.stop) for s in board.schedules for step in s.steps}
        self._fixed = self._fixed_places()
        self._at = np.array([*self._fixed, *(step_place(stop) for stop in self.stops)])
        travel = self._problem.travel
        if isinstance(travel, TravelTable):
            self._metres: Matrix = travel.metres[np.ix_(self._at, self._at)]
        else:
            self._metres = _rows(self._at, {place: self._row_m(place) for place in set(self._at.tolist())})
        self._seconds: dict[TravelMode, Matrix] = {}
        self._each_li = self._order_li()
        self.seen: set[tuple[int, int]] = set()
        """Which ways of this model somebody has looked at: vehicle and length."""

    def _row_m(self, place: int) -> list[int]:
        return list(self._problem.travel.metres_from(place))

    def _fixed_places(self) -> list[int]:
        ends = {place for s in self._schedules for place in (s.vehicle.start, s.vehicle.end)}
        return sorted(ends | {stop.origin for stop in self.waiting})

    def _order_li(self) -> int:
        """What every stop counts more, so that a distance limit is a limit of stops; 0 where there is no limit."""
        if all(schedule.vehicle.most_stops is None for schedule in self._schedules):
            return 0
        return 10**6 + 20 * max((self._left_li(stop) for stop in self.stops), default=0)

    def _left_li(self, stop: Stop) -> int:
        return max(0, min(self._problem.left_li(stop), MOST_LI))

    # -- data

    @cached_property
    def data(self) -> ProblemData:
        """What the solver needs; made when it is first asked for, because that takes long where there are many."""
        return self._data()

    def _data(self) -> ProblemData:
        profiles: dict[object, int] = {}
        costs: list[Matrix] = []
        times: list[Matrix] = []
        types = []
        for schedule in self._schedules:
            extras = tuple(self._extra_li(stop, schedule.vehicle) for stop in self.stops)
            key = (schedule.vehicle.mode, extras)
            if key not in profiles:
                profiles[key] = len(costs)
                cost, time = self._profile(schedule.vehicle.mode, extras)
                costs.append(cost)
                times.append(time)
            types.append(self._vehicle_type(schedule, profiles[key]))
        return ProblemData(
            [Location(0, 0)] * len(self._at),
            [self._client(n, stop) for n, stop in enumerate(self.held)],
            [Depot(n) for n in range(len(self._fixed))],
            types,
            costs,  # type: ignore[arg-type] # its stubs give an array's shape as int
            times,  # type: ignore[arg-type] # the same
            [],
            [self._shipment(n, stop) for n, stop in enumerate(self.waiting)],
        )

    def _extra_li(self, stop: Stop, vehicle: Vehicle) -> int | None:
        """What it counts beside the way that the vehicle takes the stop, None where it must not."""
        owner = self._owner.get(stop.id)
        if owner is None and (stop.committed or explain.unsuited(stop, vehicle) is not None):
            return None
        if owner is not None and owner != vehicle.id:
            return None
        return self._problem.take_li(stop, vehicle) + self._each_li

    def _profile(self, mode: TravelMode, extras: tuple[int | None, ...]) -> tuple[Matrix, Matrix]:
        first = len(self._fixed)
        cost: Matrix = np.rint(self._metres * (self._problem.paces[mode].km_li / 1000)).astype(np.int64)
        time = self._durations(mode).copy()
        cost[:, first:] += np.array([BANNED_LI if extra is None else extra for extra in extras], dtype=np.int64)
        time[:, first:] += np.array([BANNED_S if extra is None else 0 for extra in extras], dtype=np.int64)
        np.fill_diagonal(cost, 0)
        np.fill_diagonal(time, 0)
        return cost, time

    def _durations(self, mode: TravelMode) -> Matrix:
        known = self._seconds.get(mode)
        if known is None:
            travel, places = self._problem.travel, set(self._at.tolist())
            if isinstance(travel, TravelTable):
                known = travel.seconds(mode)[np.ix_(self._at, self._at)]
            else:
                known = _rows(self._at, {place: list(travel.seconds_from(place, mode)) for place in places})
            self._seconds[mode] = known
        return known

    def _vehicle_type(self, schedule: Schedule, profile: int) -> VehicleType:
        vehicle = schedule.vehicle
        room = [a - b for a, b in zip(_dims(vehicle.capacity), _dims(schedule.carried), strict=True)]
        most = vehicle.most_stops
        return VehicleType(
            1,
            capacity=[min(value, most) for value, most in zip(room, _dims(BOUNDLESS), strict=True)],
            start_depot=self._fixed.index(vehicle.start),
            end_depot=self._fixed.index(vehicle.end),
            fixed_cost=self._direct_li(vehicle),
            tw_early=self._from_start(vehicle.start_s),
            tw_late=self._from_start(schedule.settled_end_s),
            profile=profile,
            max_distance=BOUNDLESS_LI if most is None else (most + 1) * self._each_li - 1,
        )

    def _direct_li(self, vehicle: Vehicle) -> int:
        """What the way counts that would be gone anyway, below zero."""
        direct_m = self._problem.travel.metres_from(vehicle.start)[vehicle.end]
        return -round(direct_m * self._problem.paces[vehicle.mode].km_li / 1000)

    def _from_start(self, time_s: int) -> int:
        """A time of the problem as the solver's, which knows nothing before zero."""
        return time_s - min((s.vehicle.start_s for s in self._schedules if s.vehicle.start_s < 0), default=0)

    def _begins(self, stop: Stop) -> tuple[int, int]:
        limit_s = self._limits.get(stop.id, stop.last_s)
        return self._from_start(max(0, stop.start_s)), self._from_start(limit_s)

    def _client(self, n: int, stop: Stop) -> Client:
        early, late = self._begins(stop)
        place = len(self._fixed) + n
        return Client(
            place, delivery=_amount(stop), service_duration=max(0, stop.service_s), tw_early=early, tw_late=late
        )

    def _shipment(self, n: int, stop: Stop) -> Shipment:
        early, late = self._begins(stop)
        return Shipment(
            self._fixed.index(stop.origin),
            len(self._fixed) + len(self.held) + n,
            pickup_tw_early=self._from_start(max(0, stop.ready_s)),
            pickup_service_duration=self._problem.pickup_s,
            delivery_tw_early=early,
            delivery_tw_late=late,
            delivery_service_duration=max(0, stop.service_s),
            amount=_amount(stop),
            prize=self._left_li(stop) + self._each_li,
            required=stop.committed,
        )

    # -- neighbours

    def neighbours(self) -> dict[Activity, list[Activity]]:
        """For each stop, what it may be picked up after at little cost; the solver's own are blind here.

        That is another pickup, so that they share a trip, or the delivery that ends the trip before. All pickups lie at
        the store, so only the doors and their promises tell stops apart.
        """
        count = len(self.stops)
        names = [self._node(n) for n in range(count)]
        after = {names[n]: [names[other] for other in row] for n, row in enumerate(self.nearest())}
        if not after:
            return after
        first, pickups = len(self.held), [name for name in names if not name.is_client()]
        ends = [Activity(ActivityType.DELIVERY, name.idx) for name in pickups]
        for n, row in enumerate(_ranked(self._after()[first:, first:].T, TRIPS)):
            after[pickups[n]] += [ends[other] for other in row]
        return after

    def _node(self, n: int) -> Activity:
        if n < len(self.held):
            return Activity(ActivityType.CLIENT, n)
        return Activity(ActivityType.PICKUP, n - len(self.held))

    def nearest(self) -> list[list[int]]:
        """For each stop by its index, the indices of its neighbours, the nearest first."""
        if not self.stops or not self._schedules:
            return []
        mode, first = self._mode(), len(self._fixed)
        weight = self._apart_li(mode) + self._untimely_li(self._durations(mode)[first:, first:])
        return _ranked(np.minimum(weight, weight.T), NEIGHBOURS)

    def _after(self) -> npt.NDArray[np.floating]:
        """What it counts to go from each stop back to the origin of each other and there from, by row and column."""
        mode, first, origins = self._mode(), len(self._fixed), self._origins()
        seconds, metres = self._durations(mode), self._metres
        doors = np.arange(first, first + len(self.stops))
        way_s = seconds[np.ix_(doors, origins)] + seconds[origins, doors][None, :]
        way_m = metres[np.ix_(doors, origins)]
        return way_m * (self._problem.paces[mode].km_li / 1000) + self._untimely_li(way_s)

    def _untimely_li(self, way_s: Matrix) -> npt.NDArray[np.floating]:
        """What waiting or lateness counts where each stop comes after each other on ways of so many seconds."""
        begins = np.array([self._begins(stop) for stop in self.stops])
        service_s = np.array([stop.service_s for stop in self.stops])
        wait_s = np.maximum(0, begins[None, :, 0] - (begins[:, 1] + service_s)[:, None] - way_s)
        late_s = np.maximum(0, (begins[:, 0] + service_s)[:, None] + way_s - begins[None, :, 1])
        untimely: npt.NDArray[np.floating] = WAIT_LI * wait_s + LATE_LI * late_s
        return untimely

    def _mode(self) -> TravelMode:
        """How most guides go."""
        return Counter(schedule.vehicle.mode for schedule in self._schedules).most_common(1)[0][0]

    def _origins(self) -> npt.NDArray[np.int64]:
        index = {place: n for n, place in enumerate(self._fixed)}
        return np.array([index.get(stop.origin, 0) for stop in self.stops])

    def _apart_li(self, mode: TravelMode) -> npt.NDArray[np.floating]:
        """The way between the doors, and between the origins where they differ."""
        first, origins = len(self._fixed), self._origins()
        metres = self._metres[first:, first:] + self._metres[np.ix_(origins, origins)]
        return metres * (self._problem.paces[mode].km_li / 1000)

    # -- solutions

    def solution(self, ways: Mapping[str, Sequence[Step]]) -> Solution:
        """The steps of each vehicle, by its id, as a solution."""
        numbers = {stop.id: n for n, stop in enumerate(self.stops)}
        routes = []
        for n, schedule in enumerate(self._schedules):
            steps = ways[schedule.vehicle.id]
            if steps:
                routes.append(Route(self.data, [self._activity(step, numbers) for step in steps], n))
        return Solution(self.data, routes)

    def _activity(self, step: Step, numbers: Mapping[str, int]) -> Activity:
        n = numbers[step.stop.id]
        if step.pickup or step.stop.held:
            return self._node(n)
        return Activity(ActivityType.DELIVERY, n - len(self.held))

    def steps(self, solution: Solution) -> dict[str, list[Step]]:
        """The steps of each vehicle, by its id; none for one that stays."""
        found: dict[str, list[Step]] = {schedule.vehicle.id: [] for schedule in self._schedules}
        for route in solution.routes():
            vehicle = self._schedules[route.vehicle_type()].vehicle.id
            found[vehicle] = self._way(route)
        return found

    def way(self, route: Route) -> tuple[str, tuple[Step, ...], int]:
        """A route's vehicle, steps, and what it counts against leaving all its stops."""
        schedule = self._schedules[route.vehicle_type()]
        steps = tuple(self._way(route))
        held = sum(step.stop.held for step in steps)
        # Each stop counts a constant more, which a prize gives back, but not for what is in custody.
        gain_li = route.distance_cost() + self._direct_li(schedule.vehicle) - route.prizes() - held * self._each_li
        return schedule.vehicle.id, steps, gain_li

    def _way(self, route: Route) -> list[Step]:
        return tidied([self._step(activity) for activity in route if not activity.is_depot()])

    def _step(self, activity: Activity) -> Step:
        if activity.is_client():
            return step_of(self.held[activity.idx], pickup=False)
        return step_of(self.waiting[activity.idx], pickup=activity.is_pickup())


def _ranked(weight: npt.NDArray[np.floating], count: int) -> list[list[int]]:
    """For each row the columns with the least weight, but not itself."""
    weight = weight.astype(float)
    np.fill_diagonal(weight, np.inf)
    ranked: list[list[int]] = np.argsort(weight, axis=1, kind="stable")[:, : min(count, len(weight) - 1)].tolist()
    return ranked


def tidied(steps: Sequence[Step]) -> list[Step]:
    """The same way, no later anywhere: what is picked up at one place in a row is in the order in which it is ready.

    The search has no move for that, and finds no use for time that is lost there.
    """
    found: list[Step] = []
    for _, group in groupby(steps, key=lambda step: (step.pickup, step.place)):
        # Deliveries keep their order, because they all count the same.
        found += sorted(group, key=lambda step: step.stop.ready_s if step.pickup else 0)
    return found


def _rows(at: npt.NDArray[np.int64], rows: Mapping[int, list[int]]) -> Matrix:
    """The full matrix between nodes, from one row a place."""
    matrix: Matrix = np.array([rows[place] for place in at.tolist()], dtype=np.int64)[:, at]
    return matrix


def _amount(stop: Stop) -> list[int]:
    """The load as the solver takes it; less than nothing counts as nothing, which only leaves less room."""
    return [max(0, value) for value in _dims(stop.load)]


def _dims(load: Load) -> tuple[int, int, int]:
    return load.parcels, load.weight_g, load.volume_ml
