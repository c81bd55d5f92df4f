"""Measures the plan of a region of 12 stores, 100 guides and 500 orders against the best plan known, in CPU seconds.

python3 dev.py bench region
"""

import math
import random
import time
from dataclasses import replace
from datetime import UTC, datetime

from bench.report import Figure, Report
from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.domain.dispatch import Limits, Load, Plan, Problem, Stop, Vehicle, best_plan
from storeapp.domain.dispatch_check import check
from storeapp.domain.place import Position
from storeapp.domain.travel import Haversine
from storeapp.domain.words import TravelMode

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
CORNER = Position(31.1951, 121.4333)
STORES, GUIDES, ORDERS = 12, 100, 500
SIDE, GAP_M, RADIUS_M = 4, 2500, 3000
BUDGET_S, BEST_S = 30.0, 150.0
MOST_PERCENT = 1.0
HOUR_S = 3600
BAGS = {
    TravelMode.WALK: Load(4, 6000, 25_000),
    TravelMode.EBIKE: Load(8, 20_000, 60_000),
    TravelMode.CAR: Load(20, 100_000, 300_000),
}


def problem(seed: int) -> Problem:
    """A day of stores on a grid whose customers overlap; guides are free for an hour or two, half on the way home."""
    rng = random.Random(f"region/{seed}")
    stores = [_away(CORNER, GAP_M * (n // SIDE), GAP_M * (n % SIDE)) for n in range(STORES)]
    places = list(stores)
    fleet = [_vehicle(rng, n, places) for n in range(GUIDES)]
    jobs = [_stop(rng, n, places) for n in range(ORDERS)]
    return Problem(
        now=NOW,
        places=tuple(places),
        stops=tuple(jobs),
        vehicles=tuple(fleet),
        travel=Haversine(places),
        pickup_s=60,
        cross_percent=130,
    )


def _away(place: Position, north_m: float, east_m: float) -> Position:
    lat = place.lat + north_m / 111_195
    return Position(lat, place.lng + east_m / 111_195 / math.cos(math.radians(place.lat)))


def _around(rng: random.Random, place: Position, radius_m: float) -> Position:
    away_m, angle = radius_m * rng.random() ** 0.6, rng.uniform(0, 2 * math.pi)
    return _away(place, away_m * math.cos(angle), away_m * math.sin(angle))


def _vehicle(rng: random.Random, n: int, places: list[Position]) -> Vehicle:
    store, mode = n % STORES, rng.choices(list(BAGS), (25, 60, 15))[0]
    end = store
    if n % 2:
        places.append(_around(rng, places[store], 8000))
        end = len(places) - 1
    start_s = rng.randrange(0, 9 * HOUR_S, 900)
    end_s = start_s + rng.choice((60, 90, 120, 150)) * 60
    return Vehicle(f"v{n:03}", f"g{n:03}", mode, store, end, start_s, end_s, capacity=BAGS[mode], store=store)


def _stop(rng: random.Random, n: int, places: list[Position]) -> Stop:
    store = n % STORES
    places.append(_around(rng, places[store], RADIUS_M))
    start_s = rng.randrange(0, 10 * HOUR_S, 600)
    return Stop(
        f"d{n:04}",
        len(places) - 1,
        store,
        start_s,
        start_s + rng.choice((1, 2, 2, 3)) * HOUR_S,
        ready_s=start_s,
        service_s=rng.choice((90, 120, 180)),
        load=Load(1, rng.randrange(200, 6000), rng.randrange(500, 20_000)),
        unserved_li=rng.randrange(8000, 16_000),
        pay_li=3000,
    )


def _planned(region: Problem, budget_s: float) -> Plan:
    """On one core; the budget counts CPU seconds."""
    worker = PyvrpPlanner(Limits(budget_s=budget_s, patient=True), clock=time.process_time)
    plan = best_plan(RegionPlanner([worker], budget_s=budget_s), region)
    problems = check(region, plan)
    if problems:
        raise AssertionError(f"the plan breaks its own rules: {problems[0]}")
    return plan


def _best(region: Problem, plan: Plan) -> int:
    """What a far longer search finds, from the plan on and from the start."""
    worker = PyvrpPlanner(Limits(budget_s=BEST_S, patient=True), clock=time.process_time)
    found = [best_plan(worker, replace(region, before=before)) for before in (plan.routes, ())]
    return min(plan.cost_li, *(each.cost_li for each in found))


def run() -> Report:
    """One region."""
    region = problem(1)
    plan = _planned(region, BUDGET_S)
    first = best_plan(InsertionPlanner(), region)
    best_li = _best(region, plan)
    figures = (
        Figure("above the best known after 30 s", 100 * (plan.cost_li / best_li - 1), "%", goal=MOST_PERCENT),
        Figure("insertion above the best known", 100 * (first.cost_li / best_li - 1), "%"),
        Figure("served", float(ORDERS - len(plan.unassigned)), "orders"),
    )
    return Report("region", figures, {"orders": ORDERS, "guides": GUIDES, "stores": STORES, "clock": "CPU"})
