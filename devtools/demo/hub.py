"""Runs the hub of the demo: its own folder, its own process, its own port."""

import json
import signal
import subprocess
import sys
from pathlib import Path


class HubFailed(RuntimeError):
    """The hub did not come up or refused; its words say why."""


class HubProcess:
    """A running hub in demo mode, which takes simulated commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._command = [sys.executable, "-m", "hub", "--home", str(folder)]
        self._log = (folder / "hub.log").open("w", encoding="utf-8")
        serve = [*self._command, "serve", "--demo", "--port", "0"]
        self._process = subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=self._log, text=True)
        self.port = self._announced_port()

    @property
    def database(self) -> Path:
        """The hub's embedded database."""
        return next(self.folder.glob("*.db"))

    def enrol_code(self, store: str) -> str:
        """A code for one more counter of a store.

        Raises:
            HubFailed: the hub gave none.
        """
        command = [*self._command, "enrol-code", "--store", store]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise HubFailed(done.stderr)
        return str(json.loads(done.stdout)["code"])

    def close(self) -> int:
        """Stop it as an operator would; returns 0 where it ended in order, because it was told to."""
        self._process.terminate()
        ended = self._process.wait(20)
        status = 0 if ended == -signal.SIGTERM else ended
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._log.close()
        return status

    def _announced_port(self) -> int:
        """The hub tells its address in the first line that it writes."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise HubFailed(f"see {self.folder / 'hub.log'}")
        return int(str(json.loads(line)["url"]).rsplit(":", 1)[1])
