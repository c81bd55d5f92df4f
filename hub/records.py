"""What the hub keeps of every command: its result, what it did, and itself where it waits for a person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from hub import holding
from hub.admission import keepable
from hub.database import Database
from hub.holding import Sender
from hub.tables import command_result, event_log, parked
from storeapp.codec import encode_events
from storeapp.domain.kernel import Command, Event
from sync.protocol.messages import Problem, Result, ResultStatus, WireCommand, WireKey, encode, refusal

_PARKED = 422


@dataclass(slots=True)
class Decided:
    """One command on its way through; ``hangs_on`` is the one that it falls or waits with."""

    command: WireCommand
    sender: Sender
    incarnation: str
    sha256: bytes
    typed: Command | None = None
    status: ResultStatus = ResultStatus.APPLIED
    problem: Problem | None = None
    events: Sequence[Event] = ()
    feed: str = ""
    feed_seq: int = 0
    hangs_on: str = ""
    keys: Sequence[WireKey] = ()

    def refuse(self, code: str, data: Any = None) -> None:
        """A rule, or the hub itself, said no."""
        self.status, self.problem = ResultStatus.REFUSED, refusal(code, data)

    def park(self, code: str, data: Any = None) -> None:
        """Nobody can decide it now."""
        self.status, self.problem = ResultStatus.PARKED, refusal(code, data, status=_PARKED)

    def unread(self) -> bytes | None:
        """The body as it came, where decoding has left something of it."""
        body = bytes(self.command.body)
        return None if self.typed is None or encode(self.typed) == body else body

    def result(self) -> Result:
        """What its counter is told."""
        return Result(self.command.seq, self.command.id, self.status, self.feed, self.feed_seq, self.problem)


def write(db: Database, connection: sa.Connection, items: Sequence[Decided], *, now: datetime) -> None:
    """Keep what was decided for the first time."""
    results = [_result_row(item, now) for item in items]
    events = [_event_row(item) for item in items if item.events]
    waiting = [_parked_row(item, now) for item in items if item.status is ResultStatus.PARKED]
    for table, rows in ((command_result, results), (event_log, events), (parked, waiting)):
        db.insert(connection, table, rows)


def write_again(db: Database, connection: sa.Connection, items: Sequence[Decided], *, now: datetime) -> None:
    """What waited has another result now; what waits on stays where it is."""
    if not items:
        return
    holding.leave(db, connection, [item.command.id for item in items if item.status is not ResultStatus.PARKED])
    for item in items:
        row = _result_row(item, now)
        settled = {name: row[name] for name in ("status", "feed", "feed_seq", "problem")}
        known = sa.update(command_result).where(command_result.c.id == item.command.id).values(**settled)
        if not connection.execute(known).rowcount:
            db.insert(connection, command_result, [row])
    db.insert(connection, event_log, [_event_row(item) for item in items if item.events])


def _result_row(item: Decided, now: datetime) -> dict[str, Any]:
    return {
        "id": item.command.id,
        "device": item.sender.id,
        "incarnation": item.incarnation,
        "seq": item.command.seq,
        "sha256": item.sha256,
        "status": item.status.value,
        "feed": item.feed,
        "feed_seq": item.feed_seq,
        "problem": encode(item.problem) if item.problem else None,
        "received_at": now.isoformat(),
    }


def _event_row(item: Decided) -> dict[str, Any]:
    return {
        "command_id": item.command.id,
        "store": item.sender.store,
        "device": item.sender.id,
        "actor": item.command.actor,
        "kind": item.command.kind,
        "at": item.command.at.isoformat(),
        "events": encode_events(item.events),
        "body": item.unread(),
    }


def _parked_row(item: Decided, now: datetime) -> dict[str, Any]:
    return {
        "id": item.command.id,
        "device": item.sender.id,
        "store": item.sender.store,
        "kind": keepable(item.command.kind),
        "command": encode(item.command),
        "code": item.problem.code if item.problem else "",
        "at": now.isoformat(),
        "keys": None,
    }
