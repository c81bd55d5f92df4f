import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
from starlette.types import ASGIApp

from hub import limits, streams
from hub.api import create_app
from hub.core import Hub
from hub.limits import RateLimit
from hub.problems import HubProblem
from hub.streams import PART_BYTES, PatientStream
from hub.users import add_user
from sync.protocol.signing import Message, sign
from tests.support.callers import Caller
from tests.support.hubs import FakeCounter, an_order, stock
from tests.support.hubserver import HubServer


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_then_one_after_the_other() -> None:
    clock = Seconds()
    limit = RateLimit(per_second=2, at_once=3, monotonic=clock)
    for _ in range(3):
        limit.count("dev-1")
    with pytest.raises(HubProblem, match="too_many_requests") as caught:
        limit.count("dev-1")
    assert caught.value.problem.data == {"seconds": 1}
    clock.now += 0.5
    limit.count("dev-1")
    with pytest.raises(HubProblem):
        limit.count("dev-1")


def test_one_counter_takes_nothing_from_another() -> None:
    limit = RateLimit(per_second=1, at_once=1, monotonic=Seconds())
    limit.count("dev-1")
    limit.count("dev-2")


def test_whoever_was_quiet_is_forgotten_and_whoever_was_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 2)
    clock = Seconds()
    limit = RateLimit(per_second=1, at_once=2, monotonic=clock)
    limit.count("quiet")
    clock.now += 10
    limit.count("busy")
    limit.count("busy")
    limit.count("new")
    assert set(limit._buckets) == {"busy", "new"}
    with pytest.raises(HubProblem):
        limit.count("busy")


def test_looking_takes_nothing() -> None:
    limit = RateLimit(per_second=1, at_once=1, monotonic=lambda: 0.0)
    limit.check("a")
    limit.count("a")
    for call in (limit.check, limit.count):
        with pytest.raises(HubProblem) as refused:
            call("a")
        assert refused.value.problem.data == {"seconds": 1}


def test_whoever_guesses_passwords_is_slowed_down_before_they_are_tried(
    hub: Hub, server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_user(hub, "hq", "a long password")
    hub.passwords = RateLimit(per_second=0.1, at_once=2, monotonic=lambda: 0.0)
    right = ("hq", "a long password")
    paths = ("/v1/waiting", "/console", "/console/regions", "/metrics")
    assert [httpx.get(server.url + path, auth=right).status_code for path in paths] == [200] * 4
    # No name at all is no guess.
    assert [httpx.get(server.url + path).status_code for path in paths] == [401] * 4
    assert [httpx.get(server.url + "/v1/waiting", auth=("hq", str(n))).status_code for n in range(2)] == [401, 401]
    monkeypatch.setattr("hub.users.is_user", None)
    for path in paths:
        refused = httpx.get(server.url + path, auth=right)
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
        assert refused.headers["retry-after"] == "10"


class Deaf:
    """Asks for a reply and takes its head only."""

    def __init__(self, app: ASGIApp, caller: Caller, path: str) -> None:
        message = Message("GET", "http://hub" + path)
        sign(message, None, key_id=caller.device, signer=caller.key.sign, created=caller.now)
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in message.headers.items()],
            "client": ("127.0.0.1", 1),
            "server": ("hub", 80),
        }
        self._app = app
        self._never = asyncio.Event()
        self.status = 0
        self.begun = asyncio.Event()
        self.patience_over = asyncio.Event()

    async def _send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        self.begun.set()
        if message.get("body") and self.status == 200:
            await self.patience_over.wait()
            raise TimeoutError

    async def _receive(self) -> dict[str, Any]:
        await self._never.wait()
        return {"type": "http.disconnect"}

    async def ask(self) -> int:
        await self._app(self._scope, self._receive, self._send)
        return self.status


def test_whoever_reads_no_snapshot_holds_nothing_for_long(
    hub: Hub, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCounter(hub).do(stock(), *[an_order(f"T{n}", sealed="x" * 500) for n in range(30)])
    app, path = create_app(hub), "/v1/feeds/store%3AXH/snapshot"

    async def scene() -> tuple[list[int], int]:
        asking = [Deaf(app, caller, path) for _ in range(streams.MOST_AT_ONCE)]
        under_way = [asyncio.create_task(each.ask()) for each in asking]
        for each in asking:
            await each.begun.wait()
        refused = await Deaf(app, caller, path).ask()
        for each in asking:
            each.patience_over.set()
        return await asyncio.gather(*under_way), refused

    assert asyncio.run(scene()) == ([200] * streams.MOST_AT_ONCE, 429)
    pool: Any = hub.db.engine.pool
    assert pool.checkedout() == 0
    assert caller.call("GET", path).status_code == 200
    # Nobody says when it is over: it ends by itself.
    monkeypatch.setattr(streams, "STALL_S", 0.01)
    assert asyncio.run(Deaf(app, caller, path).ask()) == 200
    assert pool.checkedout() == 0


@pytest.mark.parametrize("size", [1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES, 3 * PART_BYTES + 5])
def test_a_long_piece_goes_in_parts(size: int) -> None:
    pieces = [bytes([n]) * size for n in range(3)]
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    stream = PatientStream((piece for piece in pieces), lambda: None, {}, "application/x-ndjson")
    asyncio.run(stream.stream_response(send))
    _, *parts = sent
    assert b"".join(part["body"] for part in parts) == b"".join(pieces)
    assert max(len(part["body"]) for part in parts) <= PART_BYTES
    assert [part["more_body"] for part in parts] == [True] * (len(parts) - 1) + [False]
