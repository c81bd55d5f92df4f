"""The commands of ``dev.py``: what each is called, what it takes and where it is done."""

import argparse
import sys
from collections.abc import Sequence

from devtools import EXIT_ENVIRONMENT, SetupProblem
from devtools.bundle import build
from devtools.checks import check
from devtools.environment import ensure_environment, measuring_environment, run_in_venv
from devtools.locking import lock
from devtools.system import provide_postgresql

# Commands that are modules of their own; what follows their name is theirs.
MODULES = {
    "demo": ("devtools.demo", "walk one store day and leave its results in build/demo"),
    "bench": ("bench", "measure: a benchmark's name or nothing for all, --json for machines"),
    "screenshots": ("devtools.screenshots", "paint every screen into build/screenshots"),
}


def parser() -> argparse.ArgumentParser:
    """The command line of ``dev.py``."""
    root = argparse.ArgumentParser(prog="dev.py", description="Sets everything up, then does one thing.")
    commands = root.add_subparsers(dest="command", required=True)
    for name, (_, words) in MODULES.items():
        commands.add_parser(name, help=words, add_help=False)
    test = commands.add_parser("test", help="run all checks; further arguments go to pytest")
    test.add_argument("--nightly", action="store_true", help="with soaks and many more generated examples")
    commands.add_parser("build", help="make the bundle and let it examine itself")
    locking = commands.add_parser("lock", help="resolve the dependencies into requirements.lock")
    locking.add_argument("--upgrade", action="store_true", help="take the newest versions that fit")
    commands.add_parser("env", help="only set the environment up")
    return root


def parse(arguments: Sequence[str]) -> tuple[argparse.Namespace, list[str]]:
    """The command, and the arguments that are handed on to it."""
    root = parser()
    known, rest = root.parse_known_args(arguments)
    if rest and known.command not in {*MODULES, "test"}:
        root.error(f"unrecognized arguments: {' '.join(rest)}")
    return known, rest


def run(arguments: Sequence[str]) -> int:
    """Do what the command line says; the exit status is 3 when the machine lacks something."""
    known, rest = parse(arguments)
    try:
        return _dispatch(known, rest)
    except SetupProblem as problem:
        print(problem, file=sys.stderr)
        return EXIT_ENVIRONMENT


def _dispatch(known: argparse.Namespace, rest: Sequence[str]) -> int:
    if known.command == "lock":
        return lock(upgrade=known.upgrade)
    ensure_environment()
    match known.command:
        case "test":
            provide_postgresql()
            return check(rest, nightly=known.nightly)
        case "build":
            return build()
        case "env":
            return 0
        case "bench" as command:
            return run_in_venv(["-m", MODULES[command][0], *rest], venv=measuring_environment())
        case command:
            return run_in_venv(["-m", MODULES[command][0], *rest])
