"""No byte of the journal changes on the disk unseen, and most changes are put right."""

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storeapp.domain.rules.stock import MoveStock
from storeapp.domain.stock import Movement
from storeapp.services.clock import FixedClock
from storeapp.services.doctor import examine
from storeapp.services.home import Home
from storeapp.store.errors import JournalCorrupt, StoreError
from storeapp.store.journal import Journal, Outcome, Status, suspicion
from storeapp.store.rowsums import checksum, mended
from storeapp.store.salvage import open_journal
from tests.storeapp.store.homes import BASICS, MANAGER, open_counter, run
from tests.storeapp.world import NOON, STORE, placing

TABLES = {
    "command": "SELECT * FROM command ORDER BY n",
    "outcome": "SELECT * FROM outcome ORDER BY n",
    "need": "SELECT * FROM need ORDER BY n",
    "audit": "SELECT * FROM audit ORDER BY n",
    "identity": "SELECT * FROM identity ORDER BY name",
}
FLIPS = 300


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The journal of an enrolled counter in the middle of its day, closed."""
    home = tmp_path / "home"
    with closing(open_counter(home, hub="hub.test", authority="k1", incarnation="i1", seq_base="0")) as counter:
        run(counter, *BASICS)
        for number in range(6):
            run(counter, placing(f"T{number}"))
        run(counter, MoveStock(STORE, "A", Movement.SOLD, -1))
        with counter.transaction(MANAGER) as tx:
            tx.audit("person.seen", "T1")
        with counter.journal.writing():
            first, second, *_ = counter.journal.pending()
            counter.journal.settle([Outcome(first.id, Status.APPLIED, "store:XH", 9)])
            counter.journal.settle([Outcome(second.id, Status.REFUSED, "store:XH", 9, b'{"code":"x"}')])
    return home / "journal.db"


def content(path: Path) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as db:
        return {table: db.execute(sql).fetchall() for table, sql in TABLES.items()}


def flip(path: Path, at: int, change: int) -> None:
    with path.open("rb+") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ change]))


def is_well(path: Path) -> bool:
    """What `doctor` finds."""
    try:
        with closing(Journal(path)) as journal:
            journal.identity()
            return journal.check() and journal.audit_broken_at() is None
    except (StoreError, sqlite3.Error):
        return False


def test_no_byte_of_a_command_changes_unseen(path: Path, tmp_path: Path) -> None:
    chance, before = random.Random(23), content(path)
    assert is_well(path)
    found = 0
    for _ in range(FLIPS):
        copy = Path(shutil.copy(path, tmp_path / "journal.db"))
        flip(copy, chance.randrange(100, path.stat().st_size), 1 << chance.randrange(8))
        if is_well(copy):
            assert content(copy) == before
        else:
            found += 1
        for file in tmp_path.glob("journal.db*"):
            file.unlink()
    assert found > FLIPS // 10


@pytest.mark.parametrize("text", [b'"T3"', b"stock.move2026", b'"quantity":-1', b"manager", b"2026-03-02", b"applied"])
def test_a_flipped_byte_is_met_before_anything_is_sent_and_put_right(path: Path, text: bytes) -> None:
    before = content(path)
    flip(path, path.read_bytes().rindex(text) + 2, 0x04)
    with closing(Journal(path)) as journal, pytest.raises(JournalCorrupt):
        journal.after(0)
    assert suspicion(path).exists()
    journal, salvaged = open_journal(path)
    journal.close()
    assert salvaged is not None
    after = content(path)
    assert (salvaged.gaps, after["command"], after["outcome"]) == ((), before["command"], before["outcome"])


def test_a_text_that_is_none_any_more_is_put_right(path: Path) -> None:
    before = content(path)
    flip(path, path.read_bytes().rindex(b"stock.move2026") + 2, 0x80)
    with closing(Journal(path)) as journal, pytest.raises(JournalCorrupt):
        journal.after(0)
    journal, salvaged = open_journal(path)
    journal.close()
    assert salvaged is not None
    assert content(path)["command"] == before["command"]


def test_a_flipped_byte_of_the_identity_is_put_right(path: Path) -> None:
    before = content(path)
    flip(path, path.read_bytes().rindex(b"hub.test") + 2, 0x01)
    with closing(Journal(path)) as journal, pytest.raises(JournalCorrupt):
        journal.identity()
    journal, salvaged = open_journal(path)
    journal.close()
    assert salvaged is not None
    assert content(path)["identity"] == before["identity"]


def test_two_flipped_bytes_are_a_gap_that_is_told(path: Path) -> None:
    at = path.read_bytes().rindex(b'"T3"')
    flip(path, at + 1, 0x01)
    flip(path, at + 2, 0x01)
    suspicion(path).touch()
    journal, salvaged = open_journal(path)
    journal.close()
    assert salvaged is not None
    assert salvaged.gaps == ((len(BASICS) + 4, len(BASICS) + 4),)


def test_doctor_tells(path: Path) -> None:
    flip(path, path.read_bytes().rindex(b'"T3"') + 2, 0x04)
    findings = {finding.code: finding.health.value for finding in examine(Home(path.parent, FixedClock(NOON))).findings}
    assert findings["journal"] == "broken"
    assert suspicion(path).exists()


def test_outcomes_that_change_many_rows_are_summed_up(path: Path) -> None:
    with closing(Journal(path)) as journal:
        with journal.writing():
            journal.settle_again({journal.numbered([2])[0].id: Status.APPLIED})
            journal.reopen(after=1)
            journal.enrol()
            journal.close_gaps()
            journal.forget_identity("authority")
        assert journal.check()
        assert "authority" not in journal.identity()


def test_one_byte_is_put_right_and_not_two() -> None:
    told = checksum(("ab", b"cd", 7, None))
    assert mended(("ab", b"cd", 7, None), told) == ("ab", b"cd", 7, None)
    assert mended(("ab", b"cX", 7, None), told) == ("ab", b"cd", 7, None)
    assert mended(("XX", b"cd", 7, None), told) is None
    assert mended(("ab", b"cd", 8, None), told) is None


def test_values_lend_each_other_no_byte() -> None:
    assert len({checksum(values) for values in (("ab", "c"), ("a", "bc"), (b"ab", "c"), ("ab", "c", None))}) == 4


def test_an_outcome_that_is_lost_is_asked_for_again_with_all_behind_it(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        last = db.execute("SELECT max(n) FROM command").fetchone()[0]
        db.execute("UPDATE outcome SET status = 'applied', outcome_sum = NULL WHERE n > 3")
        db.execute("DELETE FROM outcome WHERE n = 5")
        db.execute("UPDATE outcome SET status = 'xxxxxxx', feed = 'yyy' WHERE n = 7")
    with closing(Journal(path)) as journal, pytest.raises(JournalCorrupt):
        journal.after(0)
    journal, salvaged = open_journal(path)
    assert salvaged is not None
    assert salvaged.gaps == ()
    with closing(journal):
        assert [entry.n for entry in journal.pending()] == [3, *range(5, last + 1)]
        assert journal.numbered([4])[0].status is Status.APPLIED
        assert journal.check()
