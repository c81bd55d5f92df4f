"""What the hub tells about itself, and how it ends."""

import threading
from pathlib import Path

import httpx

from hub import devices
from hub.core import Hub, open_hub
from hub.limits import RateLimit
from hub.users import add_user
from storeapp.adapters.signing import DeviceKey
from sync.protocol.messages import CommandBatch, EnrolRequest, encode
from sync.protocol.signing import Message, sign
from tests.support.hubs import FakeCounter, an_order, stock
from tests.support.hubserver import PATIENCE_S, HubProcess, free_port, serving

KEY = DeviceKey(b"d" * 32)


def enrol(hub: Hub) -> None:
    devices.enrol(hub, EnrolRequest(devices.new_code(hub, store="XH"), "dev-1", KEY.public, b"t" * 32))


def call(hub: Hub, method: str, url: str, path: str, body: bytes | None) -> httpx.Response:
    message = Message(method, url + path)
    sign(message, body, key_id="dev-1", signer=KEY.sign, created=hub.now())
    return httpx.request(method, url + path, content=body, headers=dict(message.headers), timeout=60)


def test_prometheus_reads_what_was_done_and_by_nobody(hub: Hub) -> None:
    enrol(hub)
    add_user(hub, "prometheus", "a long password")
    counter = FakeCounter(hub)
    batch = CommandBatch("i1", [counter.wire(stock()), counter.wire(an_order("T1"), kind="order.teleport")])
    with serving(hub) as server:
        assert call(hub, "POST", server.url, "/v1/commands", encode(batch)).status_code == 200
        httpx.get(server.url + "/v1/nothing/dev-1")
        assert httpx.get(server.url + "/metrics").status_code == 401
        text = httpx.get(server.url + "/metrics", auth=("prometheus", "a long password")).text
    assert 'storehub_requests_total{call="commands",status="200"} 1.0' in text
    assert 'storehub_requests_total{call="none",status="404"} 1.0' in text
    assert 'storehub_commands_total{result="applied"} 1.0' in text
    assert "storehub_waiting_commands 1.0" in text
    assert "dev-1" not in text
    assert "XH" not in text


def test_a_counter_that_asks_too_often_is_told_when_to_come_back(hub: Hub) -> None:
    enrol(hub)
    hub.requests = RateLimit(per_second=0.1, at_once=1, monotonic=lambda: 0.0)
    with serving(hub) as server:
        path = f"/v1/feeds/brand/changes?epoch={hub.identity.epoch}&after=0"
        assert call(hub, "GET", server.url, path, None).status_code == 200
        refused = call(hub, "GET", server.url, path, None)
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert refused.headers["retry-after"] == "10"


def test_whoever_guesses_codes_is_slowed_down(hub: Hub) -> None:
    hub.enrolments = RateLimit(per_second=0.1, at_once=2, monotonic=lambda: 0.0)
    with serving(hub) as server:
        found = [httpx.post(server.url + "/v1/devices/enrol", content=b"{}").status_code for _ in range(3)]
    assert found == [400, 400, 429]


def test_a_hub_that_ends_sends_its_polls_home(hub: Hub, tmp_path: Path, database: str) -> None:
    enrol(hub)
    hub.close()
    port = free_port()
    process = HubProcess(tmp_path / "hub", port, database=database)
    url, replies = f"http://127.0.0.1:{port}", list[int]()
    admin = open_hub(tmp_path / "hub", url=database)
    add_user(admin, "hq", "a long password")
    path = f"/v1/feeds/brand/changes?epoch={admin.identity.epoch}&after=1&wait=30"

    def poll() -> None:
        replies.append(call(admin, "GET", url, path, None).status_code)

    thread = threading.Thread(target=poll)
    thread.start()
    while "storehub_requests_under_way 2.0" not in httpx.get(url + "/metrics", auth=("hq", "a long password")).text:
        thread.join(0.01)
    process.stop()
    thread.join(PATIENCE_S)
    admin.close()
    assert replies == [304]
