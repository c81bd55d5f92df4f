"""What the hub did not apply waits at every counter of the store, as one matter with what hangs on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hub import waiting
from hub.core import Hub
from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.held import HeldCommand, Resolution
from storeapp.domain.kernel import Refusal
from storeapp.domain.order import order_id
from storeapp.domain.rules import registry
from storeapp.domain.rules.custody import Deliver, HandOver, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, IssueSlip, RetryDelivery, UnassignDelivery
from storeapp.domain.words import Platform
from storeapp.services import queries, undone
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.store.journal import Status
from sync.transport import Offline
from tests.support.counters import MANAGER, again, bare, run, shown, stand_alone
from tests.support.direct import enrol, exchange
from tests.support.hubs import an_order

FIRST = order_id(Platform.TABLE, "T1")
DELIVERY = f"{FIRST}-1"


class World(NamedTuple):
    hub: Hub
    one: Counter
    two: Counter

    def quiet(self) -> None:
        for counter in (self.one, self.two, self.one):
            exchange(self.hub, counter)


@pytest.fixture
def world(tmp_path: Path, hub: Hub) -> Iterator[World]:
    world = World(hub, stand_alone(tmp_path / "one"), bare(tmp_path / "two"))
    for counter in (world.one, world.two):
        enrol(world.hub, counter)
    world.quiet()
    yield world
    for counter in (world.one, world.two):
        counter.close()


def broken(*_: object) -> None:
    raise RuntimeError("a bug")


def delivery(counter: Counter) -> Delivery:
    found = counter.cache.get(Delivery, DELIVERY)
    assert found is not None
    return found


def needs(counter: Counter) -> list[list[int]]:
    """Of each pending command, the numbers of those that it needs, counted from the first pending one."""
    commands = [entry for _, entry in Exchange(counter).outbox(limit=100, most_bytes=10**6).commands]
    number = {entry.id: place for place, entry in enumerate(commands)}
    return [[number[need] for need in entry.needs] for entry in commands]


def test_commands_name_what_they_rest_on_and_nothing_that_is_confirmed(world: World) -> None:
    run(world.one, an_order("T1"), AssignDelivery(DELIVERY, "G01", 0), IssueSlip(DELIVERY, 1, "00000000", 24))
    run(world.one, an_order("T2"), AssignDelivery(DELIVERY, "G02", 1))
    run(world.one, HandOver(DELIVERY, 1, "G02", Proof.TOKEN), Deliver(DELIVERY, Proof.PICKUP_CODE))
    assert needs(world.one) == [[], [0], [0], [], [0, 1], [0], [0, 5]]
    exchange(world.hub, world.one)
    run(world.one, ReturnDelivery(DELIVERY, "other"), RetryDelivery(DELIVERY))
    assert needs(world.one) == [[], [0]]


def lose_a_race(world: World) -> None:
    run(world.one, an_order("T1"))
    world.quiet()
    run(world.two, AssignDelivery(DELIVERY, "G02", 0), UnassignDelivery(DELIVERY, 1))
    run(world.one, AssignDelivery(DELIVERY, "G01", 0))
    exchange(world.hub, world.one)
    exchange(world.hub, world.two)


def test_a_lost_race_is_one_matter_at_every_counter_of_the_store(world: World) -> None:
    lose_a_race(world)
    world.quiet()
    for counter, device in ((world.one, world.two.device), (world.two, "")):
        lost, hanging = undone.rows(counter)
        assert (lost.source, lost.code, lost.device, lost.root) == ("refused", "stale_base", device, "")
        assert (lost.data["winner"], lost.data["guide"]) == ("G01", "G02")
        assert (hanging.code, hanging.root) == ("needs_refused", lost.id)
        assert queries.counts(counter).attention == undone.count(counter) == 1


def test_it_is_known_before_the_feed_tells_of_it(world: World) -> None:
    lose_a_race(world)
    cache = world.two.cache
    with cache.writing():
        cache.empty()
    world.two.catch_up()
    lost, hanging = undone.rows(world.two)
    assert (lost.code, hanging.root, undone.count(world.two)) == ("stale_base", lost.id, 1)
    assert not isinstance(undone.resolve(world.two, MANAGER, lost.id, Resolution.ACCEPT), Refusal)


def test_whoever_accepts_it_first_takes_it_off_every_list(world: World) -> None:
    lose_a_race(world)
    world.quiet()
    lost, _ = undone.rows(world.one)
    for counter in (world.one, world.two):
        undone.resolve(counter, MANAGER, lost.id, Resolution.ACCEPT)
        assert undone.rows(counter) == []
    world.quiet()
    # Both decided the same, so nobody has lost anything.
    assert [undone.count(counter) for counter in (world.one, world.two)] == [0, 0]
    assert shown(world.one) == shown(world.two)
    accepted = [entry[4] for entry in world.one.journal.audit_entries() if entry[3] == "refusal.accepted"]
    assert lost.id in accepted


def test_two_who_decide_differently_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parked = park(world, monkeypatch)
    undone.resolve(world.one, MANAGER, parked, Resolution.RETRY)
    undone.resolve(world.two, MANAGER, parked, Resolution.DISCARD)
    world.quiet()
    (row,) = undone.rows(world.one)
    assert (row.code, row.data["kind"]) == ("already_resolved", "held.resolve")
    assert delivery(world.two).state is DeliveryState.IN_CUSTODY


def park(world: World, monkeypatch: pytest.MonkeyPatch) -> str:
    """A handover that the hub has failed on, with the delivery on top of it."""
    run(world.one, an_order("T1"))
    world.quiet()
    run(world.one, HandOver(DELIVERY, 1, "G01", Proof.TOKEN))
    parked = world.one.journal.after(world.one.journal.last() - 1)[0].id
    with monkeypatch.context() as patch:
        patch.setitem(registry._HANDLERS, HandOver, broken)
        # The counter runs the rule too when it puts the hub's word under its commands, and goes on without it.
        assert exchange(world.hub, world.one).parked == 1
    world.quiet()
    return parked


def test_a_parked_fact_holds_back_what_follows_it_until_somebody_lets_it_go_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(world.one, an_order("T1"))
    world.quiet()
    run(world.one, HandOver(DELIVERY, 1, "G01", Proof.TOKEN), Deliver(DELIVERY, Proof.PICKUP_CODE))
    with monkeypatch.context() as patch:
        patch.setitem(registry._HANDLERS, HandOver, broken)
        assert exchange(world.hub, world.one).parked == 2
    world.quiet()
    root, follower = undone.rows(world.two)
    assert (root.code, follower.code, follower.root) == ("handler_failed", "needs_parked", root.id)
    assert root.choices == ("retry", "discard")
    assert delivery(world.one).state is DeliveryState.WAITING
    undone.resolve(world.two, MANAGER, root.id, Resolution.RETRY)
    assert undone.rows(world.two) == []
    world.quiet()
    world.quiet()
    assert delivery(world.one).state is DeliveryState.DELIVERED
    assert shown(world.one) == shown(world.two)
    statuses = {entry.status for entry in world.one.journal.after(world.one.journal.last() - 2)}
    assert statuses == {Status.APPLIED}
    held = world.one.cache.get(HeldCommand, root.id)
    assert held is not None
    assert (held.resolved_by, held.resolved_where, held.outcome) == ("manager", world.two.device, "applied")


def test_what_the_hub_decides_reaches_the_counter(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    parked = park(world, monkeypatch)
    waiting.discard(world.hub, parked, by="hq")
    world.quiet()
    assert undone.rows(world.one) == []
    entry = world.one.journal.by_id(parked)
    assert entry is not None
    assert entry.status is Status.REFUSED
    assert delivery(world.one).state is DeliveryState.WAITING


def test_a_decision_survives_a_lost_reply_and_is_carried_out_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    parked = park(world, monkeypatch)
    undone.resolve(world.one, MANAGER, parked, Resolution.RETRY)
    undone.resolve(world.one, MANAGER, parked, Resolution.RETRY)
    for losses in (("", "reply"), ("", "request")):
        with pytest.raises(Offline):
            exchange(world.hub, world.one, *losses)
    world.quiet()
    assert [len(delivery(counter).parcels[0].chain) for counter in (world.one, world.two)] == [2, 2]
    assert undone.rows(world.one) == []


def test_what_is_needed_is_remembered_by_another_process(world: World) -> None:
    run(world.one, an_order("T1"))
    other = again(world.one)
    run(other, AssignDelivery(DELIVERY, "G01", 0))
    assert needs(world.one) == [[], [0]]
    other.close()


def test_what_was_saved_alone_falls_with_what_it_rests_on(world: World, tmp_path: Path) -> None:
    run(world.one, an_order("T1"), AssignDelivery(DELIVERY, "G01", 0))
    world.quiet()
    late = stand_alone(tmp_path / "late")
    # The same order of the shop, while this counter knew of no other one.
    run(late, an_order("T1"), AssignDelivery(DELIVERY, "G02", 0), UnassignDelivery(DELIVERY, 1))
    enrol(world.hub, late)
    assert exchange(world.hub, late).refused == 2
    world.quiet()
    assert delivery(world.one).guide == "G01"
    late.close()
