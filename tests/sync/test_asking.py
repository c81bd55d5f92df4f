"""A counter asks for the next page while it reads this one, whatever the hub tells about where this one ends."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from storeapp.adapters.signing import DeviceKey
from sync.protocol.messages import LAST, UPTO, ChangesPage, WireRow, encode
from sync.transport import HubClient, Offline, Signer

ROWS = 10
LIMIT = 3
Told = Callable[[ChangesPage], dict[str, str]]
PATIENCE_S = 60


def rightly(page: ChangesPage) -> dict[str, str]:
    return {UPTO: str(page.upto), LAST: str(page.last)}


def nothing(_page: ChangesPage) -> dict[str, str]:
    return {}


def wrongly(page: ChangesPage) -> dict[str, str]:
    return {UPTO: str(page.upto - 1), LAST: str(page.last)}


def rubbish(_page: ChangesPage) -> dict[str, str]:
    return {UPTO: "-1", LAST: "many"}


class Feed(ThreadingHTTPServer):
    """A feed of a few rows; ``told`` makes what the head of a page says."""

    told: Told = staticmethod(rightly)
    asked: list[int]
    cut_behind = -1
    """A page behind this number is cut off in its body."""
    waits_for = 0
    """So many requests must have come before any body is sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked = []
        self.came = threading.Condition()

    def page(self, after: int, limit: int) -> ChangesPage:
        upto = min(after + limit, ROWS)
        return ChangesPage(
            "e", after, upto, ROWS, [WireRow(n, "order", f"o{n}", 1) for n in range(after + 1, upto + 1)]
        )


class _Handler(BaseHTTPRequestHandler):
    server: Feed

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        after = int(query["after"][0])
        with self.server.came:
            self.server.asked.append(after)
            self.server.came.notify_all()
        page = self.server.page(after, int(query["limit"][0]))
        body = encode(page)
        self.send_response(200 if page.rows else 304)
        for name, value in {"Content-Length": str(len(body) if page.rows else 0), **self.server.told(page)}.items():
            self.send_header(name, value)
        self.end_headers()
        with self.server.came:
            self.server.came.wait_for(lambda: len(self.server.asked) >= self.server.waits_for, PATIENCE_S)
        if page.rows:
            self.wfile.write(body[:5] if after == self.server.cut_behind else body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Nothing."""


@pytest.fixture
def feed() -> Iterator[Feed]:
    server = Feed()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sync-asking")]


@pytest.fixture
def client(feed: Feed) -> Iterator[HubClient]:
    signer = Signer("dev-1", DeviceKey(b"d" * 32), lambda: datetime.now(UTC))
    client = HubClient(f"http://127.0.0.1:{feed.server_port}", signer)
    yield client
    client.close()


def pages(client: HubClient, after: int = 0) -> Iterator[ChangesPage]:
    return client.pages("brand", epoch="e", after=after, limit=LIMIT, since_of=lambda _: 0)


@pytest.mark.parametrize("told", [rightly, nothing, wrongly, rubbish])
def test_all_rows_come_in_order_whatever_the_head_tells(feed: Feed, client: HubClient, told: Told) -> None:
    feed.told = told
    assert [row.seq for page in pages(client) for row in page.rows] == list(range(1, ROWS + 1))


def test_the_next_page_is_asked_for_before_this_one_has_come(feed: Feed, client: HubClient) -> None:
    feed.waits_for = 2
    assert next(iter(pages(client))).upto == LIMIT
    assert feed.asked[:2] == [0, LIMIT]


def test_nothing_is_asked_for_behind_the_end(feed: Feed, client: HubClient) -> None:
    assert [page.upto for page in pages(client)] == [3, 6, 9, 10]
    assert feed.asked == [0, 3, 6, 9]


def test_there_is_no_page_where_there_is_nothing_new(feed: Feed, client: HubClient) -> None:
    assert list(pages(client, after=ROWS)) == []


def test_what_came_before_a_cut_is_given(feed: Feed, client: HubClient) -> None:
    feed.cut_behind = 6
    coming = pages(client)
    assert [next(coming).upto, next(coming).upto] == [3, 6]
    with pytest.raises(Offline):
        next(coming)
