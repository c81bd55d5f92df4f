"""Every route worth having of one guide with few stops: the cheapest way for each set of stops.

Labels are set by how many pickups and deliveries they have behind them; of two labels with the same stops done, on
board and place, one that is neither earlier nor cheaper is dropped.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storeapp.domain import explain
from storeapp.domain.dispatch import FAR_S, Stop, in_time, unmarked
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Step, step_of, step_place


class TooMany(Exception):
    """There are more routes than can be looked at in time."""


class Label(NamedTuple):
    """A way so far: when it is there, what it cost in thousandths of a li, and its last step."""

    time_s: int
    weight: int
    step: Step | None
    before: "Label | None"


class State(NamedTuple):
    """What labels must share to be compared: bit sets of stops delivered and on board, and the place."""

    done: int
    aboard: int
    place: int


@dataclass(frozen=True, slots=True)
class Column:
    """One guide's cheapest way for a set of stops; ``cost_li`` counts way, overtime, lateness and stops."""

    stops: int
    cost_li: int
    steps: tuple[Step, ...]


def columns(schedule: Schedule, stops: Sequence[Stop], late: Callable[[], bool]) -> list[Column]:
    """All sets of stops that the guide can take, each with its cheapest way; bits are indices into ``stops``.

    Raises:
        TooMany: ``late`` said so.
    """
    return _Routes(schedule, stops, late).columns()


class _Routes:
    def __init__(self, schedule: Schedule, stops: Sequence[Stop], late: Callable[[], bool]) -> None:
        self._schedule, self._late = schedule, late
        self._problem, self._vehicle = schedule.problem, schedule.vehicle
        self._seconds = [self._row_s(place) for place in range(len(self._problem.places))]
        own = {step.stop.id for step in schedule.steps if step.stop.committed}
        self._stops = {
            1 << n: unmarked(stop)
            for n, stop in enumerate(stops)
            if stop.id in own or (not stop.committed and explain.unsuited(stop, self._vehicle) is None)
        }
        self._must = sum(bit for bit, stop in self._stops.items() if stop.id in own)
        self._held = sum(bit for bit, stop in self._stops.items() if stop.held)
        self._limit = {bit: self._limit_s(stop) for bit, stop in self._stops.items()}
        self._km_li = self._problem.paces[self._vehicle.mode].km_li
        self._bits = {stop.id: bit for bit, stop in self._stops.items()}
        self._doors = {bit: (stop, step_place(stop), max(0, stop.start_s)) for bit, stop in self._stops.items()}
        self._drops = {bit: step_of(stop, pickup=False) for bit, stop in self._stops.items()}
        self._told = {bit: FAR_S if (told_s := stop.told_by_s) is None else told_s for bit, stop in self._stops.items()}
        self._pickups = {bit: step_of(stop, pickup=True) for bit, stop in self._stops.items()}
        self._times: dict[tuple[int, int], int] = {}
        self._most = self._vehicle.most_stops if self._vehicle.most_stops is not None else len(stops)

    def _row_s(self, place: int) -> Sequence[int]:
        return self._problem.travel.seconds_from(place, self._vehicle.mode)

    def _limit_s(self, stop: Stop) -> int:
        """When it must begin: what is late already keeps its lateness, anything else may be late at its price."""
        return self._schedule.promise_s(stop) if stop.committed else stop.due_s + stop.late_s

    def columns(self) -> list[Column]:
        vehicle = self._vehicle
        start = State(0, self._held, vehicle.start)
        layer: dict[State, list[Label]] = {start: [Label(vehicle.start_s, 0, None, None)]}
        best: dict[int, Label] = {}
        while layer:
            following: dict[State, list[Label]] = {}
            for count, (state, labels) in enumerate(layer.items()):
                if count % 256 == 0 and self._late():
                    raise TooMany
                for label in labels:
                    self._finish(state, label, best)
                    for reached, longer in self._onward(state, label):
                        _keep(following.setdefault(reached, []), longer)
            layer = following
        return [self._column(stops, label) for stops, label in best.items()]

    def _finish(self, state: State, label: Label, best: dict[int, Label]) -> None:
        if state.aboard or state.done & self._must != self._must:
            return
        end = self._vehicle.end
        end_s = label.time_s + self._seconds[state.place][end]
        weight = label.weight + self._problem.travel.metres_from(state.place)[end] * self._km_li
        weight += 1000 * self._problem.overtime_li(end_s, self._vehicle)
        in_time = end_s <= self._schedule.end_limit_s
        known = best.get(state.done)
        if (in_time or not state.done) and (known is None or weight < known.weight):
            best[state.done] = Label(label.time_s, weight, None, label)

    def _onward(self, state: State, label: Label) -> Iterator[tuple[State, Label]]:
        metres, seconds = self._problem.travel.metres_from(state.place), self._seconds[state.place]
        km_li = self._km_li
        room = (state.done | state.aboard).bit_count() < self._most
        for bit, (stop, goal, start_s) in self._doors.items():
            if state.aboard & bit:
                begin_s = max(label.time_s + seconds[goal], start_s)
                aboard, time_s = state.aboard ^ bit, begin_s + stop.service_s
                if begin_s <= self._limit[bit] and time_s <= self._latest(aboard, goal):
                    weight, drop = label.weight + metres[goal] * km_li, self._drops[bit]
                    if begin_s > stop.due_s or begin_s > self._told[bit]:
                        drop = step_of(in_time(stop, begin_s), pickup=False)
                        weight += 1000 * (stop.late_li * drop.stop.tardy + stop.shift_li * drop.stop.shifted)
                    longer = Label(time_s, weight, drop, label)
                    yield State(state.done | bit, aboard, goal), longer
            elif room and not state.done & bit and self._in_turn(stop, bit, label):
                origin, aboard = stop.origin, state.aboard | bit
                time_s = max(label.time_s + seconds[origin], 0, stop.ready_s) + self._problem.pickup_s
                if time_s <= self._latest(aboard, origin):
                    longer = Label(time_s, label.weight + metres[origin] * km_li, self._pickups[bit], label)
                    yield State(state.done, aboard, origin), longer

    def _in_turn(self, stop: Stop, bit: int, label: Label) -> bool:
        """Pickups at one place follow each other as they are ready; another order would be the same way."""
        before = label.step
        if before is None or not before.pickup or before.place != stop.origin:
            return True
        return (before.stop.ready_s, self._bits[before.stop.id]) < (stop.ready_s, bit)

    def _latest(self, aboard: int, place: int) -> int:
        """When it must go on from a place with these stops on board; before any time where they are too much."""
        known = self._times.get((aboard, place))
        if known is None:
            seconds = self._seconds[place]
            ways = [self._limit[bit] - seconds[goal] for bit, (_, goal, _) in self._doors.items() if aboard & bit]
            home_s = self._schedule.end_limit_s - seconds[self._vehicle.end]
            known = min([home_s, *ways]) if self._fits(aboard) else -FAR_S
            self._times[aboard, place] = known
        return known

    def _fits(self, aboard: int) -> bool:
        loads = (stop.load for bit, stop in self._stops.items() if aboard & bit)
        return sum(loads, self._schedule.carried).fits(self._vehicle.capacity)

    def _column(self, stops: int, label: Label) -> Column:
        direct_m = self._problem.travel.metres_from(self._vehicle.start)[self._vehicle.end]
        way_li = (label.weight - direct_m * self._km_li) // 1000 if stops else 0
        taken = (self._problem.take_li(stop, self._vehicle) for bit, stop in self._stops.items() if stops & bit)
        steps: list[Step] = []
        walk: Label | None = label
        while walk is not None:
            if walk.step is not None:
                steps.append(walk.step)
            walk = walk.before
        return Column(stops, way_li + sum(taken), tuple(reversed(steps)))


def _keep(labels: list[Label], label: Label) -> None:
    if any(known.time_s <= label.time_s and known.weight <= label.weight for known in labels):
        return
    labels[:] = [known for known in labels if known.time_s < label.time_s or known.weight < label.weight]
    labels.append(label)
