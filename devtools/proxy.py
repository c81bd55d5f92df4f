"""A TCP proxy that breaks connections the way real networks do: refused, reset, or cut between commit and reply."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from enum import StrEnum

CHUNK = 65536
_RESET = struct.pack("ii", 1, 0)
"""Linger on, zero seconds: closing sends RST instead of FIN."""


class Line(StrEnum):
    """How the line behaves now."""

    UP = "up"
    DOWN = "down"
    LOSE_REPLY = "lose_reply"
    """Forward a request of the watched kind, then reset the connection when the reply begins; once."""


class Proxy:
    """Listens on a port of its own and forwards to the target while the line is up.

    Args:
        target: host and port of the server.
        watched: how a request begins whose reply can be lost, such as ``b"POST /v1/commands"``.
    """

    def __init__(self, target: tuple[str, int], *, watched: bytes = b"POST ") -> None:
        self._target = target
        self._watched = watched
        self._line = Line.UP
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.lost_replies = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def up(self) -> bool:
        """Whether bytes pass."""
        return self._line is not Line.DOWN

    def cut(self) -> None:
        """Reset every open connection, and every new one until `restore`."""
        with self._lock:
            self._line = Line.DOWN
            broken, self._open = self._open, set()
        for connection in broken:
            _reset(connection)

    def restore(self, *, lose_next_reply: bool = False) -> None:
        """Let bytes pass again; the next watched reply can still be lost."""
        with self._lock:
            self._line = Line.LOSE_REPLY if lose_next_reply else Line.UP

    def close(self) -> None:
        """Stop listening and break what is open."""
        self.cut()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self._line is Line.DOWN:
            _reset(client)
            return
        try:
            server = socket.create_connection(self._target, timeout=10)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        waiting = threading.Event()
        upward = threading.Thread(target=self._pump, args=(client, server, self._note(waiting)), daemon=True)
        upward.start()
        self._pump(server, client, lambda _data: self._passes(waiting))
        upward.join(10)

    def _note(self, waiting: threading.Event) -> Callable[[bytes], bool]:
        def note(data: bytes) -> bool:
            if data.startswith(self._watched):
                waiting.set()
            return True

        return note

    def _passes(self, waiting: threading.Event) -> bool:
        """Whether a piece of a reply may pass; the watched one is lost once."""
        with self._lock:
            if self._line is not Line.LOSE_REPLY or not waiting.is_set():
                return True
            self._line = Line.UP
            self.lost_replies += 1
            return False

    def _pump(self, source: socket.socket, sink: socket.socket, passes: Callable[[bytes], bool]) -> None:
        # A broken connection is what this program is for: both ends are then torn down.
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if not passes(data):
                    break
                sink.sendall(data)
        with self._lock:
            self._open -= {source, sink}
        _reset(source)
        _reset(sink)


def _reset(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
