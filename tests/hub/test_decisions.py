from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from hub import decisions, records
from hub.core import Hub
from hub.feeds import Reader, changes
from hub.problems import HubProblem
from hub.tables import command_result, event_log, head, order_key, parked, state
from storeapp.adapters.transport_keys import box_purpose, key_purpose, unboxed
from storeapp.domain.catalogue import Sku
from storeapp.domain.feeds import BRAND_FEED
from storeapp.domain.order import order_id
from storeapp.domain.people import Staff
from storeapp.domain.place import Position
from storeapp.domain.rules import registry
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.rules.orders import CancelOrder, ForgetOrder
from storeapp.domain.rules.people import LocateBuilding, RegisterSku, RegisterStaff
from storeapp.domain.sealed import key_check
from storeapp.domain.words import Platform, Role
from sync.protocol.messages import BatchReply, ChangesPage, WireBox, WireKey, encode
from tests.support.hubs import FakeCounter, a_guide, an_order, broken, stock

FIRST = order_id(Platform.TABLE, "T1")
KEY_CHECK = key_check(b"k" * 32)
DELIVERY = f"{FIRST}-1"


def page(hub: Hub, counter: FakeCounter, feed: str = "store:XH", *, after: int = 0, limit: int = 1000) -> ChangesPage:
    reader = Reader(counter.store, counter.transport.public)
    return changes(hub, reader, feed=feed, epoch=hub.identity.epoch, after=after, limit=limit)


def statuses(reply: BatchReply) -> list[str]:
    return [result.status.value for result in reply.results]


def code(reply: BatchReply) -> str:
    problem = reply.results[-1].problem
    return problem.code if problem else ""


def count(hub: Hub, table: sa.Table) -> int:
    with hub.db.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_batch_is_decided_in_order_and_its_rows_travel(hub: Hub) -> None:
    counter = FakeCounter(hub)
    reply = counter.do(stock(), a_guide("G01"), an_order("T1"), AssignDelivery(DELIVERY, "G01", 0))
    assert statuses(reply) == ["applied"] * 4
    found = page(hub, counter)
    assert {row.kind for row in found.rows} == {"stock", "guide", "order", "delivery"}
    assert found.upto == found.last == reply.results[-1].feed_seq


def test_the_log_keeps_what_was_sent_and_of_a_new_order_what_the_command_does_not_say(hub: Hub) -> None:
    counter = FakeCounter(hub)
    command = an_order("T1")
    counter.do(stock(), command)
    with hub.db.reading() as connection:
        query = sa.select(event_log.c.body, event_log.c.events).order_by(event_log.c.n.desc())
        body, events = connection.execute(query).first() or (b"", b"")
    told = dict(msgspec.json.decode(events))
    assert body == encode(command)
    assert told["order.placed"] == {"id": FIRST}
    assert told["delivery.opened"] == {"id": DELIVERY, "pieces": 1, "weight_g": 0}


@given(st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=8))])))
def test_moments_stand_in_the_log_as_everywhere(moment: datetime) -> None:
    assert records._iso(moment) == moment.isoformat()


def test_numbers_of_a_feed_have_no_holes(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.do(stock(), an_order("T1"))
    counter.do(an_order("T2"))
    with hub.db.reading() as connection:
        numbers = list(connection.scalars(sa.select(state.c.seq).where(state.c.feed == "store:XH")))
        last = connection.scalar(sa.select(head.c.seq).where(head.c.feed == "store:XH"))
    assert len(set(numbers)) == len(numbers)
    # Three rows, then the new order's two and the stock's next version.
    assert (max(numbers), last) == (6, 6)


def test_the_same_batch_again_is_replayed_and_changes_nothing(hub: Hub) -> None:
    counter = FakeCounter(hub)
    batch = [counter.wire(stock()), counter.wire(an_order("T1"))]
    first = counter.send(*batch)
    again = counter.send(*batch)
    assert statuses(again) == ["replayed", "replayed"]
    assert [result.feed_seq for result in again.results] == [result.feed_seq for result in first.results]
    assert page(hub, counter).last == first.results[-1].feed_seq


def test_a_batch_that_overlaps_is_decided_from_its_new_part_on(hub: Hub) -> None:
    counter = FakeCounter(hub)
    batch = [counter.wire(stock()), counter.wire(an_order("T1"))]
    counter.send(batch[0])
    assert statuses(counter.send(*batch)) == ["replayed", "applied"]


def test_a_refusal_is_stored_and_repeated(hub: Hub) -> None:
    counter = FakeCounter(hub)
    command = counter.wire(AssignDelivery("none", "G01", 0))
    first, again = counter.send(command), counter.send(command)
    assert first.results == again.results
    assert code(first) == "unknown_delivery"


def test_another_body_under_a_used_number_is_refused_whole(hub: Hub) -> None:
    counter = FakeCounter(hub)
    command = counter.wire(stock(quantity=10))
    counter.send(command)
    other = msgspec.structs.replace(command, body=counter.wire(stock(quantity=11)).body)
    with pytest.raises(HubProblem, match="sequence_reused"):
        counter.send(other)


def test_another_command_under_a_used_number_is_refused_whole(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.do(stock())
    counter.seq = 0
    with pytest.raises(HubProblem, match="sequence_reused"):
        counter.do(an_order("T1"))


def test_a_hole_is_told_with_the_number_expected(hub: Hub) -> None:
    counter = FakeCounter(hub, seq=4)
    with pytest.raises(HubProblem) as caught:
        counter.do(stock())
    assert caught.value.problem.data == {"expected": 1}


def test_a_new_incarnation_keeps_its_commands(hub: Hub) -> None:
    counter = FakeCounter(hub)
    command = counter.wire(stock())
    counter.send(command)
    counter.incarnation = "i2"
    reply = counter.send(command, counter.wire(an_order("T1")))
    assert statuses(reply) == ["replayed", "applied"]


def test_a_command_behind_new_ones_that_was_decided_before_is_not_decided_again(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.send(counter.wire(stock()), before := counter.wire(an_order("T1")))
    new = counter.wire(an_order("T2"))
    again = msgspec.structs.replace(before, seq=counter.seq + 1)
    reply = counter.send(new, again)
    assert statuses(reply) == ["applied", "replayed"]
    assert reply.results[1].seq == again.seq
    with hub.db.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(event_log)) == 3


def test_another_command_behind_new_ones_under_a_used_id_is_refused_with_all_of_them(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.send(before := counter.wire(stock()))
    new = counter.wire(an_order("T1"))
    other = msgspec.structs.replace(before, seq=counter.seq + 1, body=new.body, kind=new.kind)
    with pytest.raises(HubProblem, match="sequence_reused"):
        counter.send(new, other)
    with hub.db.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(command_result)) == 1


def test_the_first_of_two_rivals_wins_and_the_other_is_told(hub: Hub) -> None:
    one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2")
    one.do(stock(), a_guide("G01"), a_guide("G02"), an_order("T1"))
    assert statuses(one.do(AssignDelivery(DELIVERY, "G01", 0))) == ["applied"]
    lost = two.do(AssignDelivery(DELIVERY, "G02", 0))
    assert (statuses(lost), code(lost)) == (["refused"], "stale_base")


@pytest.mark.parametrize(
    ("change", "expected"),
    [({"kind": "order.teleport"}, "unknown_kind"), ({"body": msgspec.Raw(b'{"store":1}')}, "malformed_command")],
)
def test_what_cannot_be_read_is_parked_and_the_queue_goes_on(
    hub: Hub, change: dict[str, object], expected: str
) -> None:
    counter = FakeCounter(hub)
    reply = counter.send(counter.wire(stock(), **change), counter.wire(an_order("T1")))
    assert statuses(reply) == ["parked", "applied"]
    assert reply.results[0].problem is not None
    assert reply.results[0].problem.code == expected
    assert count(hub, parked) == 1


def test_a_bug_in_a_rule_parks_its_command_only(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(registry._HANDLERS, type(stock()), broken)
    assert statuses(FakeCounter(hub).do(stock(), an_order("T1"))) == ["parked", "applied"]


def test_a_command_that_needs_a_refused_one_is_refused_with_it(hub: Hub) -> None:
    counter = FakeCounter(hub)
    lost = counter.wire(AssignDelivery("none", "G01", 0))
    assert code(counter.send(lost, counter.wire(UnassignDelivery("none", 0), needs=(lost.id,)))) == "needs_refused"


def test_a_fact_that_needs_a_refused_one_has_happened_all_the_same(hub: Hub) -> None:
    counter = FakeCounter(hub)
    lost = counter.wire(AssignDelivery("none", "G01", 0))
    assert counter.send(lost, counter.wire(stock(), needs=(lost.id,))).results[1].status == "applied"


def test_simulated_commands_need_a_hub_for_demos(hub: Hub) -> None:
    counter = FakeCounter(hub)
    assert code(counter.send(counter.wire(stock(), simulated=True))) == "simulated"
    hub.demo = True
    assert statuses(counter.send(counter.wire(stock(), simulated=True))) == ["applied"]


def test_a_counter_speaks_for_its_own_store_only(hub: Hub) -> None:
    counter = FakeCounter(hub)
    assert code(counter.send(counter.wire(stock(store="HH"), store="HH"))) == "other_store"


def test_the_brand_has_a_feed_of_its_own(hub: Hub) -> None:
    counter, other = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    result = counter.do(RegisterSku(Sku("BL-001", "1", "x", 100, 10, 10))).results[0]
    assert (result.feed, result.feed_seq) == (BRAND_FEED, 1)
    assert [row.id for row in page(hub, other, BRAND_FEED).rows] == ["BL-001"]


def test_each_store_keeps_its_own_buildings(hub: Hub) -> None:
    one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    one.do(LocateBuilding("b", Position(31.25, 121.0)))
    two.do(LocateBuilding("b", Position(31.5, 121.0)))
    assert b"31.25" in bytes(page(hub, one).rows[0].body)
    assert b"31.5" in bytes(page(hub, two, "store:HH").rows[0].body)


def test_each_store_keeps_its_own_people(hub: Hub) -> None:
    one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    for counter in (one, two):
        counter.do(RegisterStaff(Staff("manager", f"of {counter.store}", Role.MANAGER, counter.store)))
    assert b"of XH" in bytes(page(hub, one).rows[0].body)
    assert b"of HH" in bytes(page(hub, two, "store:HH").rows[0].body)


def test_an_order_that_another_store_has_already_asks_a_person(hub: Hub) -> None:
    one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    one.do(stock(), an_order("T1"))
    two.do(an_order("T1", store="HH"))
    assert [row.kind for row in page(hub, two, "store:HH").rows] == ["exception"]


def test_a_guide_who_moves_leaves_the_feed_of_the_old_store(hub: Hub) -> None:
    one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    one.do(a_guide("G01"))
    before = page(hub, one).upto
    two.do(a_guide("G01", store="HH"))
    (gone,) = page(hub, one, after=before).rows
    assert (gone.id, gone.body) == ("G01", msgspec.UNSET)
    assert [row.id for row in page(hub, two, "store:HH").rows] == ["G01"]


def test_a_page_ends_where_it_is_full_and_the_next_goes_on(hub: Hub) -> None:
    counter = FakeCounter(hub)
    counter.do(stock(), an_order("T1"), an_order("T2"))
    first = page(hub, counter, limit=2)
    rest = page(hub, counter, after=first.upto)
    assert len(first.rows) == 2
    assert {row.seq for row in first.rows}.isdisjoint(row.seq for row in rest.rows)
    assert rest.upto == rest.last


def test_a_cursor_of_another_epoch_is_over(hub: Hub) -> None:
    with pytest.raises(HubProblem, match="epoch_over"):
        changes(hub, Reader("XH", b""), feed="store:XH", epoch="gone", after=0, limit=10)
    with pytest.raises(HubProblem, match="epoch_over"):
        page(hub, FakeCounter(hub), after=7)


def test_a_feed_of_another_store_is_none_of_its_business(hub: Hub) -> None:
    with pytest.raises(HubProblem, match="other_feed"):
        page(hub, FakeCounter(hub), "store:HH")


class TestSealed:
    def key(self, hub: Hub, counter: FakeCounter) -> WireKey:
        purpose = key_purpose(FIRST, KEY_CHECK)
        channel = counter.transport.channel(hub.identity.transport.public)
        return WireKey(FIRST, KEY_CHECK, channel.wrap(b"k" * 32, purpose))

    def place(self, hub: Hub, counter: FakeCounter) -> None:
        counter.send(counter.wire(an_order("T1", sealed="c2VhbGVk")), keys=[self.key(hub, counter)])

    def test_a_key_travels_to_another_counter_of_the_store(self, hub: Hub) -> None:
        one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2")
        self.place(hub, one)
        row = next(row for row in page(hub, two).rows if row.kind == "order")
        (key,) = row.keys
        channel = two.transport.channel(hub.identity.transport.public)
        assert channel.unwrap(key.wrapped, key_purpose(key.subject, key.key_id)) == b"k" * 32

    def test_whoever_asks_for_boxes_gets_all_keys_of_a_page_in_one(self, hub: Hub) -> None:
        one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2")
        self.place(hub, one)
        reader = Reader("XH", two.transport.public, boxed=True)
        rows = changes(hub, reader, feed="store:XH", epoch=hub.identity.epoch, after=0, limit=1000).rows
        row = next(row for row in rows if row.kind == "order")
        assert (row.opens, row.keys) == (("",), [])
        opened = two.transport.channel(hub.identity.transport.public).unwrap(row.box, box_purpose([FIRST]))
        assert unboxed(opened, [FIRST]) == [(FIRST, b"k" * 32)]

    def test_the_keys_of_a_batch_may_come_in_one_box(self, hub: Hub) -> None:
        counter, subjects = FakeCounter(hub), [FIRST, order_id(Platform.TABLE, "T2")]
        channel = counter.transport.channel(hub.identity.transport.public)
        box = WireBox(subjects, channel.wrap(b"k" * 32 + b"l" * 32, box_purpose(subjects)))
        commands = [counter.wire(an_order(number, sealed="c2VhbGVk")) for number in ("T1", "T2")]
        counter.send(*commands, keys=box)
        keys = {key.subject: key for row in page(hub, counter).rows for key in row.keys}
        opened = [channel.unwrap(keys[each].wrapped, key_purpose(each, keys[each].key_id)) for each in subjects]
        assert opened == [b"k" * 32, b"l" * 32]

    @pytest.mark.parametrize("content", [b"", b"k" * 31, b"k" * 64])
    def test_a_box_of_other_keys_than_it_says_holds_no_command_up(self, hub: Hub, content: bytes) -> None:
        counter = FakeCounter(hub)
        channel = counter.transport.channel(hub.identity.transport.public)
        for box in (channel.wrap(content, box_purpose([FIRST])), channel.wrap(b"k" * 32, b"else"), content):
            reply = counter.send(counter.wire(stock()), keys=WireBox([FIRST], box))
            assert reply.results[0].status == "applied"
        assert count(hub, order_key) == 0

    def test_an_order_that_is_over_travels_without_its_key(self, hub: Hub) -> None:
        counter = FakeCounter(hub)
        self.place(hub, counter)
        counter.do(CancelOrder(FIRST, "customer"))
        row = next(row for row in page(hub, counter).rows if row.kind == "order")
        assert row.keys == []

    def test_forgetting_destroys_the_key_and_a_late_counter_cannot_bring_it_back(self, hub: Hub) -> None:
        counter = FakeCounter(hub)
        self.place(hub, counter)
        counter.do(CancelOrder(FIRST, "customer"), ForgetOrder(FIRST))
        counter.send(counter.wire(stock()), keys=[self.key(hub, counter)])
        assert count(hub, order_key) == 0


def test_nothing_is_kept_of_a_batch_that_fails_half_way(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = FakeCounter(hub)
    command = counter.wire(stock())
    with monkeypatch.context() as patch:
        patch.setattr(decisions._Batch, "_remember_last", broken)
        with pytest.raises(RuntimeError):
            counter.send(command)
    assert count(hub, command_result) == 0
    assert statuses(counter.send(command)) == ["applied"]


def test_every_row_survives_the_wire(hub: Hub) -> None:
    one, two = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    one.do(stock(), a_guide("G01"), an_order("T1"))
    two.do(a_guide("G01", store="HH"))
    found = page(hub, one)
    assert msgspec.json.decode(encode(found), type=ChangesPage) == found
