"""A disk that is full, or may not be written: told, nothing confirmed is lost, and work goes on once there is room."""

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.devices import new_code
from storeapp.services.clock import SystemClock
from storeapp.services.counter import Counter
from storeapp.store.journal import Status
from sync.engine import SyncEngine
from tests.storeapp.store.conftest import template
from tests.support.counters import run, stand_alone, sync
from tests.support.hubs import an_order, make_hub
from tests.support.hubserver import ROOT, HubProcess, free_port

__all__ = ["template"]
resource = pytest.importorskip("resource")
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are set on Linux")

PATIENCE_S = 120
WRITER = """
import sys
from pathlib import Path
from storeapp.store.errors import StoreError
from tests.storeapp.store.homes import open_counter, run
from tests.storeapp.world import placing
counter = open_counter(Path(sys.argv[1]))
print("open", flush=True)
for number in sys.stdin:
    number = number.strip()
    try:
        run(counter, placing(number, sealed="x" * 3000))
    except StoreError as error:
        print(error.code, flush=True)
    else:
        print("saved", flush=True)
counter.close()
"""
READER = """
import os, sys
from pathlib import Path
from storeapp.services.home import Home
from storeapp.store.errors import StoreError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    Home(Path(sys.argv[1])).open().close()
except StoreError as error:
    print(error.code)
else:
    print("open")
"""


class Writer:
    """Another program that has a home open and saves an order whenever it is told to."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-c", WRITER, str(home)]
        self._program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        self.pid = self._program.pid
        assert self._heard() == "open"

    def _heard(self) -> str:
        assert self._program.stdout is not None
        return self._program.stdout.readline().strip()

    def save(self, number: str) -> str:
        assert self._program.stdin is not None
        self._program.stdin.write(f"{number}\n")
        self._program.stdin.flush()
        return self._heard()

    def close(self) -> None:
        self._program.communicate(timeout=PATIENCE_S)


@pytest.fixture
def opened() -> Iterator[Callable[[Path], Writer]]:
    """Makes writers, which end with the test."""
    with contextlib.ExitStack() as writers:

        def open_it(home: Path) -> Writer:
            writer = Writer(home)
            writers.callback(writer.close)
            return writer

        yield open_it


def limit(pid: int, size: int | None) -> None:
    """How large any file of a process may become; None for as large as it likes."""
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (most if size is None else size, most))


def numbers_in(home: Path) -> set[str]:
    with closing(sqlite3.connect(home / "journal.db")) as journal:
        rows = journal.execute("SELECT body ->> '$.order_no' FROM command WHERE kind = 'order.place'")
        return {str(number) for (number,) in rows}


def work_until_full(home: Path, writer: Writer, make_room: Callable[[], None], codes: set[str]) -> None:
    told = {f"n{n}": writer.save(f"n{n}") for n in range(40)}
    saved = {number for number, word in told.items() if word == "saved"}
    failed = told.keys() - saved
    assert failed
    assert {told[number] for number in failed} <= codes
    make_room()
    assert writer.save("after") == "saved"
    found = numbers_in(home)
    assert saved | {"after"} <= found
    assert not failed & found


@pytest.mark.parametrize("size", [5_000, 120_000, 300_000])
def test_what_no_longer_fits_is_not_saved_and_the_rest_is(
    home: Path, size: int, opened: Callable[[Path], Writer]
) -> None:
    writer = opened(home)
    limit(writer.pid, size)
    work_until_full(home, writer, lambda: limit(writer.pid, None), {"disk_full", "disk_failed"})


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own with room for little; only root can have one."""
    place = Path(tempfile.mkdtemp(prefix="disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", place], capture_output=True, check=False)
    if mounted.returncode:
        place.rmdir()
        pytest.skip("a file system can't be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)
    place.rmdir()


def fill(path: Path) -> None:
    """Take all the room that there is."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


def test_a_disk_that_is_really_full_is_named(home: Path, small_disk: Path, opened: Callable[[Path], Writer]) -> None:
    there = Path(shutil.copytree(home, small_disk / "home"))
    writer = opened(there)
    ballast = small_disk / "ballast"
    fill(ballast)
    work_until_full(there, writer, ballast.unlink, {"disk_full", "disk_failed"})


def test_a_home_that_may_not_be_written_is_told_and_left_as_it_is(home: Path) -> None:
    place = Path(tempfile.mkdtemp(prefix="readonly-"))
    there = Path(shutil.copytree(home, place / "home"))
    before = {path.name: path.read_bytes() for path in there.iterdir()}
    for path in there.iterdir():
        path.chmod(0o444)
    there.chmod(0o555)
    place.chmod(0o755)
    said = subprocess.run(
        [sys.executable, "-c", READER, str(there)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    there.chmod(0o755)
    assert said.stdout.strip() in {"database_read_only", "disk_failed"}, said.stderr
    assert {path.name: path.read_bytes() for path in there.iterdir()} == before
    shutil.rmtree(place)


class Scene:
    """A hub in a process of its own, and a counter that belongs to it."""

    def __init__(self, folder: Path) -> None:
        hub = make_hub(folder / "hub", now=lambda: SystemClock().now())
        code = new_code(hub, store="XH")
        hub.close()
        self.home, self.port = folder / "hub", free_port()
        self.hub = HubProcess(self.home, self.port)
        self.counter: Counter = stand_alone(folder / "counter")
        SyncEngine().enrol(self.counter, url=f"http://127.0.0.1:{self.port}", code=code)
        assert sync(self.counter).problem == ""

    def limit(self, more: int | None) -> None:
        log = self.home / "hub.db-wal"
        limit(self.hub.pid, None if more is None else (log.stat().st_size if log.exists() else 0) + more)

    def decided(self) -> list[str]:
        with closing(sqlite3.connect(self.home / "hub.db")) as db:
            return [name for (name,) in db.execute("SELECT id FROM command_result")]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    scene = Scene(tmp_path)
    yield scene
    scene.counter.close()
    scene.hub.stop()


@pytest.mark.parametrize("more", [0, 20_000])
def test_a_hub_whose_disk_is_full_acknowledges_nothing_that_it_has_not(scene: Scene, more: int) -> None:
    scene.limit(more)
    problems = set()
    for number in range(12):
        run(scene.counter, an_order(f"T{number}", sealed=""), an_order(f"U{number}"))
        problems.add(sync(scene.counter).problem)
    assert problems - {""} == {"busy"}
    answered = {e.id for e in scene.counter.journal.after(0, limit=10_000) if e.status is not Status.PENDING}
    scene.hub.kill()
    assert answered <= set(scene.decided())
    scene.hub = HubProcess(scene.home, scene.port)
    report = sync(scene.counter)
    assert (report.problem, report.pending) == ("", 0)
    decided = scene.decided()
    assert len(decided) == len(set(decided))
    assert {entry.id for entry in scene.counter.journal.after(0, limit=10_000)} == set(decided)


def test_a_hub_goes_on_once_there_is_room_again(scene: Scene) -> None:
    scene.limit(0)
    run(scene.counter, an_order("T1"))
    assert sync(scene.counter).problem == "busy"
    scene.limit(None)
    report = sync(scene.counter)
    assert (report.problem, report.pending) == ("", 0)


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template, tmp_path / "home"))
