"""A counter with open commands takes in what the hub says, in any order of events between the two."""

import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from msgspec.structs import replace

from storeapp.codec import decode_command, encode
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.feeds import store_feed
from storeapp.domain.kernel import Command, Context, Key, Refusal, State
from storeapp.domain.order import UNKNOWN_SKU, Order
from storeapp.domain.rules.custody import FailDelivery, HandOver
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.people import RegisterSku
from storeapp.domain.rules.registry import decide, evolve
from storeapp.domain.rules.stock import CountStock
from storeapp.services.counter import Counter
from storeapp.store.cache import Row
from storeapp.store.journal import Entry, Outcome, Status
from storeapp.store.readings import context_of
from storeapp.store.rebase import rebase, take_page
from tests.storeapp.store.homes import BASICS, COMMANDS, check_views, encoded, open_counter, run, shown
from tests.storeapp.world import DEVICE, NOON, STORE, a_delivery, an_order, line, placing, sku

S = TypeVar("S", bound=State)


@dataclass
class Hub:
    """The authority in memory: states, and the feed as a list of changes numbered from 1."""

    states: dict[Key, Any] = field(default_factory=dict)
    feed: list[tuple[Key, Any]] = field(default_factory=list)
    others: int = 0

    def get(self, of: type[S], key_id: str) -> S | None:
        found: S | None = self.states.get(Key(of.KIND, key_id))
        return found

    def take(self, command: Command, ctx: Context) -> int | None:
        """Decide; returns the feed number of the last change, None for a refusal."""
        decided = decide(command, self, ctx)
        if isinstance(decided, Refusal):
            return None
        for event in decided:
            key = Key(event.OF.KIND, event.id)
            self.states[key] = evolve(self.states.get(key), event)
        for key in dict.fromkeys(Key(e.OF.KIND, e.id) for e in decided):
            self.feed.append((key, self.states[key]))
        return len(self.feed)

    def from_another_counter(self, command: Command) -> None:
        self.others += 1
        self.take(command, Context(NOON, f"other-{self.others}", STORE, "dev-2", "other"))

    def answer(self, entry: Entry) -> Outcome:
        context = replace(context_of(entry, device=DEVICE, incarnation=""), final=True)
        seq = self.take(decode_command(entry.kind, entry.body), context)
        return Outcome(entry.id, Status.REFUSED) if seq is None else Outcome(entry.id, Status.APPLIED, FEED, seq)

    def page(self, after: int, upto: int) -> list[Row]:
        """The rows whose latest version bears one of these numbers, as the feed keeps no older ones."""
        latest = {key: number for number, (key, _) in enumerate(self.feed, 1)}
        numbered = enumerate(self.feed, 1)
        rows = [Row(key.kind, key.id, n, encode(state)) for n, (key, state) in numbered if latest[key] == n]
        return [row for row in rows if after < row.version <= upto]


FEED = store_feed(STORE)


def cursor_of(counter: Counter) -> int:
    return counter.cache.cursor(FEED)


def absorb(counter: Counter, rows: list[Row], *, cursor: int, complete: bool = True) -> int:
    """Take a page in as the exchange does; the last page of a feed shows what follows."""
    with counter.journal.writing():
        counter.catch_up()
        take_page(counter.cache, rows, feed=FEED, cursor=cursor, epoch="e", at="2026-03-02T04:00:00Z")
        return rebase(counter.cache, counter.journal, device=DEVICE) if complete else 0


def pull(counter: Counter, hub: Hub, upto: int | None = None) -> int:
    end = len(hub.feed)
    upto = end if upto is None else upto
    return absorb(counter, hub.page(cursor_of(counter), upto), cursor=upto, complete=upto == end)


def push(counter: Counter, hub: Hub, limit: int = 1000) -> None:
    with counter.journal.writing():
        counter.journal.settle([hub.answer(entry) for entry in counter.journal.pending(limit=limit)])


def expected(counter: Counter, hub: Hub) -> dict[Key, bytes]:
    """The hub's rows, and over them the commands that it has not answered yet."""
    world = Hub(dict(hub.states))
    for entry in counter.journal.pending(limit=10_000):
        world.take(decode_command(entry.kind, entry.body), context_of(entry, device=DEVICE, incarnation=""))
    return encoded(world.states)


class RebaseMachine(RuleBasedStateMachine):
    """Local commands, another counter's commands, answers and pages, interleaved."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.counter = open_counter(Path(self.folder.name) / "home", hub="hub.test", authority="k1")
        self.counter.journal._db.execute("PRAGMA synchronous = OFF")
        self.hub = Hub()

    def teardown(self) -> None:
        self.counter.close()
        self.folder.cleanup()

    @initialize()
    def start(self) -> None:
        for command in BASICS:
            self.hub.from_another_counter(command)
        pull(self.counter, self.hub)

    @rule(command=COMMANDS)
    def act_here(self, command: Command) -> None:
        run(self.counter, command)

    @rule(command=COMMANDS)
    def act_elsewhere(self, command: Command) -> None:
        self.hub.from_another_counter(command)

    @rule(limit=st.integers(1, 3))
    def send(self, limit: int) -> None:
        push(self.counter, self.hub, limit)

    @rule(share=st.sampled_from([0.3, 0.7, 1.0, 1.0]))
    def receive(self, share: float) -> None:
        before = cursor_of(self.counter)
        upto = before + round((len(self.hub.feed) - before) * share)
        pull(self.counter, self.hub, upto)
        if upto == len(self.hub.feed):
            assert shown(self.counter) == expected(self.counter, self.hub)

    @rule()
    def settle_all(self) -> None:
        push(self.counter, self.hub)
        pull(self.counter, self.hub)
        assert shown(self.counter) == encoded(self.hub.states)
        for table in ("touch", "reading", "stale", "state WHERE base IS NOT NULL", "state WHERE body = x''"):
            assert self.counter.cache.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0

    @rule()
    def lose_the_cache(self) -> None:
        self.counter.rebuild()
        pull(self.counter, self.hub)
        assert shown(self.counter) == expected(self.counter, self.hub)

    @invariant()
    def views_agree(self) -> None:
        check_views(self.counter)


TestRebase = RebaseMachine.TestCase
TestRebase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    with closing(open_counter(tmp_path / "home", hub="hub.test", authority="k1")) as opened:
        yield opened


@pytest.fixture
def hub(counter: Counter) -> Hub:
    made = Hub()
    for command in (*BASICS, placing("1", line("A", 2))):
        made.from_another_counter(command)
    pull(counter, made)
    return made


def delivery(counter: Counter) -> Delivery:
    found = counter.cache.get(Delivery, a_delivery())
    assert found is not None
    return found


def test_what_nobody_touches_here_is_what_the_hub_says(counter: Counter, hub: Hub) -> None:
    hub.from_another_counter(AssignDelivery(a_delivery(), "G2", 0))
    assert pull(counter, hub) == 0
    assert delivery(counter).guide == "G2"


def test_a_rival_assignment_that_reached_the_hub_first_is_shown(counter: Counter, hub: Hub) -> None:
    run(counter, AssignDelivery(a_delivery(), "G1", 0))
    hub.from_another_counter(AssignDelivery(a_delivery(), "G2", 0))
    assert pull(counter, hub) == 1
    assert delivery(counter).guide == "G2"
    push(counter, hub)
    pull(counter, hub)
    assert [entry.kind for entry in counter.journal.rejected()] == ["delivery.assign"]


def test_a_fact_stands_on_what_the_hub_says(counter: Counter, hub: Hub) -> None:
    run(counter, HandOver(a_delivery(), 1, "G1", Proof.TOKEN))
    hub.from_another_counter(AssignDelivery(a_delivery(), "G2", 0))
    pull(counter, hub)
    assert (delivery(counter).guide, delivery(counter).state) == ("G1", DeliveryState.IN_CUSTODY)
    codes = [row[0] for row in counter.cache.db.execute("SELECT kind FROM case_view")]
    assert codes == ["discrepancy"]


def test_a_question_that_only_the_hub_could_raise_goes_with_its_command(counter: Counter, hub: Hub) -> None:
    hub.from_another_counter(CountStock(STORE, "A", 1))
    run(counter, HandOver(a_delivery(), 1, "G1", Proof.TOKEN))
    pull(counter, hub)
    assert counter.cache.db.execute("SELECT count(*) FROM case_view").fetchone()[0] == 1
    hub.from_another_counter(CountStock(STORE, "A", 5))
    pull(counter, hub)
    assert counter.cache.db.execute("SELECT count(*) FROM case_view").fetchone()[0] == 0


def test_an_order_that_the_hub_refused_leaves_no_ghost(counter: Counter, hub: Hub) -> None:
    run(counter, placing("2"), AssignDelivery(a_delivery("2"), "G1", 0))
    with counter.journal.writing():
        counter.journal.settle([Outcome(e.id, Status.REFUSED) for e in counter.journal.pending()])
    pull(counter, hub)
    assert counter.cache.get(Order, an_order("2")) is None
    check_views(counter)
    history = counter.cache.db.execute("SELECT count(*) FROM timeline").fetchone()[0]
    assert history == 0


def test_an_applied_command_is_shown_until_its_row_arrives(counter: Counter, hub: Hub) -> None:
    run(counter, AssignDelivery(a_delivery(), "G1", 0))
    push(counter, hub)
    pull(counter, hub, upto=cursor_of(counter))
    assert delivery(counter).guide == "G1"
    absorb(counter, [], cursor=cursor_of(counter))
    assert delivery(counter).guide == "G1"
    pull(counter, hub)
    assert delivery(counter).guide == "G1"
    assert counter.cache.db.execute("SELECT count(*) FROM touch").fetchone()[0] == 0


def test_a_row_that_the_hub_took_away_is_gone(counter: Counter, hub: Hub) -> None:
    rows = [Row("order", an_order(), 99, b""), Row("delivery", a_delivery(), 99, b"")]
    absorb(counter, rows, cursor=len(hub.feed))
    assert counter.cache.get(Order, an_order()) is None
    check_views(counter)


def test_a_delivery_that_comes_a_page_after_its_order_is_found_by_its_words(counter: Counter, hub: Hub) -> None:
    hub.from_another_counter(placing("2"))
    for upto in range(cursor_of(counter) + 1, len(hub.feed) + 1):
        pull(counter, hub, upto)
    check_views(counter)


def test_a_command_saved_but_not_yet_shown_is_not_lost_under_a_page(
    counter: Counter, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(type(counter.cache), "apply", lambda *_: True)
        run(counter, AssignDelivery(a_delivery(), "G1", 0))
    hub.from_another_counter(CountStock(STORE, "A", 5))
    pull(counter, hub)
    assert delivery(counter).guide == "G1"


def test_the_cursor_lands_with_its_page(counter: Counter, hub: Hub) -> None:
    hub.from_another_counter(placing("3"))
    pull(counter, hub)
    assert (cursor_of(counter), counter.cache.mark("epoch")) == (len(hub.feed), "e")


def test_a_question_is_asked_about_what_the_hub_says_now(counter: Counter, hub: Hub) -> None:
    run(counter, FailDelivery(a_delivery(), "refused"))
    hub.from_another_counter(AssignDelivery(a_delivery(), "G2", 0))
    pull(counter, hub)
    told = [case.data["was_state"] for case in counter.cache.every(ExceptionCase) if "was_state" in case.data]
    assert told == [DeliveryState.ASSIGNED]


def test_a_command_is_decided_anew_when_what_it_only_read_has_changed(counter: Counter, hub: Hub) -> None:
    run(counter, placing("2", line("C")))
    hub.from_another_counter(RegisterSku(sku("C")))
    pull(counter, hub)
    order = counter.cache.get(Order, an_order("2"))
    assert order is not None
    assert UNKNOWN_SKU not in order.needs


def test_a_cache_that_was_made_anew_knows_what_commands_read(counter: Counter, hub: Hub) -> None:
    run(counter, placing("2", line("C")))
    counter.rebuild()
    pull(counter, hub)
    hub.from_another_counter(RegisterSku(sku("C")))
    pull(counter, hub)
    order = counter.cache.get(Order, an_order("2"))
    assert order is not None
    assert UNKNOWN_SKU not in order.needs


def test_an_exchange_looks_through_no_table_that_grows_with_the_day(counter: Counter, hub: Hub) -> None:
    """It holds the journal's lock, for which a person waits who saves something meanwhile."""
    statements: list[str] = []
    counter.cache.db.conn.set_trace_callback(statements.append)
    run(counter, AssignDelivery(a_delivery(), "G1", 0), placing("2"))
    hub.from_another_counter(AssignDelivery(a_delivery(), "G2", 0))
    pull(counter, hub)
    push(counter, hub)
    pull(counter, hub)
    counter.cache.db.conn.set_trace_callback(None)
    planned = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
    asked = [statement for statement in statements if statement.startswith(planned)]
    plans = [step[3] for query in asked for step in counter.cache.db.execute(f"EXPLAIN QUERY PLAN {query}")]
    growing = {"state", "delivery_view", "slip_view", "finder_order", "finder", "timeline", "movement"}
    assert {plan for plan in plans if plan.startswith("SCAN") and plan.split()[1] in growing} == set()
    assert any(plan.startswith("SEARCH state") for plan in plans)
