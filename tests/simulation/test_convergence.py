"""Whatever is lost on the way, in quiet every counter shows exactly what the hub has, and nothing saved is gone."""

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.tables import command_result, head, state
from storeapp.domain.delivery import Delivery, Holder, Proof
from storeapp.domain.feeds import feeds_of
from storeapp.domain.held import Resolution
from storeapp.domain.kernel import Command, Key
from storeapp.domain.order import Order, OrderStatus, order_id
from storeapp.domain.rules.custody import Deliver, HandOver, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.stock import CountStock, MoveStock
from storeapp.domain.stock import Movement
from storeapp.domain.words import Platform
from storeapp.services import undone
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from sync.cycle import Cycle
from sync.engine import quiet
from sync.transport import Offline
from tests.support.counters import MANAGER, bare, shown, stand_alone
from tests.support.direct import LossyClient, enrol
from tests.support.hubs import an_order, make_hub

ORDERS = ["T0", "T1"]
"""Few, so that the counters meet over them."""


class Convergence(RuleBasedStateMachine):
    """Three counters of one store, one of which joins late with a day of its own."""

    counters = st.integers(0, 2)
    orders = st.sampled_from(ORDERS)
    guides = st.sampled_from(["G01", "G02"])

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        path = Path(self.folder.name)
        self.hub = make_hub(path / "hub")
        self.all = [stand_alone(path / "0"), bare(path / "1"), stand_alone(path / "2")]
        enrol(self.hub, self.all[0])
        enrol(self.hub, self.all[1])
        self.saved: set[str] = set()

    def teardown(self) -> None:
        if hasattr(self, "all"):
            try:
                self.settle_and_compare()
            finally:
                for counter in self.all:
                    counter.close()
                self.hub.close()
                self.folder.cleanup()

    def do(self, which: int, command: Command) -> None:
        counter = self.all[which]
        with counter.transaction(MANAGER) as tx:
            tx.run(command)
        self.saved |= {entry.id for entry, _ in tx.done}

    def delivery(self, number: str) -> str:
        return f"{order_id(Platform.TABLE, number)}-1"

    @rule(which=counters, number=orders, quantity=st.integers(1, 60))
    def place(self, which: int, number: str, quantity: int) -> None:
        self.do(which, an_order(number, quantity=quantity))

    @rule(which=counters, number=orders, guide=guides)
    def assign(self, which: int, number: str, guide: str) -> None:
        known = self.all[which].cache.get(Delivery, self.delivery(number))
        self.do(which, AssignDelivery(self.delivery(number), guide, known.assignments if known else 0))

    @rule(which=counters, number=orders, guide=guides)
    def hand_over(self, which: int, number: str, guide: str) -> None:
        self.do(which, IssueSlip(self.delivery(number), 1, "00000000", 24))
        self.do(which, HandOver(self.delivery(number), 1, guide, Proof.TOKEN))

    @rule(which=counters, number=orders)
    def deliver(self, which: int, number: str) -> None:
        self.do(which, Deliver(self.delivery(number), Proof.PICKUP_CODE))

    @rule(which=counters, number=orders, reason=st.sampled_from(["damaged", "unreachable"]))
    def give_back(self, which: int, number: str, reason: str) -> None:
        self.do(which, ReturnDelivery(self.delivery(number), reason))

    @rule(which=counters, number=orders)
    def cancel(self, which: int, number: str) -> None:
        self.do(which, CancelOrder(order_id(Platform.TABLE, number), "customer"))

    @rule(which=counters, resolution=st.sampled_from([Resolution.ACCEPT, Resolution.RETRY]))
    def decide_what_waits(self, which: int, resolution: Resolution) -> None:
        for row in undone.rows(self.all[which])[:1]:
            undone.resolve(self.all[which], MANAGER, row.root or row.id, resolution)

    @rule(which=counters, quantity=st.integers(0, 30))
    def count(self, which: int, quantity: int) -> None:
        self.do(which, CountStock("XH", "BL-001", quantity))

    @rule(which=counters)
    def sell(self, which: int) -> None:
        self.do(which, MoveStock("XH", "BL-001", Movement.SOLD, -1))

    @rule()
    def the_third_joins(self) -> None:
        if not self.all[2].enrolled:
            enrol(self.hub, self.all[2])

    @rule(which=counters)
    def lose_the_cache(self, which: int) -> None:
        cache = self.all[which].cache
        with cache.writing():
            cache.empty()

    @rule(which=counters, losses=st.lists(st.sampled_from(["", "", "request", "reply"]), max_size=6))
    def exchange(self, which: int, losses: list[str]) -> None:
        counter = self.all[which]
        if not counter.enrolled:
            return
        client: Any = LossyClient(self.hub, counter, list(losses))
        # Only a lost message may end an exchange, and in the quiet at the end none is lost.
        with contextlib.suppress(*[Offline] if losses else []):
            Cycle(Exchange(counter), client).run(quiet)

    @invariant()
    def every_parcel_has_one_custodian(self) -> None:
        for counter in getattr(self, "all", []):
            for delivery in counter.cache.every(Delivery):
                assert len(delivery.parcels[0].chain) >= 1
                assert delivery.parcels[0].chain[0].holder is Holder.STORE

    def settle_and_compare(self) -> None:
        self.the_third_joins()
        for which in (0, 1, 2) * 3:
            self.exchange(which, [])
        expected = self.projection()
        for counter in self.all:
            assert counter.journal.counts().get("pending", 0) == 0  # type: ignore[call-overload]  # a str enum's value
            assert shown(counter) == expected
            rows = counter.cache.db.execute("SELECT count(*) FROM touch").fetchone()[0]
            bases = counter.cache.db.execute("SELECT count(*) FROM state WHERE base IS NOT NULL").fetchone()[0]
            assert (rows, bases) == (0, 0)
            self.views_follow(counter)
        self.nothing_is_lost()
        self.numbers_have_no_hole()

    def projection(self) -> dict[Key, bytes]:
        with self.hub.db.reading() as connection:
            rows = connection.execute(
                sa.select(state.c.kind, state.c.id, state.c.body).where(state.c.feed.in_(feeds_of("XH")))
            )
            return {Key(kind, key_id): body for kind, key_id, body in rows if body}

    def views_follow(self, counter: Counter) -> None:
        orders = {order.id: order for order in counter.cache.every(Order)}
        listed = dict(counter.cache.db.execute("SELECT order_id, status FROM delivery_view"))
        assert listed == {key: order.status.value for key, order in orders.items()}
        assert all(order.status in set(OrderStatus) for order in orders.values())
        found = {row[0] for row in counter.cache.db.execute("SELECT id FROM case_view")}
        assert found == {key.id for key in shown(counter) if key.kind == "exception"}
        held = {row[0] for row in counter.cache.db.execute("SELECT id FROM held_view")}
        assert held == {key.id for key in shown(counter) if key.kind == "held"}
        assert undone.count(counter) == sum(not row.root for row in undone.rows(counter))

    def nothing_is_lost(self) -> None:
        with self.hub.db.reading() as connection:
            known = list(connection.scalars(sa.select(command_result.c.id)))
        assert self.saved <= set(known)
        assert len(known) == len(set(known))

    def numbers_have_no_hole(self) -> None:
        with self.hub.db.reading() as connection:
            for feed, last in connection.execute(sa.select(head)):
                highest = connection.scalar(sa.select(sa.func.max(state.c.seq)).where(state.c.feed == feed))
                assert highest in {last, None}


Convergence.TestCase.settings = settings(max_examples=12, stateful_step_count=25)
TestConvergence = Convergence.TestCase
