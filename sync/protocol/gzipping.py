"""Gzip on the wire: what it says is RFC 1952's, what makes it is ISA-L, at a fifth of zlib's time."""

from isal import igzip, isal_zlib

LEVEL = 1
"""Of 0 to 3. What is sent is half ids and ciphertext, which the slower ones make no smaller."""
Broken: type[Exception] = isal_zlib.IsalError  # type: ignore[assignment]  # the stub takes it for an instance
"""What was sent is no gzip, or was changed on its way."""
Zipper = isal_zlib.Compress
Unzipper = isal_zlib.Decompress


def gzipped(content: bytes) -> bytes:
    """All of a content; the same content gives the same bytes."""
    return igzip.compress(content, LEVEL, mtime=0)


def zipper() -> Zipper:
    """For a content that comes in pieces."""
    return isal_zlib.compressobj(LEVEL, wbits=31)


def unzipper() -> Unzipper:
    """For a content that comes in pieces; it raises `Broken`."""
    return isal_zlib.decompressobj(wbits=31)
