"""A hub in a process of its own to measure against, and a wire that counts what goes over it."""

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from urllib.parse import urlsplit

import psutil

from devtools.postgres import Server
from hub.core import open_hub
from hub.devices import new_code
from storeapp.services.counter import Counter
from sync.engine import SyncEngine

ROOT = Path(__file__).parents[1]
PIECE = 1 << 18


class BenchHub:
    """``storehub serve`` on a home of its own, for commands of any day.

    ``database`` is a URL, or empty for the embedded one.
    """

    def __init__(self, home: Path, *, database: str = "") -> None:
        self._home, self._database = home, database
        where = ["--home", str(home), *(["--database", database] if database else [])]
        command = [sys.executable, "-m", "hub", *where, "serve", "--demo", "--port", "0"]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self._process.stdout is not None
        self.url: str = json.loads(self._process.stdout.readline())["url"]

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def __enter__(self) -> "BenchHub":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.communicate()

    def enrol(self, counter: Counter, *, url: str = "", store: str = "XH") -> None:
        """Make a counter one of this hub's, reached directly or over a wire that counts."""
        hub = open_hub(self._home, url=self._database)
        try:
            code = new_code(hub, store=store)
        finally:
            hub.close()
        SyncEngine().enrol(counter, url=url or self.url, code=code)


def cpu_s(processes: list[psutil.Process]) -> float:
    """What these processes have taken of the processors so far."""
    return float(sum(sum(process.cpu_times()[:2]) for process in processes))


def server_processes(server: Server) -> list[psutil.Process]:
    """Those of a PostgreSQL: its first one and one a connection."""
    number = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    first = psutil.Process(number)
    return [first, *first.children(recursive=True)]


class Meter:
    """Forwards to a hub and counts the bytes of both directions together, headers included."""

    def __init__(self, url: str) -> None:
        self._target = (urlsplit(url).hostname or "", urlsplit(url).port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._lock = threading.Lock()
        self._bytes = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def taken(self) -> int:
        """The bytes since this was last asked."""
        with self._lock:
            count, self._bytes = self._bytes, 0
        return count

    def _accept(self) -> None:
        while True:
            near, _ = self._listener.accept()
            far = socket.create_connection(self._target)
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while piece := source.recv(PIECE):
                with self._lock:
                    self._bytes += len(piece)
                sink.sendall(piece)
        except OSError:
            return
        sink.close()
