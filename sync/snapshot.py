"""Reads a snapshot while it arrives, in pages that can be kept one by one."""

import hashlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from sync.protocol.messages import SnapshotEnd, SnapshotHead, WireRow

PAGE_ROWS = 1000
MOST_ROWS = 20 * PAGE_ROWS
"""The hub closes a box every thousand rows: who waits for one longer waits in vain."""
MOST_HELD_BYTES = 64_000_000
_head = msgspec.json.Decoder(SnapshotHead)
_rows = msgspec.json.Decoder(WireRow)
_end = msgspec.json.Decoder(SnapshotEnd)


def _unheard() -> None:
    """For whoever only wants the pages."""


class SnapshotBroken(Exception):
    """What arrived is no snapshot, or not what was sent."""


class SnapshotCut(Exception):
    """It ended too early; what arrived so far is good."""


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Some rows, by number; with them everything up to ``upto`` is there. ``done`` counts all rows so far."""

    rows: list[WireRow]
    upto: int
    done: int


class Snapshot:
    """One snapshot under way; ``received_bytes`` counts what has come over the line so far."""

    def __init__(self, pieces: Iterator[bytes], received_bytes: Callable[[], int]) -> None:
        self._pieces = pieces
        self._received = received_bytes
        self._heard: Callable[[], None] = _unheard
        self._rest = b""
        self._upto = 0
        self.head = self._read_head()

    @property
    def received_bytes(self) -> int:
        """How much has come over the line, compressed as it was."""
        return self._received()

    def pages(self, heard: Callable[[], None] = _unheard) -> Generator[SnapshotPage, None, None]:
        """The rows as they arrive; who stops early can go on with another snapshot after the last page's number.

        ``heard`` is called for every piece that comes over the line, of which a page may need many.

        Raises:
            SnapshotBroken: the checksum doesn't fit what arrived.
            SnapshotCut: it ended before its end.
        """
        self._heard = heard
        digest, done = hashlib.sha256(), 0
        while done < self.head.count:
            lines = self._lines(min(PAGE_ROWS, self.head.count - done))
            digest.update(lines)
            rows = _decoded(lines)
            while _waits_for_box(rows) and len(rows) < MOST_ROWS and done + len(rows) < self.head.count:
                line = self._lines(1)
                digest.update(line)
                rows += _decoded(line)
            if rows[0].seq <= self._upto or any(one.seq >= next_.seq for one, next_ in pairwise(rows)):
                raise SnapshotBroken  # A cursor that went back would bring the same rows for ever.
            done, self._upto = done + len(rows), rows[-1].seq
            yield SnapshotPage(rows, rows[-1].seq, done)
        self._check_end(digest.hexdigest())

    def _check_end(self, sha256: str) -> None:
        try:
            sound = _end.decode(self._lines(1)).sha256 == sha256
        except msgspec.MsgspecError as error:
            raise SnapshotBroken from error
        if not sound or self._rest or next(self._pieces, b""):
            raise SnapshotBroken

    def _read_head(self) -> SnapshotHead:
        try:
            return _head.decode(self._lines(1))
        except msgspec.MsgspecError as error:
            raise SnapshotBroken from error

    def _lines(self, count: int) -> bytes:
        """So many whole lines."""
        held, size, missing = [], 0, count - self._rest.count(b"\n")
        if missing <= 0:
            return self._cut(self._rest, count)
        held.append(self._rest)
        while missing > 0:
            piece = next(self._pieces, None)
            if piece is None:
                raise SnapshotCut
            self._heard()
            held.append(piece)
            size += len(piece)
            if size > MOST_HELD_BYTES:
                raise SnapshotBroken
            missing -= piece.count(b"\n")
        return self._cut(b"".join(held), count)

    def _cut(self, text: bytes, count: int) -> bytes:
        end = 0
        for _ in range(count):
            end = text.index(b"\n", end) + 1
        self._rest = text[end:]
        return text[:end]


def _waits_for_box(rows: list[WireRow]) -> bool:
    """Whether keys of these rows are in the box of a later one, so that they can't be kept without it."""
    for row in reversed(rows):
        if row.box:
            return False
        if row.opens:
            return True
    return False


def _decoded(lines: bytes) -> list[WireRow]:
    try:
        return _rows.decode_lines(lines)
    except msgspec.MsgspecError as error:
        raise SnapshotBroken from error
