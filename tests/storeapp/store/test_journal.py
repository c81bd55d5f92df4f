import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from storeapp.domain.words import Role
from storeapp.store.journal import Entry, Journal, Outcome, Status
from tests.storeapp.world import MANAGER, NOON, STORE


def entry(n: int, status: Status = Status.PENDING) -> Entry:
    return Entry(n, f"c{n}", "order.cancel", NOON, MANAGER, Role.MANAGER, STORE, b"{}", b"[]", status, seq=n)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with closing(Journal(tmp_path / "journal.db")) as opened:
        yield opened


def fill(journal: Journal, count: int, status: Status = Status.PENDING) -> None:
    with journal.writing():
        journal.append(entry(n, status) for n in range(1, count + 1))


def test_what_was_appended_is_read_back(journal: Journal) -> None:
    one = replace(entry(1), simulated=True, feed_seq=7, problem=b"{}", at=NOON + timedelta(milliseconds=1))
    with journal.writing():
        journal.append([one])
    assert (journal.after(0), journal.by_id("c1"), journal.last()) == ([one], one, 1)


def test_an_empty_journal_ends_at_nothing(journal: Journal) -> None:
    assert (journal.last(), journal.after(0), journal.by_id("c1"), journal.counts()) == (0, [], None, {})


def test_a_failing_use_case_saves_nothing(journal: Journal) -> None:
    with pytest.raises(ZeroDivisionError), journal.writing():
        journal.append(entry(n // (2 - n)) for n in (1, 2))
    assert journal.last() == 0


def test_a_number_is_given_once(journal: Journal) -> None:
    fill(journal, 1)
    with pytest.raises(sqlite3.IntegrityError), journal.writing():
        journal.append([entry(1)])
    with pytest.raises(sqlite3.IntegrityError), journal.writing():
        journal.append([replace(entry(2), id="c1")])
    assert journal.last() == 1


def test_pages_of_commands_are_in_order(journal: Journal) -> None:
    fill(journal, 7)
    assert [e.n for e in journal.after(2, limit=3)] == [3, 4, 5]
    assert [e.n for e in journal.pending(limit=2)] == [1, 2]


def test_many_numbers_are_found_in_order(journal: Journal) -> None:
    fill(journal, 1200)
    assert [e.n for e in journal.numbered(range(1200, 0, -2))] == list(range(2, 1201, 2))


def test_an_answer_is_noted_once(journal: Journal) -> None:
    fill(journal, 2)
    with journal.writing():
        journal.settle([Outcome("c1", Status.APPLIED, "f", 5), Outcome("unknown", Status.APPLIED, "f", 6)])
        journal.settle([Outcome("c1", Status.REFUSED, problem=b"late")])
    found = journal.by_id("c1")
    assert found is not None
    assert (found.status, found.feed_seq, found.problem) == (Status.APPLIED, 5, b"")
    assert journal.counts() == {Status.PENDING: 1}


def test_what_is_final_is_not_settled(journal: Journal) -> None:
    fill(journal, 1, Status.SAVED)
    with journal.writing():
        journal.settle([Outcome("c1", Status.REFUSED)])
    assert [e.status for e in journal.after(0)] == [Status.SAVED]


def test_settled_is_what_the_feed_has_passed_or_never_will(journal: Journal) -> None:
    fill(journal, 5)
    with journal.writing():
        journal.settle(
            [
                Outcome("c1", Status.APPLIED, "f", 10),
                Outcome("c2", Status.APPLIED, "f", 20),
                Outcome("c3", Status.REFUSED),
                Outcome("c4", Status.PARKED),
            ]
        )
    assert journal.settled_numbers(since=1, cursors={"f": 10}) == [1, 3, 4]
    assert journal.settled_numbers(since=2, cursors={"f": 20}) == [2, 3, 4]
    assert journal.undone_numbers([1, 2, 3, 4, 5]) == [3, 4]


def test_a_rejection_stays_until_a_person_accepts_it(journal: Journal) -> None:
    fill(journal, 2)
    with journal.writing():
        journal.settle([Outcome("c1", Status.REFUSED), Outcome("c2", Status.PARKED)])
    assert [e.id for e in journal.rejected()] == ["c1", "c2"]
    with journal.writing():
        journal.audit(at=NOON, actor=MANAGER, action="refusal.accepted", subject="c1")
    assert [e.id for e in journal.rejected()] == ["c2"]


def test_enrolment_offers_everything_to_the_hub(journal: Journal) -> None:
    fill(journal, 3, Status.SAVED)
    with journal.writing():
        journal.enrol()
    assert [e.n for e in journal.pending()] == [1, 2, 3]


def test_a_counter_knows_who_it_is_after_it_was_closed(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.db")) as journal, journal.writing():
        journal.identify(store=STORE, device="d1")
        journal.identify(device="d2")
    with closing(Journal(tmp_path / "journal.db")) as journal:
        assert journal.identity() == {"store": STORE, "device": "d2"}


def watched(path: Path, links: int) -> Journal:
    journal = Journal(path)
    with journal.writing():
        for number in range(links):
            journal.audit(at=NOON, actor=MANAGER, action="reveal", subject=f"order-{number}")
    return journal


def test_an_untouched_audit_chain_holds(tmp_path: Path) -> None:
    with closing(watched(tmp_path / "journal.db", 5)) as journal:
        assert journal.audit_broken_at() is None
        assert [row[0] for row in journal.audit_entries()] == [1, 2, 3, 4, 5]


@settings(max_examples=40)
@given(
    link=st.integers(1, 5),
    column=st.sampled_from(["at", "actor", "action", "subject", "hash"]),
    position=st.integers(0, 40),
    flip=st.integers(1, 0x7F),
)
def test_any_changed_byte_breaks_the_audit_chain(
    tmp_path_factory: pytest.TempPathFactory, link: int, column: str, position: int, flip: int
) -> None:
    with closing(watched(tmp_path_factory.mktemp("audit") / "journal.db", 5)) as journal:
        db = journal._db
        value = db.execute(f"SELECT CAST({column} AS BLOB) FROM audit WHERE n = ?", (link,)).fetchone()[0]
        changed = bytearray(value)
        changed[position % len(changed)] ^= flip
        text = bytes(changed) if column == "hash" else changed.decode("latin-1")
        db.execute(f"UPDATE audit SET {column} = ? WHERE n = ?", (text, link))
        assert journal.audit_broken_at() == link


@pytest.mark.parametrize("taken", [1, 3])
def test_a_missing_link_breaks_the_audit_chain(tmp_path: Path, taken: int) -> None:
    with closing(watched(tmp_path / "journal.db", 5)) as journal:
        journal._db.execute("DELETE FROM audit WHERE n = ?", (taken,))
        assert journal.audit_broken_at() == taken + 1


def test_swapped_links_break_the_audit_chain(tmp_path: Path) -> None:
    with closing(watched(tmp_path / "journal.db", 3)) as journal:
        journal._db.execute("UPDATE audit SET n = CASE n WHEN 2 THEN -3 WHEN 3 THEN -2 ELSE n END")
        journal._db.execute("UPDATE audit SET n = abs(n)")
        assert journal.audit_broken_at() == 2


def test_a_field_cannot_borrow_from_its_neighbour(tmp_path: Path) -> None:
    with closing(Journal(tmp_path / "journal.db")) as journal:
        with journal.writing():
            journal.audit(at=NOON, actor="a", action="bc", subject="d")
        journal._db.execute("UPDATE audit SET actor = 'ab', action = 'c'")
        assert journal.audit_broken_at() == 1


def test_audited_counts_one_subject_since_an_instant(journal: Journal) -> None:
    with journal.writing():
        for hours in range(4):
            journal.audit(at=NOON + timedelta(hours=hours), actor=MANAGER, action="reveal", subject="o")
    assert journal.audited("reveal", "o", since=NOON + timedelta(hours=2)) == 2
    assert journal.audited("reveal", "other", since=NOON) == 0
