"""The server of a run must not outlive it: hundreds of forgotten ones would fill the machine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from devtools.environment import ROOT

PATIENCE_S = 120
_RUN = """
import sys
from devtools.postgres import running
with running() as server:
    print(server.folder, (server.folder / "data" / "postmaster.pid").read_text().split()[0], flush=True)
    sys.stdin.read()
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="PostgreSQL is tested on Linux")


@pytest.fixture
def program() -> Iterator["subprocess.Popen[bytes]"]:
    """A program that runs a server until its standard input ends."""
    command = [sys.executable, "-c", _RUN]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield started
        started.kill()


def begun(program: "subprocess.Popen[bytes]") -> tuple[Path, list[psutil.Process]]:
    """The server's folder, and the processes that must end: the server and who watches over it."""
    assert program.stdout is not None
    folder, pid = program.stdout.readline().decode().split()
    return Path(folder), [psutil.Process(int(pid)), *psutil.Process(program.pid).children()]


def test_it_ends_with_the_block(program: "subprocess.Popen[bytes]") -> None:
    folder, processes = begun(program)
    program.communicate(timeout=PATIENCE_S)
    assert psutil.wait_procs(processes, timeout=PATIENCE_S)[1] == []
    assert not folder.exists()


def test_it_ends_with_a_program_that_is_killed(program: "subprocess.Popen[bytes]") -> None:
    folder, processes = begun(program)
    assert len(processes) == 2
    program.kill()
    assert psutil.wait_procs(processes, timeout=PATIENCE_S)[1] == []
    assert not folder.exists()
