"""The composition root of the counter: the only place where the window, the papers and the use-cases meet."""

import multiprocessing
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from storeapp.adapters.interpreter import look_rarely, switch_soon
from storeapp.cli.main import main as run_command_line
from storeapp.cli.session import Ports
from storeapp.services.home import Home

if TYPE_CHECKING:
    from storeapp.services.ports import MapServices, PaperPainter, SyncPort


def _painter() -> "PaperPainter":
    # Imported late, like the window: a command that paints nothing starts without Qt.
    from ui.paper.port import Painter

    return Painter()


def _sync() -> "SyncPort":
    from sync.engine import SyncEngine

    return SyncEngine(maps=_maps())


def _maps() -> "MapServices":
    from sync.maps import TencentMaps

    return TencentMaps


def _window(home: Home, language: str, theme: str) -> int:
    from ui.run import run_window

    return run_window(home, language=language, theme=theme, sync=_sync(), maps=_maps())


OUTPUT_CLOSED = 141
"""As a shell tells that a program was ended by SIGPIPE."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window or one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A Chinese Windows pipes in GBK otherwise, and scripts read UTF-8.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    look_rarely()
    switch_soon()
    ports = Ports(painter=_painter, sync=_sync, window=_window, maps=_maps)
    try:
        status = run_command_line(sys.argv[1:] if argv is None else argv, ports)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has enough, such as `head`; what was done is done. Python must not flush again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OUTPUT_CLOSED
    return status


if __name__ == "__main__":
    # In the frozen program the planner's process is this program again; here it turns into that process.
    multiprocessing.freeze_support()
    sys.exit(main())
