"""A real hub behind a real port, in a thread of the test or in a process that can be killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from hub.api import create_app
from hub.core import Hub
from hub.serving import Server, listen

PATIENCE_S = 90
"""As long as a busy machine needs; a hub that is well takes a moment."""
ROOT = Path(__file__).resolve().parents[2]


class HubServer:
    """Serves a hub on a free port of this machine."""

    def __init__(self, hub: Hub, port: int = 0) -> None:
        self.hub = hub
        self._socket = listen("127.0.0.1", port)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(create_app(hub), log_config=None, lifespan="on", timeout_graceful_shutdown=PATIENCE_S)
        self._server = Server(config, hub)
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        original = self._server.startup

        async def startup(sockets: list[socket.socket] | None = None) -> None:
            await original(sockets)
            self._started.set()

        self._server.startup = startup  # type: ignore[method-assign]  # uvicorn has no other way to hear of it
        self._server.run(sockets=[self._socket])

    def start(self) -> "HubServer":
        self._thread.start()
        assert self._started.wait(PATIENCE_S)
        return self

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(2 * PATIENCE_S)
        assert not self._thread.is_alive()


@contextmanager
def serving(hub: Hub) -> Iterator[HubServer]:
    server = HubServer(hub).start()
    try:
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class HubProcess:
    """``storehub serve`` in a process of its own."""

    def __init__(self, home: Path, port: int, *, demo: bool = False, database: str = "") -> None:
        where = ["--home", str(home), *(["--database", database] if database else [])]
        command = [sys.executable, "-m", "hub", *where, "serve", "--port", str(port)]
        self._process = subprocess.Popen(
            [*command, "--demo"] if demo else command,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.pid: int = self._process.pid
        assert self._process.stdout is not None
        # The program says where it listens once it does.
        assert b"http://" in self._process.stdout.readline()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self.wait()

    def stop(self) -> None:
        self._process.terminate()
        self.wait()

    def wait(self) -> None:
        self._process.wait(PATIENCE_S)
        assert self._process.stdout is not None
        self._process.stdout.close()
