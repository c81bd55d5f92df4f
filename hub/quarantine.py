"""Keeps what a counter offers that was turned away, for a person to look at: it may be an honest day's work."""

from typing import Any

from hub.core import Hub
from hub.decisions import Sender
from hub.tables import parked
from storeapp.codec import Malformed, UnknownKind, decode_command
from storeapp.domain.order import order_id
from storeapp.domain.people import home_subject
from storeapp.domain.rules.orders import CorrectOrder, PlaceOrder
from storeapp.domain.rules.people import RegisterGuide
from sync.protocol.messages import CommandBatch, WireCommand, WireKey, encode

REVOKED = "revoked"


def keep(hub: Hub, sender: Sender, batch: CommandBatch) -> int:
    """Keep the commands with their keys as they came; the same again changes nothing.

    Returns:
        How many commands were offered.
    """
    with hub.db.writing() as connection:
        rows = [_row(hub, sender, command, batch.keys) for command in batch.commands]
        hub.db.add(connection, parked, rows)
    return len(batch.commands)


def _row(hub: Hub, sender: Sender, command: WireCommand, keys: list[WireKey]) -> dict[str, Any]:
    subject = _subject(command)
    return {
        "id": command.id,
        "device": sender.id,
        "store": sender.store,
        "kind": command.kind,
        "command": encode(command),
        "code": REVOKED,
        "at": hub.now().isoformat(),
        "keys": encode([key for key in keys if key.subject == subject]),
    }


def _subject(command: WireCommand) -> str:
    """Whose key opens what is sealed in a command."""
    try:
        typed = decode_command(command.kind, command.body)
    except (UnknownKind, Malformed):
        return ""
    match typed:
        case PlaceOrder():
            return order_id(typed.platform, typed.order_no)
        case CorrectOrder():
            return typed.order_id
        case RegisterGuide():
            return home_subject(typed.guide.id)
        case _:
            return ""
