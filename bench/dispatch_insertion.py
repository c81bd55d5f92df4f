"""Measures the first plan by insertion and the improved one, in CPU time, from 20 to 1,000 orders."""

import math
import random
import statistics
import time
from datetime import UTC, datetime

from bench.report import Figure, Report
from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Load, Plan, Problem, Stop, Vehicle
from storeapp.domain.dispatch_check import check
from storeapp.domain.place import Position
from storeapp.domain.travel import Haversine
from storeapp.domain.words import Mode, TravelMode

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
STORE = Position(31.1951, 121.4333)
SIZES = ((20, 5, None), (50, 10, 20), (100, 20, 50), (200, 40, 170), (1000, 12, None))
"""Orders, guides, and the goal of the first plan in milliseconds."""
ROUNDS = 3
RADIUS_M = 3000
BAGS = {TravelMode.WALK: Load(4, 6000, 10**6), TravelMode.EBIKE: Load(8, 20_000, 10**6)}
PAY_LI = {Mode.INSTANT: 8000, Mode.SCHEDULED: 6000}


def problem(orders: int, guides: int, *, seed: int) -> Problem:
    """A day's orders around one store, and guides whose free hours are spread over it."""
    rng = random.Random(f"{orders}/{guides}/{seed}")
    places = [STORE, *(_place(rng) for _ in range(orders))]
    return Problem(
        now=NOW,
        places=tuple(places),
        stops=tuple(_stop(rng, n) for n in range(orders)),
        vehicles=tuple(_vehicle(rng, n) for n in range(guides)),
        travel=Haversine(places),
        pickup_s=60,
    )


def _place(rng: random.Random) -> Position:
    away_m, angle = RADIUS_M * rng.random() ** 0.6, rng.uniform(0, 2 * math.pi)
    north, east = away_m * math.cos(angle) / 111_195, away_m * math.sin(angle) / 111_195
    return Position(STORE.lat + north, STORE.lng + east / math.cos(math.radians(STORE.lat)))


def _stop(rng: random.Random, n: int) -> Stop:
    mode = rng.choice((Mode.INSTANT, Mode.SCHEDULED))
    start_s = rng.randrange(0, 9 * 3600)
    due_s = start_s + (3600 if mode is Mode.INSTANT else 7200)
    load = Load(1, rng.randrange(200, 4000))
    return Stop(f"d{n:04}", n + 1, 0, start_s, due_s, service_s=240, load=load, unserved_li=15_000, pay_li=PAY_LI[mode])


def _vehicle(rng: random.Random, n: int) -> Vehicle:
    mode = rng.choice(tuple(BAGS))
    start_s = rng.randrange(0, 7 * 3600, 900)
    return Vehicle(f"v{n:03}", f"g{n:03}", mode, 0, 0, start_s, start_s + 3 * 3600, capacity=BAGS[mode])


def measure(given: Problem) -> tuple[list[float], list[Plan]]:
    """CPU milliseconds from the start to each plan."""
    started, times_ms, plans = time.process_time(), [], []
    for plan in InsertionPlanner().plans(given):
        times_ms.append((time.process_time() - started) * 1000)
        plans.append(plan)
    return times_ms, plans


def run() -> Report:
    """The median of several days for each size; every plan is judged by the independent check."""
    figures: list[Figure] = []
    notes: dict[str, str | float] = {}
    for orders, guides, goal in SIZES:
        days = [problem(orders, guides, seed=seed) for seed in range(ROUNDS)]
        found = [measure(day) for day in days]
        if any(check(day, plan) for day, (_, plans) in zip(days, found, strict=True) for plan in plans):
            raise RuntimeError("a plan is not feasible")
        name = f"{orders} orders, {guides} guides"
        figures.append(Figure(f"{name}: first plan", statistics.median(t[0] for t, _ in found), "ms", goal))
        last_ms = statistics.median(t[-1] for t, _ in found)
        figures += (
            Figure(f"{name}: improved", last_ms, "ms"),
            Figure(f"{name}: improved, an order", last_ms / orders, "ms"),
        )
        saved = [1 - plans[-1].cost_li / plans[0].cost_li for _, plans in found]
        notes[f"{name}: saved by improving"] = round(statistics.median(saved), 4)
        notes[f"{name}: planned"] = statistics.median(orders - len(plans[-1].unassigned) for _, plans in found)
    return Report("dispatch_insertion", tuple(figures), notes)
