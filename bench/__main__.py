"""Runs measurements by name, or all of them, and says which goals were met."""

import argparse
import importlib
import json
import platform
import sys

from bench.report import Report

ALL = ("slip_pdf", "intake", "rebuild", "scan", "search", "window_start", "scroll", "memory", "dispatch_insertion")
"""In the order in which they are run when none is named."""


def main(argv: list[str]) -> int:
    """Exit status 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="dev.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(ALL)}")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    wanted = parser.parse_args(argv)
    reports = [_run(name, quiet=wanted.json) for name in wanted.names or ALL]
    if wanted.json:
        print(json.dumps({report.name: report.plain() for report in reports}, ensure_ascii=False, indent=1))
    return 0 if all(report.met for report in reports) else 1


def _run(name: str, *, quiet: bool) -> Report:
    report: Report = importlib.import_module(f"bench.{name}").run()
    if not quiet:
        print("\n".join(report.lines()), flush=True)
    return report


if __name__ == "__main__":
    if "--json" not in sys.argv:
        print(f"{platform.machine()}, Python {platform.python_version()}, {platform.system()}")
    sys.exit(main(sys.argv[1:]))
