"""A reader of one feed that began with a snapshot and goes on with changes."""

import zlib
from dataclasses import dataclass, replace

import msgspec

from hub import feeds
from hub.core import Hub
from hub.feeds import Reader
from storeapp.domain.kernel import Key
from sync.protocol.messages import WireRow
from sync.snapshot import Snapshot

PAGE = 3


@dataclass(frozen=True, slots=True)
class Mirror:
    """What a feed held at a number; ``rows`` are those that have a body."""

    store: str
    feed: str
    epoch: str
    seq: int
    rows: dict[Key, tuple[int, bytes]]

    @property
    def reader(self) -> Reader:
        return Reader(self.store, b"")

    def followed(self, hub: Hub) -> "Mirror":
        """The same with all changes since, read in small pages."""
        now = replace(self, rows=dict(self.rows))
        while True:
            page = feeds.changes(hub, self.reader, feed=self.feed, epoch=self.epoch, after=now.seq, limit=PAGE)
            now = replace(_with(now, page.rows), seq=page.upto)
            if page.upto == page.last:
                return now


def taken(hub: Hub, *, store: str, feed: str) -> Mirror:
    """A feed as it is now, by its snapshot."""
    empty = Mirror(store, feed, hub.identity.epoch, 0, {})
    zipped = b"".join(feeds.snapshot(hub, empty.reader, feed=feed))
    snapshot = Snapshot(iter([zlib.decompress(zipped, wbits=31)]), lambda: len(zipped))
    rows = [row for page in snapshot.pages() for row in page.rows]
    return replace(_with(empty, rows), seq=snapshot.head.seq)


def _with(mirror: Mirror, rows: list[WireRow]) -> Mirror:
    for row in rows:
        key = Key(row.kind, row.id)
        if isinstance(row.body, msgspec.Raw):
            mirror.rows[key] = (row.version, bytes(row.body))
        else:
            mirror.rows.pop(key, None)
    return mirror
