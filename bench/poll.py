"""Measures how soon a long poll at one process of the hub hears of a commit at another, on one PostgreSQL."""

import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.homes import DAY, DEMO, MANAGER
from bench.hubs import BenchHub
from bench.report import Figure, Report, percentile
from devtools.postgres import running
from storeapp.domain.rules.stock import CountStock
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.home import create_home, device_key
from storeapp.services.setup import read_tables, set_up
from sync.cycle import Cycle
from sync.engine import quiet
from sync.transport import HubClient, Signer

ROUNDS = 40
SETTLING_S = 0.1
"""Long enough for a poll to be waiting when the commit comes."""


def run() -> Report:
    """Commit at one process while another one is polled, again and again."""
    with tempfile.TemporaryDirectory() as folder, running(durable=True) as server:
        url, place = server.url("postgres"), Path(folder)
        with BenchHub(place / "hub", database=url) as near, BenchHub(place / "hub", database=url) as far:
            waits_ms = _waits_ms(place, near, far)
    figures = (
        Figure("poll heard, median", percentile(waits_ms, 0.5), "ms"),
        Figure("poll heard, p95", percentile(waits_ms, 0.95), "ms", 200),
    )
    return Report("poll", figures, {"rounds": ROUNDS})


def _waits_ms(place: Path, near: BenchHub, far: BenchHub) -> list[float]:
    made = set_up(place / "one", store="XH", tables_of=read_tables(DEMO), clock=FixedClock(DAY))
    giving = made.home.open()
    polling = create_home(place / "two", clock=FixedClock(DAY), environ={}).home.open()
    near.enrol(giving)
    far.enrol(polling)
    give = Cycle(Exchange(giving), _client(giving))
    listen = Cycle(Exchange(polling), _client(polling))
    give.run(quiet)
    listen.run(quiet)
    waits_ms = [_wait_ms(giving, give, listen, _client(polling), number) for number in range(ROUNDS)]
    giving.close()
    polling.close()
    return waits_ms


def _client(counter: Counter) -> HubClient:
    return HubClient(Exchange(counter).url, Signer(counter.device, device_key(counter), lambda: datetime.now(UTC)))


def _wait_ms(giving: Counter, give: Cycle, listen: Cycle, poller: HubClient, number: int) -> float:
    """From the reply that says it is committed to the reply of the poll."""
    feed, epoch, after = listen.place()
    heard: list[float] = []

    def poll() -> None:
        if poller.changes(feed, epoch=epoch, after=after, limit=1, wait_s=25) is not None:
            heard.append(time.perf_counter())

    thread = threading.Thread(target=poll)
    thread.start()
    time.sleep(SETTLING_S)
    with giving.transaction(MANAGER) as tx:
        tx.must(CountStock("XH", "BL-001", 1000 + number))
    give.give(quiet)
    committed = time.perf_counter()
    thread.join()
    poller.close()
    listen.run(quiet)
    return max(0.0, heard[0] - committed) * 1000
