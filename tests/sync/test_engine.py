"""The sync as the window and the command line run it."""

import queue
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from devtools.proxy import DOWN, HEALTHY, Proxy
from hub.core import Hub
from storeapp.adapters.filelock import FileLock
from storeapp.domain.kernel import Key
from storeapp.domain.order import Order, order_id
from storeapp.domain.words import Platform
from storeapp.services import exchange
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.ports import SyncStatus, SyncStep
from storeapp.store.cache import Cache
from storeapp.store.errors import DiskFailed, Locked
from sync.engine import LOCK_FILE, SyncEngine
from tests.support.counters import again, bare, join, run, shown, stand_alone, sync
from tests.support.hubs import an_order
from tests.support.hubserver import PATIENCE_S, HubServer, serving


class Heard:
    """What the window was told, in order."""

    def __init__(self) -> None:
        self._all: queue.SimpleQueue[SyncStatus] = queue.SimpleQueue()
        self.last = SyncStatus(step=SyncStep.ALONE)

    def __call__(self, status: SyncStatus) -> None:
        self.last = status
        self._all.put(status)

    def until(self, wanted: Callable[[SyncStatus], bool]) -> SyncStatus:
        while True:
            status = self._all.get(timeout=PATIENCE_S)
            if wanted(status):
                return status


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def proxy(server: HubServer) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    counter = stand_alone(tmp_path / "one")
    yield counter
    counter.close()


def settled(status: SyncStatus) -> bool:
    return status.step is SyncStep.RESTING and status.pending == 0


def test_a_counter_without_a_hub_says_so(counter: Counter) -> None:
    assert sync(counter).problem == "not_enrolled"


def test_one_process_at_a_time_syncs_a_home(hub: Hub, server: HubServer, counter: Counter) -> None:
    join(counter, hub, server.url)
    lock = FileLock(counter.home / LOCK_FILE)
    assert lock.acquire()
    report = sync(counter)
    assert (report.problem, report.pending > 0) == ("busy_elsewhere", True)
    lock.release()
    assert sync(counter).problem == ""


def test_a_window_is_told_the_truth_through_an_outage(hub: Hub, proxy: Proxy, counter: Counter) -> None:
    join(counter, hub, proxy.url)
    heard = Heard()
    runner = SyncEngine().start(lambda: again(counter), heard)
    try:
        assert heard.until(settled).received_at is not None
        proxy.become(DOWN)
        run(counter, an_order("T1"))
        runner.nudge()
        failed = heard.until(lambda status: status.problem != "")
        assert (failed.step, failed.problem, failed.pending) == (SyncStep.WAITING, "offline", 1)
        assert failed.next_try_at is not None
        proxy.become(HEALTHY)
        assert heard.until(settled).problem == ""
    finally:
        runner.stop()


def test_the_log_is_folded_when_the_end_has_been_told(
    hub: Hub, server: HubServer, counter: Counter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bare(tmp_path / "two")
    for one in (counter, other):
        join(one, hub, server.url)
    run(counter, an_order("T1"))
    sync(counter)
    heard, folded = Heard(), queue.SimpleQueue[SyncStatus]()
    monkeypatch.setattr(exchange, "MANY_ROWS", 1)
    monkeypatch.setattr(Exchange, "fold", lambda _: folded.put(heard.last))
    runner = SyncEngine().start(lambda: again(other), heard)
    try:
        assert folded.get(timeout=PATIENCE_S).step is SyncStep.RESTING
        shutil.copytree(other.home, tmp_path / "image")
    finally:
        runner.stop()
    # Nobody has folded it, and nobody ever will: the process dies here.
    with closing(Cache(tmp_path / "image" / "cache.db")) as image:
        assert image.get(Order, order_id(Platform.TABLE, "T1")) is not None
    other.close()


def test_what_another_counter_did_arrives_by_itself(
    hub: Hub, server: HubServer, counter: Counter, tmp_path: Path
) -> None:
    other = bare(tmp_path / "two")
    for one in (counter, other):
        join(one, hub, server.url)
        sync(one)
    heard = Heard()
    runner = SyncEngine().start(lambda: again(other), heard)
    try:
        heard.until(settled)
        run(counter, an_order("T1"))
        sync(counter)
        heard.until(lambda status: status.step is SyncStep.FETCHING)
        heard.until(settled)
        assert Key("order", order_id(Platform.TABLE, "T1")) in shown(other)
    finally:
        runner.stop()
        other.close()


def test_a_counter_that_is_enrolled_while_the_window_is_open_begins(
    hub: Hub, server: HubServer, counter: Counter
) -> None:
    heard = Heard()
    runner = SyncEngine().start(lambda: again(counter), heard)
    try:
        join(counter, hub, server.url)
        runner.nudge()
        heard.until(settled)
    finally:
        runner.stop()
    assert counter.journal.pending(limit=10) == []


@pytest.mark.parametrize("where", ["numbers", "cursor"])
def test_a_disk_that_fails_for_a_while_does_not_silence_the_sync(
    hub: Hub, server: HubServer, counter: Counter, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    join(counter, hub, server.url)
    heard, original, failures = Heard(), getattr(Exchange, where), [DiskFailed(), DiskFailed(), Locked()]

    def failing(self: Exchange, *args: Any) -> Any:
        if failures:
            raise failures.pop()
        return original(self, *args)

    monkeypatch.setattr(Exchange, where, failing)
    runner = SyncEngine().start(lambda: again(counter), heard)
    try:
        heard.until(lambda status: status.problem in {"disk_failed", "database_locked"})
        heard.until(settled)
    finally:
        runner.stop()
    assert counter.journal.pending(limit=10) == []


def test_the_sync_goes_on_with_a_journal_that_was_salvaged(hub: Hub, server: HubServer, counter: Counter) -> None:
    join(counter, hub, server.url)
    heard = Heard()
    runner = SyncEngine().start(lambda: again(counter), heard)
    try:
        heard.until(settled)
        path = counter.home / "journal.db"
        counter.journal.copy_to(path.with_name("salvaged.db"))
        path.with_name("salvaged.db").replace(path)
        for ending in ("-wal", "-shm"):
            path.with_name(path.name + ending).unlink()
        with closing(again(counter)) as other:
            run(other, an_order("T1"))
            runner.nudge()
            heard.until(lambda status: status.step is SyncStep.SENDING)
            heard.until(settled)
            assert other.journal.pending(limit=10) == []
    finally:
        runner.stop()
