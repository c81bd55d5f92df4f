"""Drives a counter's process and keeps, in a file of its own, every command that it was told is saved."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO


class CounterDied(RuntimeError):
    """The counter's process ended or answered with something else than a line of JSON."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a counter said."""

    result: Any
    refused: str | None
    saved: tuple[str, ...]
    ms: float


class CounterProcess:
    """A running counter; ``log`` gets one line a saved command before anything else happens."""

    def __init__(self, name: str, home: Path, log: TextIO) -> None:
        self.name = name
        self.home = home
        self._log = log
        self.timings: dict[str, list[float]] = {}
        command = [sys.executable, "-m", "devtools.demo.counter", str(home)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def do(self, act: str, at: datetime, /, **args: Any) -> Answer:
        """Let the counter do something at a moment of the day.

        Raises:
            CounterDied: it did not answer.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise CounterDied(self.name)
        stdin.write(json.dumps({"do": act, "at": at.isoformat(), "args": args}, ensure_ascii=False) + "\n")
        line = stdout.readline()
        if not line:
            raise CounterDied(f"{self.name} ended with {self._process.wait()} on {act}")
        raw = json.loads(line)
        answer = Answer(raw["result"], raw["refused"], tuple(raw["saved"]), raw["ms"])
        for command_id in answer.saved:
            self._log.write(json.dumps({"counter": self.name, "id": command_id, "act": act}) + "\n")
        self._log.flush()
        self.timings.setdefault(act, []).append(answer.ms)
        return answer

    def close(self) -> int:
        """Let it finish; returns its exit status."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        status = self._process.wait(30)
        if self._process.stdout is not None:
            self._process.stdout.close()
        return status
