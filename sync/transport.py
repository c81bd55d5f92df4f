"""Carries signed requests to the hub and turns whatever goes wrong into four kinds of failure.

::

    SyncFailed                code, data
    ├── Offline               offline             not reached, or the reply did not arrive whole
    ├── Unauthorised          the hub's code      the hub does not (or no longer) take us for who we are
    ├── HubTrouble            the hub's code      5xx or 429: the hub's own trouble; retry later
    └── Rejected              the hub's code      the hub understood and said no

Only a whole, well-formed reply counts: after anything else nobody knows what the hub has done, and asking again
is safe.
"""

from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import msgspec
import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from storeapp.adapters.signing import DeviceKey
from storeapp.services.ports import SyncFailed
from sync.protocol import gzipping, messages
from sync.protocol.messages import (
    BatchReply,
    ChangesPage,
    CommandBatch,
    EnrolReply,
    EnrolRequest,
    Hello,
    HelloReply,
    Problem,
    RenewReply,
)
from sync.protocol.signing import Message, sign
from sync.snapshot import Snapshot, SnapshotBroken, SnapshotCut

T = TypeVar("T")

CONNECT_TIMEOUT_S = 5.0
REPLY_TIMEOUT_S = 60.0
ZIP_FROM_BYTES = 500
FIRST_ROWS, ROWS_GROWTH = 1_000, 3
"""The first page of a feed is a small one, because nothing can be read before it is here."""
MAX_REPLY_BYTES = 64_000_000
"""A page has at most four thousand rows, which have a few hundred bytes each."""
MOST_DIGITS = 16
"""Of a number of a feed."""
STREAM_BYTES = 1 << 14
"""How much of a long reply is read at once: little enough that a slow line still shows that it moves."""
_problem = msgspec.json.Decoder(Problem)


class Offline(SyncFailed):
    """The hub was not reached, or its reply was cut off."""

    def __init__(self) -> None:
        super().__init__("offline")


class Unauthorised(SyncFailed):
    """The hub does not take us for who we are: 401 or 403."""


class HubTrouble(SyncFailed):
    """The hub has trouble of its own: 5xx, or a reply that is none."""

    def __init__(self, code: str = "hub_trouble", retry_after_s: float = 0) -> None:
        super().__init__(code)
        self.retry_after_s = retry_after_s


class Rejected(SyncFailed):
    """The hub understood and said no."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code, problem.data)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs the requests, and by which clock."""

    device: str
    key: DeviceKey
    now: Callable[[], datetime]


class HubClient:
    """The hub's calls, one method each; use it from one thread. Every method raises a `SyncFailed`."""

    def __init__(self, url: str, signer: Signer) -> None:
        self._url = url.rstrip("/")
        self._signer = signer
        self._session = requests.Session()
        # A retry below us would hide what happened; the engine asks again by itself.
        self._session.mount("http://", HTTPAdapter(max_retries=0))
        self._session.mount("https://", HTTPAdapter(max_retries=0))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def enrol(self, request: EnrolRequest) -> EnrolReply:
        """Ask to belong to the hub."""
        return self._post(messages.ENROL, request, EnrolReply)

    def hello(self, hello: Hello) -> HelloReply:
        """Begin."""
        return self._post(messages.HELLO.format(device=quote(self._signer.device, safe="")), hello, HelloReply)

    def renew(self) -> RenewReply:
        """Ask for a certificate that ends later."""
        path = messages.RENEW.format(device=quote(self._signer.device, safe=""))
        return _read(_content(self._send("POST", path, b"{}")), RenewReply)

    @staticmethod
    def packed(batch: CommandBatch) -> bytes:
        """A batch as it goes over the line; made apart, while the hub decides the one before."""
        return gzipping.gzipped(messages.encode(batch))

    def commands(self, packed: bytes) -> BatchReply:
        """Give commands."""
        return _read(_content(self._send("POST", messages.COMMANDS, packed, zipped=True)), BatchReply)

    def changes(
        self, feed: str, *, epoch: str, after: int, limit: int, wait_s: float = 0, since: int = 0
    ) -> ChangesPage | None:
        """The next changes of a feed, None where there are none within the time.

        ``since`` is where the feed stood when this counter began with nothing, as long as it has not come so far.
        """
        return _page(self._changes(feed, epoch=epoch, after=after, limit=limit, wait_s=wait_s, since=since), after)

    def pages(
        self, feed: str, *, epoch: str, after: int, limit: int, since_of: Callable[[int], int]
    ) -> Generator[ChangesPage, None, None]:
        """The pages of a feed behind a number, to its end.

        The hub makes the next one while this one is being read: it is asked for as soon as the head of the reply has
        told how far this one goes. ``since_of`` gives the ``since`` of what is behind a number.
        """
        sizes = _growing(FIRST_ROWS, limit)

        def ask(after: int) -> requests.Response:
            return self._changes(feed, epoch=epoch, after=after, limit=next(sizes), since=since_of(after))

        with ThreadPoolExecutor(1, "sync-asking") as line:
            asked = line.submit(ask, after)
            try:
                while True:
                    reply = asked.result()
                    more = _tells_more(reply)
                    if more is not None:
                        asked = line.submit(ask, more)
                    page = _page(reply, after)
                    if page is None:
                        return
                    yield page
                    if page.upto >= page.last:
                        return
                    after = page.upto
                    if more != after:
                        _dropped(asked)
                        asked = line.submit(ask, after)
            finally:
                _dropped(asked)

    def _changes(
        self, feed: str, *, epoch: str, after: int, limit: int, wait_s: float = 0, since: int = 0
    ) -> requests.Response:
        path = messages.CHANGES.format(feed=quote(feed, safe=""))
        query: dict[str, str | float] = {"epoch": epoch, "after": after, "limit": limit, "boxed": 1}
        query |= {name: value for name, value in (("wait", wait_s), ("since", since)) if value}
        return self._send("GET", f"{path}?{urlencode(query)}", None, patience_s=REPLY_TIMEOUT_S + wait_s)

    @contextmanager
    def snapshot(self, feed: str, *, epoch: str, after: int, since: int = 0) -> Iterator[Snapshot]:
        """All rows of a feed behind a number, while they arrive."""
        path = messages.SNAPSHOT.format(feed=quote(feed, safe=""))
        query = urlencode({"epoch": epoch, "after": after, "boxed": 1} | ({"since": since} if since else {}))
        reply = self._send("GET", f"{path}?{query}", None)
        try:
            with _translated():
                line = _Line(reply)
                yield Snapshot(line.pieces(), lambda: line.received_bytes)
        except SnapshotBroken as error:
            raise HubTrouble from error
        except SnapshotCut as error:
            raise Offline from error
        finally:
            reply.close()

    def _post(self, path: str, message: msgspec.Struct, of: type[T]) -> T:
        return _read(_content(self._send("POST", path, messages.encode(message))), of)

    def _send(
        self,
        method: str,
        path: str,
        content: bytes | None,
        *,
        patience_s: float = REPLY_TIMEOUT_S,
        zipped: bool = False,
    ) -> requests.Response:
        url = self._url + path
        headers = {"Accept": messages.PROBLEM + ", application/json", "Accept-Encoding": "gzip"}
        if content is not None:
            headers["Content-Type"] = "application/json"
            if not zipped and len(content) >= ZIP_FROM_BYTES:
                content, zipped = gzipping.gzipped(content), True
            if zipped:
                headers["Content-Encoding"] = "gzip"
        signer = self._signer
        message = Message(method, url, headers)
        sign(message, content, key_id=signer.device, signer=signer.key.sign, created=signer.now())
        with _translated():
            reply = self._session.request(
                method,
                url,
                data=content,
                headers=dict(message.headers),
                timeout=(CONNECT_TIMEOUT_S, patience_s),
                allow_redirects=False,
                stream=True,
            )
        _check(reply)
        return reply


class _Line:
    """Unzips a long reply by itself, because requests doesn't tell what came over the line."""

    def __init__(self, reply: requests.Response) -> None:
        self._reply = reply
        self.received_bytes = 0

    def pieces(self) -> Iterator[bytes]:
        zipped = self._reply.headers.get("Content-Encoding", "") == "gzip"
        unzip = gzipping.unzipper()
        for piece in self._reply.raw.stream(STREAM_BYTES, decode_content=False):
            self.received_bytes += len(piece)
            yield unzip.decompress(piece) if zipped else piece


def _growing(size: int, most: int) -> Iterator[int]:
    while True:
        size = min(size, most)
        yield size
        size *= ROWS_GROWTH


def _page(reply: requests.Response, after: int) -> ChangesPage | None:
    content = _content(reply)
    if reply.status_code == 304:
        return None
    page = _read(content, ChangesPage)
    if not page.after == after < page.upto <= page.last:
        # Whoever takes it for a page would ask for the same one for ever.
        raise HubTrouble
    return page


def _tells_more(reply: requests.Response) -> int | None:
    """Behind which number there is more than this page, where its head tells."""
    upto, last = (reply.headers.get(name, "") for name in (messages.UPTO, messages.LAST))
    return int(upto) if _is_number(upto) and _is_number(last) and int(upto) < int(last) else None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS


def _dropped(asked: "Future[requests.Response]") -> None:
    """Wait for a reply that nobody reads; what went wrong with it is nobody's matter, either."""
    with suppress(SyncFailed):
        asked.result().close()


@contextmanager
def _translated() -> Iterator[None]:
    """Failures of the network as ours; the library's message may hold an address, so it is not repeated."""
    try:
        yield
    except requests.exceptions.RequestException as error:
        raise Offline from error
    except (OSError, HTTPError, gzipping.Broken) as error:
        raise Offline from error


def _content(reply: requests.Response) -> bytes:
    """All of a reply, which must not blow up: little on the line may be without end when it is unzipped.

    It is read and unzipped at once: every piece would wait for Python's lock while a page is being kept.
    """
    with _translated(), closing(reply):
        sent = _sent(reply)
        if not sent and reply.status_code == 200:
            # Whoever answers says something: this reply was cut off in its head.
            raise Offline
        zipped = reply.headers.get("Content-Encoding", "") == "gzip"
        content = _unzipped(sent) if zipped and sent else sent
    if len(content) > MAX_REPLY_BYTES:
        raise HubTrouble
    return content


def _sent(reply: requests.Response) -> bytes:
    """What came over the line, usually in one piece; the read behind the last one tells a reply that was cut off."""
    pieces: list[bytes] = []
    room = MAX_REPLY_BYTES + 1
    while room and (piece := reply.raw.read(room, decode_content=False)):
        pieces.append(piece)
        room -= len(piece)
    return b"".join(pieces)


def _unzipped(sent: bytes) -> bytes:
    """At most one byte more than a reply may have.

    Raises:
        Offline: it ends too early.
    """
    unzip = gzipping.unzipper()
    content = unzip.decompress(sent, MAX_REPLY_BYTES + 1)
    if not unzip.eof and len(content) <= MAX_REPLY_BYTES:
        raise Offline
    return content


def _check(reply: requests.Response) -> None:
    status = reply.status_code
    if status in {200, 304}:
        return
    problem = _problem_of(reply)
    if status in {401, 403} and problem is not None:
        raise Unauthorised(problem.code, problem.data)
    if problem is None or status >= 500 or status == 429:
        raise HubTrouble(problem.code if problem else "hub_trouble", _retry_after(reply))
    raise Rejected(problem)


def _problem_of(reply: requests.Response) -> Problem | None:
    """What the hub says is wrong; a page of some proxy on the way is no word of the hub."""
    if not reply.headers.get("Content-Type", "").startswith(messages.PROBLEM):
        reply.close()
        return None
    try:
        return _problem.decode(_content(reply))
    except msgspec.MsgspecError:
        return None


def _retry_after(reply: requests.Response) -> float:
    text = reply.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _read(content: bytes, of: type[T]) -> T:
    try:
        read: Any = msgspec.json.decode(content, type=of)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HubTrouble from error
    return read  # type: ignore[no-any-return]  # the decoder was asked for exactly this type
