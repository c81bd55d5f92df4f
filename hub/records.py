"""What the hub keeps of every command: its result, what it did, and itself where it waits for a person."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from hub import holding
from hub.admission import keepable
from hub.database import Database
from hub.holding import Sender
from hub.tables import command_result, event_log, parked
from storeapp.domain.delivery import DeliveryOpened
from storeapp.domain.kernel import Command, Event
from storeapp.domain.order import OrderPlaced
from sync.protocol.messages import Problem, Result, ResultStatus, WireCommand, WireKey, encode, refusal

_PARKED = 422


class Decided(msgspec.Struct, gc=False):
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

    def result(self) -> Result:
        """What its counter is told."""
        return Result(self.command.seq, self.command.id, self.status, self.feed, self.feed_seq, self.problem)


def write(db: Database, connection: sa.Connection, items: Sequence[Decided], *, now: datetime) -> None:
    """Keep what was decided for the first time."""
    received_at = now.isoformat()
    db.insert_rows(connection, command_result, _RESULT, [_result_row(item, received_at) for item in items])
    _log_events(db, connection, items)
    db.insert(connection, parked, [_parked_row(item, now) for item in items if item.status is ResultStatus.PARKED])


def write_again(db: Database, connection: sa.Connection, items: Sequence[Decided], *, now: datetime) -> None:
    """What waited has another result now; what waits on stays where it is."""
    if not items:
        return
    holding.leave(db, connection, [item.command.id for item in items if item.status is not ResultStatus.PARKED])
    for item in items:
        row = _result_row(item, now.isoformat())
        values = dict(zip(_RESULT, row, strict=True))
        settled = {name: values[name] for name in ("status", "feed", "feed_seq", "problem")}
        known = sa.update(command_result).where(command_result.c.id == item.command.id).values(**settled)
        if not connection.execute(known).rowcount:
            db.insert_rows(connection, command_result, _RESULT, [row])
    _log_events(db, connection, items)


class _Placed(msgspec.Struct, frozen=True, gc=False):
    """What the log keeps of an order that was taken on: which one, for the rest is what its command says."""

    id: str


class _Opened(msgspec.Struct, frozen=True, gc=False):
    """What the log keeps of the job that came with it: what the catalogue said then; its command says the rest."""

    id: str
    pieces: int
    weight_g: int


def _opened(event: DeliveryOpened) -> _Opened:
    return _Opened(event.id, event.delivery.pieces, event.delivery.weight_g)


_IN_SHORT: dict[type[Event], Callable[[Any], msgspec.Struct]] = {
    OrderPlaced: lambda event: _Placed(event.id),
    DeliveryOpened: _opened,
}
"""How these stand in the log, beside the command that they came of."""


_STATUS = {status: status.value for status in ResultStatus}
"""SQLite's module takes a plain text in half the time, and to ask an enum for its value takes longer than this."""

_RESULT = ("id", "device", "incarnation", "seq", "sha256", "status", "feed", "feed_seq", "problem", "received_at")
_EVENT = ("command_id", "store", "device", "actor", "kind", "at", "events", "body")


def _result_row(item: Decided, received_at: str) -> tuple[Any, ...]:
    """The values of `_RESULT`."""
    problem = encode(item.problem) if item.problem else None
    return (
        item.command.id,
        item.sender.id,
        item.incarnation,
        item.command.seq,
        item.sha256,
        _STATUS[item.status],
        item.feed,
        item.feed_seq,
        problem,
        received_at,
    )


def _log_events(db: Database, connection: sa.Connection, items: Sequence[Decided]) -> None:
    db.insert_rows(connection, event_log, _EVENT, [_event_row(item) for item in items if item.events])


def _event_row(item: Decided) -> tuple[Any, ...]:
    """The values of `_EVENT`."""
    command, sender = item.command, item.sender
    events = encode(
        [
            (event.KIND, event if type(event) not in _IN_SHORT else _IN_SHORT[type(event)](event))
            for event in item.events
        ]
    )
    return (
        command.id,
        sender.store,
        sender.id,
        command.actor,
        command.kind,
        _iso(command.at),
        events,
        bytes(command.body),
    )


def _iso(moment: datetime) -> str:
    """As `datetime.isoformat` writes whole seconds and parts of one, in a quarter of the time."""
    text: str = msgspec.to_builtins(moment)
    return f"{text[:-1]}+00:00" if text.endswith("Z") else text


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
