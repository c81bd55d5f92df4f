"""The calls over real HTTP, as somebody who is not our counter would make them."""

import base64
import gzip
import hashlib
import json
import threading
from datetime import datetime, timedelta

import httpx
import msgspec
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from hub import devices, revocations
from hub.api import create_app
from hub.core import Hub
from hub.requests import MAX_CONTENT_BYTES, MAX_SENT_BYTES
from hub.users import add_user
from storeapp.adapters.signing import DeviceKey
from storeapp.domain.token import SlipToken, issue
from sync.protocol.messages import CommandBatch, EnrolRequest, Hello, SnapshotEnd, SnapshotHead, WireRow, encode
from sync.protocol.signing import Message, sign
from tests.support.callers import Caller
from tests.support.hubs import START, FakeCounter, an_order, stock
from tests.support.hubserver import PATIENCE_S, HubServer

CHANGES = "/v1/feeds/store%3AXH/changes"


def batch(hub: Hub) -> bytes:
    counter = FakeCounter(hub)
    return encode(CommandBatch("i1", [counter.wire(stock()), counter.wire(an_order("T1"))]))


def page(hub: Hub, after: int, **more: object) -> str:
    query = "".join(f"&{name}={value}" for name, value in more.items())
    return f"{CHANGES}?epoch={hub.identity.epoch}&after={after}{query}"


def test_commands_are_answered_and_their_rows_can_be_read(hub: Hub, caller: Caller) -> None:
    reply = caller.call("POST", "/v1/commands", batch(hub)).json()
    assert [result["status"] for result in reply["results"]] == ["applied", "applied"]
    changes = caller.call("GET", page(hub, 0)).json()
    assert (changes["from"], changes["to"], changes["last"]) == (0, 3, 3)
    assert {row["kind"] for row in changes["rows"]} == {"stock", "order", "delivery"}


def test_a_compressed_request_says_the_same(hub: Hub, caller: Caller) -> None:
    body = gzip.compress(batch(hub))
    assert caller.call("POST", "/v1/commands", body, **{"content-encoding": "gzip"}).status_code == 200


@pytest.mark.parametrize("method_path", [("POST", "/v1/commands"), ("GET", CHANGES + "?epoch=e&after=0")])
def test_a_request_without_a_signature_is_nobodys(caller: Caller, method_path: tuple[str, str]) -> None:
    method, path = method_path
    reply = caller.client.request(method, caller.url + path, content=b"{}" if method == "POST" else None)
    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")


def test_a_signature_of_another_key_does_not_hold(hub: Hub, caller: Caller) -> None:
    caller.key = DeviceKey(b"e" * 32)
    assert caller.code("POST", "/v1/commands", batch(hub)) == (401, "bad_signature")


def test_a_signature_covers_body_and_target(hub: Hub, caller: Caller) -> None:
    message = Message("GET", caller.url + page(hub, 0))
    sign(message, None, key_id="dev-1", signer=caller.key.sign, created=START)
    reply = caller.client.get(caller.url + page(hub, 1), headers=dict(message.headers))
    assert reply.json()["code"] == "bad_signature"
    message = Message("POST", caller.url + "/v1/commands")
    sign(message, b"{}", key_id="dev-1", signer=caller.key.sign, created=START)
    reply = caller.client.post(caller.url + "/v1/commands", content=batch(hub), headers=dict(message.headers))
    assert reply.json()["code"] == "bad_signature"


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_signature_ages_but_hello_takes_any_clock(hub: Hub, caller: Caller, minutes: int) -> None:
    caller.now = START + timedelta(minutes=minutes)
    assert caller.code("POST", "/v1/commands", batch(hub)) == (401, "bad_signature")
    reply = caller.call("POST", "/v1/devices/dev-1/hello", encode(Hello("i1", 0)))
    assert datetime.fromisoformat(reply.json()["time"]) == START


def test_an_unknown_counter_is_told_so(caller: Caller) -> None:
    caller.device = "dev-9"
    assert caller.code("POST", "/v1/commands", b"{}") == (401, "unknown_device")


def test_a_counter_that_was_turned_away_gets_nothing(hub: Hub, caller: Caller) -> None:
    revocations.revoke(hub, "dev-1")
    assert caller.code("GET", page(hub, 0)) == (403, "revoked")


def test_nobody_says_hello_for_another(caller: Caller) -> None:
    assert caller.code("POST", "/v1/devices/dev-2/hello", encode(Hello("i1", 0))) == (401, "bad_signature")


def test_enrolment_needs_the_key_it_asks_for(hub: Hub, caller: Caller) -> None:
    request = EnrolRequest(devices.new_code(hub, store="XH"), "dev-1", b"x" * 32, b"t" * 32)
    assert caller.code("POST", "/v1/devices/enrol", encode(request)) == (401, "bad_signature")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"incarnation":1,"commands":[]}', b"\xff\xfe", b"[" * 5000])
def test_nonsense_is_refused_as_such(caller: Caller, body: bytes) -> None:
    assert caller.code("POST", "/v1/commands", body) == (400, "malformed_request")


def test_a_broken_compression_is_nonsense(caller: Caller) -> None:
    for body in (b"no gzip", gzip.compress(b"{}")[:-3], gzip.compress(b"{}") + b"more"):
        reply = caller.code("POST", "/v1/commands", body, **{"content-encoding": "gzip"})
        assert reply == (400, "malformed_request")
    assert caller.code("POST", "/v1/commands", b"{}", **{"content-encoding": "br"}) == (400, "malformed_request")


def test_too_much_is_too_much(caller: Caller) -> None:
    bomb = gzip.compress(b" " * (MAX_CONTENT_BYTES + 1))
    assert caller.code("POST", "/v1/commands", bomb, **{"content-encoding": "gzip"})[1] == "request_too_large"
    assert caller.code("POST", "/v1/commands", b" " * (MAX_SENT_BYTES + 1))[1] == "request_too_large"


@pytest.mark.parametrize("query", ["", "?epoch=e", "?epoch=e&after=-1", "?epoch=e&after=x", "?epoch=e&after=0&wait=99"])
def test_a_query_that_lacks_or_overdoes_something_is_refused(caller: Caller, query: str) -> None:
    assert caller.code("GET", CHANGES + query) == (400, "malformed_request")


def test_numbers_that_do_not_fit_are_told(hub: Hub, caller: Caller) -> None:
    counter = FakeCounter(hub, seq=5)
    assert caller.code("POST", "/v1/commands", encode(CommandBatch("i1", [counter.wire(stock())])))[0] == 409
    caller.call("POST", "/v1/commands", batch(hub))
    assert caller.code("POST", "/v1/commands", batch(hub)) == (422, "sequence_reused")


def test_there_is_nothing_new_and_that_is_short(hub: Hub, caller: Caller) -> None:
    reply = caller.call("GET", page(hub, 0))
    assert (reply.status_code, reply.content) == (304, b"")


def test_a_cursor_of_another_time_is_gone(hub: Hub, caller: Caller) -> None:
    assert caller.code("GET", page(hub, 7)) == (410, "epoch_over")
    assert caller.code("GET", CHANGES + "?epoch=old&after=0") == (410, "epoch_over")


def test_a_feed_of_another_store_stays_closed(hub: Hub, caller: Caller) -> None:
    path = page(hub, 0).replace("XH", "HH")
    assert caller.code("GET", path) == (403, "other_feed")
    assert caller.code("GET", path.replace("changes", "snapshot")) == (403, "other_feed")


def test_a_long_poll_ends_when_something_is_committed(hub: Hub, caller: Caller) -> None:
    replies: list[httpx.Response] = []
    poll = threading.Thread(target=lambda: replies.append(caller.call("GET", page(hub, 0, wait=30))))
    poll.start()
    while not hub.bell.waiting("store:XH"):
        poll.join(0.01)
    FakeCounter(hub, device="dev-2").do(stock())
    poll.join(PATIENCE_S)
    assert replies[0].json()["last"] == 1


def test_a_snapshot_holds_the_whole_feed_and_its_checksum(hub: Hub, caller: Caller) -> None:
    caller.call("POST", "/v1/commands", batch(hub))
    text = caller.call("GET", "/v1/feeds/store%3AXH/snapshot").content
    first, *rows, last = text.splitlines(keepends=True)
    top = msgspec.json.decode(first, type=SnapshotHead)
    assert (top.seq, top.count) == (3, len(rows))
    assert [msgspec.json.decode(row, type=WireRow).seq for row in rows] == [1, 2, 3]
    assert msgspec.json.decode(last, type=SnapshotEnd).sha256 == hashlib.sha256(b"".join(rows)).hexdigest()


def test_health_and_readiness_are_open(server: HubServer) -> None:
    assert httpx.get(server.url + "/healthz").json()["status"] == "ok"
    assert httpx.get(server.url + "/readyz").json() == {"status": "ready"}


def test_a_path_that_does_not_exist_is_a_problem_too(server: HubServer) -> None:
    assert httpx.get(server.url + "/v1/nothing").json()["code"] == "not_found"
    assert httpx.get(server.url + "/v1/commands").json()["code"] == "method_not_allowed"


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", "/v1/commands", "POST"), ("POST", "/healthz", "GET")])
def test_a_method_that_is_not_there_is_told_which_are(server: HubServer, method: str, path: str, allowed: str) -> None:
    reply = httpx.request(method, server.url + path)
    assert (reply.status_code, reply.headers["allow"]) == (405, allowed)


def test_nobody_is_sent_to_another_path_that_was_not_signed(server: HubServer) -> None:
    reply = httpx.get(server.url + "/healthz/")
    assert (reply.status_code, reply.headers["content-type"]) == (404, "application/problem+json")


def test_a_database_that_is_away_is_told_as_such_and_comes_back(
    hub: Hub, caller: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("away"))

    hello = encode(Hello("i1", 0))
    with monkeypatch.context() as patch:
        patch.setattr(hub.db.engine, "connect", away)
        patch.setattr(hub.db.engine, "begin", away)
        for path in ("/readyz", f"/v1/feeds/brand/changes?epoch={hub.identity.epoch}&after=0"):
            reply = caller.call("GET", path)
            assert (reply.status_code, reply.json()["code"], reply.headers["retry-after"]) == (503, "busy", "5")
        assert caller.code("POST", "/v1/devices/dev-1/hello", hello) == (503, "busy")
        assert caller.call("GET", "/healthz").status_code == 200
    assert {record.getMessage() for record in caplog.records if record.name == "hub.api"} == {
        "the database did not answer: OperationalError"
    }
    assert caller.call("GET", "/readyz").status_code == 200
    assert caller.call("POST", "/v1/devices/dev-1/hello", hello).status_code == 200


def test_the_document_describes_every_call(hub: Hub) -> None:
    app: FastAPI = create_app(hub)
    document = app.openapi()
    calls = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert calls == {
        *("enrol", "hello", "renew", "commands", "changes", "snapshot"),
        *("waiting", "retry", "discard", "refused", "accept", "cases", "decide_case"),
        *("regions", "region_plans", "region_plan", "plan_region", "cancel_region_plan"),
        *("health", "ready"),
    }
    assert "503" in document["paths"]["/readyz"]["get"]["responses"]
    assert document["components"]["securitySchemes"].keys() == {"deviceSignature", "consolePassword"}
    references = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}
    assert references <= document["components"]["schemas"].keys()


class TestPages:
    def slip(self) -> str:
        token = SlipToken(key_id=b"abcd", slip_id=b"12345678", reprint=0, issued_at=START, ttl_hours=24)
        return issue(token, brand_id="demo", sign=DeviceKey(b"d" * 32).sign)

    @pytest.mark.parametrize(
        ("language", "words"), [("en-GB", "Handoff slip"), ("zh-CN,en", "交接单"), ("fr", "交接单")]
    )
    def test_the_link_of_a_slip_tells_nothing_but_how_to_go_on(
        self, server: HubServer, language: str, words: str
    ) -> None:
        reply = httpx.get(f"{server.url}/{self.slip()}", headers={"accept-language": language})
        assert words in reply.text

    def test_other_digits_are_no_slip(self, server: HubServer) -> None:
        for digits in ("1" * 198, "12", "9" * 198):
            assert httpx.get(f"{server.url}/{digits}").status_code == 404

    def test_the_console_is_for_those_who_may(self, hub: Hub, server: HubServer) -> None:
        add_user(hub, "hq", "a long password")
        FakeCounter(hub).do(an_order("T1"))
        for header in ("", "Basic ??", "Basic " + base64.b64encode(b"hq:wrong").decode(), b"Basic \xff\xfe"):
            assert httpx.get(server.url + "/console", headers={"authorization": header}).status_code == 401
        shown = httpx.get(server.url + "/console", auth=("hq", "a long password"), headers={"accept-language": "en"})
        assert "Open questions" in shown.text


def test_a_password_must_be_long(hub: Hub) -> None:
    with pytest.raises(Exception, match="password_short"):
        add_user(hub, "hq", "short")
