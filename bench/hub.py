"""Measures the hub on PostgreSQL: 20 stores that push at once through two processes, and 2,000 polls that wait."""

import itertools
import os
import selectors
import socket
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import psycopg

from bench.fleet import SKUS, FleetCounter, Line
from bench.hubs import BenchHub, cpu_s, server_processes
from bench.report import Figure, Report
from devtools.postgres import Server, running
from hub.core import open_hub

STORES = 20
ORDERS = 500
BATCH = 100
POLLS = 2_000
WAIT_S = 25
PATIENCE_S = 600
IDLE_S = 0.1
"""CPU in two seconds; a poll that has just arrived takes some milliseconds of it."""

MB = 1 << 20


def run() -> Report:
    """First the pushes, checked by what the tables hold, then the polls at one process."""
    with tempfile.TemporaryDirectory() as folder, running(durable=True) as server:
        url, place = server.url("postgres"), Path(folder) / "hub"
        with BenchHub(place, database=url) as near, BenchHub(place, database=url) as far:
            fleet = _fleet(place, url)
            database_s = cpu_s(server_processes(server))
            pushed = _push(fleet, (near, far))
            database_s = cpu_s(server_processes(server)) - database_s
            lost = _lost(server, fleet)
        with BenchHub(place, database=url) as alone:
            polls = _poll(fleet, alone)
    figures = (
        Figure("commands_per_s", pushed["per_s"], "/s", 800, at_least=True),
        Figure("commands_lost", lost, "", 0),
        Figure("hub_cpu_us_per_command", pushed["hub_cpu_us"], "us"),
        Figure("database_cpu_us_per_command", database_s * 1e6 / (STORES * (ORDERS + len(SKUS))), "us"),
        Figure("load", os.getloadavg()[0], ""),
        Figure("idle_polls", polls["waiting"], "", POLLS, at_least=True),
        Figure("hub_cpu_ms_per_poll", polls["cpu_ms"], "ms"),
        Figure("rss_before_mb", polls["before_mb"], "MB"),
        Figure("rss_with_polls_mb", polls["rss_mb"], "MB", 300),
    )
    return Report("hub", figures, {"stores": STORES, "orders": STORES * ORDERS, "processes": 2}, flat=True)


def _fleet(place: Path, url: str) -> list[FleetCounter]:
    hub = open_hub(place, url=url)
    try:
        return [FleetCounter(hub, number, store=f"S{number:02d}") for number in range(STORES)]
    finally:
        hub.close()


def _push(fleet: list[FleetCounter], hubs: tuple[BenchHub, BenchHub]) -> dict[str, float]:
    """All counters at once, half of them at each process; every batch is made before the clock runs."""
    loads = [(counter, [counter.opening(), *counter.batches(ORDERS, size=BATCH)]) for counter in fleet]
    commands = len(fleet) * (ORDERS + len(SKUS))
    processes = [psutil.Process(hub.pid) for hub in hubs]
    before_s, started = cpu_s(processes), time.perf_counter()

    def give(number: int) -> int:
        counter, batches = loads[number]
        line = Line(hubs[number % 2].url)
        applied = sum(counter.push(line, batch) for batch in batches)
        line.close()
        return applied

    with ThreadPoolExecutor(len(fleet)) as pool:
        applied = sum(pool.map(give, range(len(fleet))))
    took_s = time.perf_counter() - started
    if applied != commands:
        raise RuntimeError(f"{commands - applied} commands were not applied")
    return {"per_s": commands / took_s, "hub_cpu_us": (cpu_s(processes) - before_s) * 1e6 / commands}


def _lost(server: Server, fleet: list[FleetCounter]) -> int:
    """What of the commands that were answered is not in the tables, exactly once and without a hole."""
    expected = ORDERS + len(SKUS)
    with psycopg.connect(server.plain_url()) as db:
        rows = db.execute(
            "SELECT device, count(DISTINCT seq), min(seq), max(seq) FROM command_result"
            " WHERE status = 'applied' GROUP BY device"
        ).fetchall()
        orders = _one(db, "SELECT count(*) FROM state WHERE kind = 'order'")
        logged = _one(db, "SELECT count(DISTINCT command_id) FROM event_log")
    whole = sum(int(count) for _, count, first, last in rows if (count, first, last) == (expected, 1, expected))
    wanted = len(fleet) * expected
    return max(wanted - whole, len(fleet) * ORDERS - orders, wanted - logged)


def _one(db: psycopg.Connection[tuple[Any, ...]], query: str) -> int:
    row = db.execute(query).fetchone()
    return int(row[0]) if row else 0


def _poll(fleet: list[FleetCounter], hub: BenchHub) -> dict[str, float]:
    """Open the polls, ask again whatever ends, and look at the process when all of them wait."""
    process = psutil.Process(hub.pid)
    lines = _Polls(fleet, hub.url)
    Line(hub.url).ask(fleet[0], "GET", fleet[0].changes(after=lines.heads[fleet[0].id]), None)
    before, before_s = process.memory_info().rss, cpu_s([process])
    lines.open(POLLS)
    waiting = lines.settle(process)
    rss, spent_s = process.memory_info().rss, cpu_s([process]) - before_s
    lines.close()
    return {"waiting": waiting, "before_mb": before / MB, "rss_mb": rss / MB, "cpu_ms": spent_s * 1000 / lines.asked}


class _Polls:
    """Many polls over one selector, as cheap as can be."""

    def __init__(self, fleet: list[FleetCounter], url: str) -> None:
        self._fleet, self._url = fleet, url
        self._where = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self._selector = selectors.DefaultSelector()
        self._open: list[socket.socket] = []
        self.asked = 0
        self.heads = {counter.id: _head(counter, url) for counter in fleet}

    def open(self, count: int) -> None:
        """Send so many polls, one a connection."""
        for counter in itertools.islice(itertools.cycle(self._fleet), count):
            line = socket.create_connection(self._where)
            self._open.append(line)
            self._selector.register(line, selectors.EVENT_READ, counter)
            self._ask(line, counter)
            self._answer(timeout_s=0)

    def settle(self, process: psutil.Process) -> int:
        """Wait until the hub has nothing to do and nobody was answered; returns how many wait then, or none."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            before_s = cpu_s([process])
            if not self._answer(timeout_s=2) and cpu_s([process]) - before_s < IDLE_S:
                return len(self._open)
        return 0

    def close(self) -> None:
        """Hang all up."""
        for line in self._open:
            line.close()
        self._selector.close()

    def _answer(self, *, timeout_s: float) -> int:
        """Ask again where a poll has ended."""
        ready = self._selector.select(timeout_s)
        for key, _ in ready:
            line = key.fileobj
            assert isinstance(line, socket.socket)
            if not line.recv(65536).startswith(b"HTTP/1.1 304"):
                raise RuntimeError("a poll ended with something else than nothing")
            self._ask(line, key.data)
        return len(ready)

    def _ask(self, line: socket.socket, counter: FleetCounter) -> None:
        path = counter.changes(after=self.heads[counter.id], wait_s=WAIT_S)
        headers = {"Host": "hub"} | counter.headers("GET", self._url + path)
        text = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
        line.sendall(text.encode())
        self.asked += 1


def _head(counter: FleetCounter, url: str) -> int:
    """The newest number of its store's feed."""
    line = Line(url)
    try:
        return counter.hello(line)
    finally:
        line.close()
