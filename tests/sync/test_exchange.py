"""The real counter against the real hub over real connections."""

import contextlib
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from msgspec import structs
from msgspec.structs import replace

from devtools.proxy import DOWN, Fault, Proxy
from hub import devices, waiting
from hub.copies import CODE as COPIED
from hub.core import Hub, open_hub
from hub.devices import new_code
from hub.feeds import feeds_of
from hub.operations import backup, restore
from hub.tables import state
from storeapp.domain.delivery import Delivery, Proof
from storeapp.domain.experience import TravelDay
from storeapp.domain.incoming import Person
from storeapp.domain.kernel import Key
from storeapp.domain.order import Order, order_id
from storeapp.domain.place import Position
from storeapp.domain.rules.custody import Deliver, HandOver
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip
from storeapp.domain.rules.orders import CancelOrder, ForgetOrder
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.stock import StockItem, stock_id
from storeapp.domain.words import Platform, TravelMode
from storeapp.services import exchange
from storeapp.services.attention import attention_rows
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.home import Home
from storeapp.services.ports import SyncFailed
from storeapp.store.journal import Journal, Outcome, Status
from storeapp.store.rebase import take_page
from sync.engine import SyncEngine
from sync.protocol.messages import HelloReply
from tests.support.counters import PASSPHRASE, again, bare, join, run, shown, stand_alone, sync
from tests.support.hubs import TurnedClock, an_order, make_hub
from tests.support.hubserver import HubServer, serving

FIRST = order_id(Platform.TABLE, "T1")
DELIVERY = f"{FIRST}-1"


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def proxy(server: HubServer) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[[str], Counter]]:
    """Counters by name, closed at the end."""
    counters: list[Counter] = []

    def make(name: str, *, fresh: bool = False, passphrase: str | None = None) -> Counter:
        counters.append((bare if fresh else stand_alone)(tmp_path / name, passphrase=passphrase))
        return counters[-1]

    yield make
    for counter in counters:
        counter.close()


def projection(hub: Hub, store: str = "XH") -> dict[Key, bytes]:
    with hub.db.reading() as connection:
        rows = connection.execute(
            sa.select(state.c.kind, state.c.id, state.c.body).where(state.c.feed.in_(feeds_of(store)))
        )
        return {Key(kind, key_id): body for kind, key_id, body in rows if body}


def on_hand(counter: Counter, sku: str = "BL-001") -> int:
    item = counter.cache.get(StockItem, stock_id("XH", sku))
    return item.on_hand if item else 0


def hand_over(number: int) -> list[object]:
    delivery = f"{order_id(Platform.TABLE, f'T{number}')}-1"
    return [
        AssignDelivery(delivery, "G01", 0),
        IssueSlip(delivery, 1, "00000000", 24),
        HandOver(delivery, 1, "G01", Proof.TOKEN),
    ]


class TestEnrolling:
    def test_a_day_of_a_stand_alone_counter_is_neither_lost_nor_doubled(
        self, hub: Hub, server: HubServer, made: Callable[..., Counter]
    ) -> None:
        counter = made("one")
        run(counter, *[an_order(f"T{n}", quantity=2) for n in range(20)])
        for number in range(5):
            run(counter, *hand_over(number))
        run(counter, CountStock("XH", "BL-002", 99))
        before, stock_before = shown(counter), on_hand(counter)
        join(counter, hub, server.url)
        assert shown(counter) == before
        report = sync(counter)
        assert (report.problem, report.pending, report.refused, report.parked) == ("", 0, 0, 0)
        now = {k: v for k, v in shown(counter).items() if k.kind not in {"device", "allotment"}}
        assert {k: re.sub(rb'"shares":\[\[[^]]*\]\]', b'"shares":[]', v) for k, v in now.items()} == before
        assert on_hand(counter) == stock_before
        assert shown(counter) == projection(hub)

    def test_a_second_counter_of_the_store_sees_the_same(
        self, hub: Hub, server: HubServer, made: Callable[..., Counter]
    ) -> None:
        one, two = made("one"), made("two", fresh=True)
        run(one, *[an_order(f"T{n}") for n in range(5)])
        for counter in (one, two):
            join(counter, hub, server.url)
        for counter in (one, two, one):
            sync(counter)
        assert shown(one) == shown(two) == projection(hub)
        assert two.store == "XH"

    def test_another_process_of_the_home_follows_at_once(
        self, hub: Hub, server: HubServer, made: Callable[..., Counter]
    ) -> None:
        counter = made("one")
        other = again(counter)
        join(counter, hub, server.url)
        run(other, an_order("T1"))
        entry = other.journal.pending(limit=1000)[-1]
        other.close()
        assert entry.kind == "order.place"

    def test_a_wrong_code_changes_nothing(self, server: HubServer, made: Callable[..., Counter]) -> None:
        counter = made("one")
        with pytest.raises(SyncFailed, match="enrol_code_wrong"):
            SyncEngine().enrol(counter, url=server.url, code="AAAA-BBBB-CCCC")
        assert not counter.enrolled

    def test_the_same_code_serves_again_after_a_lost_reply(
        self, hub: Hub, proxy: Proxy, made: Callable[..., Counter]
    ) -> None:
        counter, code = made("one"), new_code(hub, store="XH")
        proxy.become(Fault(cut_reply=0, once=True))
        with pytest.raises(SyncFailed, match="offline"):
            SyncEngine().enrol(counter, url=proxy.url, code=code)
        SyncEngine().enrol(counter, url=proxy.url, code=code)
        assert sync(counter).problem == ""


class TestTwoCounters:
    @pytest.fixture
    def both(self, hub: Hub, server: HubServer, made: Callable[..., Counter]) -> tuple[Counter, Counter]:
        one, two = made("one"), made("two", fresh=True)
        run(one, an_order("T1"))
        for counter in (one, two):
            join(counter, hub, server.url)
            sync(counter)
        return one, two

    def test_of_two_assignments_made_offline_the_first_to_arrive_wins(
        self, hub: Hub, both: tuple[Counter, Counter]
    ) -> None:
        one, two = both
        run(one, AssignDelivery(DELIVERY, "G01", 0))
        run(two, AssignDelivery(DELIVERY, "G02", 0))
        assert sync(one).refused == 0
        assert sync(two).refused == 1
        sync(one)
        (lost,) = two.journal.rejected()
        assert b"stale_base" in lost.problem
        assert shown(one) == shown(two) == projection(hub)
        delivery = two.cache.get(Delivery, DELIVERY)
        assert delivery is not None
        assert delivery.guide == "G01"

    def test_what_is_unconfirmed_stays_on_top_of_what_others_did(
        self, hub: Hub, server: HubServer, both: tuple[Counter, Counter]
    ) -> None:
        one, two = both
        run(one, an_order("T2"))
        sync(one)
        run(two, AssignDelivery(DELIVERY, "G02", 0))
        sync(two)
        delivery = two.cache.get(Delivery, DELIVERY)
        assert delivery is not None
        assert (delivery.guide, two.cache.get(Order, order_id(Platform.TABLE, "T2")) is not None) == ("G02", True)

    def test_a_cache_that_was_lost_comes_back_from_hub_and_journal(
        self, both: tuple[Counter, Counter], hub: Hub
    ) -> None:
        one, two = both
        run(two, AssignDelivery(DELIVERY, "G02", 0))
        with two.cache.writing():
            two.cache.empty()
        two.catch_up()
        sync(two)
        sync(one)
        assert shown(one) == shown(two) == projection(hub)


class TestBrokenLines:
    @pytest.fixture
    def counter(self, hub: Hub, proxy: Proxy, made: Callable[..., Counter]) -> Counter:
        counter = made("one")
        join(counter, hub, proxy.url)
        return counter

    def test_a_hub_out_of_reach_changes_nothing(self, counter: Counter, proxy: Proxy) -> None:
        pending = counter.journal.counts()[Status.PENDING]
        proxy.become(DOWN)
        report = sync(counter)
        assert (report.problem, report.pending) == ("offline", pending)
        run(counter, an_order("T1"))
        assert counter.journal.counts()[Status.PENDING] == pending + 1

    def test_a_reply_cut_off_after_the_commit_is_replayed(self, counter: Counter, proxy: Proxy, hub: Hub) -> None:
        sync(counter)
        run(counter, an_order("T1"))
        proxy.become(Fault(cut_reply=0, watched=b"POST /v1/commands", once=True))
        assert sync(counter).pending == 1
        report = sync(counter)
        assert (report.replayed, report.pending) == (1, 0)
        assert shown(counter) == projection(hub)

    def test_commands_whose_reply_was_lost_are_told_as_replayed(
        self, counter: Counter, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync(counter)
        run(counter, an_order("T1"))
        with monkeypatch.context() as patch:
            patch.setattr(Exchange, "settle", _lose)
            with pytest.raises(ConnectionAbortedError):
                sync(counter)
        assert sync(counter).replayed == 1
        assert shown(counter) == projection(hub)

    def test_answers_are_noted_in_parts_and_what_a_crash_cuts_off_is_replayed(
        self, counter: Counter, hub: Hub, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync(counter)
        run(counter, *[an_order(f"T{n}") for n in range(5)])
        with monkeypatch.context() as patch:
            patch.setattr(exchange, "SETTLED_AT_ONCE", 2)
            patch.setattr(Journal, "settle", _lose_after(Journal.settle, 2))
            with pytest.raises(ConnectionAbortedError):
                sync(counter)
        assert counter.journal.counts()[Status.PENDING] == 1
        report = sync(counter)
        assert (report.replayed, report.pending) == (1, 0)
        assert shown(counter) == projection(hub)


def _lose(*_: object) -> None:
    raise ConnectionAbortedError


def _lose_after(settle: Callable[..., None], times: int) -> Callable[..., None]:
    """Works so many times."""
    left = iter(range(times))

    def losing(journal: Journal, outcomes: list[Outcome]) -> None:
        if next(left, None) is None:
            raise ConnectionAbortedError
        settle(journal, outcomes)

    return losing


class TestPeople:
    @pytest.mark.parametrize("boxes", [True, False])
    def test_a_person_reaches_the_other_counter_and_is_forgotten_there_too(
        self,
        hub: Hub,
        server: HubServer,
        made: Callable[..., Counter],
        monkeypatch: pytest.MonkeyPatch,
        boxes: bool,
    ) -> None:
        if not boxes:
            older = partial(structs.replace, boxes=False)
            monkeypatch.setattr(devices, "HelloReply", lambda *args, **named: older(HelloReply(*args, **named)))
        one, two = made("one", passphrase=PASSPHRASE), made("two", fresh=True, passphrase=PASSPHRASE)
        keys = one.privacy.keys_for([FIRST], now=one.clock.now())
        person = Person(name="A", phone="13800138000", address="")
        run(one, an_order("T1", sealed=one.privacy.seal(person, keys[FIRST], subject=FIRST)))
        for counter in (one, two):
            join(counter, hub, server.url)
            sync(counter)
        order = two.cache.get(Order, FIRST)
        assert order is not None
        assert two.privacy.person(FIRST, order.sealed) == person
        assert two.cache.finder_has(FIRST)
        run(one, CancelOrder(FIRST, "customer"), ForgetOrder(FIRST))
        sync(one)
        sync(two)
        assert two.privacy.known_keys([FIRST]) == {}
        assert not two.cache.finder_has(FIRST)

    def test_the_way_to_a_customer_is_learned_before_the_hub_lets_the_customer_be_forgotten(
        self, hub: Hub, server: HubServer, made: Callable[..., Counter]
    ) -> None:
        one, two = made("one", passphrase=PASSPHRASE), made("two", fresh=True, passphrase=PASSPHRASE)
        keys = one.privacy.keys_for([FIRST], now=one.clock.now())
        person = Person(name="A", phone="13800138000", address="", position=Position(31.21, 121.43))
        placing = an_order("T1", sealed=one.privacy.seal(person, keys[FIRST], subject=FIRST))
        run(one, replace(placing, located=True))
        join(one, hub, server.url)
        sync(one)
        join(two, hub, server.url)
        sync(two)
        job = f"{FIRST}-1"
        run(one, AssignDelivery(job, "G01", 0), HandOver(job, 1, "G01", Proof.TOKEN))
        # As a phone's record comes: without the use-case of a counter, which would keep the way itself.
        one.clock.moment += timedelta(minutes=20)  # type: ignore[attr-defined]  # a clock of the test
        run(one, Deliver(job, Proof.PICKUP_CODE))
        sync(one)
        sync(two)
        run(one, ForgetOrder(FIRST))
        sync(one)
        two.clock.moment += timedelta(minutes=20)  # type: ignore[attr-defined]  # a clock of the test
        sync(two)
        assert two.privacy.known_keys([FIRST]) == {}
        sync(two)
        sync(one)
        for counter in (one, two):
            ((leg,),) = [day.legs for day in counter.cache.every(TravelDay)]
            assert (leg.mode, leg.metres, leg.took_s) == (TravelMode.EBIKE, 1100, 16 * 60)

    def test_who_is_forgotten_is_gone_although_the_power_went_with_the_page(
        self, hub: Hub, server: HubServer, made: Callable[..., Counter], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, two = made("one", passphrase=PASSPHRASE), made("two", fresh=True, passphrase=PASSPHRASE)
        keys = one.privacy.keys_for([FIRST], now=one.clock.now())
        run(one, an_order("T1", sealed=one.privacy.seal(Person(name="A"), keys[FIRST], subject=FIRST)))
        for counter in (one, two):
            join(counter, hub, server.url)
            sync(counter)
        assert two.privacy.known_keys([FIRST])
        run(one, CancelOrder(FIRST, "customer"), ForgetOrder(FIRST))
        sync(one)

        def cut_after(*args: Any, **kwargs: Any) -> None:
            take_page(*args, **kwargs)
            raise ConnectionAbortedError

        with monkeypatch.context() as patch:
            patch.setattr(exchange, "take_page", cut_after)
            for _ in two.identity["store"]:  # A page of each feed.
                with contextlib.suppress(ConnectionAbortedError):
                    sync(two)
        sync(two)
        assert two.privacy.known_keys([FIRST]) == {}


def test_a_restored_hub_is_refilled_by_its_counters(
    tmp_path: Path, database: str, made: Callable[..., Counter]
) -> None:
    home = tmp_path / "hub"
    hub = make_hub(home, url=database)
    counter = made("one")
    with serving(hub) as server:
        port = server.port
        join(counter, hub, server.url)
        sync(counter)
        backup(home, tmp_path / "copy.db", url=database)
        run(counter, an_order("T1"))
        sync(counter)
    hub.close()
    restore(home, tmp_path / "copy.db", url=database)
    hub = open_hub(home, url=database, now=TurnedClock())
    server = HubServer(hub, port=port).start()
    try:
        report = sync(counter)
        assert (report.problem, report.pending) == ("", 0)
        assert Key("order", FIRST) in projection(hub)
        assert shown(counter) == projection(hub)
    finally:
        server.stop()
        hub.close()


def test_a_copied_counter_begins_a_numbering_of_its_own(
    hub: Hub, server: HubServer, made: Callable[..., Counter], tmp_path: Path
) -> None:
    one = made("one")
    join(one, hub, server.url)
    sync(one)
    shutil.copytree(one.home, tmp_path / "copy")
    two = Home(tmp_path / "copy", one.clock).open()
    run(one, an_order("T1"))
    run(two, an_order("T2"))
    assert sync(one).problem == ""
    assert sync(two).problem == ""
    assert sync(one).problem == ""
    assert shown(one) == shown(two) == projection(hub)
    assert two.identity["incarnation"] != one.identity["incarnation"]
    asked = [row for row in attention_rows(one) if row.code == COPIED]
    assert [row.id for row in asked] == [f"{one.device}/{two.identity['incarnation']}"]
    assert [case.code for case in waiting.open_cases(hub)] == [COPIED]
    two.close()


def test_a_counter_that_was_set_back_begins_a_numbering_of_its_own_and_a_person_is_asked(
    hub: Hub, server: HubServer, made: Callable[..., Counter], tmp_path: Path
) -> None:
    before = made("one")
    join(before, hub, server.url)
    sync(before)
    shutil.copytree(before.home, tmp_path / "image")
    run(before, an_order("T1"))
    assert sync(before).problem == ""
    first = before.identity["incarnation"]
    before.close()
    after = Home(tmp_path / "image", before.clock).open()
    # Nothing was saved since, so that only the hub's number tells.
    report = sync(after)
    assert (report.problem, report.applied) == ("", 0)
    assert after.identity["incarnation"] != first
    run(after, an_order("T2"))
    assert sync(after).problem == ""
    assert sync(after).problem == ""
    assert shown(after) == projection(hub)
    assert {Key("order", order_id(Platform.TABLE, number)) for number in ("T1", "T2")} <= projection(hub).keys()
    assert [case.code for case in waiting.open_cases(hub)] == [COPIED]
    after.close()
