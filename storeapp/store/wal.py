"""Tells a write-ahead log that a power cut has torn from one that is damaged, and takes from that what is intact.

SQLite plays a log back as far as its checksums hold and forgets the rest without a word. For what the last commit was
about to write that is right: nobody was told that it is saved. But where a frame breaks that others follow, commands
are behind it that people were told are saved. The format: https://www.sqlite.org/fileformat2.html#walformat
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

HEADER = struct.Struct(">8I")
FRAME = struct.Struct(">6I")
MAGIC = 0x377F0682
"""The lowest bit says in which order the bytes of a word stand where checksums are made."""
DEFAULT_PAGE_SIZE = 4096
_PAGE_SIZES = frozenset(1 << n for n in range(9, 16))
_PAGE_SIZE_AT = slice(16, 18)
_MASK = 0xFFFFFFFF
Sums = tuple[int, int]


class Verdict(StrEnum):
    """What became of a log."""

    SOUND = "sound"
    TORN = "torn"
    """What the last commit was about to write is not whole."""
    DAMAGED = "damaged"
    """Something is broken that was on the disk before something else was written."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One page as a transaction left it.

    Attributes:
        page: its number, from 1.
        commits: the size of the database in pages where a transaction ends, else 0.
        content: the page.
        follows: whether SQLite would take it after the frames before it.
        intact: whether its checksum holds, however broken those are.
    """

    page: int
    commits: int
    content: bytes
    follows: bool
    intact: bool


@dataclass(frozen=True, slots=True)
class Log:
    """The frames of a log that belong to it, in order."""

    page_size: int
    header_holds: bool
    frames: tuple[Frame, ...]

    @property
    def verdict(self) -> Verdict:
        """What became of it."""
        broken = next((n for n, frame in enumerate(self.frames) if not frame.follows), len(self.frames))
        behind = self.frames[broken:] if self.header_holds else self.frames
        commit = next((n for n, frame in enumerate(behind) if frame.commits), None)
        if not behind:
            return Verdict.SOUND
        if commit is None:
            return Verdict.TORN
        # A commit is on the disk before anything is written behind it, and the header before any frame.
        return Verdict.TORN if self.header_holds and commit == len(behind) - 1 else Verdict.DAMAGED


def examine(database: Path) -> Verdict:
    """What became of the log of a database; one that others are writing meanwhile is sound."""
    log = log_of(database)
    if not (database.exists() and log.exists() and log.stat().st_size):
        return Verdict.SOUND
    content = log.read_bytes()
    verdict = read(content, page_size=_page_size(database)).verdict
    # Somebody may have begun it anew while it was read; damage stays as it is.
    return verdict if verdict is Verdict.SOUND or log.read_bytes() == content else Verdict.SOUND


def log_of(database: Path) -> Path:
    """The file of a database's log."""
    return database.with_name(f"{database.name}-wal")


def _page_size(database: Path) -> int:
    with database.open("rb") as file:
        told = int.from_bytes(file.read(_PAGE_SIZE_AT.stop)[_PAGE_SIZE_AT], "big")
    return told if told in _PAGE_SIZES else DEFAULT_PAGE_SIZE


def read(content: bytes, *, page_size: int) -> Log:
    """The log in a file's content; the size of its pages is told by the database where its header is broken."""
    if len(content) < HEADER.size:
        return Log(page_size, True, ())
    magic, _, told_size, _, *salts, sum_1, sum_2 = HEADER.unpack_from(content)
    holds = magic in {MAGIC, MAGIC + 1} and _summed(content[:24], (0, 0), _order(magic)) == (sum_1, sum_2)
    order = _order(magic) if holds else _order(MAGIC)
    frames = _raw_frames(content, told_size if holds else page_size)
    if not holds:
        salts = list(frames[0].salts) if frames else salts
    last = max((n for n, frame in enumerate(frames) if frame.salts == tuple(salts)), default=-1)
    return Log(page_size, holds, tuple(_judged(frames[: last + 1], tuple(salts), (sum_1, sum_2), order)))


@dataclass(frozen=True, slots=True)
class _Raw:
    page: int
    commits: int
    salts: tuple[int, ...]
    sums: Sums
    summed: bytes
    content: bytes


def _raw_frames(content: bytes, page_size: int) -> list[_Raw]:
    size = FRAME.size + page_size
    found = []
    for start in range(HEADER.size, len(content) - size + 1, size):
        page, commits, salt_1, salt_2, sum_1, sum_2 = FRAME.unpack_from(content, start)
        body = content[start + FRAME.size : start + size]
        found.append(_Raw(page, commits, (salt_1, salt_2), (sum_1, sum_2), content[start : start + 8], body))
    return found


def _judged(frames: list[_Raw], salts: tuple[int, ...], sums: Sums, order: str) -> Iterator[Frame]:
    """A frame is judged by the checksum that the one before bears, or would bear if it were not broken."""
    before, unbroken = [sums], True
    for raw in frames:
        made = [_summed(raw.summed + raw.content, one, order) for one in before]
        intact = raw.sums in made
        unbroken = unbroken and intact and raw.salts == salts
        yield Frame(raw.page, raw.commits, raw.content, unbroken, intact)
        before = [raw.sums] if intact else [raw.sums, made[0]]


def _order(magic: int) -> str:
    return ">" if magic & 1 else "<"


@cache
def _words(size: int, order: str) -> struct.Struct:
    return struct.Struct(f"{order}{size // 4}I")


def _summed(content: bytes, sums: Sums, order: str) -> Sums:
    """SQLite's checksum, going on from another one."""
    first, second = sums
    words = iter(_words(len(content), order).unpack(content))
    for word in words:
        first = (first + word + second) & _MASK
        second = (second + next(words) + first) & _MASK
    return first, second


def play_back(database: Path) -> None:
    """Write into a database what is intact in its log as far as the last commit, and take the log away.

    Nobody may have it open.
    """
    log = read(log_of(database).read_bytes(), page_size=_page_size(database))
    last = max((n for n, frame in enumerate(log.frames) if frame.commits), default=-1)
    with database.open("rb+") as file:
        for frame in log.frames[: last + 1]:
            if frame.intact:
                file.seek((frame.page - 1) * log.page_size)
                file.write(frame.content)
    log_of(database).unlink()
