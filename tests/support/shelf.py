"""One shelf of a store with a hub and three counters, whose promises a test can hold against each other."""

import atexit
import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from hub import operations, revocations
from hub.core import Hub, open_hub
from hub.states import States
from hub.tables import command_result
from storeapp.codec import decode_command
from storeapp.domain.allotment import Allotment
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.kernel import Command
from storeapp.domain.order import Order, order_id
from storeapp.domain.rules.allotting import overpromised_id
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.rules.stock import CountStock, MoveStock
from storeapp.domain.stock import StockItem
from storeapp.domain.words import Platform
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.home import Home
from sync.cycle import Cycle
from sync.engine import quiet
from sync.transport import Offline
from tests.support.counters import MANAGER, TestClock, bare, stand_alone
from tests.support.direct import LossyClient, enrol
from tests.support.hubs import TurnedClock, an_order, make_hub

SKU = "BL-001"
SHELF = f"XH/{SKU}"
ON_HAND = 20
COUNTERS = 3


@cache
def template() -> Path:
    """A hub with one counter's stock and two more counters, as it is before anybody has said hello."""
    path = Path(tempfile.mkdtemp(prefix="allotments-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    hub = make_hub(path / "hub")
    for n in range(COUNTERS):
        counter = (bare if n else stand_alone)(path / str(n))
        enrol(hub, counter)
        if not n:
            with counter.transaction(MANAGER) as tx:
                tx.must(CountStock("XH", SKU, ON_HAND))
        counter.close()
    hub.close()
    return path


@dataclass
class Told:
    """What somebody was shown: so many pieces of an order are promised for good."""

    order_id: str
    pieces: int
    counter: int
    decided: bool = False


class Store:
    """A hub and three counters of one store, with one clock that a test moves."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        shutil.copytree(template(), self.path, dirs_exist_ok=True)
        self.clock, self.hub_clock = TestClock(), TurnedClock()
        self.hub = open_hub(self.path / "hub", now=self.hub_clock)
        self.counters = [Home(self.path / str(n), self.clock).open() for n in range(COUNTERS)]
        self.cycles: dict[int, Cycle] = {}
        self.gone: set[int] = set()
        self.told: list[Told] = []
        self.placed = 0
        self.told_late = 0
        """Pieces that left a shelf or were promised under a lease that had lapsed by the time the hub heard of it: what
        others were granted meanwhile may count them again, until all of them have read."""
        self._to_read: set[int] = set()
        self.exchange(0)

    def close(self) -> None:
        for counter in self.counters:
            counter.close()
        self.hub.close()
        self.folder.cleanup()

    # -- what happens

    def place(self, which: int, quantity: int) -> Told:
        self.placed += 1
        number = f"N{self.placed}"
        self.do(which, an_order(number, sku=SKU, quantity=quantity))
        key = order_id(Platform.TABLE, number)
        told = Told(key, self.firm_at(which, key), which)
        self.told.append(told)
        return told

    def do(self, which: int, *commands: Any) -> None:
        with self.counters[which].transaction(MANAGER) as tx:
            for command in commands:
                tx.run(command)

    def count(self, which: int, quantity: int) -> None:
        item = self.counters[which].cache.get(StockItem, SHELF)
        self.do(which, CountStock("XH", SKU, quantity, item.on_hand if item else 0))

    def cycle(self, which: int, *losses: str) -> Cycle:
        client: Any = LossyClient(self.hub, self.counters[which], list(losses))
        return Cycle(Exchange(self.counters[which]), client)

    def exchange(self, which: int, *losses: str) -> None:
        if which in self.gone:
            return
        if late := taken(self.hub, self.counters[which]) if self._has_lapsed(which) else 0:
            self.told_late += late
            self._to_read = set(range(len(self.counters))) - self.gone
        with contextlib.suppress(*[Offline] if losses else []):
            self.cycle(which, *losses).run(quiet)
            self._to_read.discard(which)
        if not self._to_read - self.gone:
            self.told_late = 0

    def _has_lapsed(self, which: int) -> bool:
        """Whether a lease of a counter is over, whatever it still has to tell of the time before."""
        with self.hub.db.reading() as connection:
            known = States(self.hub.db, connection, store="XH").get(Allotment, "XH")
        leases = known.leases if known else ()
        mine = [lease for lease in leases if lease.device == self.counters[which].device]
        return any(lease.lapsed or lease.until <= self.hub_clock.moment for lease in mine)

    def read(self, which: int) -> None:
        """Take what the hub has, without giving or telling anything."""
        cycle = self.cycle(which)
        with patch.object(Exchange, "given_back", return_value=[]):
            cycle.greet()
        cycle.take(quiet)

    def settle(self) -> None:
        for _ in range(3):
            for which in range(COUNTERS):
                self.exchange(which)

    def later(self, hours: float) -> None:
        self.clock.moment += timedelta(hours=hours)
        self.hub_clock.moment = self.clock.moment

    def revoke(self, which: int) -> None:
        revocations.revoke(self.hub, self.counters[which].device)
        self.gone.add(which)
        self.told = [told for told in self.told if told.counter != which or told.decided]

    def copy_of(self, which: int) -> int:
        """Another machine with the same disk."""
        path = self.path / f"copy-{which}"
        shutil.copytree(self.counters[which].home, path)
        self.counters.append(Home(path, self.clock).open())
        return len(self.counters) - 1

    def back_up(self) -> None:
        operations.backup(self.path / "hub", self.path / "backup.db")

    def restore(self) -> None:
        self.hub.close()
        with patch.object(operations, "system_now", self.hub_clock):
            operations.restore(self.path / "hub", self.path / "backup.db")
        self.hub = open_hub(self.path / "hub", now=self.hub_clock)

    # -- what is

    def check(self) -> None:
        """What was firm once stays firm."""
        self.note_decided()
        for told in self.told:
            firm = self.firm_at_hub(told.order_id)
            assert firm is None or firm >= told.pieces, "a promise inside the share was taken back"

    def shelf(self, which: int) -> StockItem | None:
        return self.counters[which].cache.get(StockItem, SHELF)

    def firm_at(self, which: int, key: str) -> int:
        order = self.counters[which].cache.get(Order, key)
        return _firm(order, self.shelf(which))

    def hub_states(self) -> tuple[StockItem, Allotment | None, bool, States]:
        with self.hub.db.reading() as connection:
            states = States(self.hub.db, connection, store="XH")
            item = states.get(StockItem, SHELF)
            assert item is not None
            cases = (states.get(ExceptionCase, key) for key in (overpromised_id(SHELF), f"{SHELF}/below_zero"))
            asked = any(case is not None and case.open for case in cases)
            return item, states.get(Allotment, "XH"), asked, states

    def firm_at_hub(self, key: str) -> int | None:
        """Pieces promised for good; None where the order is unknown or over."""
        with self.hub.db.reading() as connection:
            states = States(self.hub.db, connection, store="XH")
            order = states.get(Order, key)
            if order is None or order.status != "open":
                return None
            return _firm(order, states.get(StockItem, SHELF))

    def share_of(self, which: int) -> int:
        """What a counter would promise for good by itself at this moment."""
        counter, item = self.counters[which], self.shelf(which)
        known = counter.cache.get(Allotment, "XH")
        lease = known.of(counter.incarnation) if known else None
        if item is None or lease is None or not lease.covers(self.clock.now()):
            return 0
        return item.share(lease.id).granted

    def lives(self, which: int) -> bool:
        """Whether the hub holds anything back for a counter."""
        _, known, _, _ = self.hub_states()
        return known is not None and any(x.incarnation == self.counters[which].incarnation for x in known.live)

    def note_decided(self) -> None:
        """An order that was placed and cancelled between two exchanges is decided, too: nothing of it is promised."""
        with self.hub.db.reading() as connection:
            states = States(self.hub.db, connection, store="XH")
            for told in self.told:
                told.decided = told.decided or states.get(Order, told.order_id) is not None


def _firm(order: Order | None, item: StockItem | None) -> int:
    if order is None:
        return 0
    return order.lines[0].reserved - (item.waiting_for(order.id) if item else 0)


def unheard(hub: Hub, counter: Counter) -> int:
    """Pieces that came and went at a counter in commands that the hub has not decided."""
    return sum(move.quantity for move in _undecided(hub, counter) if isinstance(move, MoveStock))


def taken(hub: Hub, counter: Counter) -> int:
    """Pieces that a counter has sold, or that its orders ask for, in commands that the hub has not decided.

    The hub may promise an order more than its counter did, such as one that had lost its cache.
    """
    commands = _undecided(hub, counter)
    asked = sum(line.quantity for order in commands if isinstance(order, PlaceOrder) for line in order.lines)
    return asked + sum(max(0, -move.quantity) for move in commands if isinstance(move, MoveStock))


def _undecided(hub: Hub, counter: Counter) -> list[Command]:
    with hub.db.reading() as connection:
        decided = set(
            connection.scalars(sa.select(command_result.c.id).where(command_result.c.device == counter.device))
        )
    return [decode_command(e.kind, e.body) for e in counter.journal.pending(limit=1000) if e.id not in decided]
