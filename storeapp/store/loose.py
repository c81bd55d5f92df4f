"""Rows of a damaged file to which no page leads any more: every page of rows is read by itself.

SQLite finds a row by going down from the first page of its table; behind a damaged page on that way there may be
thousands of sound ones. So each page of rows is read as if its table began and ended there.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

Row = tuple[Any, ...]
_ROWS = b"\x0d"
"""The first byte of a page that holds rows of a table: https://www.sqlite.org/fileformat2.html#b_tree_pages."""
_SIZE = slice(16, 18)
"""Where in the header the size of a page stands."""


def loose_rows(path: Path, tables: Mapping[str, str]) -> Iterator[tuple[str, Row]]:
    """Every page of rows, read as a page of each of these tables.

    Most of what is found is no row of its table, and some of it is an old copy on a page that is used no more: whoever
    takes a row has to know it for one.

    Args:
        path: a copy with a sound first page and without a write-ahead log; its schema is changed.
        tables: by the name of a table the columns that are read.

    Yields:
        The name of a table, and the values of its columns.
    """
    pages = list(_pages_of_rows(path))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
        # The copy is of no use after this, so nothing has to be safe in it.
        for wish in ("journal_mode = OFF", "synchronous = OFF"):
            db.execute(f"PRAGMA {wish}").fetchall()
        for page in pages:
            _begin_at(db, page, tables)
            for table, columns in tables.items():
                with suppress(sqlite3.DatabaseError):  # The rest of the page is damaged, too.
                    for row in db.execute(f"SELECT {columns} FROM {table} NOT INDEXED"):
                        yield table, row


def _pages_of_rows(path: Path) -> Iterator[int]:
    """Their numbers, from 1 as SQLite counts; the first page begins with the header and holds no row of ours."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(100)[_SIZE], "big")
        size = 65536 if size == 1 else size
        number = 2
        while True:
            file.seek((number - 1) * size)
            first = file.read(1)
            if not first:
                return
            if first == _ROWS:
                yield number
            number += 1


def _begin_at(db: sqlite3.Connection, page: int, tables: Mapping[str, str]) -> None:
    db.execute("PRAGMA writable_schema = ON")
    places = [(page, table) for table in tables]
    db.executemany("UPDATE sqlite_master SET rootpage = ? WHERE type = 'table' AND name = ?", places)
    db.execute("PRAGMA writable_schema = RESET")
