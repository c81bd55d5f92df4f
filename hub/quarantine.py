"""Keeps what a counter offers that was turned away, for a person to look at: it may be an honest day's work."""

from typing import Any

import sqlalchemy as sa

from hub.core import Hub
from hub.holding import Sender, held, typed_of, whose_key
from hub.sent_keys import Sent, one_by_one
from hub.states import States, write
from hub.tables import command_result, parked
from storeapp.domain.feeds import store_feed
from storeapp.domain.held import Cause, CommandHeld, HeldCommand, HeldFollowed
from storeapp.domain.kernel import Key, State
from storeapp.domain.workspace import Workspace
from sync.protocol.messages import CommandBatch, WireCommand, encode, refusal

REVOKED = "revoked"


def keep(hub: Hub, sender: Sender, batch: CommandBatch) -> int:
    """Keep the commands with their keys as they came, and put them before a person; the same again changes nothing.

    Returns:
        How many commands were offered.
    """
    feed = store_feed(sender.store)
    with hub.db.writing() as connection:
        locked = hub.db.lock_heads(connection, [feed])
        known = _known(hub, connection, [command.id for command in batch.commands])
        fresh = [command for command in batch.commands if command.id not in known]
        if fresh:
            states = States(hub.db, connection, store=sender.store)
            states.prefetch(Key(HeldCommand.KIND, command.id) for command in fresh)
            write(hub.db, connection, states.changes(_held(sender, fresh, states)), locked)
            hub.db.add(connection, parked, [_row(hub, sender, command, batch.keys) for command in fresh])
    if fresh:
        hub.bell.ring([feed])
    return len(batch.commands)


def _known(hub: Hub, connection: sa.Connection, ids: list[str]) -> set[str]:
    """Those that wait already, and those that have an answer: a person's, or one that the counter never got."""
    queries = (sa.select(column).where(hub.db.among(column, ids)) for column in (parked.c.id, command_result.c.id))
    return {each for query in queries for each in connection.scalars(query)}


def _held(sender: Sender, commands: list[WireCommand], states: States) -> dict[Key, State]:
    """Each is a matter of its own, or follows the first one of the batch that it needs."""
    work = Workspace(states)
    for command in commands:
        needed = (work.get(HeldCommand, need) for need in command.needs)
        root = next((each.root or each.id for each in needed if each is not None and each.open), "")
        problem = refusal(REVOKED)
        one = held(command, sender, cause=Cause.QUARANTINED, problem=problem, root=root)
        work.replay([CommandHeld(one.id, one)])
        if root:
            work.replay([HeldFollowed(root, one.id)])
    return work.dirty


def _row(hub: Hub, sender: Sender, command: WireCommand, keys: Sent) -> dict[str, Any]:
    subject = whose_key(typed_of(command))
    return {
        "id": command.id,
        "device": sender.id,
        "store": sender.store,
        "kind": command.kind,
        "command": encode(command),
        "code": REVOKED,
        "at": hub.now().isoformat(),
        "keys": encode(one_by_one(hub, sender, keys, subject)),
    }
