"""Measures a plan of a region of 12 stores, 100 guides and 500 orders as the hub does it, and who waits meanwhile.

python3 dev.py bench region_job
"""

import random
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import msgspec
from msgspec.structs import replace

from bench.hubs import BenchHub
from bench.region_day import GUIDES, ORDERS, STORES, problem
from bench.report import Figure, Report, percentile
from hub import jobs
from hub.core import Hub, database_url, found, open_hub
from hub.database import Database
from hub.decisions import decide
from hub.holding import Sender
from hub.jobs import OVER, RegionJob
from hub.migrate import migrate
from hub.region_problem import situation
from hub.tables import device, order_key
from hub.users import add_user
from storeapp.adapters import sealing
from storeapp.adapters.transport_keys import key_purpose
from storeapp.codec import encode
from storeapp.domain.catalogue import Policy, Sku, Store
from storeapp.domain.dispatch import Problem
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Command
from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.domain.order import OrderLine, order_id
from storeapp.domain.people import Guide, Shift, shift_id
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.rules.people import RegisterGuide, RegisterSku, RegisterStore, SetPolicy, SetShift
from storeapp.domain.rules.stock import OpenStock
from storeapp.domain.words import Mode, Platform, TravelMode
from sync.protocol.messages import CommandBatch, WireCommand

BUDGET_S = 30
PASSWORD = "only for this bench"
POLICY = Policy(cross_percent=130, courier_fen=1200, radius_m=5000)
QUIET_S = 5.0
AT_ONCE = 100


def run() -> Report:
    """One job on an embedded database, with somebody who asks all the while."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "hub"
        hub = _filled(home)
        try:
            reading_s = _reading_s(hub)
            with BenchHub(home) as served, _asking(served.url) as idle_ms:
                time.sleep(QUIET_S)
            with BenchHub(home) as served, _asking(served.url) as busy_ms:
                began = time.monotonic()
                job = _done(hub, jobs.start(hub, "bench", by="bench", budget_s=BUDGET_S).id)
                took_s = time.monotonic() - began
        finally:
            hub.close()
    outcome = job.outcome or jobs.JobOutcome()
    figures = (
        Figure("whole job", took_s, "s"),
        Figure("reading and unsealing", reading_s, "s"),
        Figure("assigned", float(outcome.assigned), "orders"),
        Figure("guides lent", float(outcome.lent), "times"),
        Figure("left", float(len(outcome.left)), "orders"),
        Figure("refused", float(len(outcome.refused)), "orders"),
        Figure("answer while it plans, p99", percentile(busy_ms, 0.99), "ms"),
        Figure("answer while nothing happens, p99", percentile(idle_ms, 0.99), "ms"),
    )
    notes = {"orders": ORDERS, "guides": GUIDES, "stores": STORES, "budget_s": BUDGET_S, "answers": len(busy_ms)}
    return Report("region_job", figures, notes)


def _done(hub: Hub, plan: str) -> RegionJob:
    while (job := jobs.job(hub, plan)).state not in OVER:
        time.sleep(0.2)
    return job


def _reading_s(hub: Hub) -> float:
    began = time.process_time()
    situation(hub, "bench", now=hub.now())
    return time.process_time() - began


@contextmanager
def _asking(url: str) -> Iterator[list[float]]:
    """Somebody who asks the hub about its jobs, twenty times a second."""
    over, waits_ms = threading.Event(), list[float]()

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            while not over.wait(0.05):
                began = time.monotonic()
                client.get("/readyz").raise_for_status()
                waits_ms.append(1000 * (time.monotonic() - began))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield waits_ms
    finally:
        over.set()
        thread.join()


def _filled(home: Path) -> Hub:
    """A hub with the region of `bench.region_day`, as of now."""
    db = Database(database_url(home))
    migrate(db)
    found(db, home)
    db.close()
    hub = open_hub(home)
    add_user(hub, "bench", PASSWORD)
    region, rng, now = problem(1), random.Random("region_job"), datetime.now(UTC).replace(microsecond=0)
    names = [f"S{n:02}" for n in range(STORES)]
    brand = [RegisterStore(Store(name, name, "", region.places[n], "bench")) for n, name in enumerate(names)]
    _send(hub, names[0], [SetPolicy(POLICY), RegisterSku(Sku("BENCH", "", "x", 100, 800, 1500)), *brand])
    for n, name in enumerate(names):
        _hear(hub, name)
        _send(hub, name, [OpenStock(name, "BENCH", ORDERS)])
        _send(hub, name, [*_guides(hub, region, n, name, now), *_orders(hub, region, n, name, now, rng)])
    return hub


def _guides(hub: Hub, region: Problem, place: int, store: str, now: datetime) -> Iterator[Command]:
    day = now.astimezone(STORE_ZONE).date()
    for each in region.vehicles:
        if each.store != place:
            continue
        sealed, home = "", each.end != place
        if home:
            sealed = _sealed(hub, f"guide:{each.guide}", Person(position=region.places[each.end]))
        bag = each.capacity
        made = Guide(each.guide, each.guide, store, TravelMode(each.mode), bag.parcels, bag.weight_g)
        yield RegisterGuide(replace(made, max_volume_ml=bag.volume_ml, commute_home=home, sealed_home=sealed))
        window = Window(now + timedelta(seconds=each.start_s), now + timedelta(seconds=each.end_s))
        yield SetShift(Shift(shift_id(each.guide, day), each.guide, store, day, window))


def _orders(hub: Hub, region: Problem, place: int, store: str, now: datetime, rng: random.Random) -> Iterator[Command]:
    for each in region.stops:
        if each.origin != place or each.place is None:
            continue
        position, subject = region.places[each.place], order_id(Platform.TABLE, each.id)
        start, due = now + timedelta(seconds=each.start_s), now + timedelta(seconds=each.due_s)
        yield PlaceOrder(
            platform=Platform.TABLE,
            order_no=each.id,
            store=store,
            mode=Mode.SCHEDULED,
            window=Window(start, due),
            lines=(OrderLine("BENCH", 1, rng.randrange(5000, 50_000)),),
            created_at=now,
            updated_at=None,
            sealed=_sealed(hub, subject, Person(name="x", phone="13800138000", position=position)),
            located=True,
        )


def _sealed(hub: Hub, subject: str, person: Person) -> str:
    key = sealing.new_order_key()
    sealed = sealing.seal(person, key, subject=subject)
    check = sealing.sealed_with(sealed)
    wrapped = hub.root.wrap(key, key_purpose(subject, check))
    with hub.db.writing() as connection:
        hub.db.add(connection, order_key, [{"subject": subject, "key_id": check, "wrapped": wrapped}])
    return sealed


_seqs: dict[str, int] = {}


def _send(hub: Hub, store: str, commands: list[Command]) -> None:
    for start in range(0, len(commands), AT_ONCE):
        wired = [_wire(store, command) for command in commands[start : start + AT_ONCE]]
        decide(hub, Sender(f"dev-{store}", store), CommandBatch("i1", wired))


def _wire(store: str, command: Command) -> WireCommand:
    seq = _seqs[store] = _seqs.get(store, 0) + 1
    body = msgspec.Raw(encode(command))
    return WireCommand(seq, str(uuid4()), command.KIND, datetime.now(UTC), "bench", "manager", store, body)


def _hear(hub: Hub, store: str) -> None:
    """Its counter has just said hello."""
    row = {
        "id": f"dev-{store}",
        "store": store,
        "name": "",
        "public_key": store.encode(),
        "transport_key": b"",
        "certificate": "",
        "enrolled_at": hub.now().isoformat(),
        "seen_at": hub.now().isoformat(),
        "revoked_at": None,
    }
    with hub.db.writing() as connection:
        hub.db.put(connection, device, [row])
