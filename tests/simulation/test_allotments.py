"""No piece is ever promised twice for good: several counters, offline as they please, against the real hub.

What a counter shows as firm stays firm, whoever else sells, counts or promises meanwhile; what the hub grants in sum
is never more than lies there, unless a person has been asked.
"""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.allotting import weigh
from storeapp.domain.allotment import free
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.stock import MoveStock
from storeapp.domain.stock import Movement
from storeapp.services.exchange import Exchange
from tests.support.shelf import COUNTERS, SKU, Store, unheard


class Promises(RuleBasedStateMachine):
    """Everything that counters do with one shelf, but for facts that contradict each other."""

    counters = st.integers(0, COUNTERS - 1)
    facts = False

    @initialize()
    def begin(self) -> None:
        self.store = Store()

    def teardown(self) -> None:
        if hasattr(self, "store"):
            try:
                self.store.settle()
                self.what_was_firm_stays_firm()
                self.nobody_waits_for_what_is_free()
            finally:
                self.store.close()

    @rule(which=counters, quantity=st.integers(1, 8))
    def place(self, which: int, quantity: int) -> None:
        self.store.place(which, quantity)

    @rule(which=counters, nth=st.integers(0, 5))
    def cancel(self, which: int, nth: int) -> None:
        if nth < len(self.store.told):
            self.store.do(which, CancelOrder(self.store.told[nth].order_id, "customer"))

    @rule(which=counters, quantity=st.integers(1, 6))
    def receive(self, which: int, quantity: int) -> None:
        self.store.do(which, MoveStock("XH", SKU, Movement.RECEIVED, quantity))

    @rule(which=counters, quantity=st.integers(1, 6))
    def sell(self, which: int, quantity: int) -> None:
        if self.facts or quantity <= self.store.share_of(which):
            self.store.do(which, MoveStock("XH", SKU, Movement.SOLD, -quantity))

    @rule(which=counters, quantity=st.integers(0, 30))
    def count(self, which: int, quantity: int) -> None:
        if self.facts:
            self.store.count(which, quantity)

    @rule(which=counters, losses=st.lists(st.sampled_from(["", "", "request", "reply"]), max_size=6))
    def exchange(self, which: int, losses: list[str]) -> None:
        self.store.exchange(which, *losses)

    @rule(hours=st.sampled_from([0.5, 2, 11, 25]))
    def later(self, hours: float) -> None:
        self.store.later(hours)

    @rule(which=counters)
    def lose_the_cache(self, which: int) -> None:
        cache = self.store.counters[which].cache
        with cache.writing():
            cache.empty()

    @rule(which=st.integers(1, COUNTERS - 1))
    def revoke(self, which: int) -> None:
        if not self.store.gone:
            self.store.revoke(which)

    @rule(which=counters)
    def number_anew(self, which: int) -> None:
        Exchange(self.store.counters[which]).begin_anew()

    @rule(which=counters, weight=st.sampled_from([0, 10, 50]))
    def weigh(self, which: int, weight: int) -> None:
        weigh(self.store.hub, self.store.counters[which].device, weight)

    # -- what must hold

    @invariant()
    def grants_never_exceed_the_shelf(self) -> None:
        if hasattr(self, "store"):
            item, known, asked, _ = self.store.hub_states()
            live = {lease.id for lease in known.live} if known else set()
            granted = sum(share.granted for share in item.shares if share.lease in live)
            assert asked or granted + free(known, item) + item.firm <= item.on_hand
            assert item.unconfirmed <= max(0, item.on_hand - item.firm)

    @invariant()
    def what_was_decided_stays_firm(self) -> None:
        if hasattr(self, "store"):
            self.what_was_firm_stays_firm()

    def what_was_firm_stays_firm(self) -> None:
        self.store.check()

    @invariant()
    def nobody_can_promise_a_piece_that_another_can(self) -> None:
        if not hasattr(self, "store") or self.facts:
            return
        self.store.note_decided()
        item, _, asked, _ = self.store.hub_states()
        live = [n for n in range(COUNTERS) if n not in self.store.gone and self.store.lives(n)]
        shares = sum(self.store.share_of(n) for n in live)
        open_promises = sum(t.pieces for t in self.store.told if not t.decided and t.counter in live)
        there = item.on_hand + self.undecided_receipts(live) + self.store.told_late
        assert asked or shares + open_promises + item.firm <= there

    def undecided_receipts(self, live: list[int]) -> int:
        """What has come to counters, less what they have sold, and the hub has not heard of."""
        return sum(unheard(self.store.hub, self.store.counters[n]) for n in live)

    def nobody_waits_for_what_is_free(self) -> None:
        item, known, _, _ = self.store.hub_states()
        assert not item.waiting or not free(known, item)


class Facts(Promises):
    """The same with sales and counts that take what others hold."""

    facts = True


Promises.TestCase.settings = Facts.TestCase.settings = settings(max_examples=4, stateful_step_count=20)
TestPromises = Promises.TestCase
TestFacts = Facts.TestCase


class LongPromises(Promises):
    """Longer, at night."""


class LongFacts(Facts):
    """Longer, at night."""


LongPromises.TestCase.settings = LongFacts.TestCase.settings = settings(max_examples=80, stateful_step_count=40)
TestLongPromises = pytest.mark.nightly(LongPromises.TestCase)
TestLongFacts = pytest.mark.nightly(LongFacts.TestCase)
