"""A proxy between counters and hub that really breaks connections: refuses, cuts a request or a reply.

It is a program, too (``python -m tests.support.proxy LISTEN TARGET``); each line on its standard input sets what
happens to the connections from then on, and is answered with the same line.
"""

import contextlib
import socket
import struct
import sys
import threading
from dataclasses import dataclass

PIECE = 65536
SLOW_PIECE = 1024


@dataclass(frozen=True)
class Fault:
    """What happens to a connection.

    ``refuse``: closed as soon as it is made. ``cut_request``: closed after so many bytes went to the hub.
    ``cut_reply``: closed after so many bytes came back; 0 means that the hub has answered and nobody hears it.
    ``once`` heals the line after the first cut.
    """

    refuse: bool = False
    cut_request: int | None = None
    cut_reply: int | None = None
    once: bool = False


HEALTHY = Fault()
DOWN = Fault(refuse=True)


def parse_fault(text: str) -> Fault:
    """A fault as the program reads it: ``up``, ``down``, ``cut-request N``, ``cut-reply N``, each cut ``once`` too."""
    words = text.split()
    if words[0] in {"up", "down"}:
        return HEALTHY if words[0] == "up" else DOWN
    count, once = int(words[1]), "once" in words
    if words[0] == "cut-request":
        return Fault(cut_request=count, once=once)
    return Fault(cut_reply=count, once=once)


class Proxy:
    """Listens on this machine and forwards to a port of it."""

    def __init__(self, target: int, port: int = 0) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.fault = HEALTHY
        self.cuts = 0
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._allowed: int | None = None
        self._more = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def become(self, fault: Fault) -> None:
        """From now on; a line that goes down also loses the connections that are open."""
        self.fault = fault
        if fault.refuse:
            self._break(self._open)
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

    def _pass(self, count: int, sockets: set[socket.socket]) -> None:
        with self._more:
            self._more.wait_for(lambda: self._allowed is None or self._allowed >= count or self._broken(sockets))
            self._allowed = None if self._allowed is None else max(0, self._allowed - count)

    @staticmethod
    def _broken(sockets: set[socket.socket]) -> bool:
        return any(one.fileno() < 0 for one in sockets)

    def close(self) -> None:
        """End it."""
        self.allow(None)
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break(self._open)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        if self.fault.refuse:
            self._break({client})
            return
        try:
            hub = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            self._break({client})
            return
        pair = {client, hub}
        with self._lock:
            self._open |= pair
        up = threading.Thread(target=self._pump, args=(client, hub, "cut_request", pair), daemon=True)
        up.start()
        self._pump(hub, client, "cut_reply", pair)
        up.join()
        with self._lock:
            self._open -= pair

    def _pump(self, source: socket.socket, sink: socket.socket, which: str, pair: set[socket.socket]) -> None:
        passed = 0
        while True:
            try:
                piece = source.recv(PIECE if self._allowed is None else SLOW_PIECE)
            except OSError:
                break
            if not piece:
                break
            limit = getattr(self.fault, which)
            if limit is not None and passed + len(piece) > limit:
                with contextlib.suppress(OSError):
                    sink.sendall(piece[: max(0, limit - passed)])
                self._cut(pair)
                return
            passed += len(piece)
            if which == "cut_reply":
                self._pass(len(piece), pair)
            with contextlib.suppress(OSError):
                sink.sendall(piece)
        self._break(pair)

    def _cut(self, pair: set[socket.socket]) -> None:
        self.cuts += 1
        if self.fault.once:
            self.fault = HEALTHY
        self._break(pair)

    def _break(self, sockets: set[socket.socket]) -> None:
        for one in list(sockets):
            with contextlib.suppress(OSError):
                # A reset, not an orderly end.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def main(arguments: list[str]) -> int:
    """Run as a program until the standard input ends."""
    proxy = Proxy(int(arguments[1]), int(arguments[0]))
    print(f"listening {proxy.port}", flush=True)
    for line in sys.stdin:
        proxy.become(parse_fault(line))
        print(line.strip(), flush=True)
    proxy.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
