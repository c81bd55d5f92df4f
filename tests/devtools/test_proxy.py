"""The proxy is itself a measuring tool, so it must really break what it says it breaks."""

import http.server
import threading
from collections.abc import Iterator

import pytest
import requests

from devtools.proxy import Proxy


class _Server(http.server.BaseHTTPRequestHandler):
    seen: list[str]

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
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
    made = Proxy(("127.0.0.1", server.server_address[1]))
    yield made
    made.close()
    server.shutdown()
    server.server_close()
    thread.join()


def test_bytes_pass_while_the_line_is_up(proxy: Proxy) -> None:
    assert requests.get(f"http://127.0.0.1:{proxy.port}/", timeout=5).text == "ok"


def test_a_cut_line_refuses_and_a_restored_one_passes_again(proxy: Proxy, seen: list[str]) -> None:
    proxy.cut()
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{proxy.port}/", timeout=5)
    assert seen == []
    proxy.restore()
    assert requests.get(f"http://127.0.0.1:{proxy.port}/", timeout=5).text == "ok"


def test_a_cut_breaks_a_connection_that_was_open(proxy: Proxy) -> None:
    with requests.Session() as session:
        session.get(f"http://127.0.0.1:{proxy.port}/", timeout=5)
        proxy.cut()
        with pytest.raises(requests.ConnectionError):
            session.get(f"http://127.0.0.1:{proxy.port}/", timeout=5)


def test_one_reply_is_lost_after_the_server_did_its_work(proxy: Proxy, seen: list[str]) -> None:
    proxy.restore(lose_next_reply=True)
    assert requests.get(f"http://127.0.0.1:{proxy.port}/", timeout=5).text == "ok"
    with pytest.raises(requests.ConnectionError):
        requests.post(f"http://127.0.0.1:{proxy.port}/", data=b"x", timeout=5)
    assert seen == ["GET", "POST"]
    assert proxy.lost_replies == 1
    assert requests.post(f"http://127.0.0.1:{proxy.port}/", data=b"x", timeout=5).text == "ok"
