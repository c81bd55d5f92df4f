"""Puts what the hub did not apply before a person, and finds it again when the person has decided."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.admission import keepable
from hub.database import Database
from hub.tables import device, parked
from storeapp.codec import Malformed, UnknownKind, decode_command
from storeapp.domain.held import Cause, HeldCommand
from storeapp.domain.kernel import Command
from storeapp.domain.needs import subject_of
from storeapp.domain.order import order_id
from storeapp.domain.people import home_subject
from storeapp.domain.rules.orders import CorrectOrder, PlaceOrder
from storeapp.domain.rules.people import RegisterGuide
from sync.protocol.messages import Problem, WireCommand, WireKey

LOST_RACE = "stale_base"
_command = msgspec.json.Decoder(WireCommand)
_keys = msgspec.json.Decoder(list[WireKey])


@dataclass(frozen=True, slots=True)
class Sender:
    """The enrolled counter that a batch comes from."""

    id: str
    store: str
    transport_key: bytes = b""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A command that was put aside, as it came."""

    command: WireCommand
    sender: Sender
    keys: Sequence[WireKey]


def held(command: WireCommand, sender: Sender, *, cause: Cause, problem: Problem | None, root: str = "") -> HeldCommand:
    """What a person is shown of a command: nothing that was typed about anybody."""
    typed = typed_of(command)
    return HeldCommand(
        id=command.id,
        store=sender.store,
        device=sender.id,
        kind=keepable(command.kind),
        cause=cause,
        code=problem.code if problem else "",
        at=command.at,
        actor=keepable(command.actor),
        subject=keepable(subject_of(typed)) if typed else "",
        data={name: _told(value) for name, value in _both_sides(typed, problem).items()},
        root=root,
    )


def _told(value: str | int) -> str | int:
    return keepable(value) if isinstance(value, str) else value


def typed_of(command: WireCommand) -> Command | None:
    """The command, None where this program does not know it or cannot read it."""
    try:
        return decode_command(command.kind, command.body)
    except (UnknownKind, Malformed):
        return None


def whose_key(typed: Command | None) -> str:
    """Whose key opens what is sealed in a command; empty where nothing is."""
    match typed:
        case PlaceOrder():
            return order_id(typed.platform, typed.order_no)
        case CorrectOrder():
            return typed.order_id
        case RegisterGuide():
            return home_subject(typed.guide.id)
        case _:
            return ""


def _both_sides(typed: Command | None, problem: Problem | None) -> dict[str, str | int]:
    """What was wanted beside what stands against it."""
    data = dict(problem.data) if problem else {}
    wanted = getattr(typed, "guide", "")
    if problem and problem.code == LOST_RACE:
        data["winner"] = data.pop("guide", "")
    if isinstance(wanted, str) and wanted:
        data["guide"] = wanted
    return data


def waiting(db: Database, connection: sa.Connection, ids: Sequence[str]) -> list[Waiting]:
    """Those of these commands that were put aside, in this order."""
    columns: tuple[sa.Column[Any], ...] = (*parked.columns, device.c.transport_key)
    query = sa.select(*columns).outerjoin(device, device.c.id == parked.c.device).where(db.among(parked.c.id, ids))
    rows = {row.id: row for row in connection.execute(query)}
    return [_waiting(rows[each]) for each in ids if each in rows]


def _waiting(row: Any) -> Waiting:
    sender = Sender(row.device, row.store, bytes(row.transport_key or b""))
    return Waiting(_command.decode(row.command), sender, _keys.decode(row.keys) if row.keys else ())


def leave(db: Database, connection: sa.Connection, ids: Iterable[str]) -> None:
    """These wait no longer."""
    gone = list(ids)
    if gone:
        connection.execute(sa.delete(parked).where(db.among(parked.c.id, gone)))
