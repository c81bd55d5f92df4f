"""Watches that every commit numbers what it changed right behind the head, each number once and none left out."""

from collections import defaultdict

import sqlalchemy as sa

from hub.database import Database
from hub.tables import head, state

_COLUMNS = (state.c.feed, state.c.kind, state.c.id, state.c.seq, state.c.version)


class Numbering:
    """The rows' numbers as they were last seen."""

    def __init__(self, db: Database) -> None:
        self._rows, self._heads = _seen(db)

    def look(self, db: Database) -> list[object]:
        """What is wrong with the numbers that were given since the last look; call after every commit."""
        before, heads = self._rows, self._heads
        self._rows, self._heads = _seen(db)
        changed: dict[str, list[int]] = defaultdict(list)
        for key, numbered in self._rows.items():
            if before.get(key) != numbered:
                changed[key[0]].append(numbered[0])
        return [
            (feed, heads.get(feed, 0), sorted(numbers))
            for feed, numbers in changed.items()
            if sorted(numbers) != list(range(heads.get(feed, 0) + 1, self._heads[feed] + 1))
        ]


def _seen(db: Database) -> tuple[dict[tuple[str, str, str], tuple[int, int]], dict[str, int]]:
    with db.reading() as connection:
        rows = {(feed, kind, key): (seq, n) for feed, kind, key, seq, n in connection.execute(sa.select(*_COLUMNS))}
        return rows, dict(map(tuple, connection.execute(sa.select(head))))
