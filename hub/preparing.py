"""Reads a batch as far as that goes without a database, so that the feeds are locked for less.

Deciding writes into what was read, so it serves one attempt.
"""

from dataclasses import dataclass

from hub.admission import check_body, is_text, keepable
from hub.core import Hub
from hub.holding import Sender
from hub.moments import has_sound_moments
from hub.records import Decided
from hub.sent_keys import Sent, opened
from storeapp.adapters.transport_keys import key_purpose
from storeapp.codec import Malformed, UnknownKind, decode_command
from storeapp.domain.words import Role
from sync.protocol.messages import CommandBatch, fingerprint

KeyRow = tuple[str, bytes, bytes]
"""Subject, check and key as the hub keeps it."""

_ROLES = frozenset(role.value for role in Role)


@dataclass(slots=True)
class Prepared:
    """A batch that was looked over: what is refused or parked already says so."""

    items: list[Decided]
    keys: list[KeyRow]


def prepared(hub: Hub, sender: Sender, batch: CommandBatch) -> Prepared:
    """A batch, ready to be decided."""
    items = [Decided(command, sender, batch.incarnation, fingerprint(command)) for command in batch.commands]
    for item in items:
        admit(hub, item)
    return Prepared(items, key_rows(hub, sender, batch.keys))


def admit(hub: Hub, item: Decided) -> None:
    """Read a command, or say why it is not decided."""
    command = item.command
    if command.simulated and not hub.demo:
        item.refuse("simulated")
    elif command.store != item.sender.store:
        item.refuse("other_store", {"store": item.sender.store})
    else:
        _read(item)


def _read(item: Decided) -> None:
    command = item.command
    body = bytes(command.body)
    try:
        check_body(command.kind, body)
        item.typed = decode_command(command.kind, body)
        if command.role not in _ROLES or not is_text(command.actor) or not has_sound_moments(item.typed):
            raise Malformed(command.kind)
    except UnknownKind:
        item.park("unknown_kind", {"kind": keepable(command.kind)})
    except (Malformed, ValueError):
        item.park("malformed_command", {"kind": command.kind})


def key_rows(hub: Hub, sender: Sender, keys: Sent) -> list[KeyRow]:
    """The keys that came with commands, as they are kept."""
    sent = list(opened(hub, sender, keys))
    wrapped = hub.root.wrap_all([(key.secret, key_purpose(key.subject, key.key_id)) for key in sent])
    return [(key.subject, key.key_id, kept) for key, kept in zip(sent, wrapped, strict=True)]
