"""Notices counters that number their commands anew, because their disk was copied or set back, and asks a person."""

import sqlalchemy as sa

from hub.core import Hub
from hub.holding import Sender
from hub.states import States, write
from hub.tables import incarnation
from storeapp.domain.exception import ExceptionCase, ExceptionKind, ExceptionOpened
from storeapp.domain.feeds import store_feed
from storeapp.domain.workspace import Workspace

CODE = "counter_copied"
HUB_ACTOR = "hub"


def report(hub: Hub, connection: sa.Connection, sender: Sender, fresh: str) -> bool:
    """Open a question about a counter whose incarnation is new while the hub knows another one.

    Returns:
        Whether there is one to open; a counter that says hello for the first time is nothing to ask about.
    """
    before = connection.scalar(sa.select(sa.func.count()).where(incarnation.c.device == sender.id))
    locked = hub.db.lock_heads(connection, [store_feed(sender.store)])
    hub.db.add(connection, incarnation, [{"device": sender.id, "incarnation": fresh, "last_seq": 0}])
    if not before:
        return False
    states = States(hub.db, connection, store=sender.store)
    work = Workspace(states)
    work.replay([_opened(hub, sender, fresh)])
    write(hub.db, connection, states.changes(work.dirty), locked)
    return True


def _opened(hub: Hub, sender: Sender, fresh: str) -> ExceptionOpened:
    case = ExceptionCase(
        id=f"{sender.id}/{fresh}",
        kind=ExceptionKind.OTHER,
        code=CODE,
        store=sender.store,
        subject=sender.id,
        opened_at=hub.now(),
        opened_by=HUB_ACTOR,
        data={"device": sender.id},
    )
    return ExceptionOpened(case.id, case)
