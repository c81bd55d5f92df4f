"""Turns counters away for good, even where the hub itself was set back to a time before."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from hub import allotting
from hub.certificates import change_device
from hub.core import Hub
from hub.problems import HubProblem
from hub.tables import device
from storeapp.adapters.signing import verify
from storeapp.domain.device import DeviceRevoked
from storeapp.domain.feeds import BRAND_FEED, store_feed
from storeapp.domain.revocation import MalformedList, RevocationList, parse, signed

NUMBER = "revocations"


def revoke(hub: Hub, device_id: str) -> None:
    """Turn a counter away from now on.

    Raises:
        HubProblem: ``unknown_device``.
    """
    with hub.db.writing() as connection:
        _lock(hub, connection, [device_id])
        if not _revoke(hub, connection, device_id, hub.now().replace(microsecond=0)):
            raise HubProblem("unknown_device")
        _set_number(hub, connection, number(hub, connection) + 1)
        rung = {BRAND_FEED, allotting.returned(hub, connection, device_id)} - {""}
    hub.bell.ring(rung)


def _lock(hub: Hub, connection: sa.Connection, device_ids: Iterable[str], *stores: str) -> None:
    """The heads before any row of a counter, as everywhere: two that wait for each other would both have to give up."""
    theirs = connection.scalars(sa.select(device.c.store).where(hub.db.among(device.c.id, device_ids)))
    hub.db.lock_heads(connection, {BRAND_FEED, *map(store_feed, (*stores, *theirs))})


def _revoke(hub: Hub, connection: sa.Connection, device_id: str, since: datetime) -> bool:
    update = sa.update(device).where(device.c.id == device_id, device.c.revoked_at.is_(None))
    if connection.execute(update.values(revoked_at=since.isoformat())).rowcount:
        change_device(hub, connection, DeviceRevoked(device_id, since))
        return True
    return connection.scalar(sa.select(device.c.id).where(device.c.id == device_id)) is not None


def number(hub: Hub, connection: sa.Connection) -> int:
    """The number of the list as it is."""
    return int(hub.db.fact(connection, NUMBER) or b"0")


def _set_number(hub: Hub, connection: sa.Connection, value: int) -> None:
    hub.db.remember(connection, NUMBER, str(value).encode())


def current(hub: Hub, connection: sa.Connection) -> str:
    """The signed list, empty while nobody was ever turned away."""
    newest = number(hub, connection)
    if not newest:
        return ""
    rows = connection.execute(sa.select(device.c.id, device.c.revoked_at).where(device.c.revoked_at.is_not(None)))
    since = {device_id: datetime.fromisoformat(moment) for device_id, moment in rows}
    unsigned = RevocationList(brand=hub.identity.brand, number=newest, since=since)
    return signed(unsigned, hub.identity.key.sign).text()


def heard(hub: Hub, connection: sa.Connection, text: str, *, store: str) -> bool:
    """Learn from a counter of a store what this hub has signed and then forgotten with its database.

    Returns:
        Whether there was something to learn.
    """
    if not text:
        return False
    try:
        theirs = parse(text)
    except MalformedList:
        return False
    genuine = theirs.holds(root_public_key=hub.identity.key.public, verify=verify)
    if not genuine or theirs.brand != hub.identity.brand or theirs.number <= number(hub, connection):
        return False
    _lock(hub, connection, theirs.since, store)
    if theirs.number <= number(hub, connection):
        return False  # Another counter has told it meanwhile.
    for device_id, since in theirs.since.items():
        _revoke(hub, connection, device_id, since)
        allotting.returned(hub, connection, device_id)
    # Two lists of one number must never differ: what was revoked here since the restore stands beside theirs.
    _set_number(hub, connection, theirs.number + 1)
    return True
