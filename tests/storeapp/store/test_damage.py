"""A damaged cache, a full disk and files that somebody else holds: told, and nothing confirmed is lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.domain.order import Order
from storeapp.services.counter import Counter
from storeapp.store.errors import Corrupt, DiskFull, Locked, ReadOnly, StoreError
from tests.storeapp.store.homes import PAGE, TOTAL, check_views, damage, open_counter, run, shown
from tests.storeapp.world import an_order, placing


def test_a_damaged_cache_is_made_anew_and_the_next_try_succeeds(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        before = shown(counter)
        counter.cache.db.execute("UPDATE state SET body = x'7b' WHERE kind = 'order'")
        with pytest.raises(Corrupt):
            run(counter, placing("1", revise=True))
        assert shown(counter) == before
        run(counter, placing("new"))
        assert counter.cache.get(Order, an_order("new")) is not None
        check_views(counter)


def test_a_cache_with_broken_pages_is_made_anew(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        before = shown(counter)
    path = home / "cache.db"
    for page in range(4, path.stat().st_size // PAGE):
        damage(path, page=page)
    with closing(open_counter(home)) as counter:
        try_twice(counter)
        assert set(before) < set(shown(counter))
        check_views(counter)


def try_twice(counter: Counter) -> None:
    """The first try may meet the damage; it mends it."""
    try:
        run(counter, placing("new"))
    except Corrupt:
        run(counter, placing("new"))


def test_another_program_notices_that_the_cache_was_made_anew(home: Path) -> None:
    with closing(open_counter(home)) as counter, closing(open_counter(home)) as other:
        counter.rebuild()
        run(counter, placing("new"))
        other.catch_up()
        assert other.cache.get(Order, an_order("new")) is not None
        run(other, placing("newer"))
        counter.catch_up()
        assert counter.cache.get(Order, an_order("newer")) is not None


# The environment fails


def pages(counter: Counter, file: str) -> None:
    """From now on a database cannot grow any more."""
    db = counter.journal._db if file == "journal" else counter.cache.db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0]}")


def large(number: str) -> object:
    return placing(number, sealed="x" * 100_000)


def test_a_full_disk_saves_nothing_and_loses_nothing(home: Path) -> None:
    with closing(open_counter(home)) as counter:
        before = (counter.journal.last(), shown(counter))
        pages(counter, "journal")
        with pytest.raises(DiskFull):
            run(counter, large("new"))  # type: ignore[arg-type]  # a command
        assert (counter.journal.last(), shown(counter)) == before
        counter.journal._db.execute("PRAGMA max_page_count = 1000000")
        run(counter, large("new"))  # type: ignore[arg-type]  # a command
        assert counter.cache.get(Order, an_order("new")) is not None


def test_what_was_saved_is_shown_once_the_disk_has_room_for_the_cache(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(open_counter(home)) as counter:
        pages(counter, "cache")
        run(counter, large("new"))  # type: ignore[arg-type]  # a command
        assert isinstance(counter.behind, DiskFull)
        assert counter.journal.last() == TOTAL + 1
        assert "saved, but not yet shown" in caplog.text
        with pytest.raises(DiskFull):
            run(counter, placing("next"))
        counter.cache.db.execute("PRAGMA max_page_count = 1000000")
        run(counter, placing("next"))
        assert counter.behind is None
        assert counter.cache.applied == counter.journal.last() == TOTAL + 2
        check_views(counter)


@pytest.mark.parametrize(("name", "error"), [("journal", ReadOnly), ("cache", ReadOnly)])
def test_what_may_not_be_written_is_told(home: Path, name: str, error: type[StoreError]) -> None:
    with closing(open_counter(home)) as counter:
        db = counter.journal._db if name == "journal" else counter.cache.db
        db.execute("PRAGMA query_only = ON")
        if name == "journal":
            with pytest.raises(error):
                run(counter, placing("new"))
            assert counter.journal.last() == TOTAL
        else:
            run(counter, placing("new"))
            assert isinstance(counter.behind, error)
            assert counter.journal.last() == TOTAL + 1
        db.execute("PRAGMA query_only = OFF")
        run(counter, placing("newer"))
        assert counter.cache.applied == counter.journal.last()


def test_a_journal_that_somebody_else_holds_is_told_and_nothing_is_lost(home: Path) -> None:
    with closing(open_counter(home)) as counter, closing(sqlite3.connect(home / "journal.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        counter.journal._db.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(Locked):
            run(counter, placing("new"))
        other.execute("ROLLBACK")
        run(counter, placing("new"))
        assert counter.journal.last() == TOTAL + 1


def test_a_cache_that_somebody_else_holds_keeps_nothing_from_being_saved(home: Path) -> None:
    with closing(open_counter(home)) as counter, closing(sqlite3.connect(home / "cache.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        counter.cache.db.execute("PRAGMA busy_timeout = 1")
        run(counter, placing("new"))
        assert isinstance(counter.behind, Locked)
        other.execute("ROLLBACK")
        run(counter, placing("newer"))
        assert (counter.cache.applied, counter.behind) == (TOTAL + 2, None)
