"""Which window to offer a customer: what each would cost in the plan, who could bring it, and how surely."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storeapp.domain import explain
from storeapp.domain.dispatch import LI_PER_FEN, Plan, Problem, Reason, Stop
from storeapp.domain.moment import Window
from storeapp.domain.schedule import Schedule, schedules_of
from storeapp.domain.steps import Insertion

SURE = 0.9
"""From this chance on an offer is one to recommend."""

Chance = Callable[[Schedule, str], float]
"""The chance of a stop in a schedule to be on time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One window.

    Attributes:
        window: the promise that would be made.
        guide: who would bring it in the present plan; empty where nobody can.
        eta: when.
        cost_li: what the plan would count more.
        extra_m: how much longer the guide's way would be.
        chance: to be on time.
        guides: how many guides have room for it.
        risk_li: the cost with what a failure would cost in its measure; the least is the best offer.
        obstacle: why nobody can bring it.
    """

    window: Window
    guide: str = ""
    eta: datetime | None = None
    cost_li: int = 0
    extra_m: int = 0
    chance: float = 0.0
    guides: int = 0
    risk_li: int = 0
    obstacle: Reason | None = None


def slots(now: datetime, until: datetime, *, length: timedelta, step: timedelta) -> tuple[Window, ...]:
    """Windows of one length that begin on full steps of the clock after ``now`` and end by ``until``."""
    midnight = datetime(2000, 1, 1, tzinfo=now.tzinfo)
    start = midnight + -(-(now - midnight) // step) * step
    found: list[Window] = []
    while start + length <= until:
        found.append(Window(start, start + length))
        start += step
    return tuple(found)


def offers(problem: Problem, plan: Plan, stop: Stop, windows: Iterable[Window], chance: Chance) -> tuple[Offer, ...]:
    """Each window with what it would mean, in the order in which they were given.

    Args:
        problem: without the stop.
        plan: for it; what it promises stays promised.
        stop: what is to be brought, with its place.
        windows: those to choose from.
        chance: how surely a stop is on time.
    """
    schedules = list(schedules_of(problem, plan.routes).values())
    return tuple(_offer(problem, schedules, _within(problem, stop, window), window, chance) for window in windows)


def _within(problem: Problem, stop: Stop, window: Window) -> Stop:
    return replace(stop, start_s=problem.seconds(window.start), due_s=problem.seconds(window.end))


def _offer(problem: Problem, schedules: Sequence[Schedule], stop: Stop, window: Window, chance: Chance) -> Offer:
    blocked = explain.blocked(problem, stop)
    found = [] if blocked else [(best, each) for each in schedules if (best := explain.ask(each, stop)) is not None]
    if not found:
        reason = blocked or explain.left(problem, stop, schedules).reasons[0]
        return Offer(window, obstacle=reason)
    best, schedule = min(found, key=lambda pair: pair[0])
    sure = _tried(schedule, stop, best, chance)
    return Offer(
        window=window,
        guide=schedule.vehicle.guide,
        eta=problem.at(best.begin_s),
        cost_li=best.cost_li,
        extra_m=best.extra_m,
        chance=sure,
        guides=len({each.vehicle.guide for _, each in found}),
        risk_li=best.cost_li + round((1 - sure) * problem.left_li(stop)),
    )


def _tried(schedule: Schedule, stop: Stop, at: Insertion, chance: Chance) -> float:
    """The chance of the stop were it taken on."""
    before = list(schedule.steps)
    schedule.insert(stop, at)
    sure = chance(schedule, stop.id)
    schedule.restore(before)
    return sure


def recommended(found: Sequence[Offer]) -> Offer | None:
    """The best of the sure ones, else the surest; None where nobody can bring it at any time."""
    possible = [offer for offer in found if offer.obstacle is None]
    sure = [offer for offer in possible if offer.chance >= SURE]
    if sure:
        return min(sure, key=lambda offer: (offer.risk_li, offer.window.start))
    return max(possible, key=lambda offer: (offer.chance, -offer.risk_li), default=None)


def cost_fen(offer: Offer) -> int:
    """What it would cost, as people are told."""
    return offer.cost_li // LI_PER_FEN
