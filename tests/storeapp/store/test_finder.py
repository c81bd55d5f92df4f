"""Orders are found by exactly the hashes that were given for them."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlite_utils import Database

from storeapp.store import finder
from storeapp.store.migrate import open_database
from storeapp.store.schema import MIGRATIONS

HASHES = st.sampled_from([bytes([n]) * finder.HASH_BYTES for n in range(12)])
ORDERS = st.sampled_from(["a", "b", "c", "d"])
BEFORE_NUMBERS = 7


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    db = open_database(tmp_path_factory.mktemp("finder") / "cache.db", migrations=MIGRATIONS, synchronous="NORMAL")
    yield db
    db.close()


def found(db: Database) -> dict[bytes, set[str]]:
    """The orders of each hash."""
    by_hash: dict[bytes, set[str]] = defaultdict(set)
    for value, order_id in db.execute("SELECT hash, order_id FROM finder JOIN finder_order USING (n)"):
        by_hash[value].add(order_id)
    return by_hash


def count(db: Database, table: str) -> int:
    return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@given(
    st.lists(
        st.one_of(
            st.lists(st.tuples(HASHES, ORDERS), max_size=12),
            st.sets(ORDERS),
        ),
        max_size=6,
    )
)
def test_what_is_added_is_found_until_it_is_removed(
    db: Database, steps: list[list[tuple[bytes, str]] | set[str]]
) -> None:
    expected: dict[bytes, set[str]] = defaultdict(set)
    finder.clear(db)
    for step in steps:
        if isinstance(step, set):
            finder.remove(db, step)
            expected = defaultdict(set, {value: left for value in expected if (left := expected[value] - step)})
        else:
            finder.add(db, finder.grouped(step))
            for value, order_id in step:
                expected[value].add(order_id)
        assert found(db) == expected
        named = set().union(*expected.values()) if expected else set()
        assert {order_id for order_id in "abcd" if finder.has(db, order_id)} == named
        assert count(db, "finder_order") == len(named)


def test_who_was_found_by_the_hashes_of_before_is_still_found(tmp_path: Path) -> None:
    path, hashes = tmp_path / "cache.db", [(bytes([n]) * 16, order_id) for n in range(20) for order_id in ("a", "b")]
    with closing(open_database(path, migrations=MIGRATIONS[:BEFORE_NUMBERS], synchronous="NORMAL")) as db:
        db.conn.executemany("INSERT INTO finder (hash, order_id) VALUES (?, ?)", hashes)
    with closing(open_database(path, migrations=MIGRATIONS, synchronous="NORMAL")) as db:
        assert found(db) == {value[: finder.HASH_BYTES]: {"a", "b"} for value, _ in hashes}
        finder.remove(db, ["a", "b"])
        assert count(db, "finder") == 0


def test_nothing_of_a_removed_order_stays_in_the_file(tmp_path: Path) -> None:
    path, value = tmp_path / "cache.db", b"by which"
    with closing(open_database(path, migrations=MIGRATIONS, synchronous="NORMAL", secure_delete=True)) as db:
        finder.add(db, {"a": value, "b": b"somebody"})
        finder.remove(db, ["a"])
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = path.read_bytes()
    assert value not in content
    assert b"somebody" in content
