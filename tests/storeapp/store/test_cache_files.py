"""A cache and its log are two files and an index: none of them may ever meet those of another cache."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.store.cache import Cache, open_cache, reset
from storeapp.store.errors import Locked
from storeapp.store.migrate import alone

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys
from pathlib import Path
from storeapp.store.cache import open_cache
cache = open_cache(Path(sys.argv[1]))
cache.set_mark("big", "x" * 100_000)
print("open", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


@pytest.fixture
def held(path: Path) -> Iterator[Path]:
    """A cache that another process has open, with something in its log."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        assert program.stdout.readline() == b"open\n"
        yield path
        program.stdin.close()


def test_a_removal_that_was_cut_short_while_another_had_the_cache_open_is_finished(held: Path) -> None:
    # What a process has done that was killed after the first of the files.
    held.unlink()
    for _ in range(2):
        with closing(open_cache(held)) as cache:
            assert cache.check()
            assert cache.mark("big") == ""
            cache.set_mark("small", "1")


def test_a_cache_that_was_thrown_away_leaves_nothing_to_the_next(held: Path) -> None:
    reset(held)
    with closing(open_cache(held)) as cache:
        assert cache.mark("big") == ""


def test_nobody_throws_a_cache_away_while_another_closes_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = open_cache(path)
    closed: list[bool] = []
    close = cache.db.close

    def watched() -> None:
        # SQLite looks whether the file is still there, and takes the log away by its name.
        with pytest.raises(Locked), alone(path.with_name("cache.db.opening"), patience_s=0):
            pass
        close()
        closed.append(True)

    monkeypatch.setattr(cache.db, "close", watched)
    cache.close()
    assert closed == [True]


def test_a_cache_is_closed_although_another_stays_at_its_files(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storeapp.store.cache.PATIENCE_S", 0)
    cache = Cache(path)
    with alone(path.with_name("cache.db.opening"), patience_s=0):
        cache.close()
    assert not path.with_name("cache.db-wal").exists()
    assert not path.with_name("cache.db.sums").exists()
