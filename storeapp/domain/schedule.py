"""The timed way of one guide, and what one more delivery would change in it.

Every planner, every explanation and every *what if* asks here, so they agree. Asking costs a few additions a
position, because each step knows the latest moment at which it may begin without making a later one late.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from storeapp.domain.dispatch import FAR_S, Load, Problem, Route, Stop, Vehicle, Visit, in_time, unmarked
from storeapp.domain.steps import Insertion, Step, step_of, step_place


class _Place(NamedTuple):
    """A place in one schedule; the cheapest is best, then the one that delays what was promised before the least.

    ``weight`` is what way and overtime cost, in thousandths of a li, so that a metre counts.
    """

    weight: int
    extra_m: int
    delay_s: int
    begin_s: int
    pickup_at: int
    drop_at: int


class Schedule:
    """One vehicle's steps with their times.

    Committed stops may be late; then their lateness becomes their limit, so nothing else makes them later.
    """

    def __init__(self, problem: Problem, vehicle: Vehicle) -> None:
        self.problem = problem
        self.vehicle = vehicle
        self.steps: list[Step] = []
        self._extra = Load()
        self._limits: dict[str, int] = {}
        self._end_limit = vehicle.end_s + vehicle.overtime_s
        self._km_li = problem.paces[vehicle.mode].km_li
        self._time()

    @classmethod
    def of(cls, problem: Problem, vehicle: Vehicle, route: Route | None) -> "Schedule":
        """The schedule of a finished route; steps are as early as they can be."""
        schedule = cls(problem, vehicle)
        stops = {stop.id: stop for stop in reversed(problem.stops)}
        visits = route.visits if route else ()
        begins = {visit.stop: visit.begin_s for visit in visits if not visit.pickup}
        mine = {name: in_time(stops[name], begin_s) for name, begin_s in begins.items()}
        schedule.steps = [step_of(mine[visit.stop], pickup=visit.pickup) for visit in visits]
        schedule._time()
        schedule._relax()
        return schedule

    # -- times

    def _seconds(self, origin: int, place: int) -> int:
        return self.problem.travel.seconds_from(origin, self.vehicle.mode)[place]

    def _earliest(self, step: Step) -> int:
        """When a step may begin at the earliest."""
        return max(0, step.stop.ready_s if step.pickup else step.stop.start_s)

    def duration_s(self, step: Step) -> int:
        """How long a step takes at its place."""
        return self.problem.pickup_s if step.pickup else step.stop.service_s

    def begins_s(self, time_s: int, place: int, step: Step) -> int:
        """When a step begins for who leaves a place then."""
        return max(time_s + self._seconds(place, step.place), self._earliest(step))

    def _time(self) -> None:
        """Time the steps forward as early as possible, then their latest beginnings backward."""
        time_s, place = self.vehicle.start_s, self.vehicle.start
        self._arrive: list[int] = []
        self._begin: list[int] = []
        self._leave: list[int] = []
        for step in self.steps:
            arrive_s = time_s + self._seconds(place, step.place)
            begin_s = max(arrive_s, self._earliest(step))
            time_s, place = begin_s + self.duration_s(step), step.place
            self._arrive.append(arrive_s)
            self._begin.append(begin_s)
            self._leave.append(time_s)
        self.end_s = time_s + self._seconds(place, self.vehicle.end)
        self._time_back()
        self._weigh()

    def _time_back(self) -> None:
        self._latest = [0] * len(self.steps)
        self._rest = [0] * len(self.steps)
        leave_by_s, following, rest_s = self._end_limit, self.vehicle.end, 0
        for k in range(len(self.steps) - 1, -1, -1):
            step = self.steps[k]
            needed_s = self._seconds(step.place, following) + self.duration_s(step)
            rest_s = self._rest[k] = rest_s + needed_s
            leave_by_s = self._latest[k] = min(self._limit(step), leave_by_s - needed_s)
            following = step.place

    def _limit(self, step: Step) -> int:
        return FAR_S if step.pickup else self.limit_s(step.stop)

    def limit_s(self, stop: Stop) -> int:
        """When the stop must begin at the latest: its promise, what was told, or the lateness that is a fact."""
        return self._limits.get(stop.id, stop.last_s)

    def promise_s(self, stop: Stop) -> int:
        """The same for a committed stop where what was told may change."""
        return max(stop.due_s, self._limits.get(stop.id, stop.due_s))

    @property
    def end_limit_s(self) -> int:
        """When the guide must be at the end place."""
        return self._end_limit

    @property
    def settled_end_s(self) -> int:
        """When the guide must be at the end place without more overtime than there is now."""
        return min(self._end_limit, max(self.vehicle.end_s, self.end_s if self.steps else 0))

    def _weigh(self) -> None:
        """What is still free on board before the first step, and after each."""
        most, held = self.vehicle.capacity, self._held()
        room = (most.parcels - held.parcels, most.weight_g - held.weight_g, most.volume_ml - held.volume_ml)
        self._room = [room]
        for step in self.steps:
            load, sign = step.stop.load, -1 if step.pickup else 1
            room = (room[0] + sign * load.parcels, room[1] + sign * load.weight_g, room[2] + sign * load.volume_ml)
            self._room.append(room)

    def _held(self) -> Load:
        total = self.carried
        for step in self.steps:
            if step.stop.held and not step.pickup:
                total += step.stop.load
        return total

    @property
    def fits(self) -> bool:
        """Whether what is on board is never too much, and neither are the stops."""
        most = self.vehicle.most_stops
        return min(min(room) for room in self._room) >= 0 and (most is None or self.stops <= most)

    @property
    def feasible(self) -> bool:
        """Whether every step is within its limit and the vehicle ends within its own."""
        in_time = all(begin_s <= self._limit(step) for step, begin_s in zip(self.steps, self._begin, strict=True))
        return self.end_s <= self._end_limit and in_time

    def _relax(self) -> None:
        """What committed stops are late by, and the overtime they cause, are facts from here on."""
        self._mark()
        for step, begin_s in zip(self.steps, self._begin, strict=True):
            if step.stop.committed and not step.pickup:
                self._limits[step.stop.id] = max(step.stop.last_s, begin_s)
        self._end_limit = max(self._end_limit, self.end_s if self.steps else self._end_limit)
        self._time_back()

    def _mark(self) -> None:
        """What is later than told is so at its price; everything else is to stay as told."""
        begins = {step.stop.id: begin_s for step, begin_s in self._begins() if not step.pickup}
        self.steps = [
            step if (stop := in_time(step.stop, begins[step.stop.id])).shifted is step.stop.shifted
            else step._replace(stop=replace(step.stop, shifted=stop.shifted))
            for step in self.steps
        ]  # fmt: skip
        self._time_back()

    def _begins(self) -> Iterator[tuple[Step, int]]:
        return zip(self.steps, self._begin, strict=True)

    # -- changing

    @property
    def carried(self) -> Load:
        """What the guide holds beside its steps."""
        return self.vehicle.carried + self._extra

    def carry(self, load: Load) -> None:
        """The guide holds something that cannot be planned."""
        self._extra += load
        self._weigh()

    def insert(self, stop: Stop, at: Insertion) -> None:
        """Take a stop in where it was found to fit."""
        stop = unmarked(stop)
        if at.tardy:
            stop = replace(stop, tardy=True)
        self.steps.insert(at.drop_at, step_of(stop, pickup=False))
        if not stop.held:
            self.steps.insert(at.pickup_at, step_of(stop, pickup=True))
        self._time()
        if at.opened or stop.told_by_s is not None:
            self._mark()

    def force(self, stop: Stop) -> None:
        """Take a committed stop in where it is due, although it will be late or is too much."""
        at = self.first_trip if stop.held else len(self.steps)
        self.insert(stop, Insertion(0, 0, 0, self.vehicle.id, at, at, 0))
        self._relax()

    def settle(self, steps: Iterable[Step]) -> None:
        """Take over the steps that people were told; what is late of them is a fact from here on."""
        self.follow(steps)
        self._relax()

    def emptied(self) -> "Schedule":
        """The same guide with nothing to do yet but to carry what cannot be planned."""
        other = Schedule(self.problem, self.vehicle)
        other.carry(self._extra)
        return other

    def follow(self, steps: Iterable[Step]) -> list[Step]:
        """Take over other steps in their order; gives what `restore` needs to undo it."""
        before, self.steps = self.steps, list(steps)
        self._time()
        return before

    def remove(self, stop: str) -> list[Step]:
        """Take a stop out; gives what `restore` needs to undo it."""
        before = self.steps
        self.steps = [step for step in before if step.stop.id != stop]
        self._time()
        return before

    def restore(self, steps: list[Step]) -> None:
        """Undo a removal."""
        self.steps = steps
        self._time()

    # -- asking

    @property
    def first_trip(self) -> int:
        """The index of the first pickup: what is before is in custody already."""
        return next((k for k, step in enumerate(self.steps) if step.pickup), len(self.steps))

    @property
    def stops(self) -> int:
        """How many deliveries it has."""
        return sum(not step.pickup for step in self.steps)

    @property
    def late_s(self) -> int:
        """By how much its promises are late and its end is past the guide's hours, all together.

        What people were told after the promise was over is a promise, too.
        """
        begins = [(step.stop, begin_s) for step, begin_s in self._begins() if not step.pickup]
        late_s = sum(max(0, begin_s - max(stop.due_s, stop.eta_s or stop.due_s)) for stop, begin_s in begins)
        return late_s + (max(0, self.end_s - self.vehicle.end_s - self.vehicle.overtime_s) if self.steps else 0)

    @property
    def off_s(self) -> int:
        """By how much its stops are later than people were told, all together."""
        told = [(step.stop.eta_s, begin_s) for step, begin_s in self._begins() if not step.pickup]
        return sum(max(0, begin_s - eta_s) for eta_s, begin_s in told if eta_s is not None)

    @property
    def metres(self) -> int:
        """The whole way to the end place; of an empty schedule, the way that is gone anyway."""
        places = [self.vehicle.start, *(step.place for step in self.steps), self.vehicle.end]
        metres_from = self.problem.travel.metres_from
        return sum(metres_from(a)[b] for a, b in itertools.pairwise(places))

    @property
    def cost_li(self) -> int:
        """What its way and overtime cost; nothing where it has nothing to do."""
        if not self.steps:
            return 0
        return self.problem.way_li(self.metres, self.vehicle) + self.problem.overtime_li(self.end_s, self.vehicle)

    @property
    def shift_li(self) -> int:
        """What it counts that stops are later than people were told."""
        told = [(step.stop, begin_s) for step, begin_s in self._begins() if step.stop.shift_li and not step.pickup]
        return sum(stop.shift_li for stop, begin_s in told if in_time(stop, begin_s).shifted)

    def best(self, stop: Stop, *, allowed: Callable[[int, int], bool] | None = None) -> Insertion | None:
        """The cheapest place for a stop with everything else on time, None where it does not fit.

        Where it cannot be on time it may be late at its price; and it, or others, may be later than people were told
        where paying for that is cheaper. ``allowed`` says whether it may be picked up and brought before the steps with
        these indices, where not everything may.
        """
        found = self._as_told(stop, allowed)
        if all(step.stop.shifted or step.stop.told_by_s is None for step in self.steps):
            return found
        before, shift_li = self.steps, self.shift_li
        self.steps = [step._replace(stop=replace(step.stop, shifted=True)) for step in before]
        self._time_back()
        other = self._as_told(stop, allowed)
        if other is not None and (found is None or other.cost_li < found.cost_li):
            other = other._replace(opened=True)
            self.insert(unmarked(stop), other)
            own_li = in_time(stop, other.begin_s).shifted * stop.shift_li
            other = other._replace(cost_li=other.cost_li + self.shift_li - own_li - shift_li)
            found = other if found is None else min(found, other)
        self.restore(before)
        return found

    def _as_told(self, stop: Stop, allowed: Callable[[int, int], bool] | None) -> Insertion | None:
        """The cheapest place with the others as they are told; the stop itself may be later at a price."""
        found = self._in_time(stop, allowed)
        if stop.shifted or stop.told_by_s is None:
            return found
        other = self._in_time(replace(stop, shifted=True), allowed)
        return min((each for each in (found, other) if each is not None), default=None)

    def _in_time(self, stop: Stop, allowed: Callable[[int, int], bool] | None) -> Insertion | None:
        found = self._best(stop, allowed)
        if found is None and stop.late_s and not stop.tardy and not stop.committed:
            late = self._best(replace(stop, tardy=True), allowed)
            return late and late._replace(tardy=late.begin_s > stop.due_s)
        return found

    def _best(self, stop: Stop, allowed: Callable[[int, int], bool] | None) -> Insertion | None:
        if self._hopeless(stop):
            return None
        found: _Place | None = None
        for start, stop_at in self._openings(stop):
            for candidate in self._try(stop, start, stop_at):
                if found is not None and not candidate < found:
                    continue
                if allowed is None or allowed(candidate.pickup_at, candidate.drop_at):
                    found = candidate
        if found is None:
            return None
        weight, extra_m, _, begin_s, pickup_at, drop_at = found
        cost_li = weight // 1000 + self.problem.take_li(stop, self.vehicle)
        return Insertion(cost_li, begin_s, self.stops, self.vehicle.id, pickup_at, drop_at, extra_m, stop.tardy)

    def _hopeless(self, stop: Stop) -> bool:
        """Whether the stop would be late, or the guide, even with nothing else to do."""
        if stop.held:
            return False
        goal, start_s = step_place(stop), self.vehicle.start_s
        pickup_s = max(start_s, 0, stop.ready_s) + self.problem.pickup_s
        begin_s = max(pickup_s + self._seconds(stop.origin, goal), stop.start_s)
        return begin_s > stop.last_s or begin_s + stop.service_s > self._end_limit

    def _openings(self, stop: Stop) -> Iterator[tuple[int, int]]:
        """Where a pickup may go, and how far behind it the delivery may come.

        Either with the pickups of a trip from the same store, or as a trip of its own between two trips.
        """
        if stop.held:
            yield 0, self.first_trip
            return
        if self.vehicle.most_stops is not None and self.stops >= self.vehicle.most_stops:
            return
        steps, count = self.steps, len(self.steps)
        for k in range(count + 1):
            before = steps[k - 1] if k else None
            here = steps[k] if k < count else None
            if here is None or (here.pickup and (before is None or not before.pickup)):
                yield k, k
            if before is not None and before.pickup and before.place == stop.origin and not (here and here.pickup):
                yield k, self._trip_end(k)

    def _trip_end(self, k: int) -> int:
        while k < len(self.steps) and not self.steps[k].pickup:
            k += 1
        return k

    def _try(self, stop: Stop, start: int, last: int) -> Iterator[_Place]:
        """The positions of the delivery behind a pickup at ``start`` that keep every limit."""
        metres_from, steps, count = self.problem.travel.metres_from, self.steps, len(self.steps)
        time_s, at = self._state(start)
        goal, extra_m = step_place(stop), 0
        if not stop.held:
            if not self._takes(stop, start):
                return
            extra_m = metres_from(at)[stop.origin]
            pickup = step_of(stop, pickup=True)
            begin_s = max(time_s + self._seconds(at, stop.origin), self._earliest(pickup))
            time_s, at, came = begin_s + self.problem.pickup_s, stop.origin, at
        else:
            came = at
        for k in range(start, last + 1):
            begin_s = max(time_s + self._seconds(at, goal), 0, stop.start_s)
            if begin_s > stop.last_s:
                return
            following = steps[k].place if k < count else self.vehicle.end
            next_s = begin_s + stop.service_s + self._seconds(goal, following)
            if next_s <= (self._latest[k] if k < count else self._end_limit):
                skipped = metres_from(came if k == start else at)[following]
                way_m = extra_m + metres_from(at)[goal] + metres_from(goal)[following] - skipped
                delay_s = max(0, next_s - self._begin[k]) if k < count else 0
                weight = way_m * self._km_li
                if self.vehicle.overtime_li:
                    weight += 1000 * self._more_overtime_li(next_s, k)
                yield _Place(weight, way_m, delay_s, begin_s, start, k)
            if k == last:
                return
            if k == start:
                extra_m += metres_from(at)[following] - metres_from(came)[following]
            time_s = max(time_s + self._seconds(at, following), self._earliest(steps[k]))
            if time_s > self._latest[k] or not (stop.held or self._takes(stop, k + 1)):
                return
            time_s, at = time_s + self.duration_s(steps[k]), following

    def _more_overtime_li(self, arrive_s: int, k: int) -> int:
        """What overtime counts more when step ``k``, or the end, is reached then."""
        end_s = arrive_s
        if k < len(self.steps):
            end_s = max(arrive_s, self._earliest(self.steps[k])) + self._rest[k]
        overtime_li = self.problem.overtime_li
        if not self.steps:
            return overtime_li(end_s, self.vehicle)
        return overtime_li(max(end_s, self.end_s), self.vehicle) - overtime_li(self.end_s, self.vehicle)

    def _state(self, k: int) -> tuple[int, int]:
        """When and where the guide is free before a step."""
        return (self._leave[k - 1], self.steps[k - 1].place) if k else (self.vehicle.start_s, self.vehicle.start)

    def _takes(self, stop: Stop, k: int) -> bool:
        """Whether the stop's load fits on board beside what is there before step ``k``."""
        room, load = self._room[k], stop.load
        return load.parcels <= room[0] and load.weight_g <= room[1] and load.volume_ml <= room[2]

    # -- giving

    def visits(self) -> Iterable[Visit]:
        """The steps with their times; who would wait at the next door waits in the store instead."""
        begins = self._unhurried()
        arrive_s = self._arrive[0] if self.steps else 0
        for k, step in enumerate(self.steps):
            leave_s = begins[k] + self.duration_s(step)
            yield Visit(step.stop.id, step.pickup, arrive_s, begins[k], leave_s)
            if k + 1 < len(self.steps):
                arrive_s = leave_s + self._seconds(step.place, self.steps[k + 1].place)

    def _unhurried(self) -> list[int]:
        """When the steps begin where each pickup is as late as it can be without making anything later."""
        begins = list(self._begin)
        for k in range(len(self.steps) - 2, -1, -1):
            if self.steps[k].pickup:
                way_s = self._seconds(self.steps[k].place, self.steps[k + 1].place)
                begins[k] = begins[k + 1] - way_s - self.duration_s(self.steps[k])
        return begins

    def route(self) -> Route:
        """The schedule as part of a plan."""
        metres = self.metres
        cost_li = self.problem.way_li(metres, self.vehicle) + self.problem.overtime_li(self.end_s, self.vehicle)
        return Route(self.vehicle.id, tuple(self.visits()), self.end_s, metres, cost_li)

    def begin_s(self, stop: str) -> int:
        """When a stop's delivery begins at the door."""
        return next(self._begin[k] for k, s in enumerate(self.steps) if s.stop.id == stop and not s.pickup)


def schedules_of(problem: Problem, routes: Sequence[Route]) -> dict[str, Schedule]:
    """A schedule for each vehicle, by its id, with the routes that there are."""
    known = {route.vehicle: route for route in routes}
    found: dict[str, Schedule] = {}
    for vehicle in problem.vehicles:
        if vehicle.id not in found:
            found[vehicle.id] = Schedule.of(problem, vehicle, known.get(vehicle.id))
    return found
