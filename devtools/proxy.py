"""A TCP proxy that breaks connections the way real networks do, at any byte of a request or of a reply."""

import contextlib
import http.client
import socket
import struct
import threading
from dataclasses import dataclass
from enum import StrEnum

PIECE = 65536
SLOW_PIECE = 4096
PAUSE_S = 0.02
_RESET = struct.pack("ii", 1, 0)
"""Linger on, zero seconds: closing sends RST instead of FIN."""


class Way(StrEnum):
    """What happens at the byte where a connection is cut."""

    RESET = "reset"
    CLOSE = "close"
    """Both directions end in an orderly way."""
    HALF_CLOSE = "half_close"
    """This direction ends in an orderly way, the other one goes on."""
    PAUSE = "pause"
    """Nothing passes for a moment; then it goes on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to requests that begin with ``watched``, and to their replies.

    ``refuse``: every connection is reset as soon as it is made. ``cut_request``: after so many of its bytes went to
    the hub. ``cut_reply``: after so many of its bytes came back; 0 means that the hub has answered and nobody hears
    it. ``way`` says how it is cut. ``twice``: the hub gets the request once more before. ``once`` heals the line
    after the first cut.
    """

    refuse: bool = False
    cut_request: int | None = None
    cut_reply: int | None = None
    way: Way = Way.RESET
    twice: bool = False
    watched: bytes = b""
    once: bool = False


HEALTHY = Fault()
DOWN = Fault(refuse=True)


class _Pair:
    """A client's connection, and the one to the hub that belongs to it."""

    def __init__(self, client: socket.socket, hub: socket.socket) -> None:
        self.client, self.hub = client, hub
        self.sent = self.received = 0
        self.watched = False

    @property
    def both(self) -> set[socket.socket]:
        return {self.client, self.hub}

    def begin(self, *, watched: bool) -> None:
        """A request begins, so what is counted begins anew."""
        self.sent = self.received = 0
        self.watched = watched


class Proxy:
    """Listens on a port of this machine and forwards to another one."""

    def __init__(self, target: int) -> None:
        self._target = ("127.0.0.1", target)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.fault = HEALTHY
        self.cuts = 0
        self.copies = 0
        self._watched: _Pair | None = None
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._allowed: int | None = None
        self._more = threading.Condition()
        self._pause = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether connections can be made."""
        return not self.fault.refuse

    @property
    def passed(self) -> tuple[int, int]:
        """How many bytes of the newest watched request have passed, and how many of its reply."""
        pair = self._watched
        return (0, 0) if pair is None else (pair.sent, pair.received)

    def become(self, fault: Fault) -> None:
        """From now on; a line that goes down also loses the connections that are open."""
        with self._lock:
            self.fault = fault
            broken = set(self._open) if fault.refuse else set()
        _reset(broken)
        with self._more:
            self._more.notify_all()

    def slow_down(self) -> None:
        """From now on replies pass only as far as `allow` lets them."""
        with self._more:
            self._allowed = 0

    def allow(self, count: int | None) -> None:
        """Let so many more bytes of replies pass; None lets all pass again."""
        with self._more:
            self._allowed = None if count is None or self._allowed is None else self._allowed + count
            self._more.notify_all()

    def close(self) -> None:
        """Stop listening and break what is open."""
        self.allow(None)
        self.become(DOWN)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    # -- connections

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        hub = self._reached()
        if hub is None:
            _reset({client})
            return
        pair = _Pair(client, hub)
        with self._lock:
            self._open |= pair.both
        upward = threading.Thread(target=self._upward, args=(pair,), daemon=True)
        upward.start()
        self._downward(pair)
        upward.join()
        with self._lock:
            self._open -= pair.both
        for one in pair.both:
            one.close()

    def _reached(self) -> socket.socket | None:
        if self.fault.refuse:
            return None
        try:
            return socket.create_connection(self._target)
        except OSError:
            return None

    def _upward(self, pair: _Pair) -> None:
        # A broken connection is what this program is for: the other direction notices by itself.
        with contextlib.suppress(OSError):
            while piece := pair.client.recv(PIECE):
                fault = self.fault
                if pair.received or not pair.sent:
                    pair.begin(watched=piece.startswith(fault.watched))
                    self._watched = pair if pair.watched else self._watched
                if pair.watched and fault.twice:
                    piece = _whole(pair.client, piece)
                    self._send_copy(piece)
                before, pair.sent = pair.sent, pair.sent + len(piece)
                self._pass_on(pair, piece, before, upward=True)
        _finish(pair.hub)

    def _downward(self, pair: _Pair) -> None:
        with contextlib.suppress(OSError):
            while piece := pair.hub.recv(PIECE if self._allowed is None else SLOW_PIECE):
                self._wait_for_leave(len(piece))
                before, pair.received = pair.received, pair.received + len(piece)
                self._pass_on(pair, piece, before, upward=False)
        _finish(pair.client)

    def _pass_on(self, pair: _Pair, piece: bytes, before: int, *, upward: bool) -> None:
        """Send a piece on, or what of it comes before the cut; what comes after a cut goes nowhere."""
        fault, sink = self.fault, pair.hub if upward else pair.client
        limit = fault.cut_request if upward else fault.cut_reply
        if limit is None or not pair.watched or before + len(piece) <= limit:
            sink.sendall(piece)
            return
        if before <= limit:
            sink.sendall(piece[: limit - before])
            self._cut(pair, sink, fault)
        if fault.way is Way.PAUSE:
            sink.sendall(piece[max(0, limit - before) :])

    def _cut(self, pair: _Pair, sink: socket.socket, fault: Fault) -> None:
        with self._lock:
            self.cuts += 1
            if fault.once:
                self.fault = HEALTHY
        match fault.way:
            case Way.RESET:
                _reset(pair.both)
            case Way.CLOSE:
                _finish(pair.client)
                _finish(pair.hub)
            case Way.HALF_CLOSE:
                _finish(sink)
            case Way.PAUSE:
                self._pause.wait(PAUSE_S)

    def _wait_for_leave(self, count: int) -> None:
        with self._more:
            self._more.wait_for(lambda: self._allowed is None or self._allowed >= count or self.fault.refuse)
            self._allowed = None if self._allowed is None else max(0, self._allowed - count)

    def _send_copy(self, request: bytes) -> None:
        """Let the hub answer a request that nobody listens for the reply of."""
        with socket.create_connection(self._target) as other:
            other.sendall(request)
            reply = http.client.HTTPResponse(other, method=request.split(b" ", 1)[0].decode("ascii"))
            reply.begin()
            reply.read()
        self.copies += 1


def _whole(source: socket.socket, begun: bytes) -> bytes:
    """A request from its first piece on to its end."""
    while b"\r\n\r\n" not in begun:
        begun += source.recv(PIECE)
    head, _, content = begun.partition(b"\r\n\r\n")
    told = [line.partition(b":")[2] for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    missing = int(told[0]) - len(content) if told else 0
    while missing > 0:
        piece = source.recv(PIECE)
        begun, missing = begun + piece, missing - len(piece)
    return begun


def _finish(connection: socket.socket) -> None:
    """Say that nothing more comes."""
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_WR)


def _reset(connections: set[socket.socket]) -> None:
    """RST instead of FIN; whoever still reads or writes here notices at once."""
    for connection in connections:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()
