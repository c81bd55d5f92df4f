"""A hub whose program somebody else has written, or somebody on the way: a counter goes on, and nothing is lost."""

import gzip
import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, ClassVar
from urllib.parse import quote

import pytest

from storeapp.adapters.signing import DeviceKey
from sync.engine import _Worker
from sync.protocol.messages import LAST, UPTO, ChangesPage, Hello, HelloReply, Limits, WireRow, encode
from sync.transport import HubClient, HubTrouble, Offline, Signer
from tests.support.counters import stand_alone

ROW: dict[str, Any] = {"seq": 5, "kind": "order", "id": "o1", "version": 1, "body": {}}
PAGE: dict[str, Any] = {"epoch": "e", "from": 4, "to": 5, "last": 5, "rows": [ROW]}
GREETING: dict[str, Any] = json.loads(encode(HelloReply(0, 0, "e", {"brand": 0}, datetime(2026, 11, 21, tzinfo=UTC))))


class Evil(HTTPServer):
    """Answers everybody with the same bytes."""

    body = b""
    zipped = False
    more: ClassVar[dict[str, str]] = {}

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none."""


class _Handler(BaseHTTPRequestHandler):
    server: Evil

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.server.body)))
        if self.server.zipped:
            self.send_header("Content-Encoding", "gzip")
        for name, value in self.server.more.items():
            self.send_header(name, quote(value))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Nothing."""


@pytest.fixture
def evil() -> Iterator[Evil]:
    server = Evil(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(evil: Evil) -> Iterator[HubClient]:
    signer = Signer("dev-1", DeviceKey(b"d" * 32), lambda: datetime.now(UTC))
    client = HubClient(f"http://127.0.0.1:{evil.server_port}", signer)
    yield client
    client.close()


def changes(client: HubClient, after: int = 4) -> ChangesPage | None:
    return client.changes("brand", epoch="e", after=after, limit=10)


def test_a_reply_that_unzips_without_end_is_given_up(evil: Evil, client: HubClient) -> None:
    evil.body, evil.zipped = gzip.compress(b" " * 200_000_000, 9), True
    with pytest.raises(HubTrouble):
        changes(client)
    evil.body, evil.zipped = json.dumps(PAGE).encode(), False
    assert changes(client) is not None


@pytest.mark.parametrize(
    "strange",
    [
        {"to": 4},
        {"to": 3},
        {"from": 0},
        {"from": 5, "to": 6, "last": 6},
        {"to": 6},
        {"last": 2**63},
        {"to": -1},
        {"rows": [ROW | {"seq": 2**63}]},
        {"rows": [ROW | {"seq": -1}]},
        {"rows": [ROW | {"version": 2**64}]},
        {"rows": [ROW | {"kind": "k" * 101}]},
        {"rows": [ROW | {"id": "i" * 501}]},
        {"rows": [ROW | {"id": None}]},
        {"rows": [ROW | {"box": "not base64"}]},
        {"rows": "many"},
    ],
)
def test_a_page_that_leads_nowhere_is_none(evil: Evil, client: HubClient, strange: dict[str, Any]) -> None:
    evil.body = json.dumps(PAGE | strange).encode()
    with pytest.raises(HubTrouble):
        changes(client)


@pytest.mark.parametrize(
    "strange",
    [
        {"limits": {"commands": 0}},
        {"limits": {"rows": -1}},
        {"limits": {"bytes": 0}},
        {"time": "2026-11-21T00:00:00"},
        {"last_seq": -1},
        {"durable_seq": 2**63},
        {"feeds": {"brand": -1}},
        {"feeds": {"brand": 1.5}},
    ],
)
def test_a_greeting_that_makes_no_sense_is_none(evil: Evil, client: HubClient, strange: dict[str, Any]) -> None:
    evil.body = json.dumps(GREETING | strange).encode()
    with pytest.raises(HubTrouble):
        client.hello(Hello("i1", 0))


def snapshot(*lines: bytes) -> bytes:
    return b"\n".join((b'{"epoch":"e","feed":"brand","seq":9,"count":2}', *lines))


@pytest.mark.parametrize(
    "lines",
    [
        (encode(WireRow(5, "order", "o1", 1)), encode(WireRow(5, "order", "o2", 1)), b'{"sha256":""}\n'),
        (encode(WireRow(5, "order", "o1", 1)), encode(WireRow(4, "order", "o2", 1)), b'{"sha256":""}\n'),
        (encode(WireRow(5, "order", "o1", 1)), b"x" * 70_000_000),
        (b"[]\n", b"{}\n"),
    ],
    ids=["same", "back", "endless", "nonsense"],
)
def test_a_snapshot_that_leads_nowhere_is_none(evil: Evil, client: HubClient, lines: tuple[bytes, ...]) -> None:
    evil.body, evil.zipped = gzip.compress(snapshot(*lines), 1), True
    with pytest.raises((HubTrouble, Offline)), client.snapshot("brand", epoch="e", after=0) as found:
        list(found.pages())


@pytest.mark.parametrize("year", [1, 1970, 9999])
def test_a_hub_of_no_time_takes_nobody_the_clock(tmp_path: Any, year: int) -> None:
    counter = stand_alone(tmp_path / "one")
    worker: Any = _Worker.__new__(_Worker)
    worker._counter, worker._offset = counter, None
    worker._right_the_clock(datetime(year, 1, 1, tzinfo=UTC))
    assert worker._offset is None
    counter.close()


def test_limits_are_such_as_can_be_kept() -> None:
    assert json.loads(encode(Limits())) == {"commands": 2000, "bytes": 2_000_000, "rows": 4000, "wait_s": 30}


@pytest.mark.parametrize("told", ["9" * 5000, "-1", "٣", str(2**53)])
def test_what_the_head_of_a_page_tells_is_only_a_hint(evil: Evil, client: HubClient, told: str) -> None:
    evil.body, evil.more = json.dumps(PAGE).encode(), {UPTO: told, LAST: "9" * 15}
    pages = client.pages("brand", epoch="e", after=4, limit=10, since_of=lambda _: 0)
    assert [page.upto for page in pages] == [5]
