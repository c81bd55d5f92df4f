"""Commands that wait for a person of the hub: parked ones, and those of counters that were turned away.

Each is decided again or discarded; either is kept in the log of events with the name of who did it.
"""

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import sqlalchemy as sa

from hub.core import Hub
from hub.decisions import Sender, decide_again
from hub.problems import HubProblem
from hub.tables import device, event_log, parked
from sync.protocol.messages import Result, WireCommand, WireKey

LISTED = 500
Act = Literal["retried", "discarded"]
_command = msgspec.json.Decoder(WireCommand)
_keys = msgspec.json.Decoder(list[WireKey])


@dataclass(frozen=True, slots=True)
class Waiting:
    """One command that nobody has decided; its content is not told, because it may be about a person."""

    id: str
    device: str
    store: str
    kind: str
    code: str
    at: str


def listed(hub: Hub) -> list[Waiting]:
    """The oldest of what waits."""
    columns = (parked.c.id, parked.c.device, parked.c.store, parked.c.kind, parked.c.code, parked.c.at)
    with hub.db.reading() as connection:
        rows = connection.execute(sa.select(*columns).order_by(parked.c.at, parked.c.id).limit(LISTED))
        return [Waiting(*row) for row in rows]


def count(hub: Hub) -> int:
    """How many wait."""
    with hub.db.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(parked)) or 0


def retry(hub: Hub, command_id: str, *, by: str) -> Result:
    """Decide a command again, as if its counter had sent it now; it waits on where it is parked again.

    Raises:
        HubProblem: ``not_waiting``.
    """
    with hub.db.reading() as connection:
        row = _found(connection, command_id)
        key = connection.scalar(sa.select(device.c.transport_key).where(device.c.id == row.device))
    command, keys = _command.decode(row.command), _keys.decode(row.keys) if row.keys else []
    sender = Sender(row.device, row.store, bytes(key or b""))

    def settle(connection: sa.Connection) -> None:
        _leave(hub, connection, row, by=by, act="retried")

    return decide_again(hub, sender, command, keys, settle=settle)


def discard(hub: Hub, command_id: str, *, by: str) -> None:
    """Let a command be; what it said is gone with its keys, that it was there is not.

    Raises:
        HubProblem: ``not_waiting``.
    """
    with hub.db.writing() as connection:
        row = _found(connection, command_id)
        _leave(hub, connection, row, by=by, act="discarded")


def _found(connection: sa.Connection, command_id: str) -> Any:
    row = connection.execute(sa.select(parked).where(parked.c.id == command_id)).first()
    if row is None:
        raise HubProblem("not_waiting")
    return row


def _leave(hub: Hub, connection: sa.Connection, row: Any, *, by: str, act: Act) -> None:
    if not connection.execute(sa.delete(parked).where(parked.c.id == row.id)).rowcount:
        raise HubProblem("not_waiting")  # Somebody else was faster.
    entry = {
        "command_id": row.id,
        "store": row.store,
        "device": row.device,
        "actor": by,
        "kind": f"hub.{act}",
        "at": hub.now().isoformat(),
        "events": b"[]",
    }
    connection.execute(event_log.insert(), [entry])
