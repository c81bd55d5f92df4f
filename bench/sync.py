"""Measures the sync of 10,000 orders against PouchDB's, in turn on this machine, with encryption and search on.

The peer's folder is ``SYNC_PEER``, or ``shared/sync-peer`` beside the project; without it our figures stand alone.
"""

import gzip
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

import psutil

from bench.homes import DAY, DEMO, MANAGER, PASSPHRASE, orders
from bench.hubs import BenchHub, Meter
from bench.report import Figure, Report
from hub.core import open_hub
from hub.feeds import Reader, snapshot
from storeapp.adapters.intake.result import Intake
from storeapp.adapters.interpreter import look_rarely, switch_soon
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.stock import StockItem
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.home import Home, create_home, device_key, transport_key
from storeapp.services.intake import import_orders
from storeapp.services.setup import read_tables, set_up
from sync import cycle
from sync.cycle import Cycle
from sync.engine import quiet
from sync.transport import HubClient, Signer

ORDERS = 10_000
ROUNDS = 9
PLENTY = 100_000
PEER = Path(os.environ.get("SYNC_PEER", Path(__file__).parents[2] / "shared" / "sync-peer"))


@dataclass(frozen=True, slots=True)
class Speed:
    """One exchange of all orders; ``limit_share`` is how near the snapshot comes to what Python can do at all.

    ``pull_per_s`` is over the feed's pages, which a new counter reads only where it asks for no snapshot.
    """

    push_per_s: float
    pull_per_s: float
    snapshot_per_s: float
    limit_share: float
    cpu_us: float
    """Of both sides together, for one order up and down again."""


@dataclass(frozen=True, slots=True)
class Wire:
    """What the same exchange takes on the wire, both directions together."""

    up_bytes: int
    down_bytes: int
    idle_bytes: int


def run() -> Report:
    """Take turns with the peer, and compare within the same minutes."""
    look_rarely()
    switch_soon()
    with tempfile.TemporaryDirectory() as folder:
        home = _home(Path(folder) / "home")
        ours: list[Speed] = []
        theirs: list[dict[str, float]] = []
        for _ in range(ROUNDS):
            ours.append(_speed(home))
            theirs += _peer(1)
        installing_s = _peer_s(0)
        wire = _wire(home)
    return Report(
        "sync", tuple(_figures(ours, wire, theirs, installing_s)), {"rounds": ROUNDS, "orders": ORDERS}, flat=True
    )


def _home(path: Path) -> Path:
    """A store with goods enough for every order; what is short would be a question for a person each time."""
    made = set_up(path, store="XH", tables_of=read_tables(DEMO), clock=FixedClock(DAY), passphrase=PASSPHRASE)
    counter = made.home.open()
    with counter.transaction(MANAGER) as tx:
        for item in counter.cache.every(StockItem):
            tx.must(CountStock(item.store, item.sku, PLENTY))
    import_orders(counter, MANAGER, [Intake(tuple(orders(ORDERS)), ())])
    counter.close()
    return path


def _figures(ours: list[Speed], wire: Wire, theirs: list[dict[str, float]], installing_s: float) -> Iterator[Figure]:
    push, pull, snapshot_, share, cpu_us = (
        statistics.median(getattr(speed, name) for speed in ours) for name in Speed.__slots__
    )
    yield Figure("push_per_s", push, "/s")
    yield Figure("pull_per_s", pull, "/s")
    yield Figure("snapshot_per_s", snapshot_, "/s")
    yield Figure("cpu_us_an_order", cpu_us, "us")
    yield Figure("load", os.getloadavg()[0], "")
    yield Figure("snapshot_of_limit", share, "", 0.35, at_least=True)
    yield Figure("wire_up_bytes", wire.up_bytes, "bytes")
    yield Figure("wire_down_bytes", wire.down_bytes, "bytes")
    yield Figure("idle_poll_bytes", wire.idle_bytes, "bytes", 1024)
    if theirs:
        yield from _ratios(push, pull, wire, theirs)
        peer_cpu_us = (statistics.median(found["cpu_s"] for found in theirs) - installing_s) * 1e6 / ORDERS
        yield Figure("peer_cpu_us_a_doc", peer_cpu_us, "us")
        yield Figure("cpu_ratio", peer_cpu_us / cpu_us, "x")


def _ratios(push: float, pull: float, wire: Wire, theirs: list[dict[str, float]]) -> Iterator[Figure]:
    peer = {name: statistics.median(found[name] for found in theirs) for name in theirs[0]}
    yield Figure("peer_push_per_s", peer["push_docs_per_s"], "/s")
    yield Figure("peer_pull_per_s", peer["pull_docs_per_s"], "/s")
    yield Figure("push_ratio", push / peer["push_docs_per_s"], "x", 3, at_least=True)
    yield Figure("pull_ratio", pull / peer["pull_docs_per_s"], "x", 4, at_least=True)
    yield Figure("wire_up_ratio", wire.up_bytes / peer["push_bytes"], "x", 0.5)
    yield Figure("wire_down_ratio", wire.down_bytes / peer["pull_bytes"], "x", 1.1)


def _peer(rounds: int) -> list[dict[str, float]]:
    """So many rounds of the peer, nothing where it is not there; it installs its packages in a scratch folder."""
    script = PEER / "bench.sh"
    if not script.exists() or shutil.which("node") is None:
        return []
    before_s = _children_s()
    done = subprocess.run(["bash", str(script), str(rounds)], capture_output=True, text=True, check=True)
    spent = {"cpu_s": _children_s() - before_s}
    return [json.loads(line) | spent for line in done.stdout.splitlines() if line.startswith("{")]


def _peer_s(rounds: int) -> float:
    """The CPU of so many rounds of the peer; none are what installing it takes."""
    before_s = _children_s()
    _peer(rounds)
    return _children_s() - before_s


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _speed(home: Path) -> Speed:
    """Push from a home that has never met a hub, then pull into empty ones: page by page, and as a snapshot."""
    place = home.with_name("round")
    giving, taking = _counters(home, place)
    copying = create_home(place / "three", clock=FixedClock(DAY), environ={}, passphrase=PASSPHRASE).home.open()
    with BenchHub(place / "hub") as hub:
        for counter in (giving, taking, copying):
            hub.enrol(counter)
        give, take, copy = _cycle(giving), _cycle(taking), _cycle(copying)
        commands, process = giving.journal.last(), psutil.Process(hub.pid)
        # What stands in the system's memory of the peer's packages and of our copies, the first commit would wait for.
        os.sync()
        # The others come when the store's first counter has told everything: before, they would hold its stock.
        give.greet()
        before_s = _cpu_s(process)
        push_s = _timed(lambda: give.give(quiet))
        take.greet()
        with mock.patch.object(cycle, "SNAPSHOT_FROM", PLENTY):
            pull_s = _timed(lambda: take.take(quiet))
        cpu_s = _cpu_s(process) - before_s
        copy.greet()
        snapshot_s = _timed(lambda: copy.take(quiet))
        share = _limit_s(place, copying) / snapshot_s
    _check(giving, taking)
    copying.close()
    shutil.rmtree(place)
    return Speed(commands / push_s, ORDERS / pull_s, ORDERS / snapshot_s, share, cpu_s * 1e6 / ORDERS)


def _cpu_s(hub: psutil.Process) -> float:
    """Of a hub and of this process, which is both counters."""
    return float(sum(hub.cpu_times()[:2])) + time.process_time()


def _counters(home: Path, place: Path) -> tuple[Counter, Counter]:
    shutil.copytree(home, place / "one")
    giving = Home(place / "one", FixedClock(DAY)).unlock(passphrase=PASSPHRASE).open()
    taking = create_home(place / "two", clock=FixedClock(DAY), environ={}, passphrase=PASSPHRASE).home.open()
    # Or the copy would still be on its way to the disk while what is measured waits for the same disk.
    os.sync()
    return giving, taking


def _cycle(counter: Counter) -> Cycle:
    exchange = Exchange(counter)
    signer = Signer(counter.device, device_key(counter), lambda: datetime.now(UTC))
    return Cycle(exchange, HubClient(exchange.url, signer))


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _check(giving: Counter, taking: Counter) -> None:
    if giving.journal.pending(limit=1) or giving.journal.rejected():
        raise RuntimeError("the hub did not take every command")
    (count,) = taking.cache.db.execute("SELECT count(*) FROM state WHERE kind = 'order'").fetchone()
    if count != ORDERS:
        raise RuntimeError("the second counter did not get every order")
    for counter in (giving, taking):
        counter.close()


def _limit_s(place: Path, taking: Counter) -> float:
    """How long Python takes at best for the same bytes: unzip, parse, insert, commit."""
    hub = open_hub(place / "hub")
    reader = Reader(taking.store, transport_key(taking).public, boxed=True)
    zipped = [b"".join(snapshot(hub, reader, feed=feed)) for feed in Exchange(taking).feeds]
    hub.close()

    def at_best() -> None:
        with closing(sqlite3.connect(place / "limit.db")) as db, db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("CREATE TABLE state (kind, id, version, body, PRIMARY KEY (kind, id)) WITHOUT ROWID")
            for one in zipped:
                rows = [json.loads(line) for line in gzip.decompress(one).splitlines()[1:-1]]
                values = ((r["kind"], r["id"], r["version"], json.dumps(r.get("body"))) for r in rows)
                db.executemany("INSERT INTO state VALUES (?, ?, ?, ?)", values)

    return _timed(at_best)


def _wire(home: Path) -> Wire:
    """The same once more over a wire that counts, which costs time that is not measured."""
    place = home.with_name("counted")
    giving, taking = _counters(home, place)
    with BenchHub(place / "hub") as hub:
        meter = Meter(hub.url)
        for counter in (giving, taking):
            hub.enrol(counter, url=meter.url)
        give, take = _cycle(giving), _cycle(taking)
        give.greet()
        meter.taken()
        give.give(quiet)
        up = meter.taken()
        take.greet()
        meter.taken()
        with mock.patch.object(cycle, "SNAPSHOT_FROM", PLENTY):
            take.take(quiet)
        down = meter.taken()
        take.take(quiet)
        idle = meter.taken() // len(Exchange(taking).feeds)
    _check(giving, taking)
    return Wire(up, down, idle)
