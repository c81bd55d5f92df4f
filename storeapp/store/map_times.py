"""Keeps what a map service said of ways; places are keyed hashes, so that the table leads to nobody's door."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from storeapp.store.errors import translate_sqlite_errors
from storeapp.store.views import stamp

_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class MapTime:
    """One way as the service knows it; ``mode`` is the service's own word."""

    origin: bytes
    place: bytes
    mode: str
    metres: int
    seconds: int
    asked_at: datetime


def keep(db: Database, times: Iterable[MapTime]) -> None:
    """Keep answers; a newer one replaces the one before. Call inside `Cache.writing`."""
    rows = ((t.origin, t.place, t.mode, t.metres, t.seconds, stamp(t.asked_at)) for t in times)
    db.conn.executemany(
        "INSERT OR REPLACE INTO map_time (origin, place, mode, metres, seconds, asked_at) VALUES (?, ?, ?, ?, ?, ?)",
        rows,
    )


def forget_before(db: Database, moment: datetime) -> None:
    """Let go of answers that are older; call inside `Cache.writing`."""
    db.execute("DELETE FROM map_time WHERE asked_at < ?", (stamp(moment),))


def forget_all(db: Database) -> None:
    """Let go of every answer; call inside `Cache.writing`."""
    db.execute("DELETE FROM map_time")


@translate_sqlite_errors()
def asked_since(db: Database, moment: datetime) -> int:
    """How many answers of that time on are kept."""
    return int(db.execute("SELECT count(*) FROM map_time WHERE asked_at >= ?", (stamp(moment),)).fetchone()[0])


@translate_sqlite_errors()
def known(db: Database, places: Sequence[bytes], *, since: datetime) -> list[MapTime]:
    """All answers between these places that are not older."""
    wanted = set(places)
    found: list[MapTime] = []
    for start in range(0, len(places), _AT_ONCE):
        part = places[start : start + _AT_ONCE]
        sql = f"""SELECT origin, place, mode, metres, seconds, asked_at FROM map_time
            WHERE origin IN ({",".join("?" * len(part))}) AND asked_at >= ?"""
        for origin, place, mode, metres, seconds, asked_at in db.execute(sql, (*part, stamp(since))):
            if place in wanted:
                found.append(MapTime(origin, place, mode, metres, seconds, datetime.fromisoformat(asked_at)))
    return found
