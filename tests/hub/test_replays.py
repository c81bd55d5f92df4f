"""Somebody on the way has kept what a counter sent, and sends the very same bytes again."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from hub import devices
from hub.core import Hub
from hub.feeds import heads
from hub.states import States
from hub.tables import device, incarnation
from storeapp.adapters.transport_keys import TransportKey
from storeapp.domain.allotment import Allotment
from storeapp.domain.certificate import parse
from sync.protocol.messages import CommandBatch, EnrolRequest, Hello, encode
from tests.support.callers import Caller
from tests.support.hubs import FakeCounter, TurnedClock, an_order, stock

HELLO = "/v1/devices/dev-1/hello"


def later(hub: Hub, **time: int) -> None:
    assert isinstance(hub.now, TurnedClock)
    hub.now.moment += timedelta(**time)


def say_hello(caller: Caller, last_seq: int = 1, name: str = "i1") -> dict[str, Any]:
    reply = caller.call("POST", HELLO, encode(Hello(name, last_seq, shares=[])))
    assert reply.status_code == 200
    told: dict[str, Any] = reply.json()
    return told


def lease_ends(hub: Hub) -> datetime | None:
    with hub.db.reading() as connection:
        found = States(hub.db, connection, store="XH").get(Allotment, "XH")
    lease = found.of("i1") if found else None
    return lease.until if lease else None


def seen_at(hub: Hub) -> Any:
    with hub.db.reading() as connection:
        return connection.scalar(sa.select(device.c.seen_at).where(device.c.id == "dev-1"))


@pytest.fixture
def lent(hub: Hub, caller: Caller) -> httpx.Request:
    """The hello by which the counter has got its share."""
    FakeCounter(hub).do(stock())
    assert not say_hello(caller)["late"]
    return caller.sent[-1]


def test_a_hello_renews_the_share_that_its_counter_asks_for(hub: Hub, caller: Caller, lent: httpx.Request) -> None:
    before = lease_ends(hub)
    later(hub, hours=2)
    caller.now += timedelta(hours=2)
    say_hello(caller)
    assert before is not None
    assert lease_ends(hub) == before + timedelta(hours=2)


def test_a_hello_of_before_renews_nothing(hub: Hub, caller: Caller, lent: httpx.Request) -> None:
    before = lease_ends(hub), seen_at(hub)
    later(hub, hours=2)
    reply = caller.replay(lent)
    assert (reply.status_code, reply.json()["late"]) == (200, True)
    assert (lease_ends(hub), seen_at(hub)) == before


def test_a_hello_of_before_gives_no_share_on(hub: Hub, caller: Caller, lent: httpx.Request) -> None:
    with hub.db.reading() as connection:
        before = heads(connection, ["brand", "store:XH"])
    later(hub, hours=25)
    caller.replay(lent)
    with hub.db.reading() as connection:
        assert heads(connection, ["brand", "store:XH"]) == before


def test_a_hello_of_a_forgotten_numbering_asks_nobody_about_a_copy(hub: Hub, caller: Caller) -> None:
    say_hello(caller, 0, "i0")
    old = caller.sent[-1]
    say_hello(caller, 0)
    with hub.db.writing() as connection:  # As a hub that was restored from a backup.
        connection.execute(sa.delete(incarnation).where(incarnation.c.incarnation == "i0"))
        before = heads(connection, ["store:XH"])
    later(hub, minutes=6)
    assert caller.replay(old).json()["last_seq"] == 0
    with hub.db.reading() as connection:
        assert heads(connection, ["store:XH"]) == before


def test_a_dead_clock_is_told_the_time_and_may_say_it_again(hub: Hub, caller: Caller, lent: httpx.Request) -> None:
    caller.now = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
    told = say_hello(caller)
    assert (told["late"], told["last_seq"]) == (True, 1)
    caller.now = datetime.fromisoformat(told["time"])
    assert not say_hello(caller)["late"]


@pytest.mark.parametrize("call", ["renew", "commands", "changes", "snapshot"])
def test_everything_else_is_refused_after_five_minutes(hub: Hub, caller: Caller, call: str) -> None:
    epoch = hub.identity.epoch
    method, path, body = {
        "renew": ("POST", "/v1/devices/dev-1/renew", b"{}"),
        "commands": ("POST", "/v1/commands", encode(CommandBatch("i1", []))),
        "changes": ("GET", f"/v1/feeds/brand/changes?epoch={epoch}&after=0", None),
        "snapshot": ("GET", f"/v1/feeds/brand/snapshot?epoch={epoch}", None),
    }[call]
    assert caller.call(method, path, body).status_code == 200
    later(hub, minutes=6)
    reply = caller.replay(caller.sent[-1])
    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")


def test_a_new_certificate_is_not_made_anew(hub: Hub, caller: Caller) -> None:
    later(hub, days=390)
    caller.now += timedelta(days=390)
    first = caller.call("POST", "/v1/devices/dev-1/renew", b"{}").json()["certificate"]
    with hub.db.reading() as connection:
        before = heads(connection, ["brand"])
    assert caller.replay(caller.sent[-1]).json()["certificate"] == first
    assert parse(first).not_after == caller.now + timedelta(days=400)
    with hub.db.reading() as connection:
        assert heads(connection, ["brand"]) == before


def test_commands_are_done_once(hub: Hub, caller: Caller) -> None:
    counter = FakeCounter(hub)
    batch = CommandBatch("i1", [counter.wire(stock()), counter.wire(an_order("T1"))])
    first = caller.call("POST", "/v1/commands", encode(batch)).json()["results"]
    again = caller.replay(caller.sent[-1]).json()["results"]
    assert [result["status"] for result in first] == ["applied", "applied"]
    assert again == [result | {"status": "replayed"} for result in first]


def test_an_enrolment_of_before_takes_no_share_away(hub: Hub, caller: Caller) -> None:
    asked = EnrolRequest(devices.new_code(hub, store="XH"), "dev-1", caller.key.public, TransportKey(b"t" * 32).public)
    assert caller.call("POST", "/v1/devices/enrol", encode(asked)).status_code == 200
    enrolment = caller.sent[-1]
    FakeCounter(hub).do(stock())
    say_hello(caller)
    before = lease_ends(hub)
    assert caller.replay(enrolment).status_code == 200
    assert (before is not None, lease_ends(hub)) == (True, before)
    later(hub, minutes=10)
    assert caller.replay(enrolment).json()["code"] == "enrol_code_over"
