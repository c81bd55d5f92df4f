"""What counters read: pages of changes, and snapshots of a whole feed."""

import hashlib
from collections import defaultdict
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import sqlalchemy as sa

from hub.core import Hub
from hub.problems import HubProblem
from hub.tables import floor, head, order_key, state
from storeapp.adapters.transport_keys import Channel, box_purpose, key_purpose
from storeapp.domain.feeds import feeds_of
from sync.protocol import gzipping
from sync.protocol.messages import MAX_PAGE_ROWS, ChangesPage, SnapshotEnd, SnapshotHead, WireKey, WireRow, encode

SNAPSHOT_CHUNK = 1000


class Reader(NamedTuple):
    """The counter that reads; ``boxed`` where it takes the keys of many rows in one box."""

    store: str
    transport_key: bytes
    boxed: bool = False


def floors(connection: sa.Connection, feeds: Iterable[str]) -> dict[str, int]:
    """Below which number each feed no longer says what has left it, where there is one."""
    return {feed: int(seq) for feed, seq in connection.execute(sa.select(floor).where(floor.c.feed.in_(list(feeds))))}


def heads(connection: sa.Connection, feeds: Iterable[str]) -> dict[str, int]:
    """The newest number of each feed."""
    names = list(feeds)
    query = sa.select(head.c.feed, head.c.seq).where(head.c.feed.in_(names))
    found = {feed: seq for feed, seq in connection.execute(query)}  # noqa: C416 -- a row is not a pair for the type checker
    return {name: int(found.get(name, 0)) for name in names}


def changes(hub: Hub, reader: Reader, *, feed: str, epoch: str, after: int, limit: int, since: int = 0) -> ChangesPage:
    """The next changes after a number; without rows, there are none.

    ``since`` is where the feed stood when the counter began with nothing, as long as it has not come so far.

    Raises:
        HubProblem: ``other_feed``; ``epoch_over`` or ``compacted`` where only reading from the start helps.
    """
    _check_feed(reader, feed)
    with hub.db.reading() as connection:
        last = _checked_head(hub, connection, feed, epoch=epoch, after=after, since=since)
        # Most polls find nothing new, and this is all they ask of the database.
        rows = _rows(connection, feed, after=after, upto=last, limit=min(limit, MAX_PAGE_ROWS)) if after < last else []
        upto = rows[-1].seq if len(rows) == min(limit, MAX_PAGE_ROWS) else last
        wire = _wired(hub, connection, reader, rows)
    return ChangesPage(hub.identity.epoch, after, upto, last, wire)


_HEAD_AND_FLOOR = (
    sa.select(head.c.seq, sa.func.coalesce(floor.c.seq, 0))
    .select_from(sa.outerjoin(head, floor, floor.c.feed == head.c.feed))
    .where(head.c.feed == sa.bindparam("name"))
)
"""Made once, because each poll asks it, and to make a statement takes longer than to run it."""


def _checked_head(hub: Hub, connection: sa.Connection, feed: str, *, epoch: str, after: int, since: int) -> int:
    """The newest number, for whoever can go on from where it is."""
    last, lowest = connection.execute(_HEAD_AND_FLOOR, {"name": feed}).first() or (0, 0)
    if epoch != hub.identity.epoch or after > last:
        raise HubProblem("epoch_over", epoch=hub.identity.epoch)
    # What has left the feed up to its floor is not told any more, but to who has never seen it that is no loss.
    if 0 < after < lowest and since < lowest:
        raise HubProblem("compacted", floor=lowest)
    return int(last)


def _check_feed(reader: Reader, feed: str) -> None:
    if feed not in feeds_of(reader.store):
        raise HubProblem("other_feed")


def _rows(connection: sa.Connection, feed: str, *, after: int, upto: int, limit: int) -> Sequence[Any]:
    columns = (state.c.seq, state.c.kind, state.c.id, state.c.version, state.c.body, state.c.subject)
    query = (
        sa.select(*columns)
        .where(state.c.feed == feed, state.c.seq > after, state.c.seq <= upto)
        .order_by(state.c.seq)
        .limit(limit)
    )
    return connection.execute(query).all()


def _wired(hub: Hub, connection: sa.Connection, reader: Reader, rows: Sequence[Any]) -> list[WireRow]:
    subjects = {row[_SUBJECT] for row in rows if row[_SUBJECT]}
    if not subjects:
        return [_row(row) for row in rows]
    keys = _keys(hub, connection, subjects)
    channel = hub.identity.transport.channel(reader.transport_key)
    return _with_box(channel, rows, keys) if reader.boxed else _with_keys(channel, rows, keys)


_SUBJECT = 5
_Keys = dict[str, list[tuple[bytes, bytes]]]
"""Check and key of each subject."""


def _with_keys(channel: Channel, rows: Sequence[Any], keys: _Keys) -> list[WireRow]:
    wrapped = {subject: [_wrapped(channel, subject, *key) for key in own] for subject, own in keys.items()}
    return [_row(row, keys=wrapped.get(row[_SUBJECT])) for row in rows]


def _wrapped(channel: Channel, subject: str, key_id: bytes, key: bytes) -> WireKey:
    return WireKey(subject, key_id, channel.wrap(key, key_purpose(subject, key_id)))


def _with_box(channel: Channel, rows: Sequence[Any], keys: _Keys) -> list[WireRow]:
    """The keys of all rows in one box, with the last row that opens any: a wrap for each takes twice the room."""
    wired: list[WireRow] = []
    subjects: list[str] = []
    secrets: list[bytes] = []
    last = -1
    for row in rows:
        subject = row[_SUBJECT]
        own = keys.get(subject) if subject else None
        if own is None:
            wired.append(_row(row))
            continue
        last = len(wired)
        wired.append(_row(row, opens=("" if subject == row[2] else subject,) * len(own)))
        for _, key in own:
            subjects.append(subject)
            secrets.append(key)
    if secrets:
        box = channel.wrap(b"".join(secrets), box_purpose(subjects))
        wired[last] = msgspec.structs.replace(wired[last], box=box)
    return wired


def _row(row: Any, *, keys: list[WireKey] | None = None, opens: tuple[str, ...] = ()) -> WireRow:
    seq, kind, key_id, version, body, _ = row
    told = msgspec.Raw(body) if body else msgspec.UNSET
    return WireRow(seq, kind, key_id, version, told, keys or [], opens)


def _keys(hub: Hub, connection: sa.Connection, subjects: set[str]) -> _Keys:
    found: _Keys = defaultdict(list)
    query = sa.select(order_key).where(hub.db.among(order_key.c.subject, subjects))
    unwrap = hub.root.unwrap
    # All at once: to fetch them one by one takes as long as to unwrap them.
    for subject, key_id, wrapped in connection.execute(query).all():
        found[subject].append((key_id, unwrap(wrapped, key_purpose(subject, key_id))))
    return found


def snapshot(
    hub: Hub, reader: Reader, *, feed: str, epoch: str = "", after: int = 0, since: int = 0
) -> Generator[bytes, None, None]:
    """What is behind a number, as of now, as gzipped NDJSON in pieces: head, rows by number, end with the checksum.

    Who is cut off asks again after the last number that arrived: whatever has changed since has a higher one.
    ``since`` is where the feed stood when it began.

    Raises:
        HubProblem: ``other_feed``; ``epoch_over`` or ``compacted`` where only reading from the start helps.
    """
    _check_feed(reader, feed)
    with hub.db.reading() as connection:
        _checked_head(hub, connection, feed, epoch=epoch or hub.identity.epoch, after=after, since=since)
    return _zipped(_snapshot_lines(hub, reader, feed, after))


def _snapshot_lines(hub: Hub, reader: Reader, feed: str, after: int) -> Iterator[bytes]:
    digest = hashlib.sha256()
    with hub.db.reading() as connection:
        last = heads(connection, [feed])[feed]
        wanted = (state.c.feed == feed, state.c.seq > after, state.c.seq <= last)
        count = connection.scalar(sa.select(sa.func.count()).select_from(state).where(*wanted))
        yield encode(SnapshotHead(hub.identity.epoch, feed, last, int(count or 0))) + b"\n"
        while rows := _rows(connection, feed, after=after, upto=last, limit=SNAPSHOT_CHUNK):
            after = rows[-1].seq
            lines = b"".join(encode(row) + b"\n" for row in _wired(hub, connection, reader, rows))
            digest.update(lines)
            yield lines
    yield encode(SnapshotEnd(digest.hexdigest())) + b"\n"


def _zipped(lines: Iterable[bytes]) -> Generator[bytes, None, None]:
    zipper = gzipping.zipper()
    for piece in lines:
        if ready := zipper.compress(piece):
            yield ready
    yield zipper.flush()
