"""Runs measurements by name, or all of them, and says which goals were met."""

import argparse
import importlib
import json
import platform
import sys
from collections.abc import Sequence

from bench.report import Report

ALL = (
    "slip_pdf",
    "intake",
    "rebuild",
    "scan",
    "search",
    "window_start",
    "scroll",
    "stall",
    "dispatch_insertion",
    "dispatch_stop",
    "roads",
    "dispatch_dropout",
)
"""In the order in which they are run when none is named."""


def main(argv: list[str]) -> int:
    """Exit status 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    # What follows this one's name is its own.
    own = [word for word in argv[1:] if word != "--json"] if argv[:1] == ["dispatch"] else []
    wanted = parser.parse_args([word for word in argv if word not in own])
    reports = [_run(name, own, quiet=wanted.json) for name in wanted.names or ALL]
    if wanted.json:
        alone = reports[0].plain() if len(reports) == 1 and reports[0].flat else None
        print(json.dumps(alone or {report.name: report.plain() for report in reports}, ensure_ascii=False, indent=1))
    return 0 if all(report.met for report in reports) else 1


def _run(name: str, arguments: Sequence[str], *, quiet: bool) -> Report:
    module = importlib.import_module(f"bench.{name}")
    report: Report = module.run(arguments) if arguments else module.run()
    if not quiet:
        print("\n".join(report.lines()), flush=True)
    return report


if __name__ == "__main__":
    if "--json" not in sys.argv:
        print(f"{platform.machine()}, Python {platform.python_version()}, {platform.system()}")
    sys.exit(main(sys.argv[1:]))
