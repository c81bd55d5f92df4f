"""Tells a row of the journal that the disk has changed from one that was written so, and puts a single byte right.

SQLite's own check sees broken pages, not a flipped byte in a text. A command bears two checksums: one over what it
says, which never changes, and one over what has become of it.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

SUM_BYTES = 8
_BETWEEN = "\x1f"
Value = str | bytes | int | None
_ERRORS = "surrogateescape"
"""How a text that a flipped byte has made unreadable is held until it is mended."""


def checksum(values: Sequence[Value]) -> bytes:
    """Over values with the lengths of blobs; a unit separator keeps texts apart."""
    head = _BETWEEN.join([value if type(value) is str else _named(value) for value in values])
    blobs = [value for value in values if type(value) is bytes]
    return blob_sum(head, *blobs)


def _named(value: Value) -> str:
    """What stands for a value that is no text, so that it is told from one of another type."""
    return f"\0b{len(value)}" if isinstance(value, bytes) else f"\0{value}"


def blob_sum(text: str, *blobs: bytes) -> bytes:
    """Over a text and what follows it; the text tells where the blobs begin and end."""
    return hashlib.blake2b(b"".join((text.encode("utf-8", _ERRORS), *blobs)), digest_size=SUM_BYTES).digest()


def mended(
    values: Sequence[Value], told: bytes, summed: Callable[[Sequence[Any]], bytes] = checksum
) -> tuple[Value, ...] | None:
    """The values with one byte put right, so that they fit their checksum; None where that is not enough.

    A flipped bit is looked for first, then any other byte. Numbers are left as they are.
    """
    if summed(values) == told:
        return tuple(values)
    for place, value in enumerate(values):
        for other in _others(value):
            found = (*values[:place], other, *values[place + 1 :])
            if summed(found) == told:
                return found
    return None


def _others(value: Value) -> Iterator[Value]:
    if not isinstance(value, (str, bytes)):
        return
    raw = value if isinstance(value, bytes) else value.encode("utf-8", _ERRORS)
    bits = [1 << bit for bit in range(8)]
    for changes in (bits, [change for change in range(1, 256) if change not in bits]):
        for at in range(len(raw)):
            for change in changes:
                other = raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]
                if isinstance(value, bytes):
                    yield other
                elif (text := other.decode("utf-8", _ERRORS)).isprintable():
                    yield text
