import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storeapp.store import salvage
from storeapp.store.errors import DiskFailed, JournalCorrupt, StoreError
from storeapp.store.journal import Journal, Status, suspicion
from storeapp.store.salvage_rows import Salvaged
from tests.storeapp.store.homes import (
    PAGE,
    TOTAL,
    damage,
    open_counter,
    opened,
    run,
    suspected,
)
from tests.storeapp.world import STORE, placing

INNER = (b"\x02", b"\x05")
"""How a page begins that leads to others; it still holds rows of its time as the only one, which count for nothing."""


def page_of(path: Path, text: bytes) -> int:
    """The first page of rows on which a text stands."""
    content = path.read_bytes()
    pages = (content[at : at + PAGE] for at in range(0, len(content), PAGE))
    return next(number for number, page in enumerate(pages) if text in page and not page.startswith(INNER))


def test_a_sound_journal_is_just_opened(home: Path) -> None:
    path = home / "journal.db"
    assert opened(path) is None
    assert sorted(p.name for p in home.glob("journal.db*")) == ["journal.db"]


def test_a_journal_that_does_not_exist_is_made(tmp_path: Path) -> None:
    assert opened(tmp_path / "journal.db") is None
    assert (tmp_path / "journal.db").exists()


def test_a_suspicion_without_damage_is_dropped(home: Path) -> None:
    suspected(home / "journal.db")
    assert opened(home / "journal.db") is None
    assert not suspicion(home / "journal.db").exists()


def test_rows_on_a_damaged_page_are_lost_and_all_others_saved(home: Path) -> None:
    path = home / "journal.db"
    with closing(Journal(path)) as journal:
        victim = journal.after(200, limit=1)[0]
        before = {entry.n: entry for entry in journal.after(0, limit=10_000)}
    damage(path, page=page_of(path, victim.body))
    suspected(path)
    salvaged = opened(path)
    assert salvaged is not None
    with closing(Journal(path)) as journal:
        after = {entry.n: entry for entry in journal.after(0, limit=10_000)}
        assert journal.check()
        assert journal.identity()["store"] == STORE
        assert journal.audit_broken_at() is None
    assert all(before[n] == entry for n, entry in after.items())
    lost = set(before) - set(after)
    assert victim.n in lost
    assert salvaged.lost == len(lost) <= 20
    assert {n for first, last in salvaged.gaps for n in range(first, last + 1)} == lost
    assert (salvaged.saved, salvaged.links) == (TOTAL - len(lost), 20)


def test_the_damaged_file_is_kept_as_it_was(home: Path) -> None:
    path = home / "journal.db"
    damage(path, page=page_of(path, b"order.place"))
    before = path.read_bytes()
    suspected(path)
    salvaged = opened(path)
    assert salvaged is not None
    assert (home / salvaged.kept).read_bytes() == before
    assert salvaged.kept == "journal.db.damaged-1"


def test_a_second_damage_is_kept_beside_the_first(home: Path) -> None:
    path = home / "journal.db"
    for number in (1, 2):
        damage(path, page=page_of(path, b"order.place"))
        suspected(path)
        salvaged = opened(path)
        assert salvaged is not None
        assert salvaged.kept == f"journal.db.damaged-{number}"


@pytest.mark.parametrize("filler", [b"\0", b"\xff", b"no database "])
def test_a_journal_without_its_first_page_is_saved_whole(home: Path, filler: bytes) -> None:
    path = home / "journal.db"
    damage(path, page=0, filler=filler)
    salvaged = opened(path)
    assert salvaged is not None
    assert (salvaged.saved, salvaged.gaps, salvaged.links) == (TOTAL, (), 20)


def test_a_cut_off_file_gives_what_is_left_of_it(home: Path) -> None:
    path = home / "journal.db"
    size = path.stat().st_size
    os.truncate(path, size // 2 // PAGE * PAGE)
    suspected(path)
    salvaged = opened(path, expect=TOTAL)
    assert salvaged is not None
    assert 0 < salvaged.saved < TOTAL
    assert salvaged.saved + salvaged.lost == TOTAL


def test_an_empty_file_is_a_new_journal(tmp_path: Path) -> None:
    (tmp_path / "journal.db").touch()
    assert opened(tmp_path / "journal.db") is None


def test_where_nothing_can_be_read_the_file_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    path.write_bytes(b"no database at all" * 1000)
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(JournalCorrupt):
            opened(path, expect=7)
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["journal.db", "journal.db.salvage"]


def test_where_the_counter_does_not_know_itself_any_more_nothing_is_replaced(home: Path) -> None:
    path = home / "journal.db"
    damage(path, page=page_of(path, b"storeXH"))
    before = path.read_bytes()
    with pytest.raises(JournalCorrupt):
        opened(path)
    assert path.read_bytes() == before


def test_what_only_the_write_ahead_log_holds_is_saved_too(home: Path, tmp_path: Path) -> None:
    journal = Journal(home / "journal.db")
    with closing(open_counter(home)) as counter:
        run(counter, placing("late"))
        crashed = shutil.copytree(home, tmp_path / "crashed")
    journal.close()
    path = crashed / "journal.db"
    assert (crashed / "journal.db-wal").stat().st_size > 0
    damage(path, page=page_of(path, b"order.place"))
    suspected(path)
    salvaged = opened(path)
    assert salvaged is not None
    with closing(Journal(path)) as saved:
        assert saved.last() == TOTAL + 1


@pytest.mark.parametrize("column", ["body", "events"])
def test_a_row_that_says_nonsense_is_a_gap(home: Path, column: str) -> None:
    path = home / "journal.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(f"UPDATE command SET {column} = x'7b' WHERE n = 9")
        db.execute("UPDATE outcome SET status = 'sav\x01d' WHERE n = 11")
    suspected(path)
    salvaged = opened(path)
    assert salvaged is not None
    assert salvaged.gaps == ((9, 9),)
    with closing(Journal(path)) as saved:
        assert saved.numbered([11])[0].status is Status.SAVED


def test_a_command_of_a_newer_program_is_kept(home: Path) -> None:
    path = home / "journal.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE command SET kind = 'drone.launch', content_sum = NULL WHERE n = 9")
        db.execute("UPDATE command SET body = x'7b' WHERE n = 11")
    suspected(path)
    salvaged = opened(path)
    assert salvaged is not None
    assert salvaged.gaps == ((11, 11),)


STEPS = [
    "shutil.copyfileobj",
    "shutil.copy2",
    "pathlib.Path.replace",
    "storeapp.store.salvage._rebuild",
    "storeapp.store.salvage._remove",
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("time", [1, 2, 3])
def test_a_salvage_that_is_cut_off_anywhere_is_done_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, step: str, time: int
) -> None:
    path = home / "journal.db"
    damage(path, page=page_of(path, b"order.place"))
    suspected(path)

    class PowerCut(BaseException):
        pass

    with monkeypatch.context() as patch:
        _cut(patch, step, time, PowerCut)
        try:
            opened(path)
        except PowerCut:
            cut = True
        else:
            cut = False
    if cut:
        suspected(path)
        assert opened(path) is not None
    with closing(Journal(path)) as journal:
        assert journal.check()
        assert journal.last() == TOTAL
        assert len(journal.after(0, limit=10_000)) > TOTAL // 2


def _cut(patch: pytest.MonkeyPatch, step: str, time: int, failure: type[BaseException]) -> None:
    module, _, name = step.rpartition(".")
    target = {"shutil": shutil, "pathlib.Path": Path, "storeapp.store.salvage": salvage}[module]
    original: Callable[..., object] = getattr(target, name)
    calls = []

    def cut(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == time:
            raise failure
        return original(*args, **kwargs)

    patch.setattr(target, name, cut)


def test_two_that_start_at_once_salvage_once(home: Path) -> None:
    path = home / "journal.db"
    damage(path, page=page_of(path, b"order.place"))
    suspected(path)
    code = (
        "import sys; from pathlib import Path; from storeapp.store.salvage import open_journal;"
        "journal, salvaged = open_journal(Path(sys.argv[1])); print(salvaged is not None, journal.last())"
    )
    root = Path(__file__).parents[3]
    programs = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True, cwd=root)
        for _ in range(3)
    ]
    said = sorted(program.communicate(timeout=120)[0].strip() for program in programs)
    assert said == [f"False {TOTAL}", f"False {TOTAL}", f"True {TOTAL}"]


# A counter whose files break while it is open


def break_pages(path: Path, text: bytes) -> None:
    """Damage a page below an open connection, which must not have it in memory."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damage(path, page=page_of(path, text))


def test_damage_met_while_working_is_salvaged_at_the_next_start(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        break_pages(home / "journal.db", b"order.place")
        with pytest.raises(JournalCorrupt):
            counter.journal.after(0, limit=10_000)
    assert suspicion(home / "journal.db").exists()
    assert opened(home / "journal.db") is not None


def test_who_still_holds_a_replaced_journal_saves_nothing_in_it(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        last = counter.journal.last()
        shutil.copy2(home / "journal.db", home / "other.db")
        (home / "other.db").replace(home / "journal.db")
        with pytest.raises(DiskFailed):
            run(counter, placing("new"))
        assert counter.journal.last() == last


WRITER = """
import sys
from pathlib import Path
from storeapp.store.errors import StoreError
from tests.storeapp.store.homes import open_counter, run
from tests.storeapp.world import placing
counter = open_counter(Path(sys.argv[1]))
print("open", flush=True)
for number in sys.stdin:
    try:
        run(counter, placing(number.strip()))
    except StoreError as error:
        print(error.code, flush=True)
    else:
        print("saved", flush=True)
"""


@pytest.fixture
def writer(home: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that has the journal open; each line it is given is an order that it saves."""
    command = [sys.executable, "-c", WRITER, str(home)]
    root = Path(__file__).parents[3]
    program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root)
    assert program.stdout is not None
    assert program.stdout.readline() == "open\n"
    yield program
    program.communicate(timeout=60)


def save(writer: subprocess.Popen[str], number: str) -> str:
    assert writer.stdin is not None
    assert writer.stdout is not None
    writer.stdin.write(f"{number}\n")
    writer.stdin.flush()
    return writer.stdout.readline().strip()


@pytest.mark.parametrize("step", ["storeapp.store.salvage._sync", "storeapp.store.salvage._rebuild", "shutil.copy2"])
def test_what_another_program_saves_during_a_salvage_is_not_lost(
    home: Path, monkeypatch: pytest.MonkeyPatch, writer: subprocess.Popen[str], step: str
) -> None:
    path = home / "journal.db"
    break_pages(path, b"order.place")
    suspected(path)
    assert save(writer, "early") == "saved"

    class PowerCut(BaseException):
        pass

    saved = ["early"]
    with monkeypatch.context() as patch:
        _cut(patch, step, 1, PowerCut)
        with pytest.raises(PowerCut):
            opened(path)
    if save(writer, "between") == "saved":
        saved.append("between")
    suspected(path)
    assert opened(path) is not None
    if save(writer, "late") == "saved":
        saved.append("late")
    with closing(Journal(path)) as journal:
        bodies = b"".join(entry.body for entry in journal.after(0, limit=10_000))
    assert all(f'"{number}"'.encode() in bodies for number in saved)


def test_nobody_saves_anything_while_a_salvage_is_at_work(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = home / "journal.db"
    with closing(open_counter(home)) as counter:
        break_pages(path, b"order.place")
        suspected(path)
        counter.journal._db.execute("PRAGMA busy_timeout = 0")
        rebuild, told = salvage._rebuild, []

        def meanwhile(*args: Any, **kwargs: Any) -> Salvaged:
            with pytest.raises(StoreError) as caught:
                run(counter, placing("new"))
            told.append(caught.value.code)
            return rebuild(*args, **kwargs)

        monkeypatch.setattr(salvage, "_rebuild", meanwhile)
        assert opened(path) is not None
        assert told == ["database_locked"]


def test_a_lost_outcome_of_a_counter_that_stands_alone_is_known(home: Path) -> None:
    path = home / "journal.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("DELETE FROM outcome WHERE n BETWEEN 5 AND 300")
    with closing(Journal(path)) as journal, pytest.raises(JournalCorrupt):
        journal.after(0)
    salvaged = opened(path)
    assert salvaged is not None
    with closing(Journal(path)) as journal:
        assert (salvaged.saved, salvaged.gaps) == (TOTAL, ())
        assert {entry.status for entry in journal.after(0, limit=10_000)} == {Status.SAVED}


def test_an_older_journal_goes_on_with_its_outcomes(older: Path) -> None:
    with closing(Journal(older)) as journal:
        entries = journal.after(0, limit=10_000)
        assert [(e.n, e.feed_seq) for e in entries if e.status is Status.APPLIED] == [(n, 7) for n in range(1, 10)]
        assert (len(entries), journal.check()) == (TOTAL, True)


@pytest.mark.parametrize("page", [1, 0])
def test_an_older_journal_is_salvaged_with_its_outcomes(older: Path, page: int) -> None:
    lost = page_of(older, b"order.place") if page else 0
    damage(older, page=lost, filler=b"\xff")
    suspected(older)
    salvaged = opened(older)
    assert salvaged is not None
    assert salvaged.saved + salvaged.lost == TOTAL
    assert bool(salvaged.lost) == bool(page)
    with closing(Journal(older)) as journal:
        kept = journal.after(0, limit=10_000)
        assert [e.status is Status.APPLIED for e in kept] == [e.n <= 9 for e in kept]
