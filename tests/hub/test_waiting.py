"""What nobody could decide waits for a person, who decides it again or lets it be."""

from typing import Any

import httpx
import msgspec
import pytest
import sqlalchemy as sa

from hub import quarantine, waiting
from hub.core import Hub
from hub.problems import HubProblem
from hub.tables import command_result, device, event_log, incarnation, order_key, parked, state
from hub.users import add_user
from storeapp.adapters.transport_keys import box_purpose, key_purpose
from storeapp.codec import decode_state
from storeapp.domain.catalogue import Store
from storeapp.domain.delivery import Delivery, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.held import Cause, HeldCommand, Resolution
from storeapp.domain.order import order_id
from storeapp.domain.place import Position
from storeapp.domain.rules import registry
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.rules.held import ResolveHeld
from storeapp.domain.rules.people import RegisterStore
from storeapp.domain.sealed import key_check
from storeapp.domain.words import Platform
from sync.protocol.messages import BatchReply, CommandBatch, WireBox, WireCommand, WireKey
from tests.support.hubs import FakeCounter, a_guide, an_order, broken, stock
from tests.support.hubserver import serving

FIRST = order_id(Platform.TABLE, "T1")
KEY_CHECK = key_check(b"k" * 32)


def test_nothing_waits_at_first(hub: Hub) -> None:
    assert waiting.listed(hub) == []


def park(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> tuple[FakeCounter, WireCommand]:
    counter = FakeCounter(hub)
    command = counter.wire(an_order("T1"))
    with monkeypatch.context() as patch:
        patch.setitem(registry._HANDLERS, type(an_order("T1")), broken)
        assert counter.send(command).results[0].status == "parked"
    return counter, command


def acts(hub: Hub) -> list[tuple[str, str, str]]:
    """What people of the hub did: kind, who, and at which device."""
    columns = (event_log.c.kind, event_log.c.actor, event_log.c.device)
    with hub.db.reading() as connection:
        return [tuple(row) for row in connection.execute(sa.select(*columns).where(event_log.c.device == "hub"))]


def held(hub: Hub, command: WireCommand) -> HeldCommand:
    query = sa.select(state.c.body).where(state.c.kind == "held", state.c.id == command.id)
    with hub.db.reading() as connection:
        found = decode_state("held", connection.scalar(query))
    assert isinstance(found, HeldCommand)
    return found


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
    assert acts(hub) == [("held.resolve", "hq", "hub")]
    with pytest.raises(HubProblem, match="not_waiting"):
        waiting.retry(hub, command.id, by="hq")
    again = counter.send(command).results[0]
    assert (again.status, again.feed_seq) == ("replayed", result.feed_seq)


def test_what_waits_is_listed_by_store(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, command = park(hub, monkeypatch)
    elsewhere = FakeCounter(hub, device="dev-2", store="HH")
    elsewhere.do(HandOver("nothing-1", 1, "G01", Proof.TOKEN))
    somewhere = Position(31.2, 121.4)
    elsewhere.do(*[RegisterStore(Store(name, name, "a street", somewhere)) for name in ("XH", "HH")])
    assert [row.id for row in waiting.listed(hub, store="XH")] == [command.id]
    assert waiting.listed(hub, store="HH") == []
    assert [case.store for case in waiting.open_cases(hub, store="HH")] == ["HH"]
    assert waiting.open_cases(hub, store="XH") == []
    for listed in (waiting.listed, waiting.open_cases):
        with pytest.raises(HubProblem, match="unknown_store"):
            listed(hub, store="ZZ")


@pytest.mark.parametrize("store", ["X\0H", "门店" * 1000])
def test_what_cannot_be_a_store_is_unknown_to_a_hub_without_any(hub: Hub, store: str) -> None:
    for listed in (waiting.listed, waiting.open_cases):
        with pytest.raises(HubProblem, match="unknown_store"):
            listed(hub, store=store)


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
    counter, command = park(hub, monkeypatch)
    waiting.discard(hub, command.id, by="hq")
    assert waiting.listed(hub) == []
    assert code(counter.send(command)) == "discarded"
    assert acts(hub) == [("held.resolve", "hq", "hub")]
    assert (held(hub, command).outcome, held(hub, command).resolved_by) == ("refused", "hq")
    with pytest.raises(HubProblem, match="not_waiting"):
        waiting.discard(hub, command.id, by="hq")


def offered(hub: Hub, *, boxed: bool = False) -> tuple[FakeCounter, CommandBatch]:
    counter = FakeCounter(hub)
    purpose = key_purpose(FIRST, KEY_CHECK)
    channel = counter.transport.channel(hub.identity.transport.public)
    key = WireKey(FIRST, KEY_CHECK, channel.wrap(b"k" * 32, purpose))
    commands = [counter.wire(stock()), counter.wire(an_order("T1", sealed="c2VhbGVk"))]
    box = WireBox([FIRST], channel.wrap(b"k" * 32, box_purpose([FIRST])))
    return counter, CommandBatch("i1", commands, box if boxed else [key])


def test_what_a_counter_offers_that_was_turned_away_waits_and_changes_nothing(hub: Hub) -> None:
    counter, batch = offered(hub)
    for _ in range(2):
        assert quarantine.keep(hub, counter.sender, batch) == 2
    assert [row.code for row in waiting.listed(hub)] == ["revoked", "revoked"]
    assert {held(hub, command).cause for command in batch.commands} == {Cause.QUARANTINED}
    assert count(hub, state) == 2


@pytest.mark.parametrize("boxed", [True, False])
def test_a_person_may_let_it_count_with_the_customers_key(hub: Hub, boxed: bool) -> None:
    counter, batch = offered(hub, boxed=boxed)
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
    # Offered once more, such as by a counter that did not hear the answer, they are not a matter again.
    assert quarantine.keep(hub, counter.sender, batch) == 2
    assert waiting.listed(hub) == []


class TestAChain:
    """One that waits, and what hangs on it."""

    @pytest.fixture
    def chain(self, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> tuple[FakeCounter, list[WireCommand]]:
        """An order that the hub has failed on; then, in two batches, an assignment and a handover."""
        counter, order = park(hub, monkeypatch)
        counter.do(a_guide("G01"), stock())
        assigned = counter.wire(AssignDelivery(f"{FIRST}-1", "G01", 0), needs=(order.id,))
        handed = counter.wire(HandOver(f"{FIRST}-1", 1, "G01", Proof.TOKEN), needs=(order.id, assigned.id))
        assert code(counter.send(assigned)) == "needs_parked"
        assert code(counter.send(handed)) == "needs_parked"
        return counter, [order, assigned, handed]

    def test_it_is_one_matter(self, hub: Hub, chain: tuple[FakeCounter, list[WireCommand]]) -> None:
        _, (order, *others) = chain
        assert held(hub, order).followers == tuple(other.id for other in others)
        assert [(row.id, row.root) for row in waiting.listed(hub)] == [
            (order.id, ""),
            *((other.id, order.id) for other in others),
        ]
        for other in others:
            with pytest.raises(HubProblem) as refused:
                waiting.discard(hub, other.id, by="hq")
            assert refused.value.problem.data == {"reason": "follows_another"}

    def test_decided_again_all_of_it_goes_on_in_order(
        self, hub: Hub, chain: tuple[FakeCounter, list[WireCommand]]
    ) -> None:
        counter, commands = chain
        waiting.retry(hub, commands[0].id, by="hq")
        assert waiting.listed(hub) == []
        assert [result.status for result in counter.send(*commands[:1]).results] == ["replayed"]
        assert delivery(hub).guide == "G01"
        assert delivery(hub).parcels[0].custodian.holder_id == "G01"
        assert {held(hub, command).outcome for command in commands} == {"applied"}

    def test_discarded_the_intent_falls_and_the_fact_stands_as_a_discrepancy(
        self, hub: Hub, chain: tuple[FakeCounter, list[WireCommand]]
    ) -> None:
        counter, (order, assigned, handed) = chain
        waiting.discard(hub, order.id, by="hq")
        assert waiting.listed(hub) == []
        assert code(counter.send(assigned)) == "needs_refused"
        assert counter.send(handed).results[0].status == "replayed"
        assert [case.code for case in cases(hub)] == ["unknown_delivery"]
        assert not any(held(hub, command).open for command in (order, assigned, handed))

    def test_what_still_fails_keeps_all_of_it_waiting(
        self, hub: Hub, chain: tuple[FakeCounter, list[WireCommand]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, commands = chain
        monkeypatch.setitem(registry._HANDLERS, type(an_order("T1")), broken)
        assert waiting.retry(hub, commands[0].id, by="hq").status == "parked"
        assert [row.id for row in waiting.listed(hub)] == [command.id for command in commands]
        monkeypatch.undo()
        assert waiting.retry(hub, commands[0].id, by="hq").status == "applied"
        assert waiting.listed(hub) == []

    def test_a_manager_of_the_store_may_decide_it_at_another_counter(
        self, hub: Hub, chain: tuple[FakeCounter, list[WireCommand]]
    ) -> None:
        _, (order, *_) = chain
        other = FakeCounter(hub, device="dev-2")
        command = other.wire(ResolveHeld(order.id, Resolution.RETRY))
        assert other.send(command).results[0].status == "applied"
        assert other.send(command).results[0].status == "replayed"
        assert waiting.listed(hub) == []
        assert (held(hub, order).resolved_by, held(hub, order).resolved_where) == ("manager", "dev-2")
        same, otherwise = (ResolveHeld(order.id, each) for each in (Resolution.RETRY, Resolution.DISCARD))
        assert other.do(same).results[0].status == "applied"
        assert code(other.do(otherwise)) == "already_resolved"


def test_a_refused_one_takes_along_what_hangs_on_it_over_batches_and_is_accepted_at_once(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.do(stock(), an_order("T1"), a_guide("G01"), a_guide("G02"))
    FakeCounter(hub, device="dev-2").do(AssignDelivery(f"{FIRST}-1", "G02", 0))
    lost = counter.wire(AssignDelivery(f"{FIRST}-1", "G01", 0))
    assert code(counter.send(lost)) == "stale_base"
    # What the winner did has made this base true, and still nobody here has seen it.
    second = counter.wire(UnassignDelivery(f"{FIRST}-1", 1), needs=(lost.id,))
    assert code(counter.send(second)) == "needs_refused"
    assert delivery(hub).guide == "G02"
    assert (held(hub, lost).data, held(hub, second).root) == (
        {"guide": "G01", "winner": "G02", "state": "assigned"},
        lost.id,
    )
    assert counter.do(ResolveHeld(lost.id, Resolution.ACCEPT)).results[0].status == "applied"
    assert not held(hub, lost).open
    assert not held(hub, second).open


def test_only_people_of_the_hub_decide_about_a_counter_that_was_turned_away(hub: Hub) -> None:
    counter, batch = offered(hub)
    quarantine.keep(hub, counter.sender, batch)
    other = FakeCounter(hub, device="dev-2")
    assert code(other.do(ResolveHeld(batch.commands[0].id, Resolution.RETRY))) == "hub_decides"
    assert code(other.do(ResolveHeld("nobody's", Resolution.RETRY))) == "unknown_command"


def test_a_discarded_order_leaves_no_key(hub: Hub) -> None:
    counter, batch = offered(hub)
    quarantine.keep(hub, counter.sender, batch)
    for command in batch.commands:
        waiting.discard(hub, command.id, by="hq")
    assert count(hub, order_key) == 0
    assert quarantine.keep(hub, counter.sender, batch) == 2
    assert waiting.listed(hub) == []


def test_what_an_older_hub_had_put_aside_is_decided_too(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    _, command = park(hub, monkeypatch)
    with hub.db.writing() as connection:
        connection.execute(sa.delete(state).where(state.c.kind == "held"))
    assert [row.id for row in waiting.listed(hub)] == [command.id]
    assert waiting.retry(hub, command.id, by="hq").status == "applied"
    assert held(hub, command).outcome == "applied"


def test_an_open_question_of_a_store_is_answered_by_the_hub(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.do(HandOver(f"{FIRST}-1", 1, "G01", Proof.TOKEN))
    (case,) = cases(hub)
    assert waiting.resolve_case(hub, case.id, "checked", by="hq").status == "applied"
    assert [(case.open, case.resolved_by) for case in cases(hub)] == [(False, "hq")]
    with pytest.raises(HubProblem, match="not_waiting"):
        waiting.resolve_case(hub, case.id, "checked", by="hq")


def test_the_hubs_own_commands_are_numbered_without_a_hole(hub: Hub) -> None:
    counter, batch = offered(hub)
    quarantine.keep(hub, counter.sender, batch)
    for command in batch.commands:
        waiting.discard(hub, command.id, by="hq")
    with hub.db.reading() as connection:
        query = sa.select(command_result.c.seq).where(command_result.c.device == "hub").order_by(command_result.c.seq)
        assert list(connection.scalars(query)) == [1, 2]
        assert connection.scalar(sa.select(incarnation.c.last_seq).where(incarnation.c.device == "hub")) == 2


def states(hub: Hub, kind: str) -> list[Any]:
    with hub.db.reading() as connection:
        return [
            decode_state(kind, body) for body in connection.scalars(sa.select(state.c.body).where(state.c.kind == kind))
        ]


def delivery(hub: Hub) -> Delivery:
    (found,) = states(hub, "delivery")
    assert isinstance(found, Delivery)
    return found


def cases(hub: Hub) -> list[ExceptionCase]:
    return states(hub, "exception")


def code(reply: BatchReply) -> str:
    problem = reply.results[0].problem
    return problem.code if problem else reply.results[0].status


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
