"""Plays the morning of a brand against two processes of a hub: its counters come back within minutes of each other.

All 15,000 counters of 5,000 stores within half an hour are 8.3 a second. Here 300 of them come at 30 a second: a
fiftieth of the brand, in an arrival as dense as if the whole brand came within 8 minutes.
"""

import os
import random
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.fleet import FleetCounter, Line
from bench.hubs import BenchHub, cpu_s, server_processes
from bench.report import Figure, Report, percentile
from devtools.postgres import running
from hub.core import open_hub

STORES = 100
COUNTERS_EACH = 3
NIGHT_ORDERS = 60
"""What a store's counters have missed: orders of the evening and from online over night."""

OWN_ORDERS = 5
"""What each counter has made while it was offline."""

PER_SECOND = 30
BRAND = 15_000
HALF_AN_HOUR_S = 1800
VISITORS = 32
"""Threads of the load; a counter waits where all are busy, and its wait counts."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One counter's return: when it came, by the clock of the rush, and how long all of it took."""

    arrived_s: float
    took_s: float
    rows: int


def run() -> Report:
    """Fill the stores' feeds, let everybody come, and see how long each had to wait."""
    with tempfile.TemporaryDirectory() as folder, running(durable=True) as server:
        url, place = server.url("postgres"), Path(folder) / "hub"
        with BenchHub(place, database=url) as near, BenchHub(place, database=url) as far:
            fleet = _fleet(place, url)
            _night(fleet, near)
            hubs = [psutil.Process(hub.pid) for hub in (near, far)]
            before_s, started = (cpu_s(hubs), cpu_s(server_processes(server))), time.perf_counter()
            visits = _rush(fleet, (near.url, far.url))
            took_s = time.perf_counter() - started
            hub_s = cpu_s(hubs) - before_s[0]
            database_s = cpu_s(server_processes(server)) - before_s[1]
    waits_s = [visit.took_s for visit in visits]
    rows = sum(visit.rows for visit in visits) / len(visits)
    figures = (
        Figure("visits_per_s", len(visits) / took_s, "/s"),
        Figure("visit_median_s", percentile(waits_s, 0.5), "s"),
        Figure("visit_p95_s", percentile(waits_s, 0.95), "s", 5),
        Figure("rows_read_a_visit", rows, ""),
        Figure("hub_cpu_ms_a_visit", hub_s * 1000 / len(visits), "ms"),
        Figure("database_cpu_ms_a_visit", database_s * 1000 / len(visits), "ms"),
        Figure("cores_for_the_brand", (hub_s + database_s) / len(visits) * BRAND / HALF_AN_HOUR_S, "cores"),
        Figure("load", os.getloadavg()[0], ""),
    )
    notes = {"stores": STORES, "counters": len(visits), "arriving_per_s": PER_SECOND}
    return Report("rush", figures, notes, flat=True)


def _fleet(place: Path, url: str) -> list[FleetCounter]:
    hub = open_hub(place, url=url)
    try:
        return [
            FleetCounter(hub, number, store=f"S{number // COUNTERS_EACH:03d}")
            for number in range(STORES * COUNTERS_EACH)
        ]
    finally:
        hub.close()


def _night(fleet: list[FleetCounter], hub: BenchHub) -> None:
    for counter in fleet[::COUNTERS_EACH]:
        line = Line(hub.url)
        for batch in (counter.opening(), *counter.batches(NIGHT_ORDERS, size=NIGHT_ORDERS)):
            counter.push(line, batch)
        line.close()


def _rush(fleet: list[FleetCounter], urls: tuple[str, str]) -> list[_Visit]:
    chance = random.Random(7)
    window_s = len(fleet) / PER_SECOND
    arrivals_s = sorted(chance.uniform(0, window_s) for _ in fleet)
    coming = list(zip(chance.sample(fleet, len(fleet)), arrivals_s, strict=True))
    loads = {counter.id: next(counter.batches(OWN_ORDERS, size=OWN_ORDERS)) for counter in fleet}
    begin = time.perf_counter()

    def visit(counter: FleetCounter, arrived_s: float) -> _Visit:
        threading.Event().wait(max(0.0, begin + arrived_s - time.perf_counter()))
        line = Line(urls[counter.number % 2])
        counter.hello(line)
        counter.push(line, loads[counter.id])
        rows = counter.pull(line)
        line.close()
        return _Visit(arrived_s, time.perf_counter() - begin - arrived_s, rows)

    with ThreadPoolExecutor(VISITORS) as pool:
        return list(pool.map(lambda one: visit(*one), coming))
