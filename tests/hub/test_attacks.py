"""A counter of ours whose program somebody else has written, and requests that nobody has signed."""

import base64
import gzip
import json
from itertools import product
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from hub import devices
from hub.api import _decide
from hub.core import Hub
from hub.feeds import Reader, changes
from hub.problems import HubProblem
from hub.states import States
from hub.tables import order_key, state
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import key_purpose
from storeapp.domain.delivery import Holder, Proof
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.kernel import Command
from storeapp.domain.moment import Window
from storeapp.domain.order import delivery_id, order_id
from storeapp.domain.people import Shift, shift_id
from storeapp.domain.rules.closing import ReportException, ResolveException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, Rescue, ReturnDelivery
from storeapp.domain.rules.deliveries import (
    AssignDelivery,
    IssueSlip,
    RetryDelivery,
    SplitDelivery,
    UnassignDelivery,
)
from storeapp.domain.rules.orders import CancelOrder, CorrectOrder, ForgetOrder, RescheduleOrder, ReserveOrder
from storeapp.domain.rules.people import IssueBadge, RevokeBadge, SetShift
from storeapp.domain.rules.risk import WarnLate
from storeapp.domain.rules.stock import CountStock, MoveStock, OpenStock
from storeapp.domain.rules.wishes import BanGuide, PinDelivery, PrioritiseDelivery
from storeapp.domain.sealed import key_check
from storeapp.domain.stock import Movement
from storeapp.domain.words import Mode, Platform
from sync.protocol.messages import (
    MAX_BATCH_KEYS,
    BatchReply,
    CommandBatch,
    EnrolRequest,
    ResultStatus,
    WireKey,
    encode,
)
from tests.support.callers import Caller
from tests.support.hubs import START, FakeCounter, a_guide, an_order, stock

ORDER = order_id(Platform.TABLE, "T1")
DELIVERY = delivery_id(ORDER)
SOON = Window(START, START.replace(hour=5))


def sent(hub: Hub, content: bytes, device: str = "dev-1") -> BatchReply:
    """What the hub says to these bytes, once their signature has held."""
    known = devices.find(hub, device)
    assert known is not None
    return msgspec.json.decode(_decide(hub, known, content), type=BatchReply)


@pytest.fixture
def evil(hub: Hub) -> FakeCounter:
    """An enrolled counter of XH."""
    counter = FakeCounter(hub)
    code = devices.new_code(hub, store="XH")
    devices.enrol(hub, EnrolRequest(code, "dev-1", DeviceKey(b"d" * 32).public, counter.transport.public))
    return counter


@pytest.fixture
def other(hub: Hub) -> FakeCounter:
    """An honest counter of another store, in the middle of its day."""
    counter = FakeCounter(hub, device="dev-9", store="HH", incarnation="i9")
    code = devices.new_code(hub, store="HH")
    devices.enrol(hub, EnrolRequest(code, "dev-9", DeviceKey(b"e" * 32).public, counter.transport.public))
    counter.do(a_guide("G1", store="HH"), stock(store="HH"), an_order("T1", store="HH"), an_order("T2", store="HH"))
    counter.do(AssignDelivery(DELIVERY, "G1", 0), ReportException(DELIVERY, ExceptionKind.LATE))
    return counter


def of_store(hub: Hub, store: str) -> list[Any]:
    page = changes(hub, Reader(store, b""), feed=f"store:{store}", epoch=hub.identity.epoch, after=0, limit=1000)
    return [(row.kind, row.id, row.version, bytes(row.body) if row.body else b"") for row in page.rows]


ABROAD: tuple[Command, ...] = (
    an_order("T9", store="HH"),
    an_order("T1"),
    CorrectOrder(ORDER, "", located=True, needs=()),
    RescheduleOrder(ORDER, Mode.SCHEDULED, SOON),
    CancelOrder(ORDER, "customer"),
    ReserveOrder(ORDER),
    ForgetOrder(ORDER),
    AssignDelivery(DELIVERY, "G1", 1),
    UnassignDelivery(DELIVERY, 1),
    IssueSlip(DELIVERY, 1, "00ff00ff", 24),
    SplitDelivery(DELIVERY, 2),
    RetryDelivery(DELIVERY),
    HandOver(DELIVERY, 1, "G1", Proof.TOKEN),
    Rescue(DELIVERY, 1, "G1", "G2", Proof.TOKEN),
    Deliver(DELIVERY, Proof.PICKUP_CODE),
    FailDelivery(DELIVERY, "refused"),
    ReturnDelivery(DELIVERY, "refused"),
    PassOn(DELIVERY, Holder.COURIER, "c"),
    PinDelivery(DELIVERY, "G1"),
    BanGuide(DELIVERY, "G1"),
    PrioritiseDelivery(DELIVERY, 3),
    WarnLate(DELIVERY, 90, START),
    OpenStock("HH", "BL-001", 1),
    CountStock("HH", "BL-001", 1),
    MoveStock("HH", "BL-001", Movement.SOLD, -1),
    SetShift(Shift(shift_id("G1", START.date()), "G1", "HH", START.date(), SOON)),
    IssueBadge("G1", "00ff00ff", 30),
    RevokeBadge("G1"),
)


def test_a_counter_changes_nothing_of_another_store(hub: Hub, evil: FakeCounter, other: FakeCounter) -> None:
    before = of_store(hub, "HH")
    evil.do(a_guide("G2"), stock())
    for command in ABROAD:
        evil.do(command)
        assert of_store(hub, "HH") == before, command


def cases(hub: Hub) -> list[str]:
    with hub.db.reading() as connection:
        states = States(hub.db, connection, store="XH")
        found = [states.get(ExceptionCase, key.id) for key in states.every(ExceptionCase.KIND)]
    return [case.code for case in found if case is not None]


def test_what_happened_to_a_parcel_of_another_store_asks_a_person(
    hub: Hub, evil: FakeCounter, other: FakeCounter
) -> None:
    (result,) = evil.do(Deliver(DELIVERY, Proof.PICKUP_CODE)).results
    assert (result.status, cases(hub)) == (ResultStatus.APPLIED, ["order_of_other_store"])


def test_a_question_of_another_store_is_not_settled_here(hub: Hub, evil: FakeCounter, other: FakeCounter) -> None:
    (case,) = [key_id for kind, key_id, _, _ in of_store(hub, "HH") if kind == "exception"]
    (result,) = evil.do(ResolveException(case, "handled")).results
    assert (result.status, result.problem and result.problem.code) == (ResultStatus.REFUSED, "other_store")


def test_a_guide_may_come_from_another_store_but_not_be_sent_on(
    hub: Hub, evil: FakeCounter, other: FakeCounter
) -> None:
    away = evil.do(a_guide("G1", store="ZZ")).results[0]
    assert (away.status, away.problem and away.problem.code) == (ResultStatus.REFUSED, "other_store")
    statuses = [result.status for result in evil.do(a_guide("G1"), a_guide("G1", store="HH")).results]
    assert statuses == [ResultStatus.APPLIED, ResultStatus.APPLIED]


def test_nobody_writes_a_feed_of_a_store_that_is_none(hub: Hub, evil: FakeCounter) -> None:
    evil.do(stock(store="../brand"), an_order("T3", store="brand"), stock(store="X\n"), a_guide("G3", store="NEW"))
    with hub.db.reading() as connection:
        feeds = set(connection.scalars(sa.select(state.c.feed).distinct()))
    assert feeds == {"brand", "store:XH"}


# -- keys


def a_key(counter: FakeCounter, hub: Hub, subject: str, secret: bytes, key_id: bytes | None = None) -> WireKey:
    name = key_check(secret) if key_id is None else key_id
    channel = counter.transport.channel(hub.identity.transport.public)
    return WireKey(subject, name, channel.wrap(secret, key_purpose(subject, name)))


def kept_keys(hub: Hub) -> list[tuple[str, bytes]]:
    with hub.db.reading() as connection:
        return [(row[0], row[1]) for row in connection.execute(sa.select(order_key.c.subject, order_key.c.key_id))]


def test_a_key_that_is_not_the_one_it_is_called_is_not_kept(hub: Hub, evil: FakeCounter) -> None:
    right = key_check(b"r" * 32)
    order = evil.wire(an_order("T1", sealed="x"))
    wrong = [a_key(evil, hub, ORDER, b"w" * 32, right), a_key(evil, hub, ORDER, b"short"), a_key(evil, hub, ORDER, b"")]
    evil.send(order, keys=[*wrong, a_key(evil, hub, ORDER, b"r" * 32)])
    assert kept_keys(hub) == [(ORDER, right)]


def test_nobody_hangs_a_key_on_an_order_of_another_store(hub: Hub, evil: FakeCounter, other: FakeCounter) -> None:
    other.do(an_order("T7", store="HH", sealed="x"))
    evil.send(evil.wire(stock()), keys=[a_key(evil, hub, order_id(Platform.TABLE, "T7"), b"r" * 32)])
    assert kept_keys(hub) == []


# -- numbers, ids, forms


def raw(counter: FakeCounter, **changes: Any) -> dict[str, Any]:
    """A command in JSON, with other values in some places."""
    made: dict[str, Any] = json.loads(encode(counter.wire(an_order(f"T{counter.seq}"))))
    body = changes.pop("body", {})
    made |= changes
    if isinstance(made["body"], dict):
        made["body"] |= body
    return made


def batch(*commands: Any, **more: Any) -> bytes:
    return json.dumps({"incarnation": "i1", "commands": list(commands), **more}).encode()


def code_of(hub: Hub, content: bytes) -> str:
    with pytest.raises(HubProblem) as caught:
        sent(hub, content)
    return caught.value.problem.code


def test_one_name_twice_in_a_batch_is_refused(hub: Hub, evil: FakeCounter) -> None:
    first = raw(evil)
    twin = raw(evil, id=first["id"])
    assert code_of(hub, batch(first, twin)) == "sequence_reused"
    assert code_of(hub, batch(first, first)) == "sequence_reused"


NUMBERS: tuple[Any, ...] = (
    0,
    -1,
    2,
    2**53 + 1,
    2**63,
    10**40,
    1.5,
    "1",
    True,
    None,
)


def test_a_forged_number_is_refused(hub: Hub, evil: FakeCounter) -> None:
    for seq in NUMBERS:
        assert code_of(hub, batch(raw(evil, seq=seq))) in {"malformed_request", "sequence_hole"}


NAMES: tuple[Any, ...] = (
    "",
    "x" * 101,
    "a b",
    "a\0",
    "汉",
    "\ud800",
    7,
    None,
)


def test_an_odd_name_of_a_command_is_refused(hub: Hub, evil: FakeCounter) -> None:
    for name in NAMES:
        assert code_of(hub, batch(raw(evil, id=name))) == "malformed_request"


def test_a_command_of_somebody_else_is_not_taken_for_ones_own(hub: Hub, evil: FakeCounter, other: FakeCounter) -> None:
    theirs = other.wire(stock(store="HH", sku="BL-002"))
    other.send(theirs)
    stolen = msgspec.structs.replace(theirs, seq=1)
    assert code_of(hub, encode(CommandBatch("i1", [stolen]))) == "sequence_reused"


TIMES: tuple[Any, ...] = (
    "2026-11-21T01:00:00",
    "0001-01-01T00:00:00+00:00",
    "9999-12-31T23:59:59Z",
)


def test_a_command_of_no_time_that_can_be_shown_is_refused(hub: Hub, evil: FakeCounter) -> None:
    for at in TIMES:
        assert code_of(hub, batch(raw(evil, at=at))) == "malformed_request"


BODIES: tuple[Any, ...] = (
    {"created_at": "2026-11-21T01:00:00"},
    {"created_at": "0001-01-01T00:00:00Z"},
    {"updated_at": "9999-12-31T23:59:59-14:00"},
    {"window": {"start": "2026-11-21T01:00:00", "end": "2026-11-21T02:00:00"}},
    {"window": {"start": "\u0032026-11-21t01:00:00", "end": "2026-11-21T02:00:00"}},
    {"lines": [{"sku": "A", "quantity": 10**40, "price_fen": 1}]},
    {"lines": [{"sku": "A", "quantity": -5, "price_fen": 1}]},
    {"lines": [{"sku": "A\0", "quantity": 1, "price_fen": 1}]},
    {"lines": [{"sku": "A" * 5000, "quantity": 1, "price_fen": 1}]},
    {"mode": "teleport"},
    {"order_no": None},
)


def test_a_body_that_would_break_others_waits_for_a_person(hub: Hub, evil: FakeCounter) -> None:
    for body in BODIES:
        first, second = sent(hub, batch(raw(evil, body=body), raw(evil))).results
        assert (first.status, second.status) == (ResultStatus.PARKED, ResultStatus.APPLIED)


NONSENSE: tuple[Any, ...] = (
    "NaN",
    "Infinity",
    "-Infinity",
    "nan",
    "0x10",
    "'1'",
    "1_000",
)


def test_what_is_no_json_is_refused(hub: Hub, evil: FakeCounter) -> None:
    for nonsense, place in product(NONSENSE, ('"quantity":1', '"seq":1')):
        content = encode(CommandBatch("i1", [evil.wire(an_order("T1"))])).decode()
        assert place in content
        evil.seq = 0
        assert code_of(hub, content.replace(place, place.replace("1", nonsense)).encode()) == "malformed_request"


def test_of_a_name_twice_in_an_object_the_same_one_counts_for_all(hub: Hub, evil: FakeCounter) -> None:
    content = encode(CommandBatch("i1", [evil.wire(stock(quantity=3))])).decode()
    content = content.replace('"quantity":3', '"quantity":3,"quantity":4').replace('"seq":1', '"seq":7,"seq":1')
    (result,) = sent(hub, content.encode()).results
    assert (result.seq, result.status) == (1, ResultStatus.APPLIED)
    (item,) = [json.loads(body) for kind, _, _, body in of_store(hub, "XH") if kind == "stock"]
    assert item["on_hand"] == 4


def test_needs_without_end_are_refused(hub: Hub, evil: FakeCounter) -> None:
    assert code_of(hub, batch(raw(evil, needs=[f"n{n}" for n in range(100_000)]))) == "malformed_request"


def test_needs_of_oneself_and_of_what_comes_later_are_no_trap(hub: Hub, evil: FakeCounter) -> None:
    first, second = raw(evil), raw(evil)
    first["needs"], second["needs"] = [first["id"], second["id"], "never"], [first["id"]]
    assert [result.status for result in sent(hub, batch(first, second)).results] == [ResultStatus.APPLIED] * 2


def test_keys_without_end_are_refused(hub: Hub, evil: FakeCounter) -> None:
    assert code_of(hub, batch(keys=[["s", "AA==", "AA=="]] * (MAX_BATCH_KEYS + 1))) == "malformed_request"


NESTED: tuple[Any, ...] = (
    "[" * 100_000,
    '{"a":' * 50_000,
)


def test_nested_without_end_is_no_way_to_fell_the_hub(hub: Hub, evil: FakeCounter) -> None:
    whole = encode(CommandBatch("i1", [evil.wire(stock())]))
    for body in NESTED:
        content = whole.replace(b'"body":{', b'"body":' + body.encode())
        assert code_of(hub, content) == "malformed_request"


def test_a_kind_and_an_actor_without_end_are_cut_where_people_see_them(hub: Hub, evil: FakeCounter) -> None:
    long = "k" * 1_000_000
    (result,) = sent(hub, batch(raw(evil, kind=long, actor=long))).results
    assert result.status is ResultStatus.PARKED
    (held,) = [body for kind, _, _, body in of_store(hub, "XH") if kind == "held"]
    assert len(held) < 10_000


# -- without a signature that holds


SIGNATURES: tuple[Any, ...] = (
    "",
    "pyhms=()",
    'pyhms=("@method" "@path" "@query");created=99999999999999999999;keyid="dev-1";alg="ed25519";tag="storeapp-1"',
    'pyhms=("@method" "@path" "@query");created=-1;keyid="dev-1";alg="ed25519";tag="storeapp-1"',
    'pyhms=("@method" "@path" "@query");created="x";keyid="dev-1";alg="ed25519";tag="storeapp-1"',
    'pyhms=("@method" "@path" "@query");keyid="dev-1";alg="ed25519";tag="storeapp-1"',
    'pyhms=("@method" "@path" "@query");created=1;keyid="a\\"b";alg="ed25519";tag="storeapp-1"',
    'pyhms=("@method" "@path" "@query");created=1;keyid=dev-1;alg="ed25519";tag="storeapp-1"',
    'pyhms=("@method" "@path" "@query");created=1;keyid="dev-1";alg="hmac-sha256";tag="storeapp-1"',
    'a=("@method");created=1;keyid="dev-1", b=("@path");created=1;keyid="dev-1"',
    'pyhms=("@method" "@method" "@status" "@query-param";name="x");created=1;keyid="dev-1"',
    "pyhms=" + "(" * 5000,
    "\xff\xfe",
)


def test_an_odd_signature_is_none(caller: Caller) -> None:
    for header, signature in product(SIGNATURES, ("pyhms=:AAAA:", "pyhms=::", "x", "")):
        headers = {"signature-input": header.encode("latin-1"), "signature": signature.encode()}
        reply = caller.client.get(caller.url + "/v1/feeds/brand/changes?epoch=e&after=0", headers=headers)
        assert (reply.status_code, reply.json()["code"]) in {(401, "bad_signature"), (401, "unknown_device")}


MOMENTS: tuple[Any, ...] = (
    2**70,
    -(2**70),
    0,
    253402300800,
    1e3,
)


def test_a_counter_that_signs_at_no_time_is_refused(hub: Hub, caller: Caller) -> None:
    for created in MOMENTS:
        path = "/v1/feeds/brand/changes?epoch=e&after=0"
        params = f'("@method" "@path" "@query");created={created};keyid="dev-1";alg="ed25519";tag="storeapp-1"'
        covered = ("@method", "GET"), ("@path", "/v1/feeds/brand/changes"), ("@query", "?epoch=e&after=0")
        lines = (*(f'"{name}": {value}' for name, value in covered), f'"@signature-params": {params}')
        base = "\n".join(lines)
        signature = base64.b64encode(caller.key.sign(base.encode())).decode()
        headers = {"signature-input": f"pyhms={params}", "signature": f"pyhms=:{signature}:"}
        reply = caller.client.get(caller.url + path, headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")


FEEDS: tuple[Any, ...] = (
    "store%3AHH",
    "STORE%3AXH",
    "store%3AXH%00",
    "store%3AXH%2F..%2Fstore%3AHH",
    "..%2Fstore%3AHH",
    "brand%2F..%2Fstore%3AHH",
    "store%3AXH%0A",
    "store:%EF%BC%B8%EF%BC%A8",
    "%2e%2e",
    "store%3A%25",
    "x" * 5000,
)


def test_a_counter_reads_its_own_feeds_only(hub: Hub, caller: Caller, other: FakeCounter) -> None:
    for feed, call in product(FEEDS, ("changes", "snapshot")):
        reply = caller.call("GET", f"/v1/feeds/{feed}/{call}?epoch={hub.identity.epoch}&after=0")
        assert (reply.status_code, reply.json()["code"]) in {(403, "other_feed"), (404, "not_found")}


ENCODINGS: tuple[Any, ...] = (
    "GZIP",
    "gzip, gzip",
    "deflate",
    "x-gzip",
    "gzip;q=1",
    "",
)


def test_a_compression_that_is_not_ours_is_refused(hub: Hub, caller: Caller) -> None:
    body = gzip.compress(gzip.compress(batch()))
    for encoding in ENCODINGS:
        reply = caller.code("POST", "/v1/commands", body, **{"content-encoding": encoding})
        assert reply == (400, "malformed_request")


def test_a_point_that_agrees_with_nobody_is_no_transport_key(hub: Hub, caller: Caller) -> None:
    key = DeviceKey(b"f" * 32)
    caller.key, caller.device = key, "dev-2"
    asked = EnrolRequest(devices.new_code(hub, store="XH"), "dev-2", key.public, bytes(32))
    assert caller.code("POST", "/v1/devices/enrol", encode(asked)) == (400, "malformed_request")
