"""Many rows by few statements are the same rows."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from storeapp.store import bulk


@pytest.fixture(scope="module")
def db() -> Iterator[Database]:
    db = Database(sqlite3.connect(":memory:", isolation_level=None))
    db.execute("CREATE TABLE pair (a INTEGER PRIMARY KEY, b TEXT)")
    yield db
    db.close()


@given(count=st.integers(0, 1500))
def test_any_number_of_rows_is_written(db: Database, count: int) -> None:
    db.execute("DELETE FROM pair")
    rows = [(number, f"text {number}") for number in range(count)]
    bulk.insert(db, "INSERT OR IGNORE INTO pair (a, b)", rows)
    assert db.execute("SELECT a, b FROM pair ORDER BY a").fetchall() == rows


@given(count=st.integers(0, 1500), known=st.integers(0, 1500))
def test_it_is_told_how_many_rows_are_new(db: Database, count: int, known: int) -> None:
    db.execute("DELETE FROM pair")
    before = [(number, "before") for number in range(known)]
    bulk.insert(db, "INSERT INTO pair (a, b)", before, "ON CONFLICT DO NOTHING")
    rows = [(number, "now") for number in range(count)]
    assert bulk.insert(db, "INSERT OR IGNORE INTO pair (a, b)", rows) == max(0, count - known)


@given(keys=st.lists(st.integers(0, 9), max_size=100))
def test_of_rows_with_one_key_the_last_stays(db: Database, keys: list[int]) -> None:
    db.execute("DELETE FROM pair")
    rows = [(key, f"text {number}") for number, key in enumerate(keys)]
    bulk.insert(db, "INSERT INTO pair (a, b)", rows, "ON CONFLICT (a) DO UPDATE SET b = excluded.b")
    assert dict(db.execute("SELECT a, b FROM pair").fetchall()) == dict(rows)


def test_rows_of_many_columns_fit_into_the_statements_of_the_database(db: Database) -> None:
    columns = [f"c{n}" for n in range(150)]
    db.execute(f"CREATE TABLE wide ({', '.join(columns)}, PRIMARY KEY (c0))")
    rows = [tuple(range(n, n + 150)) for n in range(700)]
    bulk.insert(db, f"INSERT OR REPLACE INTO wide ({', '.join(columns)})", rows)
    assert db.execute("SELECT * FROM wide ORDER BY c0").fetchall() == rows


@given(count=st.integers(0, 5000), width=st.integers(1, 200))
def test_few_statements_have_room_for_all_rows_and_for_few_more(count: int, width: int) -> None:
    sizes = list(bulk._sizes(count, width))
    assert all(size * width <= bulk.MOST_VALUES for size in sizes)
    assert count <= sum(sizes) <= count + (sizes[-1] // bulk.SPARE if sizes else 0)
    largest = max(size for size in bulk.SIZES if size * width <= bulk.MOST_VALUES)
    assert len(sizes) <= count // largest + len(bulk.SIZES)
