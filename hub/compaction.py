"""Drops what nobody needs any more: what has left a feed long ago, settled matters, and old results.

A feed's *floor* is where it stood a month ago. Up to it the feed no longer says what has left it, so a counter that
has read less reads everything again. Results are kept for 180 days; the newest ones of each counter, about which it may
ask again however long it was off, for ever.
"""

import logging
import threading
from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.core import Hub
from hub.database import DatabaseBusy
from hub.states import left, write
from hub.tables import command_result, enrol_code, feed_mark, floor, head, incarnation, parked, region_job, state
from storeapp.codec import decode_state
from storeapp.domain.held import HeldCommand
from sync.protocol.messages import MAX_BATCH_COMMANDS

KEEP = timedelta(days=30)
RESULTS_KEPT = timedelta(days=180)
MAY_ASK_AGAIN = 3 * MAX_BATCH_COMMANDS
"""Of the commands of one numbering: a cut leaves three batches open, see `sync.cycle`."""
EVERY = timedelta(days=1)
LOOK_S = 3600.0
"""How often a serving process looks whether it is time."""
COMPACTED = "compacted_at"
_log = logging.getLogger(__name__)


def compact(hub: Hub, *, keep: timedelta = KEEP) -> dict[str, int]:
    """Drop what is older than ``keep``; feed by feed, so that nobody waits long.

    Returns:
        How many rows of feeds, settled matters and results went.

    Raises:
        DatabaseBusy: it ended early; the next time goes on.
    """
    now = hub.now()
    with hub.db.reading() as connection:
        feeds = list(connection.scalars(sa.select(head.c.feed).order_by(head.c.feed)))
    gone = retired = 0
    for feed in feeds:
        gone_here, retired_here = _compact_feed(hub, feed, now=now, keep=keep)
        gone, retired = gone + gone_here, retired + retired_here
    with hub.db.writing() as connection:
        results = _drop_results(connection, (now - RESULTS_KEPT).isoformat())
        connection.execute(sa.delete(enrol_code).where(enrol_code.c.expires_at < (now - KEEP).isoformat()))
        over = sa.and_(region_job.c.ended_at.is_not(None), region_job.c.ended_at < (now - KEEP).isoformat())
        connection.execute(sa.delete(region_job).where(over))
        hub.db.remember(connection, COMPACTED, now.isoformat().encode())
    return {"rows": gone, "matters": retired, "results": results}


def _compact_feed(hub: Hub, feed: str, *, now: datetime, keep: timedelta) -> tuple[int, int]:
    with hub.db.writing() as connection:
        heads = hub.db.lock_heads(connection, [feed])
        hub.db.put(connection, feed_mark, [{"feed": feed, "at": now.isoformat(), "seq": heads[feed]}])
        lowest = _new_floor(connection, feed, before=now - keep)
        if not lowest:
            return 0, 0
        left = sa.and_(state.c.feed == feed, state.c.seq <= lowest, sa.func.length(state.c.body) == 0)
        gone = connection.execute(sa.delete(state).where(left)).rowcount
        retired = _retire(hub, connection, feed, lowest, heads)
        hub.db.put(connection, floor, [{"feed": feed, "seq": lowest}])
    if retired:
        hub.bell.ring([feed])
    return gone, retired


def _new_floor(connection: sa.Connection, feed: str, *, before: datetime) -> int:
    """Where the feed stood at that moment, never below an earlier floor; older notes are no longer needed."""
    old = (feed_mark.c.feed == feed, feed_mark.c.at <= before.isoformat())
    newest = connection.scalar(sa.select(sa.func.max(feed_mark.c.at)).where(*old))
    if newest is None:
        return 0
    connection.execute(sa.delete(feed_mark).where(*old, feed_mark.c.at < newest))
    known = connection.scalar(sa.select(floor.c.seq).where(floor.c.feed == feed))
    return max(int(connection.scalar(sa.select(feed_mark.c.seq).where(*old)) or 0), int(known or 0))


def _retire(hub: Hub, connection: sa.Connection, feed: str, lowest: int, heads: dict[str, int]) -> int:
    """Settled matters leave the feed, like anything else that leaves it; one that still waits never does."""
    mine = (state.c.feed == feed, state.c.kind == HeldCommand.KIND, state.c.seq <= lowest)
    rows = connection.execute(sa.select(state.c.id, state.c.version, state.c.body).where(*mine))
    settled = [
        left(HeldCommand.KIND, key, feed, version + 1) for key, version, body in rows if body and not _is_open(body)
    ]
    if settled:
        write(hub.db, connection, settled, heads)
    return len(settled)


def _is_open(body: bytes) -> bool:
    held = decode_state(HeldCommand.KIND, body)
    return isinstance(held, HeldCommand) and held.open


def _drop_results(connection: sa.Connection, before: str) -> int:
    """What still waits for a person keeps its result, and so does what its counter may not know the answer of."""
    result = command_result.c
    waits = sa.exists().where(parked.c.id == result.id)
    mine = (incarnation.c.device == result.device, incarnation.c.incarnation == result.incarnation)
    newest = sa.select(incarnation.c.last_seq).where(*mine).scalar_subquery()
    over = (result.received_at < before, result.seq <= newest - MAY_ASK_AGAIN)
    return connection.execute(sa.delete(command_result).where(*over, ~waits)).rowcount


def compact_when_due(hub: Hub) -> bool:
    """Compact where nobody has for a day; of several processes one does."""
    with hub.db.alone() as connection:
        last = hub.db.fact(connection, COMPACTED)
        if last is not None and hub.now() - datetime.fromisoformat(last.decode()) < EVERY:
            return False
        hub.db.remember(connection, COMPACTED, hub.now().isoformat().encode())
    compact(hub)
    return True


class Housekeeper:
    """Compacts once a day as long as a process serves."""

    def __init__(self, hub: Hub, *, look_s: float = LOOK_S) -> None:
        self._hub = hub
        self._look_s = look_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin; the first look is at once."""
        self._thread.start()

    def stop(self) -> None:
        """End it; returns when its thread has ended."""
        self._ending.set()
        self._thread.join()

    def _work(self) -> None:
        while True:
            try:
                compact_when_due(self._hub)
            except DatabaseBusy as error:
                _log.warning("could not compact: %s", type(error.__cause__).__name__)
            except Exception as error:
                # Nobody would miss a thread that has ended, until the disk is full.
                _log.error("could not compact: %s", type(error).__name__)
            if self._ending.wait(self._look_s):
                return
