"""The log of an embedded database is folded beside those who write."""

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub import database
from hub.core import Hub
from hub.database import DatabaseBusy
from hub.folding import Folder
from tests.support.hubs import FakeCounter, make_hub, stock
from tests.support.hubserver import PATIENCE_S


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(database, "MANY_ROWS", 20)
    hub = make_hub(tmp_path / "hub")
    yield hub
    hub.close()


@pytest.fixture
def folded(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> threading.Semaphore:
    """Counts how often it was done."""
    done, fold = threading.Semaphore(0), hub.db.fold_beside

    def counted() -> None:
        try:
            fold()
        finally:
            done.release()

    monkeypatch.setattr(hub.db, "fold_beside", counted)
    return done


@pytest.fixture
def folder(hub: Hub, folded: threading.Semaphore) -> Iterator[Folder]:
    folder = Folder(hub.db)
    folder.start()
    yield folder
    folder.stop()


def in_the_file_alone(hub: Hub, tmp_path: Path) -> int:
    """How many results stand in the database without its log."""
    copy = tmp_path / "copy.db"
    shutil.copyfile(str(hub.db.url.database), copy)
    with closing(sqlite3.connect(copy)) as connection:
        return int(connection.execute("SELECT count(*) FROM command_result").fetchone()[0])


def test_many_rows_are_folded_while_the_database_is_open(
    hub: Hub, folder: Folder, folded: threading.Semaphore, tmp_path: Path
) -> None:
    counter = FakeCounter(hub)
    for number in range(10):
        counter.do(stock(f"BL-{number:03}"))
    assert folded.acquire(timeout=PATIENCE_S)
    # A file that is being written is no copy.
    folder.stop()
    assert in_the_file_alone(hub, tmp_path) >= 5


@pytest.mark.usefixtures("folder")
def test_it_goes_on_after_a_failure(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed, worked, fold = threading.Event(), threading.Event(), hub.db.fold_beside

    def failing() -> None:
        if not failed.is_set():
            failed.set()
            raise DatabaseBusy from sqlite3.OperationalError("disk I/O error")
        fold()
        worked.set()

    monkeypatch.setattr(hub.db, "fold_beside", failing)
    hub.db.much_written.set()
    assert failed.wait(PATIENCE_S)
    hub.db.much_written.set()
    assert worked.wait(PATIENCE_S)
    assert "could not fold the log: OperationalError" in caplog.text


def test_few_rows_wait(hub: Hub) -> None:
    FakeCounter(hub).do(stock())
    assert not hub.db.much_written.is_set()
