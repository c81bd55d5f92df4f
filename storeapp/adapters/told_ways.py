"""Puts the way that a guide was told together again: the doors in the order in which people were told of them.

The order is known, the trips are not. Where to return to the store is tried exactly, each parcel being picked up at the
last return before its door. Where a guide had time to spare earlier, parcels may have been picked up at an earlier one,
so each is tried there afterwards.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storeapp.domain.dispatch import Load, Stop
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Step, step_of


class _Label(NamedTuple):
    """A way so far: whether too much was on board, how late its promises and what was told are, and when it is over."""

    unfit: bool
    late_s: int
    off_s: int
    time_s: int
    place: int
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class _Trip:
    """Stops that are brought in a row after one return to the store."""

    stops: tuple[Stop, ...]
    unfit: bool

    def steps(self) -> Iterator[Step]:
        """The pickups, store by store and as they are ready, then the doors."""
        origins = list(dict.fromkeys(stop.origin for stop in self.stops if not stop.held))
        waiting = [stop for stop in self.stops if not stop.held]
        for stop in sorted(waiting, key=lambda each: (origins.index(each.origin), each.ready_s)):
            yield step_of(stop, pickup=True)
        for stop in self.stops:
            yield step_of(stop, pickup=False)


def told_s(stop: Stop) -> int:
    """When people were told it would be there; where they were not, when it is due."""
    return stop.due_s if stop.eta_s is None else stop.eta_s


def told_way(schedule: Schedule, stops: Sequence[Stop]) -> list[Step]:
    """The steps of an empty schedule that bring these stops in the told order, as little late as that can be."""
    ordered = sorted(stops, key=lambda stop: (told_s(stop), stop.due_s, stop.id))
    labels: list[list[_Label]] = [[] for _ in range(len(ordered) + 1)]
    labels[0] = [_Label(False, 0, 0, schedule.vehicle.start_s, schedule.vehicle.start, ())]
    for first in range(len(ordered)):
        for behind, trip in _trips(schedule, ordered, first):
            steps = tuple(trip.steps())
            for label in labels[first]:
                _keep(labels[behind], _gone(schedule, label, steps, unfit=trip.unfit))
    best = min((_ended(schedule, label) for label in labels[-1]), key=lambda each: each[:4])
    return _earlier(schedule, best.steps)


def _earlier(schedule: Schedule, steps: Sequence[Step]) -> list[Step]:
    """The steps with parcels picked up at earlier returns where that makes doors less late."""
    best, strain = list(steps), _strain(schedule, steps)
    again = True
    while again:
        again = False
        for other in _moved(best):
            found = _strain(schedule, other)
            if found < strain:
                best, strain, again = other, found, True
                break
    return best


def _moved(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps with one pickup at the end of an earlier turn of pickups at the same place, the last pickup first."""
    ends = [
        k + 1 for k, step in enumerate(steps)
        if step.pickup and k + 1 < len(steps) and not steps[k + 1].pickup
    ]  # fmt: skip
    for k in range(len(steps) - 1, -1, -1):
        step = steps[k]
        for end in ends if step.pickup else ():
            if end < k and steps[end - 1].place == step.place:
                yield [*steps[:end], step, *steps[end:k], *steps[k + 1 :]]


def _strain(schedule: Schedule, steps: Sequence[Step]) -> tuple[bool, int, int, int]:
    """How badly these steps keep what was promised, then what was told; the schedule has them afterwards."""
    schedule.follow(steps)
    start = _Label(not schedule.fits, 0, 0, schedule.vehicle.start_s, schedule.vehicle.start, ())
    return _ended(schedule, _gone(schedule, start, steps, unfit=False))[:4]


def _trips(schedule: Schedule, ordered: Sequence[Stop], first: int) -> Iterator[tuple[int, _Trip]]:
    """The trips that begin with a stop, each with the index behind its last; too much only where one stop is that."""
    most = schedule.vehicle.capacity
    held = sum((stop.load for stop in ordered[first:] if stop.held), schedule.carried)
    aboard: Load = held
    for behind in range(first + 1, len(ordered) + 1):
        stop = ordered[behind - 1]
        aboard = aboard if stop.held else aboard + stop.load
        fits = aboard.fits(most)
        if not fits and behind > first + 1:
            return
        yield behind, _Trip(tuple(ordered[first:behind]), not fits)


def _gone(schedule: Schedule, label: _Label, steps: Sequence[Step], *, unfit: bool) -> _Label:
    """The label after some more steps."""
    time_s, place, late_s, off_s = label.time_s, label.place, label.late_s, label.off_s
    for step in steps:
        time_s = schedule.begins_s(time_s, place, step)
        if not step.pickup:
            late_s += max(0, time_s - max(step.stop.due_s, told_s(step.stop)))
            off_s += max(0, time_s - told_s(step.stop))
        time_s, place = time_s + schedule.duration_s(step), step.place
    return _Label(label.unfit or unfit, late_s, off_s, time_s, place, (*label.steps, *steps))


def _ended(schedule: Schedule, label: _Label) -> _Label:
    """The label with how late the guide is at the end place."""
    vehicle, problem = schedule.vehicle, schedule.problem
    end_s = label.time_s + problem.travel.seconds_from(label.place, vehicle.mode)[vehicle.end]
    over_s = max(0, end_s - vehicle.end_s - vehicle.overtime_s)
    return label._replace(late_s=label.late_s + over_s)


def _keep(labels: list[_Label], label: _Label) -> None:
    """All labels of one list are at the same door, so what is no worse in everything is enough."""
    if any(_no_worse(known, label) for known in labels):
        return
    labels[:] = [known for known in labels if not _no_worse(label, known)]
    labels.append(label)


def _no_worse(one: _Label, other: _Label) -> bool:
    return all(a <= b for a, b in zip(one[:4], other[:4], strict=True))
