"""Grants the counters of a store their shares of its stock, and takes them back; always under the head of its feed."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from hub.admission import is_id
from hub.core import Hub
from hub.database import Database
from hub.problems import HubProblem
from hub.states import States, write
from hub.tables import device, event_log
from storeapp.codec import encode_events
from storeapp.domain.allotment import (
    LEASE,
    SLACK,
    Allotment,
    AllotmentSet,
    Caller,
    closed,
    heard_from,
    regrants,
    weighed,
    without,
)
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.feeds import store_feed
from storeapp.domain.kernel import Context, Event, Key
from storeapp.domain.order import Order
from storeapp.domain.rules.allotting import overpromised_id, settle
from storeapp.domain.stock import StockItem
from storeapp.domain.token import EPOCH
from storeapp.domain.workspace import Workspace
from sync.protocol.messages import MAX_SEEN_SHELVES, Hello

HUB_ACTOR = "hub"
KIND = "hub.allotted"
LEASE_BYTES = 4
DEMO = timedelta(days=400)


def caller(hub: Hub, *, store: str, device_id: str, incarnation: str) -> Caller:
    """A counter that says hello, with the lease that it would get; a demo plays a day of the past."""
    since, until = (EPOCH, hub.now() + DEMO) if hub.demo else (hub.now() - SLACK, hub.now() + LEASE)
    return Caller(store, device_id, incarnation, secrets.token_hex(LEASE_BYTES), since, until)


def settle_batch(states: States, work: Workspace, *, now: datetime) -> list[Event]:
    """Bring what a batch has changed of the stock in order; nothing where no counter has ever held a share."""
    items = [key.id for key in work.dirty if key.kind == StockItem.KIND]
    stores = {item_id.partition("/")[0] for item_id in items}
    known = {store for store in stores if work.get(Allotment, store) is not None}
    return _settle(states, work, [item for item in items if item.partition("/")[0] in known], now=now)


def _settle(
    states: States, work: Workspace, items: Sequence[str], *, now: datetime, seen: Iterable[str] = (), by: str = ""
) -> list[Event]:
    _prefetch(states, work, items)
    known = frozenset(seen)
    done: list[Event] = []
    for item_id in items:
        store = item_id.partition("/")[0]
        context = Context(now, f"allot-{secrets.token_hex(8)}", store, HUB_ACTOR, HUB_ACTOR, incarnation=by)
        done += work.perform(partial(settle, ctx=context, item_id=item_id, seen=item_id in known))
    return done


def _prefetch(states: States, work: Workspace, items: Sequence[str]) -> None:
    states.prefetch(Key(StockItem.KIND, item_id) for item_id in items)
    shelves = [item for item_id in items if (item := work.get(StockItem, item_id)) is not None]
    wanted = {Key(ExceptionCase.KIND, overpromised_id(item.id)) for item in shelves}
    waiting = {Key(Order.KIND, each.order_id) for item in shelves for each in item.waiting}
    states.prefetch(wanted | waiting)


def log(hub: Hub, connection: sa.Connection, events: Sequence[Event], *, store: str, kind: str = KIND) -> None:
    """Keep in the log of events what was done, if anything."""
    if not events:
        return
    row = {
        "command_id": f"allot-{secrets.token_hex(8)}",
        "store": store,
        "device": HUB_ACTOR,
        "actor": HUB_ACTOR,
        "kind": kind,
        "at": hub.now().isoformat(),
        "events": encode_events(events),
        "body": None,
    }
    hub.db.insert(connection, event_log, [row])


def heard(hub: Hub, connection: sa.Connection, caller: Caller, message: Hello) -> bool:
    """A counter has said hello, and nothing of it is undecided: renew its lease, and take what it gives back.

    Returns:
        Whether something was written.
    """
    seen = (message.shares or [])[:MAX_SEEN_SHELVES]
    if not seen and _renewed(hub, connection, caller) is None:
        return False
    locked = hub.db.lock_heads(connection, [store_feed(caller.store)])
    states = States(hub.db, connection, store=caller.store)
    before = states.get(Allotment, caller.store)
    after = _renewed(hub, connection, caller) or before
    if after is None:
        return False
    known = [shelf.id for shelf in seen if shelf.id.partition("/")[0] == caller.store and is_id(shelf.id)]
    states.prefetch(Key(StockItem.KIND, item_id) for item_id in known)
    exact = {s.id for s in seen if states.version(Key(StockItem.KIND, s.id)) == s.version}
    items = [item_id for item_id in known if item_id in exact]
    return _write(hub, connection, states, locked, before, after, items=items, by=caller.incarnation)


def _renewed(hub: Hub, connection: sa.Connection, caller: Caller) -> Allotment | None:
    """The leases as they should be, None where they are so already."""
    before = States(hub.db, connection, store=caller.store).get(Allotment, caller.store)
    everybody = frozenset[str]()
    if before is not None and before.closed_until is not None:
        everybody = _everybody(connection, caller.store)
    after = heard_from(before, caller, now=hub.now(), everybody=everybody)
    return after if after != before else None


def _everybody(connection: sa.Connection, store: str) -> frozenset[str]:
    query = sa.select(device.c.id).where(device.c.store == store, device.c.revoked_at.is_(None))
    return frozenset(connection.scalars(query))


def _write(
    hub: Hub,
    connection: sa.Connection,
    states: States,
    locked: dict[str, int],
    before: Allotment | None,
    after: Allotment,
    *,
    items: Sequence[str] = (),
    by: str = "",
) -> bool:
    """Set the leases, settle what they concern, and number it."""
    work, now = Workspace(states), hub.now()
    events: list[Event] = [AllotmentSet(after.id, after)] if after != before else []
    work.replay(events)
    shelves = [key.id for key in states.every(StockItem.KIND)] if regrants(before, after) else list(items)
    events += _settle(states, work, shelves, now=now, seen=items, by=by)
    rows = states.changes(work.dirty)
    if rows:
        write(hub.db, connection, rows, locked)
        log(hub, connection, events, store=after.id)
    return bool(rows)


def returned(hub: Hub, connection: sa.Connection, device_id: str) -> str:
    """A counter was turned away, or begins anew with a code: its share is the store's again.

    Returns:
        The feed that has changed, if one has.
    """
    store = connection.scalar(sa.select(device.c.store).where(device.c.id == device_id))
    if store is None:
        return ""
    locked = hub.db.lock_heads(connection, [store_feed(store)])
    states = States(hub.db, connection, store=store)
    before = states.get(Allotment, store)
    if before is None:
        return ""
    after = without(before, device_id)
    return store_feed(store) if after != before and _write(hub, connection, states, locked, before, after) else ""


def weigh(hub: Hub, device_id: str, weight: int) -> str:
    """Give a counter so many parts of every shelf of its store, in proportion to what the others have.

    Returns:
        The store.

    Raises:
        HubProblem: ``unknown_device``.
    """
    with hub.db.writing() as connection:
        store = connection.scalar(sa.select(device.c.store).where(device.c.id == device_id))
        if store is None:
            raise HubProblem("unknown_device")
        locked = hub.db.lock_heads(connection, [store_feed(store)])
        states = States(hub.db, connection, store=store)
        before = states.get(Allotment, store) or Allotment(store)
        _write(hub, connection, states, locked, before, weighed(before, device_id, weight))
    hub.bell.ring([store_feed(store)])
    return str(store)


def close_all(db: Database, connection: sa.Connection, *, now: datetime) -> None:
    """After a restore: whatever was granted since the backup is unknown, so no store grants anything for a while."""
    stores = sorted(connection.scalars(sa.select(device.c.store).distinct()))
    for store in stores:
        locked = db.lock_heads(connection, [store_feed(store)])
        states = States(db, connection, store=store)
        work = Workspace(states)
        known = closed(states.get(Allotment, store), store, until=now + LEASE)
        work.replay([AllotmentSet(store, known)])
        write(db, connection, states.changes(work.dirty), locked)
