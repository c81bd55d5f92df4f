"""Measures the ways on a store's road map: to load it, and from each of 200 doors to each, first and again."""

import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np

from bench.report import Figure, Report
from storeapp.adapters.osm_extract import EVERYBODY, Network
from storeapp.adapters.roads import RoadMap, load_roads, save_roads
from storeapp.domain.place import Position
from storeapp.domain.words import TravelMode

CENTRE = Position(31.1951, 121.4333)
BLOCKS, BLOCK_M = 110, 100.0
"""Eleven kilometres of city, a junction every hundred metres."""
MISSING = 0.15
DOORS = 200
FIRST_GOAL_S = 1.0


def city(seed: int) -> Network:
    """A grid with holes in it and corners that are moved a little."""
    chance = Random(seed)
    half = BLOCKS * BLOCK_M / 2
    north = [
        [k // BLOCKS * BLOCK_M - half + chance.uniform(-20, 20), k % BLOCKS * BLOCK_M - half] for k in range(BLOCKS**2)
    ]
    pairs = [(k, k + 1) for k in range(BLOCKS**2) if (k + 1) % BLOCKS]
    pairs += [(k, k + BLOCKS) for k in range(BLOCKS**2 - BLOCKS)]
    kept = [pair for pair in pairs if chance.random() > MISSING]
    origin, goal = (np.array(side, np.int32) for side in zip(*kept, strict=True))
    places = np.array(north)
    everybody = np.full(len(kept), int(EVERYBODY), np.uint8)
    metres = np.hypot(*(places[origin] - places[goal]).T).astype(np.float32)
    lat = CENTRE.lat + places[:, 0] / 111_195
    lng = CENTRE.lng + places[:, 1] / 111_195 / math.cos(math.radians(CENTRE.lat))
    return Network(lat, lng, origin, goal, metres, everybody, everybody)


def doors(seed: int) -> list[Position]:
    """Doors within three kilometres."""
    chance = Random(seed)
    degree = 3000 / 111_195
    return [
        Position(CENTRE.lat + chance.uniform(-degree, degree), CENTRE.lng + chance.uniform(-degree, degree))
        for _ in range(DOORS)
    ]


def cpu_s(work: Callable[[], object]) -> float:
    """The processor time of one call."""
    started = time.process_time()
    work()
    return time.process_time() - started


def run() -> Report:
    """Measure on one city."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "roads.npz"
        about = save_roads(file, city(1), imported_at="", radius_m=5500)
        size_kb = file.stat().st_size / 1000
        found: list[RoadMap] = []

        def load() -> None:
            loaded = load_roads(file)
            if loaded is not None:
                found.append(loaded[1])

        loading = cpu_s(load)
    places = doors(2)
    first = cpu_s(lambda: found[0].metres(TravelMode.EBIKE, places))
    again = cpu_s(lambda: found[0].metres(TravelMode.EBIKE, places))
    return Report(
        "roads",
        (
            Figure("load", loading, "s CPU", 1.0),
            Figure("200 doors to each, first", first, "s CPU", FIRST_GOAL_S),
            Figure("200 doors to each, again", again, "s CPU", 0.05),
            Figure("file", size_kb, "KB"),
        ),
        {"junctions": about.junctions, "edges": about.edges},
    )
