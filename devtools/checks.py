"""Runs every check that a change must pass, and says which one broke and how long each took."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from devtools import ROOT
from devtools.environment import venv_program, venv_python

PACKAGES = ("storeapp", "ui", "sync", "hub", "devtools")
NIGHTLY_TIMEOUT_S = 3600


@dataclass(frozen=True, slots=True)
class Step:
    """One check: a name for the summary and the command behind it."""

    name: str
    command: tuple[str, ...]


class Status(StrEnum):
    """How a step ended."""

    OK = "ok"
    FAILED = "FAILED"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step."""

    name: str
    status: Status
    seconds: float = 0.0

    def __str__(self) -> str:
        """One entry of the summary line."""
        return f"{self.name} {self.status}" + ("" if self.status is Status.SKIPPED else f" {self.seconds:.1f} s")


CHECKED_TYPES = (*PACKAGES, "bench", "dev.py")


def static_steps() -> tuple[Step, ...]:
    """The checks that read the code without running it."""
    ruff = str(venv_program("ruff"))
    return (
        Step("format", (ruff, "format", "--check", ".")),
        Step("lint", (ruff, "check", ".")),
        Step("types", (str(venv_program("mypy")), *CHECKED_TYPES)),
        Step("imports", (str(venv_program("lint-imports")), "--no-logo")),
    )


def pytest_steps(pytest_arguments: Sequence[str], *, nightly: bool) -> tuple[Step, ...]:
    """The tests: all of them with branch coverage, or just what the arguments name."""
    chosen = tuple(pytest_arguments) or ("-n", str(workers()), "--cov", "--cov-report=term:skip-covered")
    # An empty marker expression lifts the default one that leaves soaks out.
    soaks = ("-m", "", "--hypothesis-profile=nightly", "-o", f"timeout={NIGHTLY_TIMEOUT_S}") if nightly else ()
    return (Step("tests", (venv_python(), "-m", "pytest", "-q", *soaks, *chosen)),)


def workers() -> int:
    """How many test processes: every one holds a Qt, so more than four cost more than they bring."""
    return max(2, min(4, os.cpu_count() or 2))


def run_groups(groups: Sequence[Sequence[Step]], run: Callable[[Step], int]) -> list[Outcome]:
    """Run every step of a group; once a group has a failure, the later groups are skipped.

    Args:
        groups: steps, the cheap groups first.
        run: gives a step's exit status.
    """
    outcomes: list[Outcome] = []
    for group in groups:
        broken = any(outcome.status is not Status.OK for outcome in outcomes)
        outcomes += [Outcome(step.name, Status.SKIPPED) if broken else _timed(step, run) for step in group]
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> str:
    """The last line of a run."""
    passed = all(outcome.status is Status.OK for outcome in outcomes)
    total_s = sum(outcome.seconds for outcome in outcomes)
    return f"{'passed' if passed else 'FAILED'} in {total_s:.1f} s: " + ", ".join(map(str, outcomes))


def check(pytest_arguments: Sequence[str], *, nightly: bool) -> int:
    """Run all checks in the prepared environment; 0 when every one passed, else 1."""
    outcomes = run_groups([static_steps(), pytest_steps(pytest_arguments, nightly=nightly)], _run)
    print(f"\n{summary(outcomes)}")
    return 0 if all(outcome.status is Status.OK for outcome in outcomes) else 1


def _timed(step: Step, run: Callable[[Step], int]) -> Outcome:
    started = time.monotonic()
    failed = run(step)
    return Outcome(step.name, Status.FAILED if failed else Status.OK, time.monotonic() - started)


def _run(step: Step) -> int:
    print(f"\n== {step.name}", flush=True)
    environment = {**os.environ, "PYTHONUTF8": "1"}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    return subprocess.run(step.command, cwd=ROOT, env=environment, check=False).returncode
