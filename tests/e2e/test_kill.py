"""Counters and their hub are killed at random moments; nothing that was shown as saved is lost or done twice."""

import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
from collections import Counter as Tally
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.devices import new_code
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.rules.stock import MoveStock
from storeapp.domain.stock import StockItem, stock_id
from storeapp.services import search
from storeapp.services.clock import SystemClock
from storeapp.services.counter import Counter
from storeapp.services.doctor import examine
from storeapp.services.home import Home
from storeapp.services.setup import set_up
from sync.engine import SyncEngine
from tests.support.counters import PASSPHRASE, tables
from tests.support.hubs import make_hub
from tests.support.hubserver import ROOT, HubProcess, free_port
from tests.support.mortal import RECEIVED, person_of
from tests.support.seeds import seed_of

ON_HAND = 100
"""Of each article, when the store is set up."""


@dataclass
class Victims:
    """The counters of one home that are started and killed, and what they said was saved."""

    home: Path
    saved: dict[str, str] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    kills: int = 0
    waits: int = 0
    """How often one was told to try again, because the other held the home for too long."""

    def __post_init__(self) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.support.mortal", str(self.home)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._orders, self._said = self._program.stdin, self._program.stdout
        self._rest = b""
        self.living: list[int] = []
        self._reaped = False

    def start(self, seed: int) -> None:
        """One more counter, which has begun when this returns."""
        before = len(self.living)
        self._order(str(seed))
        while len(self.living) == before:
            self.listen()

    def _order(self, line: str) -> None:
        self._orders.write(f"{line}\n".encode())
        self._orders.flush()

    def listen(self, patience_s: float | None = None) -> int:
        """Take in what is said within a time; returns how many commands were said to be saved."""
        ready, _, _ = select.select([self._said], [], [], patience_s)
        if not ready:
            return 0
        data = os.read(self._said.fileno(), 65536)
        assert data, "the program that starts counters has ended"
        *lines, self._rest = (self._rest + data).split(b"\n")
        before = len(self.saved)
        for line in lines:
            self._hear(*line.decode().split(" "))
        return len(self.saved) - before

    def _hear(self, word: str, *what: str) -> None:
        match word:
            case "begun":
                self.living.append(int(what[0]))
            case "saved":
                self.saved[what[0]] = what[1]
            case "waited":
                self.waits += 1
            case "failed":
                self.failed.append(" ".join(what))
            case "reaped":
                self._reaped = True

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        self.living.remove(pid)
        self.kills += 1

    def kill_all(self) -> None:
        """End all of them, and hear the last that they said."""
        for pid in list(self.living):
            self.kill(pid)
        self._reaped = False
        self._order("reap")
        while not self._reaped:
            self.listen()

    def close(self) -> None:
        self.kill_all()
        self._orders.close()
        self._program.wait(20)
        self._said.close()


@dataclass
class Scene:
    """A hub that is a process of its own, and a home that belongs to it."""

    home: Path
    hub_home: Path
    port: int
    hub: HubProcess
    victims: Victims

    def kill_hub(self) -> None:
        self.hub.kill()
        self.hub = HubProcess(self.hub_home, self.port)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    hub = make_hub(tmp_path / "hub", now=lambda: SystemClock().now())
    code = new_code(hub, store="XH")
    hub.close()
    port = free_port()
    process = HubProcess(tmp_path / "hub", port)
    made = set_up(tmp_path / "home", store="XH", tables_of=tables(), clock=SystemClock(), passphrase=PASSPHRASE)
    with closing(made.home.open()) as counter:
        SyncEngine().enrol(counter, url=f"http://127.0.0.1:{port}", code=code)
        assert SyncEngine().once(counter).problem == ""
    scene = Scene(tmp_path / "home", tmp_path / "hub", port, process, Victims(tmp_path / "home"))
    yield scene
    scene.victims.close()
    scene.hub.stop()


def play(scene: Scene, *, rounds: int, hub_every: int, chance: random.Random) -> None:
    """Kill one of two counters that share the home, then the other; in some rounds the hub before them."""
    victims = scene.victims
    for number in range(rounds):
        for _ in range(2):
            victims.start(chance.getrandbits(32))
        wanted = chance.choice([0, 1, 2, 4, 8, 16])
        while wanted > 0 and victims.living and not victims.failed:
            wanted -= victims.listen(5.0)
        if number % hub_every == hub_every - 1:
            scene.kill_hub()
        for pid in chance.sample(victims.living, len(victims.living)):
            victims.listen(chance.expovariate(1 / 0.03))
            victims.kill(pid)
        victims.kill_all()
        assert victims.failed == []
        assert victims.saved.keys() <= journal_ids(scene.home)
    assert 10 * victims.waits <= len(victims.saved)


def journal_ids(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "journal.db")) as journal:
        return {name for (name,) in journal.execute("SELECT id FROM command")}


def everything_is_there(scene: Scene) -> None:
    home = Home(scene.home, SystemClock()).unlock(environ={}, passphrase=PASSPHRASE)
    with closing(home.open()) as counter:
        counter.catch_up()
        report = SyncEngine().once(counter)
        assert (report.problem, report.pending) == ("", 0)
        people_are_known(counter)
        goods_add_up(counter)
    assert examine(home).well
    hub_has_each_once(scene)


def goods_add_up(counter: Counter) -> None:
    """What is on the shelf is what was there, came in and went out, each once."""
    received = sum(entry.kind == MoveStock.KIND for entry in counter.journal.after(0, limit=1_000_000))
    orders = {order.id: order.lines[0].sku for order in counter.cache.every(Order)}
    gone = sum(
        delivery.state is DeliveryState.IN_CUSTODY and orders[delivery.order_id] == RECEIVED
        for delivery in counter.cache.every(Delivery)
    )
    item = counter.cache.get(StockItem, stock_id("XH", RECEIVED))
    assert item is not None
    assert item.on_hand == ON_HAND + received - gone


def people_are_known(counter: Counter) -> None:
    """Every open order's customer can be read and found."""
    orders = [order for order in counter.cache.every(Order) if order.status is OrderStatus.OPEN]
    assert orders
    assert {order.id for order in orders} == counter.privacy.people(orders).keys()
    lost = [o.order_no for o in orders if not any(hit.name == o.order_no for hit in found(counter, o.order_no))]
    assert lost == []


def found(counter: Counter, number: str) -> list[search.Hit]:
    return search.find(counter, person_of(number).name)


def hub_has_each_once(scene: Scene) -> None:
    with closing(sqlite3.connect(scene.hub_home / "hub.db")) as db:
        results = Tally(name for (name,) in db.execute("SELECT id FROM command_result"))
        events = Tally(name for (name,) in db.execute("SELECT command_id FROM event_log"))
    assert set(results) == journal_ids(scene.home)
    assert set(results.values()) == {1}
    assert set(events.values()) == {1}


def test_nothing_shown_as_saved_is_lost_to_kills(scene: Scene) -> None:
    play(scene, rounds=22, hub_every=6, chance=random.Random(7))
    assert scene.victims.kills >= 40
    everything_is_there(scene)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_nothing_shown_as_saved_is_lost_to_hundreds_of_kills(scene: Scene, capsys: pytest.CaptureFixture[str]) -> None:
    play(scene, rounds=260, hub_every=5, chance=random.Random(seed_of("kill", capsys)))
    assert scene.victims.kills >= 500
    everything_is_there(scene)
