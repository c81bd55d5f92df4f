"""The steps of a guide's way: a pickup or a delivery of one stop, and where one more of them would go."""

from typing import NamedTuple

from storeapp.domain.dispatch import Stop


class Step(NamedTuple):
    """A pickup or a delivery of a stop, at a place."""

    stop: Stop
    pickup: bool
    place: int


class Insertion(NamedTuple):
    """Where a stop fits: before the steps with these indices, which may be one past the last.

    They compare by cost first. ``begin_s`` is when it would begin at the door; ``tardy`` that it would be late, at
    its price; ``opened`` that others of the guide would be later than people were told, at theirs.
    """

    cost_li: int
    begin_s: int
    stops: int
    vehicle: str
    pickup_at: int
    drop_at: int
    extra_m: int
    tardy: bool = False
    opened: bool = False


def step_place(stop: Stop) -> int:
    """Where a stop goes.

    Raises:
        ValueError: nobody knows, so no planner may ask.
    """
    if stop.place is None:
        raise ValueError("a stop without a place cannot be scheduled")
    return stop.place


def step_of(stop: Stop, *, pickup: bool) -> Step:
    """The pickup or the delivery of a stop."""
    return Step(stop, pickup, stop.origin if pickup else step_place(stop))
