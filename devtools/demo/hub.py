"""Runs the hub of the demo: its own folder, its own process, its own port."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.error import URLError

START_S = 30


class HubDied(RuntimeError):
    """The hub's process did not come up; its log says why."""


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class HubProcess:
    """A running hub in demo mode, which takes simulated commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.database = folder / "hub.db"
        self._env = os.environ | {"STOREHUB_HOME": str(folder)}
        self._run("migrate")
        self._log = (folder / "hub.log").open("w", encoding="utf-8")
        command = [sys.executable, "-m", "hub", "serve", "--demo", "--port", str(self.port)]
        self._process = subprocess.Popen(command, env=self._env, stdout=self._log, stderr=subprocess.STDOUT)
        self._wait()

    def enrol_code(self, store: str) -> str:
        """A code for one more counter of a store."""
        found = json.loads(self._run("enrol-code", "--store", store, "--json"))
        return str(found["code"])

    def close(self) -> int:
        """Stop it as an operator would; returns its exit status."""
        self._process.terminate()
        status = self._process.wait(20)
        self._log.close()
        return status

    def _run(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "hub", *arguments]
        done = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HubDied(done.stderr)
        return done.stdout

    def _wait(self) -> None:
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            if self._process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=1):
                    return
            except (URLError, OSError):
                time.sleep(0.05)
        raise HubDied(f"see {self.folder / 'hub.log'}")
