"""Finds pages that have changed on the disk while nobody had the file open; SQLite's own check misses flipped bytes.

Whoever closes a file last notes the checksums of its pages in a file beside it; who opens it next compares, and takes
the note away. What a power cut left behind has no such note, but a log whose checksums SQLite looks at.
"""

import contextlib
import zlib
from array import array
from pathlib import Path

from storeapp.store.errors import Corrupt

BLOCK_BYTES = 1 << 16
"""One checksum for sixteen pages: whichever of them is broken, all is made anew."""


def note_path(path: Path) -> Path:
    """Where the checksums of a file are noted."""
    return path.with_name(f"{path.name}.sums")


def note(path: Path) -> None:
    """Note a file that has just been closed; where others have it open, or the disk fails, nothing is noted.

    Nobody may open it meanwhile.
    """
    if path.with_name(f"{path.name}-wal").exists():
        return
    unfinished = path.with_name(f"{path.name}.sums-")
    with contextlib.suppress(OSError):
        unfinished.write_bytes(_sums(path))
        unfinished.replace(note_path(path))


def check(path: Path) -> None:
    """Compare a file with what was noted of it, if anything was, and take the note away.

    Raises:
        Corrupt: it has changed since it was closed.
        OSError: the disk failed.
    """
    try:
        told = note_path(path).read_bytes()
        note_path(path).unlink()
    except FileNotFoundError:
        return
    # A note that a power cut has torn says nothing.
    if path.exists() and told[-4:] == _seal(told[:-4]) and told != _sums(path):
        raise Corrupt(pages=True)


def _sums(path: Path) -> bytes:
    """The checksum of each block, and one over them all."""
    block, sums = bytearray(BLOCK_BYTES), array("L")
    seen = memoryview(block)
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            sums.append(zlib.crc32(seen[:count]))
    told = sums.tobytes()
    return told + _seal(told)


def _seal(told: bytes) -> bytes:
    return zlib.crc32(told).to_bytes(4, "big")
