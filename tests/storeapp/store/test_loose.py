"""Rows are found in a damaged journal although the pages that lead to them are gone."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storeapp.store.entries import Outcome, outcome_sum
from storeapp.store.errors import JournalCorrupt
from storeapp.store.journal import Journal, Status
from tests.storeapp.store.homes import PAGE, TOTAL, damage, opened, suspected
from tests.storeapp.world import NOON


def leading(path: Path) -> list[int]:
    """The pages that lead to pages of rows."""
    content = path.read_bytes()
    return [at // PAGE for at in range(0, len(content), PAGE) if content[at : at + 1] == b"\x05"]


@pytest.fixture
def answered(home: Path) -> Path:
    """The journal of an enrolled counter, with answers of the hub for the first half of its commands."""
    path = home / "journal.db"
    with closing(Journal(path)) as journal, journal.writing():
        journal.enrol()
        journal.identify(authority="hub")
        for n in range(1, TOTAL // 2):
            status = Status.APPLIED if n % 3 else Status.REFUSED
            journal.settle([Outcome("", status, "store:XH", n, b"", n)])
        for n in range(300):
            journal.audit(at=NOON, actor="manager", action="reveal", subject=f"order-{n}")
            journal.printed(at=NOON, actor="manager", paper="slip", subject=f"{n}", copy=n)
            journal.need([(f"{n:036}", f"{n + 1:036}")])
    return path


TABLES = ("command", "outcome", "audit", "print_job", "need", "identity")


def everything(path: Path) -> list[list[Any]]:
    with closing(sqlite3.connect(path)) as db:
        return [db.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall() for table in TABLES]


@pytest.mark.parametrize("which", [*range(5), slice(None)], ids=str)
def test_a_damaged_page_that_leads_to_rows_loses_none_of_them(answered: Path, which: int | slice) -> None:
    before = everything(answered)
    pages = leading(answered)
    assert len(pages) == 5, "one of each table with pages of rows"
    for page in pages[which] if isinstance(which, slice) else [pages[which]]:
        damage(answered, page=page)
    suspected(answered)
    salvaged = opened(answered)
    assert salvaged is not None
    assert (salvaged.saved, salvaged.gaps) == (TOTAL, ())
    assert everything(answered) == before


def test_a_counter_that_stands_alone_has_all_of_its_journal_back(home: Path) -> None:
    path = home / "journal.db"
    before = everything(path)
    for page in leading(path):
        damage(path, page=page)
    suspected(path)
    assert opened(path) is not None
    assert everything(path) == before


def test_what_is_no_longer_kept_does_not_come_back_from_a_page_that_is_used_no_more(answered: Path) -> None:
    with closing(Journal(answered)) as journal, journal.writing():
        journal.prune(150)
    before = everything(answered)
    for page in leading(answered):
        damage(answered, page=page)
    suspected(answered)
    salvaged = opened(answered, expect=TOTAL)
    assert salvaged is not None
    assert (salvaged.saved, salvaged.gaps) == (TOTAL - 150, ())
    assert everything(answered)[:4] == before[:4]


def test_an_older_journal_keeps_its_commands_without_the_page_that_leads_to_them(older: Path) -> None:
    (page,) = leading(older)
    damage(older, page=page)
    suspected(older)
    salvaged = opened(older, expect=TOTAL)
    assert salvaged is not None
    assert (salvaged.saved, salvaged.gaps) == (TOTAL, ())
    with closing(Journal(older)) as journal:
        assert [e.status is Status.APPLIED for e in journal.after(0, limit=10_000)] == [n < 9 for n in range(TOTAL)]


def test_an_old_copy_of_an_outcome_is_not_believed_where_another_says_something_else(answered: Path) -> None:
    with closing(sqlite3.connect(answered)) as db, db:
        # A table that only the copy of its page is of interest of, as a page that is used no more would be.
        db.execute("CREATE TABLE old (n INTEGER PRIMARY KEY, status, feed, feed_seq, problem, outcome_sum)")
        told = (str(Status.PARKED), "", None, b"")
        db.execute("INSERT INTO old VALUES (7, ?, ?, ?, ?, ?)", (*told, outcome_sum(*told)))
    for page in leading(answered):
        damage(answered, page=page)
    suspected(answered)
    assert opened(answered) is not None
    with closing(Journal(answered)) as journal:
        statuses = [entry.status for entry in journal.after(0, limit=10_000)]
    assert statuses[:6] == [Status.APPLIED, Status.APPLIED, Status.REFUSED] * 2
    assert set(statuses[6:]) == {Status.PENDING}, "the hub is asked again from there on"


def broken(page: bytes, other: bytes, chance: random.Random) -> bytes:
    """A page as a bad disk may give it back: empty, noise, another one, or with some bytes changed."""
    at, size = chance.randrange(PAGE), chance.choice([1, 2, 12])
    changed = (page[:at] + chance.randbytes(size) + page[at + size :])[:PAGE]
    return chance.choice([bytes(PAGE), chance.randbytes(PAGE), other, changed])


@pytest.mark.parametrize("seed", range(12))
def test_whatever_breaks_nothing_is_saved_that_was_not_there(answered: Path, seed: int) -> None:
    with closing(Journal(answered)) as journal, journal.writing():
        journal.prune(60)
    before = everything(answered)
    chance, content = random.Random(seed), answered.read_bytes()
    pages = [content[at : at + PAGE] for at in range(0, len(content), PAGE)]
    wanted = [page for page in leading(answered) if chance.random() < 0.5] + chance.sample(range(1, len(pages)), 3)
    for page in wanted:
        damage(answered, page=page, filler=broken(pages[page], chance.choice(pages), chance))
    suspected(answered)
    try:
        salvaged = opened(answered, expect=TOTAL)
    except JournalCorrupt:
        assert answered.stat().st_size == len(content), "nothing was replaced"
        return
    commands, outcomes, *_ = everything(answered)
    assert set(commands) <= set(before[0])
    assert all(outcome in before[1] or outcome[1] == Status.PENDING for outcome in outcomes)
    assert salvaged is None or salvaged.lost == len(before[0]) - len(commands)
