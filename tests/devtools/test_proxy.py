"""The proxy is itself a measuring tool, so it must really break what it says it breaks."""

import http.server
import threading
from collections.abc import Iterator

import pytest
import requests

from devtools.proxy import DOWN, HEALTHY, Fault, Proxy, Way

PATIENCE_S = 60


class _Server(http.server.BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        if len(self.rfile.read(length)) == length:
            self._answer()

    def _answer(self) -> None:
        self.seen.append(self.command)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_args: object) -> None:
        """Say nothing."""


@pytest.fixture
def seen() -> list[str]:
    return []


@pytest.fixture
def proxy(seen: list[str]) -> Iterator[Proxy]:
    handler = type("Handler", (_Server,), {"seen": seen})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made = Proxy(server.server_address[1])
    yield made
    made.close()
    server.shutdown()
    server.server_close()
    thread.join()


def get(proxy: Proxy) -> str:
    return requests.get(proxy.url, timeout=PATIENCE_S).text


def post(proxy: Proxy, data: bytes = b"x") -> str:
    return requests.post(proxy.url, data=data, timeout=PATIENCE_S).text


def test_bytes_pass_while_the_line_is_up(proxy: Proxy) -> None:
    assert get(proxy) == "ok"
    assert proxy.up


def test_a_line_that_is_down_refuses_and_a_healed_one_passes_again(proxy: Proxy, seen: list[str]) -> None:
    proxy.become(DOWN)
    assert not proxy.up
    with pytest.raises(requests.ConnectionError):
        get(proxy)
    assert seen == []
    proxy.become(HEALTHY)
    assert get(proxy) == "ok"


def test_a_line_that_goes_down_breaks_a_connection_that_was_open(proxy: Proxy) -> None:
    with requests.Session() as session:
        session.get(proxy.url, timeout=PATIENCE_S)
        proxy.become(DOWN)
        with pytest.raises(requests.ConnectionError):
            session.get(proxy.url, timeout=PATIENCE_S)


@pytest.mark.parametrize("way", [Way.RESET, Way.CLOSE, Way.HALF_CLOSE])
def test_a_reply_is_lost_after_the_server_did_its_work(proxy: Proxy, seen: list[str], way: Way) -> None:
    proxy.become(Fault(cut_reply=0, watched=b"POST ", way=way, once=True))
    assert get(proxy) == "ok"
    with pytest.raises(requests.ConnectionError):
        post(proxy)
    assert seen == ["GET", "POST"]
    assert proxy.cuts == 1
    assert post(proxy) == "ok"


@pytest.mark.parametrize("way", [Way.RESET, Way.CLOSE, Way.HALF_CLOSE])
def test_a_request_that_is_cut_does_not_arrive_whole(proxy: Proxy, seen: list[str], way: Way) -> None:
    data = b"x" * 1000
    proxy.become(Fault(watched=b"POST "))
    post(proxy, data)
    whole, _ = proxy.passed
    proxy.become(Fault(cut_request=whole - 1, watched=b"POST ", way=way))
    with pytest.raises(requests.ConnectionError):
        post(proxy, data)
    assert seen == ["POST"]
    proxy.become(Fault(cut_request=whole, watched=b"POST ", way=way))
    assert post(proxy, data) == "ok"


def test_a_pause_only_takes_time(proxy: Proxy) -> None:
    for fault in (Fault(cut_request=20, way=Way.PAUSE), Fault(cut_reply=20, way=Way.PAUSE)):
        proxy.become(fault)
        assert post(proxy, b"x" * 1000) == "ok"
    assert proxy.cuts == 2


def test_a_request_arrives_twice(proxy: Proxy, seen: list[str]) -> None:
    proxy.become(Fault(twice=True, watched=b"POST "))
    assert get(proxy) == "ok"
    assert post(proxy, b"x" * 200_000) == "ok"
    assert seen == ["GET", "POST", "POST"]
    assert proxy.copies == 1
