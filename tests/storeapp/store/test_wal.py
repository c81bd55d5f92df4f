"""A write-ahead log that a power cut has torn is played back; one that is damaged is salvaged, and never in silence."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from storeapp.services.home import Home
from storeapp.store import wal
from storeapp.store.journal import Entry, Journal
from storeapp.store.salvage import open_journal
from storeapp.store.salvage_rows import Salvaged
from storeapp.store.wal import HEADER, Verdict
from tests.storeapp.store.homes import PAGE, TOTAL, open_counter, run
from tests.storeapp.world import placing

LATE = 30
"""Commands that stand in the log only."""
FRAME_BYTES = 24 + PAGE
SEEDS = range(8)
SEEDS_AT_NIGHT = range(1000)
ON_A_PAGE = 25
"""More commands than fit on one page."""


@dataclass(frozen=True)
class Crashed:
    """A home as a power cut left it, and what had been saved in it."""

    home: Path
    saved: dict[int, Entry]

    @property
    def journal(self) -> Path:
        return self.home / "journal.db"

    @property
    def log(self) -> Path:
        return self.home / "journal.db-wal"

    def frames(self) -> tuple[wal.Frame, ...]:
        return wal.read(self.log.read_bytes(), page_size=PAGE).frames


@pytest.fixture(scope="module")
def crash(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Crashed:
    folder = tmp_path_factory.mktemp("crash")
    home = Path(shutil.copytree(template, folder / "home"))
    with closing(open_counter(home)) as counter:
        for number in range(LATE):
            run(counter, placing(f"late{number}"))
        saved = {entry.n: entry for entry in counter.journal.after(0, limit=10_000)}
        shutil.copytree(home, folder / "crashed")
    return Crashed(folder / "crashed", saved)


@pytest.fixture
def crashed(crash: Crashed, tmp_path: Path) -> Crashed:
    return Crashed(Path(shutil.copytree(crash.home, tmp_path / "home")), crash.saved)


def opened(crashed: Crashed) -> tuple[dict[int, Entry], Salvaged | None]:
    """What a counter finds at its next start, and what it tells of it."""
    home = Home(crashed.home)
    with closing(home.open()) as counter:
        found = {entry.n: entry for entry in counter.journal.after(0, limit=10_000)}
        assert counter.journal.check()
        counter.catch_up()
        assert counter.cache.applied == counter.journal.last()
    return found, home.salvaged


def flip(path: Path, at: int, *, bits: int = 0x10) -> None:
    with path.open("rb+") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ bits]))


def nothing_is_lost_in_silence(crashed: Crashed) -> set[int]:
    """What is found is what was saved, none of it made up, and what is missing is told; returns that."""
    found, salvaged = opened(crashed)
    assert all(crashed.saved[n] == entry for n, entry in found.items())
    lost = set(crashed.saved) - set(found)
    told = {n for first, last in salvaged.gaps for n in range(first, last + 1)} if salvaged else set()
    assert told == lost
    return lost


def test_a_sound_log_is_played_back_whole(crashed: Crashed) -> None:
    assert wal.examine(crashed.journal) is Verdict.SOUND
    assert len(crashed.frames()) > LATE
    assert nothing_is_lost_in_silence(crashed) == set()


def test_without_a_log_there_is_nothing_to_examine(tmp_path: Path) -> None:
    assert wal.examine(tmp_path / "journal.db") is Verdict.SOUND
    (tmp_path / "journal.db-wal").touch()
    assert wal.examine(tmp_path / "journal.db") is Verdict.SOUND


def test_a_log_that_was_begun_anew_over_an_older_one_is_sound(crashed: Crashed) -> None:
    with closing(Journal(crashed.journal)) as journal:
        journal._db.execute("PRAGMA wal_checkpoint(RESTART)")
        with journal.writing():
            journal.identify(note="anew")
        assert wal.examine(crashed.journal) is Verdict.SOUND
        assert 0 < len(crashed.frames()) < crashed.log.stat().st_size // FRAME_BYTES


def test_what_a_rolled_back_transaction_left_behind_is_no_damage(crashed: Crashed) -> None:
    with closing(sqlite3.connect(crashed.journal, isolation_level=None)) as db:
        db.execute("PRAGMA cache_size = 5")
        db.execute("BEGIN")
        db.execute("INSERT INTO identity VALUES ('large', zeroblob(400000))")
        db.execute("ROLLBACK")
        db.execute("INSERT INTO identity VALUES ('small', 'x')")
        assert wal.examine(crashed.journal) is not Verdict.DAMAGED


def test_a_last_commit_that_was_not_finished_is_forgotten_in_peace(crashed: Crashed) -> None:
    size = crashed.log.stat().st_size
    os.truncate(crashed.log, size - 10)
    for path in crashed.home.glob("cache.db*"):  # It never got as far as to be shown.
        path.unlink()
    found, salvaged = opened(crashed)
    assert salvaged is None
    assert len(found) == TOTAL + LATE - 1


def test_a_last_commit_that_was_shown_is_missed(crashed: Crashed) -> None:
    os.truncate(crashed.log, crashed.log.stat().st_size - 10)
    assert nothing_is_lost_in_silence(crashed) == {TOTAL + LATE}


@pytest.mark.parametrize("part", ["page", "checksum", "salt", "number", "size"])
def test_a_frame_that_broke_before_others_costs_its_own_page_at_most(crashed: Crashed, part: str) -> None:
    frames = crashed.frames()
    victim = len(frames) // 2
    start = HEADER.size + victim * FRAME_BYTES
    flip(crashed.log, start + {"page": 24 + 2000, "checksum": 17, "salt": 9, "number": 3, "size": 7}[part])
    assert wal.examine(crashed.journal) is Verdict.DAMAGED
    assert len(nothing_is_lost_in_silence(crashed)) <= ON_A_PAGE


@pytest.mark.parametrize("at", range(0, HEADER.size, 5))
def test_a_broken_header_costs_next_to_nothing(crashed: Crashed, at: int) -> None:
    flip(crashed.log, at)
    assert wal.examine(crashed.journal) is Verdict.DAMAGED
    assert len(nothing_is_lost_in_silence(crashed)) <= ON_A_PAGE


Harm = Callable[[Path, random.Random], None]


def flip_anywhere(path: Path, chance: random.Random) -> None:
    flip(path, chance.randrange(path.stat().st_size), bits=1 << chance.randrange(8))


def cut_anywhere(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.randrange(path.stat().st_size))


def overwrite_anywhere(path: Path, chance: random.Random) -> None:
    with path.open("rb+") as file:
        file.seek(chance.randrange(path.stat().st_size) // 512 * 512)
        file.write(chance.choice([b"\0", b"\xff", chance.randbytes(1)]) * 512 * chance.randint(1, 16))


HARMS: tuple[Harm, ...] = (flip_anywhere, cut_anywhere, overwrite_anywhere)


def harm_at_random(crash: Crashed, folder: Path, harm: Harm, seed: int) -> None:
    crashed = Crashed(Path(shutil.copytree(crash.home, folder / f"home{seed}")), crash.saved)
    harm(crashed.log, random.Random(seed))
    lost = nothing_is_lost_in_silence(crashed)
    # A flipped bit is one page; what was cut off is gone, but never what the file itself holds.
    assert harm is not flip_anywhere or len(lost) <= ON_A_PAGE
    assert all(n > TOTAL - ON_A_PAGE for n in lost)
    shutil.rmtree(crashed.home)


@pytest.mark.parametrize("harm", HARMS)
def test_whatever_happens_to_the_log_nothing_is_lost_in_silence(crash: Crashed, tmp_path: Path, harm: Harm) -> None:
    for seed in SEEDS:
        harm_at_random(crash, tmp_path, harm, seed)


@pytest.mark.nightly
@pytest.mark.parametrize("harm", HARMS)
def test_thousands_of_harms_to_the_log_lose_nothing_in_silence(crash: Crashed, tmp_path: Path, harm: Harm) -> None:
    for seed in SEEDS_AT_NIGHT:
        harm_at_random(crash, tmp_path, harm, seed)


@pytest.mark.parametrize("harm", [flip_anywhere, overwrite_anywhere])
def test_whatever_happens_to_the_file_every_sound_row_is_saved_and_none_is_made_up(
    crash: Crashed, tmp_path: Path, harm: Harm
) -> None:
    for seed in SEEDS:
        home = Path(shutil.copytree(crash.home, tmp_path / f"home{seed}"))
        with closing(Journal(home / "journal.db")) as journal:
            journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        harm(home / "journal.db", random.Random(seed))
        (home / "journal.db.suspect").touch()
        journal, salvaged = open_journal(home / "journal.db", expect=lambda: max(crash.saved))
        with closing(journal):
            found = {entry.n: entry for entry in journal.after(0, limit=10_000)}
        lost = set(crash.saved) - set(found)
        told = {n for first, last in salvaged.gaps for n in range(first, last + 1)} if salvaged else set()
        assert told == lost
        # A bit may be flipped where nobody can tell: within a text that no checksum guards.
        assert sum(crash.saved[n] != entry for n, entry in found.items()) <= ON_A_PAGE
        assert len(lost) <= 4 * ON_A_PAGE
        shutil.rmtree(home)
