"""Measures planning again when a guide drops out: what else moves, what it costs, and how long it takes.

Every guide has the first parcel of the day in custody already, and everybody was told when each one arrives. The cost
is compared with the best plan known that keeps to the same: custody stays, no more than one other order moves, and no
more arrivals are later than told. That is looked for at several prices of a change and of a later arrival.
"""

import statistics
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bench.dispatch_insertion import problem
from bench.report import Figure, Report
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Plan, Problem, Route, best_plan, cost_li
from storeapp.domain.dispatch_check import check
from storeapp.domain.replan import Change, changes, loosened, without

ORDERS, GUIDES = 100, 20
DAYS = range(10, 15)
"""Days of these seeds were never tuned on."""
CHANGE_LI = 3000
SHIFT_S, SHIFT_LI = 900, 1000
"""As a store's rules have it that were never changed."""
PRICES_LI = ((1000, 0), (CHANGE_LI, 0), (CHANGE_LI, SHIFT_LI), (10_000, SHIFT_LI), (1_000_000, 100_000))
MOST_MOVED = 1
BUDGET_S, PATIENT_S = 0.4, 5.0


@dataclass(frozen=True, slots=True)
class Dropout:
    """What came of it: stops that moved between the others, those of them in custody, and CPU milliseconds.

    ``later`` is how many others arrive later than told. ``above`` is percent above the best plan known that keeps to
    the same, ``scratch`` above a plan from scratch that keeps only custody; changes count nothing in both.
    """

    moved: int
    custody: int
    later: int
    above: float
    scratch: float
    took_ms: float


def run() -> Report:
    """Medians of several days; the guide with the most stops drops out."""
    found = [measure(problem(ORDERS, GUIDES, seed=seed)) for seed in DAYS]
    figures = (
        Figure("moved between the others", statistics.median(each.moved for each in found), "stops", MOST_MOVED),
        Figure("the most of any day", max(each.moved for each in found), "stops"),
        Figure("in custody and moved, all days", sum(each.custody for each in found), "stops", 0),
        Figure("later than told, of the others", statistics.median(each.later for each in found), "stops"),
        Figure("above the best that moves no more", statistics.median(each.above for each in found), "%", 0.2),
        Figure("above a plan from scratch", statistics.median(each.scratch for each in found), "%"),
        Figure("planned again after", statistics.median(each.took_ms for each in found), "ms", 500),
    )
    return Report("dispatch_dropout", figures, {"clock": "CPU", "days": len(found)})


def measure(day: Problem, *, budget_s: float = BUDGET_S, patient_s: float = PATIENT_S) -> Dropout:
    """One day on which the busiest guide drops out after everybody was told."""
    plan = _plan(day, 1.0)
    guides = {vehicle.id: vehicle.guide for vehicle in day.vehicles}
    told = {stop: guides[vehicle] for stop, vehicle in plan.vehicle_of().items()}
    held = {next(visit.stop for visit in route.visits if not visit.pickup) for route in plan.routes}
    etas = {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}
    stops = tuple(
        replace(
            stop,
            guide=told.get(stop.id, ""),
            held=stop.id in held,
            eta_s=etas.get(stop.id),
            shift_s=SHIFT_S,
            shift_li=SHIFT_LI,
        )
        for stop in day.stops
    )
    before = replace(day, stops=stops)
    known = replace(plan, routes=tuple(_under_way(route, held) for route in plan.routes))
    out = Counter(told.values()).most_common(1)[0][0]
    loose = without(loosened(before, known, change_li=CHANGE_LI), out)
    started = time.process_time()
    after = _plan(loose, budget_s)
    took_ms = (time.process_time() - started) * 1000
    moved = _moved(before, loose, after, out)
    free = _priced(loose, 0, 0)
    mine_li, later = cost_li(free, after.routes), _later(loose, after, told, out)
    same = [mine_li, *_keeping(before, loose, out, patient_s, most_later=later)]
    scratch_li = _plan(replace(free, before=()), patient_s).cost_li
    return Dropout(
        len(moved),
        sum(change.rescue for change in moved),
        later,
        100 * (mine_li / min(same) - 1),
        100 * (mine_li / scratch_li - 1),
        took_ms,
    )


def _under_way(route: Route, held: set[str]) -> Route:
    """The route without the pickups of what is in custody."""
    return replace(route, visits=tuple(visit for visit in route.visits if not (visit.pickup and visit.stop in held)))


def _keeping(before: Problem, loose: Problem, out: str, patient_s: float, *, most_later: int) -> Iterator[int]:
    """What plans cost that a patient search finds at each price, those that move few enough and are as little late."""
    told = {stop.id: stop.guide for stop in before.stops}
    for change_li, shift_li in PRICES_LI:
        plan = _plan(_priced(loose, change_li, shift_li), patient_s)
        few = len(_moved(before, loose, plan, out)) <= MOST_MOVED
        if few and _later(loose, plan, told, out) <= most_later:
            yield cost_li(_priced(loose, 0, 0), plan.routes)


def _priced(day: Problem, change_li: int, shift_li: int) -> Problem:
    stops = tuple(replace(stop, shift_li=shift_li) for stop in day.stops)
    return replace(day, stops=stops, change_li=change_li)


def _moved(before: Problem, loose: Problem, plan: Plan, out: str) -> list[Change]:
    """What goes to another than was told, without what the guide had who is out."""
    return [change for change in changes(before, loose, plan) if change.moved and change.before != out]


def _later(loose: Problem, plan: Plan, told: dict[str, str], out: str) -> int:
    """How many arrive later than told, without what the guide had who is out."""
    etas = {stop.id: stop.eta_s + SHIFT_S for stop in loose.stops if stop.eta_s is not None}
    begins = {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}
    return sum(at > etas[name] for name, at in begins.items() if name in etas and told.get(name) != out)


def _plan(day: Problem, budget_s: float) -> Plan:
    plan = best_plan(PyvrpPlanner(Limits(budget_s, patient=True), clock=time.process_time), day)
    if faults := check(day, plan):
        raise RuntimeError(faults[0])
    return plan
