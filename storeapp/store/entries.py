"""One command as it stands in the journal, and the row that it is there."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from storeapp.domain.words import Role

COLUMNS = "n, id, kind, at, actor, role, store, body, events, status, simulated, seq, feed, feed_seq, problem"


class Status(StrEnum):
    """What has become of a command."""

    SAVED = "saved"
    """Final: this counter is the authority."""
    PENDING = "pending"
    """The hub has not answered yet."""
    APPLIED = "applied"
    REFUSED = "refused"
    PARKED = "parked"


class Entry(Struct, frozen=True):
    """One command as it stands in the journal; ``events`` is what it did here, ``problem`` why the hub refused."""

    n: int
    id: str
    kind: str
    at: datetime
    actor: str
    role: Role
    store: str
    body: bytes
    events: bytes
    status: Status
    simulated: bool = False
    seq: int = 0
    feed: str = ""
    feed_seq: int | None = None
    problem: bytes = b""
    needs: tuple[str, ...] = ()
    """Commands without which it makes no sense; read by `needs_of`."""


class Outcome(Struct, frozen=True):
    """The hub's answer to one command: who has read ``feed`` as far as ``feed_seq`` has seen what led to it."""

    id: str
    status: Status
    feed: str = ""
    feed_seq: int | None = None
    problem: bytes = b""


def row_of(e: Entry) -> tuple[object, ...]:
    """The values of `COLUMNS`."""
    who = (e.actor, e.role, e.store)
    outcome = (e.status, e.simulated, e.seq, e.feed, e.feed_seq, e.problem)
    return (e.n, e.id, e.kind, e.at.isoformat(), *who, e.body, e.events, *outcome)


def entry_of(row: tuple[object, ...]) -> Entry:
    """The command in a row of `COLUMNS`.

    Raises:
        ValueError: a column holds what it never should.
        TypeError: a column is of another type.
    """
    n, command_id, kind, at, actor, role, store, body, events, status, simulated, seq, *answer = row
    feed, feed_seq, problem = answer
    return Entry(
        n=int(str(n)),
        id=str(command_id),
        kind=str(kind),
        at=datetime.fromisoformat(str(at)),
        actor=str(actor),
        role=Role(str(role)),
        store=str(store),
        body=_bytes(body),
        events=_bytes(events),
        status=Status(str(status)),
        simulated=bool(simulated),
        seq=int(str(seq)),
        feed=str(feed),
        feed_seq=None if feed_seq is None else int(str(feed_seq)),
        problem=_bytes(problem),
    )


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a blob column holds something else")
    return value
