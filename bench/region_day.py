"""A day of a region: 12 stores whose customers overlap, 100 guides and 500 orders; the seed names it."""

import math
import random
from datetime import UTC, datetime

from storeapp.domain.dispatch import Load, Problem, Stop, Vehicle
from storeapp.domain.place import Position
from storeapp.domain.travel import Haversine
from storeapp.domain.words import TravelMode

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
CORNER = Position(31.1951, 121.4333)
STORES, GUIDES, ORDERS = 12, 100, 500
SIDE, GAP_M, RADIUS_M = 4, 2500, 3000
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
