"""The recovery key: 52 characters on paper that open the vault after a wiped keyring or on another account.

240 random bits and 20 check bits in Crockford's base 32, in 13 groups of four.
"""

import hashlib
import os

from storeapp.adapters.vault_errors import RecoveryMistyped
from storeapp.domain import crockford

SECRET_BYTES = 30
LENGTH = 52
_GROUP = 4
_CHECK_BITS = 20


def generate() -> str:
    """A new recovery key as it is shown, once."""
    return write(os.urandom(SECRET_BYTES))


def write(secret: bytes) -> str:
    """A secret in its shown form."""
    text = crockford.write(int.from_bytes(secret, "big") << _CHECK_BITS | _check(secret), LENGTH)
    return "-".join(text[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))


def read(typed: str) -> bytes:
    """The secret of what somebody typed, in either case, with or without dashes and blanks.

    Raises:
        RecoveryMistyped: a character is wrong, missing or too many.
    """
    text = crockford.tidy(typed)
    if text is None or len(text) != LENGTH:
        raise RecoveryMistyped
    high, check = divmod(crockford.number(text), 1 << _CHECK_BITS)
    secret = high.to_bytes(SECRET_BYTES, "big")
    if check != _check(secret):
        raise RecoveryMistyped
    return secret


def _check(secret: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"crecovery/1|" + secret).digest()[:3], "big") >> 4
