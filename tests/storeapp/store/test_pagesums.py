"""A byte of the cache that changed on the disk is found at the next start, wherever it stands."""

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.store import pagesums
from storeapp.store.cache import Cache
from storeapp.store.errors import Corrupt
from storeapp.store.migrate import file_at
from storeapp.store.pagesums import note_path
from tests.storeapp.store.homes import PAGE, check_views, damage, open_counter, run, shown
from tests.storeapp.world import placing

SEEDS = range(12)
SEEDS_AT_NIGHT = range(1500)


@pytest.fixture(scope="module")
def closed(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that was closed with a cache in it."""
    home = Path(shutil.copytree(template, tmp_path_factory.mktemp("closed") / "home"))
    with closing(open_counter(home)) as counter:
        counter.catch_up()
    return home


def flip(path: Path, chance: random.Random) -> None:
    content = bytearray(path.read_bytes())
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)


def test_a_cache_that_was_closed_is_noted_and_opened_again_as_it_is(home: Path) -> None:
    for _ in range(2):
        with closing(open_counter(home)) as counter:
            counter.catch_up()
            assert not note_path(home / "cache.db").exists()
            file = file_at(home / "cache.db")
        assert note_path(home / "cache.db").exists()
        assert file_at(home / "cache.db") == file


def is_found(closed: Path, folder: Path, seed: int) -> None:
    home = Path(shutil.copytree(closed, folder / f"home{seed}"))
    flip(home / "cache.db", random.Random(seed))
    with pytest.raises(Corrupt):
        Cache(home / "cache.db")
    shutil.rmtree(home)


def test_a_flipped_bit_anywhere_is_found(closed: Path, tmp_path: Path) -> None:
    for seed in SEEDS:
        is_found(closed, tmp_path, seed)


@pytest.mark.nightly
def test_thousands_of_flipped_bits_are_found(closed: Path, tmp_path: Path) -> None:
    for seed in SEEDS_AT_NIGHT:
        is_found(closed, tmp_path, seed)


def test_a_cache_with_a_flipped_bit_is_made_anew_by_itself(closed: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(closed, tmp_path / "home"))
    with closing(open_counter(home)) as counter:
        before = shown(counter)
    # In a quantity, where every reader would believe it.
    path = home / "cache.db"
    path.write_bytes(path.read_bytes().replace(b'"quantity":1', b'"quantity":3', 1))
    with closing(open_counter(home)) as counter:
        counter.catch_up()
        assert shown(counter) == before
        check_views(counter)


def test_a_page_that_was_lost_is_found(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        counter.catch_up()
        before = shown(counter)
    damage(home / "cache.db", page=(home / "cache.db").stat().st_size // PAGE - 1, filler=b"\0")
    with closing(open_counter(home)) as counter:
        counter.catch_up()
        assert shown(counter) == before


def test_who_closes_first_of_two_notes_nothing(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        counter.catch_up()
        open_counter(home).close()
        assert not note_path(home / "cache.db").exists()
        run(counter, placing("new"))
    with closing(open_counter(home)) as counter:
        assert counter.cache.applied == counter.journal.last()


def test_a_note_that_is_torn_says_nothing(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        counter.catch_up()
    path = home / "cache.db"
    told = note_path(path).read_bytes()
    for torn in (b"", told[:-1], told[: len(told) // 2], b"\0" * len(told)):
        note_path(path).write_bytes(torn)
        pagesums.check(path)
        assert not note_path(path).exists()
