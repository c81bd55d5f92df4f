"""Counters and hubs of different ages: nothing that one of them does not know is lost, and nobody guesses."""

import functools
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from hub.core import Hub
from hub.tables import event_log, head, state
from storeapp import codec
from storeapp.codec import encode
from storeapp.domain.delivery import Delivery
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.kernel import Key
from storeapp.domain.order import Order, order_id
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.rules.wishes import PinDelivery
from storeapp.domain.words import Platform
from storeapp.services import attention, exchange
from storeapp.services.counter import Counter
from storeapp.services.doctor import examine
from storeapp.services.home import Home
from storeapp.services.queries import order_rows
from storeapp.store import unread
from storeapp.store.cache import Row
from storeapp.store.journal import Status, suspicion
from storeapp.store.rebase import take_page
from sync import cycle
from sync.protocol.messages import Hello
from tests.support.counters import again, join, run, shown, stand_alone, sync
from tests.support.hubs import an_order
from tests.support.hubserver import HubServer, serving

FIRST = order_id(Platform.TABLE, "T1")
DELIVERY = f"{FIRST}-1"
FORMER_KIND = "order.taken_on"


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def counter(tmp_path: Path, hub: Hub, server: HubServer) -> Iterator[Counter]:
    with closing(stand_alone(tmp_path / "one")) as counter:
        join(counter, hub, server.url)
        assert sync(counter).problem == ""
        yield counter


def rewrite(counter: Counter, command_id: str, *, kind: str = "", **fields: Any) -> bytes:
    """Make a saved command one that another program has saved; returns its body."""
    entry = counter.journal.by_id(command_id)
    assert entry is not None
    body = encode(json.loads(entry.body) | fields)
    with counter.journal.writing():
        counter.journal._db.execute(
            "UPDATE command SET kind = ?, body = ?, content_sum = NULL WHERE id = ?",
            (kind or entry.kind, body, command_id),
        )
    return body


def last_id(counter: Counter) -> str:
    return counter.journal.after(counter.journal.last() - 1)[0].id


def hub_state(hub: Hub, kind: str, key_id: str) -> dict[str, Any]:
    with hub.db.reading() as connection:
        query = sa.select(state.c.body).where(state.c.kind == kind, state.c.id == key_id)
        found: dict[str, Any] = json.loads(connection.scalar(query) or b"{}")
    return found


def touch_up(hub: Hub, kind: str, key_id: str, **fields: Any) -> None:
    """A newer process of the hub has written a row."""
    body = encode(hub_state(hub, kind, key_id) | fields)
    with hub.db.writing() as connection:
        feed = connection.scalar(sa.select(state.c.feed).where(state.c.kind == kind, state.c.id == key_id))
        seq = hub.db.lock_heads(connection, [str(feed)])[str(feed)] + 1
        chosen = (state.c.kind == kind, state.c.id == key_id)
        connection.execute(sa.update(state).where(*chosen).values(body=body, seq=seq))
        connection.execute(sa.update(head).where(head.c.feed == feed).values(seq=seq))


def plant_row(hub: Hub, kind: str, key_id: str, body: bytes) -> None:
    """A newer process of the hub has made a row of a kind that nobody here knows."""
    with hub.db.writing() as connection:
        seq = hub.db.lock_heads(connection, ["store:XH"])["store:XH"] + 1
        row = {"kind": kind, "id": key_id, "feed": "store:XH", "seq": seq, "version": 1, "body": body, "subject": None}
        connection.execute(state.insert(), [row])
        connection.execute(sa.update(head).where(head.c.feed == "store:XH").values(seq=seq))


class TestFormerKinds:
    """A counter was off since a command had another name and another form."""

    @pytest.fixture(autouse=True)
    def retold(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def told_anew(fields: dict[str, Any]) -> tuple[str, dict[str, Any]]:
            return PlaceOrder.KIND, fields | {"order_no": fields["number"]}

        monkeypatch.setitem(codec.FORMER, "order.first_form", lambda fields: (FORMER_KIND, fields))
        monkeypatch.setitem(codec.FORMER, FORMER_KIND, told_anew)

    @pytest.mark.parametrize("kind", [FORMER_KIND, "order.first_form"])
    def test_the_hub_understands_it_and_keeps_it_as_it_came(self, hub: Hub, counter: Counter, kind: str) -> None:
        run(counter, an_order("T1"))
        body = rewrite(counter, last_id(counter), kind=kind, number="T1", order_no=None)
        report = sync(counter)
        assert (report.problem, report.applied, report.parked, report.pending) == ("", 1, 0, 0)
        assert hub_state(hub, "order", FIRST)["order_no"] == "T1"
        with hub.db.reading() as connection:
            kept = connection.execute(sa.select(event_log.c.kind, event_log.c.body).order_by(event_log.c.n.desc()))
            assert tuple(kept.first() or ()) == (kind, body)

    def test_the_counter_shows_it_while_it_waits(self, counter: Counter) -> None:
        run(counter, an_order("T1"))
        rewrite(counter, last_id(counter), kind=FORMER_KIND, number="T1", order_no=None)
        counter.rebuild()
        exchange.Exchange(counter).finish()
        assert counter.cache.get(Order, FIRST) is not None

    def test_one_that_does_not_fit_its_kind_is_parked(self, counter: Counter) -> None:
        run(counter, an_order("T1"))
        rewrite(counter, last_id(counter), kind=FORMER_KIND)
        assert sync(counter).parked == 1


class TestUnknownFields:
    def test_of_a_command_are_kept_by_a_hub_that_cannot_read_them(self, hub: Hub, counter: Counter) -> None:
        run(counter, an_order("T1"))
        body = rewrite(counter, last_id(counter), gift_wrap="red")
        assert sync(counter).applied == 1
        with hub.db.reading() as connection:
            kept = connection.scalar(sa.select(event_log.c.body).order_by(event_log.c.n.desc()).limit(1))
        assert kept == body
        entry = counter.journal.by_id(last_id(counter))
        assert entry is not None
        assert entry.body == body

    def test_of_a_row_outlive_a_hub_that_changes_it(self, hub: Hub, counter: Counter) -> None:
        run(counter, an_order("T1"))
        sync(counter)
        touch_up(hub, "delivery", DELIVERY, route={"via": "bridge"})
        run(counter, AssignDelivery(DELIVERY, "G01", 0))
        assert sync(counter).applied == 1
        found = hub_state(hub, "delivery", DELIVERY)
        assert (found["guide"], found["route"]) == ("G01", {"via": "bridge"})
        assert json.loads(shown(counter)[Key("delivery", DELIVERY)])["route"] == {"via": "bridge"}

    def test_of_a_row_stay_at_a_counter_through_its_own_unconfirmed_commands(
        self, hub: Hub, counter: Counter, tmp_path: Path, server: HubServer
    ) -> None:
        run(counter, an_order("T1"))
        sync(counter)
        touch_up(hub, "delivery", DELIVERY, route="bridge")
        sync(counter)
        run(counter, AssignDelivery(DELIVERY, "G01", 0))
        delivery = counter.cache.get(Delivery, DELIVERY)
        assert delivery is not None
        assert delivery.guide == "G01"
        sync(counter)
        assert json.loads(shown(counter)[Key("delivery", DELIVERY)])["route"] == "bridge"


class TestFieldsAtTheirDefault:
    """They are left out of what is written, and so must not be taken for fields that only a newer program knows."""

    def test_forget_what_they_said_before(self, hub: Hub, counter: Counter) -> None:
        run(counter, an_order("T1"))
        sync(counter)
        touch_up(hub, "delivery", DELIVERY, route="bridge")
        for guide in ("G01", ""):
            run(counter, PinDelivery(DELIVERY, guide))
            assert sync(counter).applied == 1
            for told in (hub_state(hub, "delivery", DELIVERY), json.loads(shown(counter)[Key("delivery", DELIVERY)])):
                assert (told.get("pinned", ""), told["route"]) == (guide, "bridge")

    def test_of_a_row_that_an_older_hub_has_written_in_full_are_forgotten_too(self, hub: Hub, counter: Counter) -> None:
        run(counter, an_order("T1"))
        sync(counter)
        touch_up(hub, "delivery", DELIVERY, pinned="G01", guide="", assignments=0, eta=None, goods=[], banned=[])
        run(counter, PinDelivery(DELIVERY, ""))
        assert sync(counter).applied == 1
        assert hub_state(hub, "delivery", DELIVERY).get("pinned", "") == ""
        shown_here = counter.cache.get(Delivery, DELIVERY)
        assert shown_here is not None
        assert shown_here.pinned == ""

    def test_are_shown_while_the_hub_has_not_answered(self, hub: Hub, counter: Counter) -> None:
        run(counter, an_order("T1"))
        run(counter, PinDelivery(DELIVERY, "G01"))
        sync(counter)
        run(counter, PinDelivery(DELIVERY, ""))
        for _ in range(2):
            delivery = counter.cache.get(Delivery, DELIVERY)
            assert delivery is not None
            assert delivery.pinned == ""
            counter.rebuild()

    def test_cost_nothing(self, counter: Counter, hub: Hub) -> None:
        run(counter, an_order("T1"))
        sync(counter)
        written = hub_state(hub, "delivery", DELIVERY).keys() | hub_state(hub, "order", FIRST).keys()
        assert written.isdisjoint({"guide", "pinned", "eta", "banned", "cancel_reason", "closed_at", "status"})


class Newer:
    """Reads what the next version can read."""

    def __init__(self, known: Any) -> None:
        self._known = known

    def decode(self, body: bytes) -> Any:
        return self._known.decode(bytes(body).replace(b'"teleport"', b'"scheduled"'))


def listed(counter: Counter) -> list[str]:
    return [
        order_no for (order_no,) in counter.cache.db.execute("SELECT order_no FROM delivery_view ORDER BY order_no")
    ]


class TestUnknownValues:
    """A newer hub has another state, or another mode, in a kind that every counter knows."""

    @pytest.fixture
    def strange(self, hub: Hub, counter: Counter) -> Counter:
        run(counter, an_order("T1"))
        run(counter, an_order("T2"))
        sync(counter)
        touch_up(hub, "order", FIRST, mode="teleport")
        return counter

    def test_of_a_row_hold_nothing_up_and_are_told(self, hub: Hub, strange: Counter) -> None:
        run(strange, CountStock("XH", "BL-001", 7))
        report = sync(strange)
        assert (report.problem, report.applied, report.pending) == ("rows_unread", 1, 0)
        assert (strange.cache.get(Order, FIRST), strange.cache.every(ExceptionCase)) == (None, [])
        assert listed(strange) == ["T2"]
        assert sync(strange).problem == "rows_unread"
        told = [
            finding.data for finding in examine(Home(strange.home, strange.clock)).findings if "rows" in finding.data
        ]
        assert told == [{"rows": 1}]

    def test_of_a_row_are_shown_by_the_next_version(
        self, hub: Hub, strange: Counter, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync(strange)
        monkeypatch.setitem(codec._decoders, Order, Newer(codec._decoders[Order]))
        strange.catch_up()
        assert listed(strange) == ["T2"]
        monkeypatch.setattr(unread, "__version__", "9.9.9")
        strange.catch_up()
        assert listed(strange) == ["T1", "T2"]
        assert sync(strange).problem == ""

    def test_of_a_row_that_is_mended_leave_nothing_behind(self, hub: Hub, strange: Counter) -> None:
        sync(strange)
        touch_up(hub, "order", FIRST, mode="scheduled")
        assert sync(strange).problem == ""
        assert listed(strange) == ["T1", "T2"]

    def test_of_an_order_hide_its_delivery_from_every_list(self, hub: Hub, strange: Counter) -> None:
        sync(strange)
        assert [row.order_no for row in attention.attention_rows(strange)] == []
        assert order_rows(strange, [DELIVERY]) == [None]

    def test_of_a_row_under_open_commands_hold_nothing_up(self, hub: Hub, strange: Counter) -> None:
        run(strange, AssignDelivery(DELIVERY, "G01", 0))
        pages = [Row("delivery", DELIVERY, 9, b'{"id":"x","parcels":7}')]
        take_page(strange.cache, pages, feed="store:XH", cursor=9, epoch="e", at="2026-11-21T01:00:00+00:00")
        exchange.Exchange(strange).finish()
        assert strange.cache.get(Delivery, DELIVERY) is None
        assert strange.journal.counts() == {Status.PENDING: 1}
        assert sync(strange).pending == 0

    def test_of_commands_and_events_are_no_damage(self, counter: Counter) -> None:
        run(counter, an_order("T1"))
        entry = counter.journal.after(counter.journal.last() - 1)[0]
        rewrite(counter, entry.id, mode="teleport")
        events = msgspec.json.decode(entry.events)
        next(event for kind, event in events if kind == "order.placed")["order"]["mode"] = "teleport"
        with counter.journal.writing():
            counter.journal._db.execute(
                "UPDATE command SET events = ?, content_sum = NULL WHERE id = ?", (encode(events), entry.id)
            )
        counter.rebuild()
        suspicion(counter.home / "journal.db").touch()
        with closing(again(counter)) as reopened:
            assert reopened.journal.by_id(entry.id) is not None
            assert sync(reopened).parked == 1


class TestUnknownKinds:
    def test_of_rows_are_kept_as_they_came(self, hub: Hub, counter: Counter) -> None:
        plant_row(hub, "robot", "R1", b'{"id":"R1","battery":70}')
        run(counter, an_order("T1"))
        report = sync(counter)
        assert (report.problem, report.pending) == ("", 0)
        assert shown(counter)[Key("robot", "R1")] == b'{"id":"R1","battery":70}'
        assert counter.cache.get(Order, FIRST) is not None

    def test_of_commands_and_events_of_a_newer_program_hold_nothing_up(self, counter: Counter) -> None:
        run(counter, an_order("T1"))
        run(counter, an_order("T2"))
        first = counter.journal.after(counter.journal.last() - 2)[0]
        events = encode([["robot.sent", {"id": "R1"}], *msgspec.json.decode(first.events)])
        with counter.journal.writing():
            counter.journal._db.execute(
                "UPDATE command SET kind = 'robot.send', events = ?, content_sum = NULL WHERE id = ?",
                (events, first.id),
            )
        with closing(again(counter)) as older:
            older.rebuild()
            assert older.cache.get(Order, order_id(Platform.TABLE, "T2")) is not None
            assert older.cache.get(Order, FIRST) is not None
            report = sync(older)
            assert (report.problem, report.parked, report.applied) == ("", 1, 1)
            assert [row.code for row in attention.attention_rows(older)] == ["unknown_kind"]


class TestCounterThatIsNewer:
    def test_is_told_clearly_and_keeps_its_commands(
        self, counter: Counter, monkeypatch: pytest.MonkeyPatch, hub: Hub
    ) -> None:
        run(counter, an_order("T1"))
        with monkeypatch.context() as patch:
            patch.setattr(cycle, "Hello", functools.partial(Hello, schema=2))
            for _ in range(2):
                report = sync(counter)
                assert (report.problem, report.pending) == ("counter_newer", 1)
        assert counter.journal.counts() == {Status.PENDING: 1}
        assert hub_state(hub, "order", FIRST) == {}
        assert sync(counter).applied == 1


class TestFilesOfANewerProgram:
    def test_a_cache_is_made_anew(self, hub: Hub, counter: Counter, server: HubServer) -> None:
        run(counter, an_order("T1"))
        sync(counter)
        before = shown(counter)
        counter.cache.db.execute("CREATE TABLE robots (id TEXT)")
        counter.cache.db.execute("PRAGMA user_version = 99")
        with closing(again(counter)) as older:
            older.catch_up()
            assert sync(older).problem == ""
            assert shown(older) == before
