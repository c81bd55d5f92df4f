"""Looks ahead: which deliveries will hardly be on time, and which window could be promised instead."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.area import AreaVerdict
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import FINISHED, Delivery
from storeapp.domain.dispatch import LI_PER_FEN, Load, Plan, Problem, Reason, Stop, best_plan
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.experience import store_hour
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE, day_bounds, store_day
from storeapp.domain.offers import Chance, Offer, offers, slots
from storeapp.domain.place import Position
from storeapp.domain.planning import courier_li
from storeapp.domain.punctuality import chances, route_chances
from storeapp.domain.risk import Spreads
from storeapp.domain.rules.risk import LATE_RISK, ClearLate, WarnLate
from storeapp.domain.schedule import Schedule
from storeapp.domain.words import Mode, TravelMode
from storeapp.services.area import Area
from storeapp.services.counter import SYSTEM, Counter
from storeapp.services.places import STORE_PLACE
from storeapp.services.situation import situation
from storeapp.services.travel import profile_of, travel_of
from storeapp.store import lists

NEW = "new"
"""Stands for an order that is not there yet."""
STEP = timedelta(minutes=30)
OPENS = time(8)
RECOVERED_PERCENT = 15
"""A warning is taken back only when the chance is so much better than what raised it, so that it does not flicker."""


@dataclass(frozen=True, slots=True)
class Risk:
    """A promised delivery, when it will arrive as things stand, and how likely that is in time."""

    delivery_id: str
    guide: str
    eta: datetime
    due_at: datetime
    chance: float


@dataclass(frozen=True, slots=True)
class Watched:
    """What one look ahead did."""

    warned: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()


def risks(counter: Counter, now: datetime | None = None) -> tuple[Risk, ...]:
    """Every delivery that a guide was told of, the least sure first."""
    seen = situation(counter, now or counter.clock.now(), most_waiting=0)
    problem = seen.problem
    plan = best_plan(InsertionPlanner(), problem)
    found = chances(problem, plan, spread_at(counter, problem.now))
    stops = {stop.id: stop for stop in problem.stops}
    begins = {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}
    known = [
        Risk(key, stops[key].guide, problem.at(begins[key]), seen.deliveries[key].window.end, chance)
        for key, chance in found.items()
        if key in seen.deliveries and stops[key].place != STORE_PLACE
    ]
    return tuple(sorted(known, key=lambda risk: (risk.chance, risk.due_at)))


def spread_at(counter: Counter, now: datetime) -> Mapping[TravelMode, Sequence[int]]:
    """Past errors of this hour, by mode."""
    known, hour = Spreads(profile_of(counter)), store_hour(now)
    return {mode: known.of(mode, hour) for mode in TravelMode}


def watch(counter: Counter, now: datetime | None = None) -> Watched:
    """Warn of what will hardly be on time, and take warnings back that are over."""
    least = counter.policy.alert_percent
    found = {risk.delivery_id: risk for risk in risks(counter, now)}
    low = {key: risk for key, risk in found.items() if 100 * risk.chance < least}
    cases = counter.cache.many(ExceptionCase, lists.open_cases(counter.cache.db)).values()
    warned = {case.subject: case for case in cases if case.code == LATE_RISK}
    over = {case.id: _over(counter, case, found.get(case.subject), least) for case in warned.values()}
    wanted: list[WarnLate | ClearLate] = [
        WarnLate(key, round(100 * risk.chance), risk.eta) for key, risk in low.items() if key not in warned
    ]
    wanted += [ClearLate(key, resolution) for key, resolution in over.items() if resolution]
    if not wanted:
        return Watched()
    with counter.transaction(SYSTEM) as tx:
        done = [command for command in wanted if tx.must(command)]
    return Watched(
        tuple(command.delivery_id for command in done if isinstance(command, WarnLate)),
        tuple(command.case_id for command in done if isinstance(command, ClearLate)),
    )


def _over(counter: Counter, case: ExceptionCase, risk: Risk | None, least: int) -> str:
    """How a warning has settled itself; empty while it stands."""
    job = counter.cache.get(Delivery, case.subject)
    if job is None or job.state in FINISHED:
        return "arrived"
    if risk is not None and 100 * risk.chance >= min(99, least + RECOVERED_PERCENT):
        return "on_time_again"
    return ""


# -- windows


def windows_for(
    counter: Counter, delivery_id: str, *, day: date | None = None, now: datetime | None = None
) -> tuple[Offer, ...] | Refusal:
    """What could be promised for a delivery instead of what is.

    Refusals: ``unknown_delivery``, ``not_reschedulable``.
    """
    if counter.cache.get(Delivery, delivery_id) is None:
        return Refusal("unknown_delivery")
    problem = situation(counter, _moment(counter, day, now)).problem
    stop = next((stop for stop in problem.stops if stop.id == delivery_id), None)
    if stop is None or stop.held:
        return Refusal("not_reschedulable")
    others = replace(problem, stops=tuple(each for each in problem.stops if each.id != delivery_id))
    return _offers(counter, others, replace(stop, guide="", told=""), day)


def windows_at(
    counter: Counter,
    place: Position,
    *,
    load: Load | None = None,
    day: date | None = None,
    now: datetime | None = None,
) -> tuple[Offer, ...]:
    """What could be promised for an order to a place that is not taken on yet."""
    problem = _with_place(counter, situation(counter, _moment(counter, day, now)).problem, place)
    policy = counter.policy
    asked_li = courier_li(policy, problem.places[STORE_PLACE], problem.places[-1])
    stop = Stop(
        id=NEW,
        place=len(problem.places) - 1,
        origin=STORE_PLACE,
        start_s=0,
        due_s=0,
        service_s=policy.service_minutes * 60,
        load=load or Load(1),
        unserved_li=policy.courier_fen * LI_PER_FEN if asked_li is None else asked_li,
        courier_li=asked_li,
        pay_li=policy.rate_fen.get(Mode.SCHEDULED, 0) * LI_PER_FEN,
    )
    return _offers(counter, problem, stop, day)


def _with_place(counter: Counter, problem: Problem, place: Position) -> Problem:
    places = (*problem.places, to_wgs84(place))
    return replace(problem, places=places, travel=travel_of(counter, places, problem.now))


def _moment(counter: Counter, day: date | None, now: datetime | None) -> datetime:
    """Now, or the morning of another day."""
    now = now or counter.clock.now()
    if day is None or day <= store_day(now):
        return now
    return datetime.combine(day, OPENS, STORE_ZONE).astimezone(now.tzinfo)


def _offers(counter: Counter, problem: Problem, stop: Stop, day: date | None) -> tuple[Offer, ...]:
    ends = [problem.at(vehicle.end_s) for vehicle in problem.vehicles]
    until = min(day_bounds(day or store_day(problem.now))[1], max(ends, default=problem.now))
    length = timedelta(minutes=counter.policy.window_minutes[Mode.SCHEDULED])
    free = slots(problem.now, until, length=length, step=STEP)
    plan = best_plan(InsertionPlanner(), problem)
    found = offers(problem, plan, stop, free, _chance(counter, problem))
    if stop.place is None:
        return found
    area, place = Area(counter, counter.clock.now()), problem.places[stop.place]
    return tuple(_served(area, place, offer, new=stop.id == NEW) for offer in found)


def _served(area: Area, place: Position, offer: Offer, *, new: bool) -> Offer:
    """The offer, or why the store's area forbids it."""
    verdict = area.verdict(place, offer.window, new=new)
    return offer if verdict is AreaVerdict.INSIDE else Offer(offer.window, obstacle=Reason(verdict.value))


def _chance(counter: Counter, problem: Problem) -> Chance:
    scores = spread_at(counter, problem.now)

    def chance(schedule: Schedule, stop: str) -> float:
        stops = {step.stop.id: step.stop for step in schedule.steps}
        vehicle = schedule.vehicle
        return route_chances(schedule.route(), stops, scores[vehicle.mode], left_s=vehicle.start_s)[stop]

    return chance


def plan_chances(counter: Counter, problem: Problem, plan: Plan) -> dict[str, float]:
    """The chance of each stop of any plan."""
    return chances(problem, plan, spread_at(counter, problem.now))
