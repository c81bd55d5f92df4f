"""What nobody could decide waits for a person, who decides it again or lets it be."""

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from hub import quarantine, waiting
from hub.console import add_user
from hub.core import Hub
from hub.problems import HubProblem
from hub.tables import device, event_log, order_key, parked, state
from storeapp.adapters.transport_keys import key_purpose
from storeapp.domain.order import order_id
from storeapp.domain.rules import registry
from storeapp.domain.words import Platform
from sync.protocol.messages import CommandBatch, WireCommand, WireKey
from tests.support.hubs import FakeCounter, an_order, stock
from tests.support.hubserver import serving

FIRST = order_id(Platform.TABLE, "T1")


def broken(*_: object) -> None:
    raise RuntimeError("a bug")


def test_nothing_waits_at_first(hub: Hub) -> None:
    assert waiting.listed(hub) == []


def park(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> tuple[FakeCounter, WireCommand]:
    counter = FakeCounter(hub)
    command = counter.wire(an_order("T1"))
    with monkeypatch.context() as patch:
        patch.setitem(registry._HANDLERS, type(an_order("T1")), broken)
        assert counter.send(command).results[0].status == "parked"
    return counter, command


def acts(hub: Hub) -> list[tuple[str, str]]:
    with hub.db.reading() as connection:
        rows = connection.execute(sa.select(event_log.c.kind, event_log.c.actor).order_by(event_log.c.n))
        return [(kind, actor) for kind, actor in rows if kind.startswith("hub.")]


def count(hub: Hub, table: sa.Table) -> int:
    with hub.db.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_parked_command_is_listed_without_what_it_says(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, command = park(hub, monkeypatch)
    (row,) = waiting.listed(hub)
    assert (row.id, row.device, row.store, row.kind, row.code) == (
        *(command.id, "dev-1", "XH", "order.place"),
        "handler_failed",
    )


def test_decided_again_it_takes_effect_once_and_its_counter_gets_the_new_answer(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter, command = park(hub, monkeypatch)
    result = waiting.retry(hub, command.id, by="hq")
    assert (result.status, result.feed) == ("applied", "store:XH")
    assert waiting.listed(hub) == []
    assert acts(hub) == [("hub.retried", "hq")]
    with pytest.raises(HubProblem, match="not_waiting"):
        waiting.retry(hub, command.id, by="hq")
    again = counter.send(command).results[0]
    assert (again.status, again.feed_seq) == ("replayed", result.feed_seq)


def test_what_still_fails_waits_on(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, command = park(hub, monkeypatch)
    monkeypatch.setitem(registry._HANDLERS, type(an_order("T1")), broken)
    assert waiting.retry(hub, command.id, by="hq").status == "parked"
    assert [row.id for row in waiting.listed(hub)] == [command.id]


def test_what_the_rule_now_refuses_is_answered_so(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    counter, command = park(hub, monkeypatch)
    hub.demo = False
    with hub.db.writing() as connection:
        simulated = msgspec.json.encode(msgspec.structs.replace(command, simulated=True))
        connection.execute(sa.update(parked).values(command=simulated))
    assert waiting.retry(hub, command.id, by="hq").status == "refused"
    assert waiting.listed(hub) == []
    assert counter.hub is hub


def test_a_discarded_one_is_gone_but_not_that_it_was_there(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, command = park(hub, monkeypatch)
    waiting.discard(hub, command.id, by="hq")
    assert waiting.listed(hub) == []
    assert acts(hub) == [("hub.discarded", "hq")]
    assert count(hub, state) == 0
    with pytest.raises(HubProblem, match="not_waiting"):
        waiting.discard(hub, command.id, by="hq")


def offered(hub: Hub) -> tuple[FakeCounter, CommandBatch]:
    counter = FakeCounter(hub)
    purpose = key_purpose(FIRST, b"abcd")
    channel = counter.transport.channel(hub.identity.transport.public)
    key = WireKey(FIRST, b"abcd", channel.wrap(b"k" * 32, purpose))
    commands = [counter.wire(stock()), counter.wire(an_order("T1", sealed="c2VhbGVk"))]
    return counter, CommandBatch("i1", commands, [key])


def test_what_a_counter_offers_that_was_turned_away_waits_and_changes_nothing(hub: Hub) -> None:
    counter, batch = offered(hub)
    for _ in range(2):
        assert quarantine.keep(hub, counter.sender, batch) == 2
    assert [row.code for row in waiting.listed(hub)] == ["revoked", "revoked"]
    assert count(hub, state) == 0


def test_a_person_may_let_it_count_with_the_customers_key(hub: Hub) -> None:
    counter, batch = offered(hub)
    row = {
        "id": counter.device,
        "store": "XH",
        "name": "",
        "public_key": b"p",
        "certificate": "",
        "transport_key": counter.transport.public,
        "enrolled_at": "",
        "seen_at": None,
        "revoked_at": None,
    }
    with hub.db.writing() as connection:
        connection.execute(device.insert(), [row])
    quarantine.keep(hub, counter.sender, batch)
    for command in batch.commands:
        assert waiting.retry(hub, command.id, by="hq").status == "applied"
    assert count(hub, order_key) == 1
    assert waiting.listed(hub) == []


def test_only_people_of_the_hub_see_and_decide(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, command = park(hub, monkeypatch)
    add_user(hub, "hq", "a long password")
    with serving(hub) as server:
        url, auth = server.url + "/v1/waiting", ("hq", "a long password")
        assert httpx.get(url).json()["code"] == "password_wrong"
        assert httpx.get(url, auth=("hq", "wrong")).status_code == 401
        assert [row["id"] for row in httpx.get(url, auth=auth).json()] == [command.id]
        elsewhere = {"sec-fetch-site": "cross-site"}
        assert httpx.post(f"{url}/{command.id}/discard", auth=auth, headers=elsewhere).status_code == 401
        assert httpx.post(f"{url}/{command.id}/retry", auth=auth).json()["status"] == "applied"
        assert httpx.post(f"{url}/{command.id}/discard", auth=auth).json()["code"] == "not_waiting"
