"""What a counter makes of every kind of answer."""

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice

import pytest

from storeapp.adapters.signing import DeviceKey
from storeapp.services.ports import SyncFailed
from sync.protocol.messages import Hello, encode, refusal
from sync.transport import FIRST_ROWS, HubClient, HubTrouble, Offline, Rejected, Signer, Unauthorised, _growing
from tests.support.hubserver import free_port

PROBLEM = "application/problem+json"


class Answers(HTTPServer):
    """Gives one answer to everybody."""

    status, body, kind, more = 200, b"", "application/json", {}

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none."""


class _Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        headers = {"Content-Type": self.server.kind, "Content-Length": str(len(self.server.body))}
        for name, value in (headers | self.server.more).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        """Nothing."""


@pytest.fixture
def answers() -> Iterator[Answers]:
    server = Answers(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def hello(port: int) -> object:
    client = HubClient(f"http://127.0.0.1:{port}", Signer("dev-1", DeviceKey(b"d" * 32), lambda: datetime.now(UTC)))
    try:
        return client.hello(Hello("i1", 0))
    finally:
        client.close()


def failure(answers: Answers, status: int, code: str = "", **more: str) -> SyncFailed:
    answers.status, answers.more = status, more
    if code:
        answers.kind, answers.body = PROBLEM, encode(refusal(code, {"expected": 7}, status=status))
    with pytest.raises(SyncFailed) as caught:
        hello(answers.server_port)
    return caught.value


def test_nobody_there_is_offline() -> None:
    with pytest.raises(Offline):
        hello(free_port())


@pytest.mark.parametrize(("status", "code"), [(401, "bad_signature"), (403, "revoked")])
def test_the_hub_does_not_take_us_for_who_we_are(answers: Answers, status: int, code: str) -> None:
    failed = failure(answers, status, code)
    assert isinstance(failed, Unauthorised)
    assert failed.code == code


def test_the_hub_says_no_with_its_reasons(answers: Answers) -> None:
    failed = failure(answers, 409, "sequence_hole")
    assert isinstance(failed, Rejected)
    assert (failed.code, failed.data) == ("sequence_hole", {"expected": 7})


def test_the_hub_has_trouble_and_says_when_to_come_back(answers: Answers) -> None:
    failed = failure(answers, 503, "busy", **{"Retry-After": "5"})
    assert isinstance(failed, HubTrouble)
    assert (failed.code, failed.retry_after_s) == ("busy", 5.0)


@pytest.mark.parametrize("status", [200, 302, 401, 404, 502])
def test_a_page_of_somebody_on_the_way_is_no_word_of_the_hub(answers: Answers, status: int) -> None:
    answers.kind, answers.body = "text/html", b"<h1>please sign in to this network</h1>"
    assert isinstance(failure(answers, status), HubTrouble)


@pytest.mark.parametrize("end", [b"", b"Conten", b"Content-Length", b"Content-Length:", b"Content-Length: 1"])
def test_a_reply_whose_head_is_cut_off_never_arrived(end: bytes) -> None:
    """A head that ends early says nothing of a body; what stands there is a line that broke, no trouble of the hub."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            line, _ = server.accept()
            with line:
                line.recv(65536)
                line.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + end)
                # What was not read would reset the line, and the reply with it.
                line.shutdown(socket.SHUT_WR)
                while line.recv(65536):
                    pass

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(Offline):
            hello(server.getsockname()[1])
        thread.join()


def test_a_reply_that_is_shorter_than_it_says_never_arrived(answers: Answers) -> None:
    answers.body = b'{"last_seq":0,'
    failed = failure(answers, 200, **{"Content-Length": "500"})
    assert isinstance(failed, Offline)


@pytest.mark.parametrize(("most", "sizes"), [(4000, [1000, 3000, 4000, 4000]), (500, [500, 500, 500, 500])])
def test_pages_begin_with_a_small_one_and_keep_to_what_the_hub_allows(most: int, sizes: list[int]) -> None:
    assert list(islice(_growing(FIRST_ROWS, most), 4)) == sizes
