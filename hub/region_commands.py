"""``storehub region-plan`` and its like: a supervisor's calls on the hub's own machine."""

import argparse
import sys
from collections.abc import Callable
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from hub import jobs
from hub.core import Hub, open_hub
from hub.jobs import DEFAULT_BUDGET_S, Progress, RegionJob
from hub.problems import HubProblem
from hub.region_runner import work_on

SHELL = "shell"


class AddCommand(Protocol):
    """Adds one command to the program."""

    def __call__(self, name: str, run: Callable[[argparse.Namespace], Any], words: str, /) -> argparse.ArgumentParser:
        """Its parser."""


def add_region_commands(command: AddCommand) -> None:
    """Make the commands known."""
    planning = command("region-plan", _plan, "Plan a region here and now; progress goes to stderr.")
    planning.add_argument("region")
    planning.add_argument("--budget", type=int, default=DEFAULT_BUDGET_S, metavar="SECONDS", help="of search, at most")
    planning.add_argument("--later", action="store_true", help="let a serving hub do it, and return at once")
    command("regions", _regions, "List the regions, their stores and their newest plan.")
    showing = command("region-show", _show, "Show a plan of a region: how far it is, and what came of it.")
    showing.add_argument("id")
    cancelling = command("region-cancel", _cancel, "Stop a plan of a region; what was assigned before stays.")
    cancelling.add_argument("id")


def _with_hub(parsed: argparse.Namespace, act: Callable[[Hub], Any]) -> Any:
    hub = open_hub(parsed.home, url=parsed.database)
    try:
        return msgspec.to_builtins(act(hub))
    finally:
        hub.close()


def _regions(parsed: argparse.Namespace) -> Any:
    return _with_hub(parsed, jobs.regions)


def _show(parsed: argparse.Namespace) -> Any:
    return _with_hub(parsed, lambda hub: jobs.job(hub, parsed.id))


def _cancel(parsed: argparse.Namespace) -> Any:
    return _with_hub(parsed, lambda hub: jobs.cancel(hub, parsed.id, by=SHELL))


def _plan(parsed: argparse.Namespace) -> Any:
    def act(hub: Hub) -> RegionJob:
        started = jobs.start(hub, parsed.region, by=SHELL, budget_s=parsed.budget)
        return started if parsed.later else _here(hub, started)

    return _with_hub(parsed, act)


def _here(hub: Hub, started: RegionJob) -> RegionJob:
    """Do it in this process, unless a serving hub was faster: then look how that one gets on."""
    owner = uuid4().hex
    taken = jobs.take(hub, owner, job_id=started.id)
    done = work_on(hub, owner, taken, told=_tell) if taken else None
    if done is None:
        return jobs.job(hub, started.id)
    if done.state is jobs.JobState.FAILED:
        raise HubProblem("failed")
    return done


def _tell(progress: Progress) -> None:
    done = f"{progress.parts_done}/{progress.parts}" if progress.parts else ""
    cost = f"¥{progress.cost_fen / 100:.2f}" if progress.cost_fen else ""
    said = (progress.stage.value, done, f"{progress.planned}/{progress.orders}", cost, f"{progress.seconds} s")
    sys.stderr.write(" ".join(filter(None, said)) + "\n")
