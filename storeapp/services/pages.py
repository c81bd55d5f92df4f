"""Reads pages of a feed as far as that goes without a database, so that a thread of its own can do it."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from storeapp.adapters.transport_keys import Channel, TransportError, box_purpose, key_purpose, unboxed
from storeapp.domain.kernel import Key, Pair
from storeapp.domain.order import Order
from storeapp.domain.sealed import key_check
from storeapp.services.privacy import Opener
from storeapp.store.cache import Row
from storeapp.store.keywrap import KeptKey
from storeapp.store.rebase import Prepared, prepared

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TransportedKey:
    """An order key, wrapped for the other side."""

    subject: str
    key_id: bytes
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class KeyBox:
    """The keys of these subjects, one after the other, wrapped together."""

    subjects: tuple[str, ...]
    wrapped: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingPage:
    """Rows of one feed, each by its key, and how far it is read with them; who reads it goes on with its rows."""

    feed: str
    epoch: str
    upto: int
    rows: dict[Pair, Row]
    keys: Sequence[TransportedKey] = ()
    boxes: Sequence[KeyBox] = ()


@dataclass(slots=True)
class ReadPage:
    """What pages of one feed mean that follow each other."""

    feed: str
    epoch: str
    upto: int
    rows: dict[Pair, Row]
    ready: Prepared
    keys: list[KeptKey]
    """The keys that came with the rows."""
    closed: list[Order]
    """Open orders whose keys did not, although they are sealed."""
    opener: Opener | None = None
    """Who made the keys ready to be kept."""

    def add(self, later: "ReadPage") -> None:
        """Go on with the page that follows."""
        if self.rows.keys().isdisjoint(later.rows):
            self.ready.add(later.ready)
            self.rows |= later.rows
        else:
            # Of a row that has changed between two pages the newer one counts, and so does what is known of its people.
            hashes = {id_: found for id_, found in self.ready.hashes.items() if Key(Order.KIND, id_) not in later.rows}
            self.closed = [order for order in self.closed if Key(Order.KIND, order.id) not in later.rows]
            self.rows |= later.rows
            self.ready = prepared(self.rows)
            self.ready.hashes = hashes | later.ready.hashes
        self.epoch, self.upto = later.epoch, later.upto
        self.keys += later.keys
        self.closed += later.closed


class PageReader:
    """Reads pages one after the other; make it where the keys are, use it from any one thread.

    Args:
        channel: opens the keys that come with pages, None where personal data can't be kept.
        opener: opens records, and makes ready to keep the keys.
    """

    def __init__(self, channel: Callable[[], Channel], opener: Opener | None) -> None:
        self._opener = opener
        self._channel = channel() if opener else None

    def read(self, page: IncomingPage) -> ReadPage:
        """What a page means.

        Raises:
            Malformed: a row is not what its kind says.
        """
        read = ReadPage(page.feed, page.epoch, page.upto, page.rows, prepared(page.rows), [], [], self._opener)
        if self._opener and self._channel:
            self._open(page, read, self._opener, self._channel)
        return read

    @staticmethod
    def _open(page: IncomingPage, read: ReadPage, opener: Opener, channel: Channel) -> None:
        opened = [(subject, key_check(key), key) for subject, key in _opened(page, channel)]
        read.keys = opener.kept(opened)
        keys = {(subject, check): key for subject, check, key in opened}
        for order in read.ready.lines.people:
            hashes = opener.hashes(order, keys)
            if hashes is None:
                read.closed.append(order)
            elif hashes:
                read.ready.hashes[order.id] = hashes


def _opened(page: IncomingPage, channel: Channel) -> Iterator[tuple[str, bytes]]:
    """Subjects with their keys; the rows still count where a key can't be read, without their person."""
    for key in page.keys:
        with _only_logged():
            yield key.subject, channel.unwrap(key.wrapped, key_purpose(key.subject, key.key_id))
    for box in page.boxes:
        with _only_logged():
            yield from unboxed(channel.unwrap(box.wrapped, box_purpose(box.subjects)), box.subjects)


@contextmanager
def _only_logged() -> Iterator[None]:
    try:
        yield
    except TransportError as error:
        _log.warning("a key of the hub could not be read: %s", error.code)
