"""Somebody who speaks to a hub over real HTTP and is not our counter's program."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx
import pytest

from hub import devices
from hub.core import Hub
from storeapp.adapters.signing import DeviceKey
from storeapp.adapters.transport_keys import TransportKey
from sync.protocol.messages import EnrolRequest
from sync.protocol.signing import Message, sign
from tests.support.hubs import START
from tests.support.hubserver import HubServer, serving


@dataclass
class Caller:
    """Signs and sends requests."""

    url: str
    client: httpx.Client
    key: DeviceKey
    now: datetime = START
    device: str = "dev-1"
    sent: list[httpx.Request] = field(default_factory=list)
    """All that was sent, for somebody on the way who kept it."""

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> httpx.Response:
        message = Message(method, self.url + path, dict(headers))
        sign(message, body, key_id=self.device, signer=self.key.sign, created=self.now)
        request = self.client.build_request(method, self.url + path, content=body, headers=dict(message.headers))
        self.sent.append(request)
        return self.client.send(request)

    def replay(self, request: httpx.Request) -> httpx.Response:
        """The very bytes again."""
        return self.client.send(
            self.client.build_request(request.method, request.url, content=request.content, headers=request.headers)
        )

    def code(self, *arguments: Any, **more: Any) -> tuple[int, str]:
        reply = self.call(*arguments, **more)
        assert reply.headers["content-type"] == "application/problem+json"
        problem = reply.json()
        assert problem["type"].endswith(problem["code"])
        return reply.status_code, problem["code"]


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def caller(hub: Hub, server: HubServer) -> Iterator[Caller]:
    key = DeviceKey(b"d" * 32)
    request = EnrolRequest(devices.new_code(hub, store="XH"), "dev-1", key.public, TransportKey(b"t" * 32).public)
    devices.enrol(hub, request)
    with httpx.Client(timeout=40) as client:
        yield Caller(server.url, client, key)
