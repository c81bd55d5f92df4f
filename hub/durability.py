"""Notes what a verified backup covers, so that counters know how much they need not keep to give it again."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from hub.database import Database
from hub.tables import durable, incarnation

LAST_BACKUP = "backup_at"


class Covered(NamedTuple):
    """The commands of one counter up to a number."""

    device: str
    incarnation: str
    last_seq: int


def covered(connection: sa.Connection) -> list[Covered]:
    """What a database holds of each counter."""
    query = sa.select(incarnation.c.device, incarnation.c.incarnation, incarnation.c.last_seq)
    return [Covered(*row) for row in connection.execute(query)]


def remember(db: Database, found: Iterable[Covered], *, now: datetime) -> None:
    """A backup that holds all this was read back and found sound."""
    with db.writing() as connection:
        known = {(device, name): seq for device, name, seq in connection.execute(sa.select(durable))}
        further = [each for each in sorted(found) if each.last_seq > known.get((each.device, each.incarnation), 0)]
        rows = [{"device": device, "incarnation": name, "seq": seq} for device, name, seq in further]
        db.put(connection, durable, rows)
        db.remember(connection, LAST_BACKUP, now.isoformat().encode())


def all_covered(connection: sa.Connection) -> None:
    """This database has just come from a backup, so everything in it is covered."""
    connection.execute(sa.delete(durable))
    everything = sa.select(incarnation.c.device, incarnation.c.incarnation, incarnation.c.last_seq)
    connection.execute(durable.insert().from_select(["device", "incarnation", "seq"], everything))


class Numbers(NamedTuple):
    """The last number of a counter, and the last one that a backup covers."""

    last: int
    durable: int


_BOTH = sa.outerjoin(
    incarnation,
    durable,
    sa.and_(durable.c.device == incarnation.c.device, durable.c.incarnation == incarnation.c.incarnation),
)
_NUMBERS = (
    sa.select(incarnation.c.last_seq, sa.func.coalesce(durable.c.seq, 0))
    .select_from(_BOTH)
    .where(incarnation.c.device == sa.bindparam("of"), incarnation.c.incarnation == sa.bindparam("name"))
)
_LOCKED = _NUMBERS.with_for_update(of=incarnation)
"""Made once: each batch asks, and to make a statement takes longer than to run it."""


def numbers(connection: sa.Connection, device: str, name: str, *, lock: bool = False) -> Numbers | None:
    """How far a counter has come in one numbering, None for one that is new; ``lock`` holds it for this transaction."""
    found = connection.execute(_LOCKED if lock else _NUMBERS, {"of": device, "name": name}).first()
    return Numbers(int(found[0]), int(found[1])) if found else None


def last_backup(db: Database, connection: sa.Connection) -> str:
    """When a backup was last verified; empty for never."""
    return (db.fact(connection, LAST_BACKUP) or b"").decode()
