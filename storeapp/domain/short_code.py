"""The short code beside a slip's QR code, for a torn print, a 1D scanner or a voice on the phone.

It names a slip but proves nothing: it counts only where this counter knows the slip.
"""

import hashlib
from collections.abc import Iterable

from storeapp.domain import crockford

LENGTH = 10
_PAYLOAD = LENGTH - 1
_MASK = (1 << 5 * _PAYLOAD) - 1


def short_code(slip_id: bytes) -> str:
    """Ten characters: 45 bits of the id's SHA-256 and a check character; the form to store and to compare."""
    return crockford.write_checked(_bits(slip_id), _PAYLOAD)


def _bits(slip_id: bytes) -> int:
    """Those of a hash of which the lowest 45 count."""
    return int.from_bytes(hashlib.sha256(b"short/1|" + slip_id).digest()[:8], "big")


def with_code(code: str, slip_ids: Iterable[bytes]) -> list[bytes]:
    """Those of many slips that have a code, as `read_short_code` gives it; ten thousand take some 10 ms."""
    wanted = crockford.number(code[:_PAYLOAD])
    return [slip_id for slip_id in slip_ids if _bits(slip_id) & _MASK == wanted]


def grouped(code: str) -> str:
    """The code as it is printed: two groups of five."""
    return f"{code[:5]}-{code[5:]}"


def read_short_code(typed: str) -> str | None:
    """The stored form of what somebody typed, or None where it is no code or has a slip of the finger."""
    code = crockford.tidy(typed)
    if code is None or len(code) != LENGTH or not crockford.is_checked(code):
        return None
    return code
