import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storeapp.store import flushing
from storeapp.store.cache import Cache
from storeapp.store.flushing import Flusher
from storeapp.store.wal import log_of


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Cache]:
    cache = Cache(tmp_path / "cache.db")
    yield cache
    cache.close()


def kept(cache: Cache) -> None:
    with cache.writing():
        cache.set_mark("epoch", "e1")
    cache.flush_soon()
    cache._flusher.wait()


def test_the_log_is_brought_to_the_disk_while_many_rows_come(
    cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    monkeypatch.setattr(flushing.os, "fsync", lambda handle: flushed.append(os.fstat(handle).st_ino))
    kept(cache)
    assert flushed == []
    cache.expect_many()
    kept(cache)
    assert flushed == [log_of(tmp_path / "cache.db").stat().st_ino]


def test_one_flush_is_under_way_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log_of(tmp_path / "cache.db").touch()
    flushed: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def slow(handle: int) -> None:
        begun.set()
        go_on.wait()
        flushed.append(handle)

    monkeypatch.setattr(flushing.os, "fsync", slow)
    flusher = Flusher(tmp_path / "cache.db")
    flusher.flush_soon()
    begun.wait()
    flusher.flush_soon()
    go_on.set()
    flusher.wait()
    assert len(flushed) == 1
    flusher.flush_soon()
    flusher.wait()
    assert len(flushed) == 2


def test_a_flush_that_fails_disturbs_nobody(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_handle: int) -> None:
        raise OSError

    monkeypatch.setattr(flushing.os, "fsync", failing)
    cache.expect_many()
    kept(cache)
    assert cache.mark("epoch") == "e1"


def test_a_log_that_is_gone_needs_no_flush(tmp_path: Path) -> None:
    flusher = Flusher(tmp_path / "none.db")
    flusher.flush_soon()
    flusher.wait()
    assert list(tmp_path.iterdir()) == []
