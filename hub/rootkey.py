"""The one key that the hub's secrets and order keys hang on; it lies beside the database and never in it."""

import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12


class RootKeyMissing(Exception):
    """The database holds secrets, but the key that opens them is not there."""

    code = "root_key_missing"


class RootKeyWrong(Exception):
    """Another key wrapped this, or it was changed."""

    code = "root_key_wrong"


class RootKey:
    """Wraps secrets for the database, each bound to its place there."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def wrap(self, secret: bytes, place: bytes) -> bytes:
        """The secret as it may lie in the database."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, place)

    def wrap_all(self, secrets_: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The same for many secrets with their places; the system is asked for chance once."""
        chance = os.urandom(NONCE_BYTES * len(secrets_))
        nonces = [chance[at : at + NONCE_BYTES] for at in range(0, len(chance), NONCE_BYTES)]
        encrypt = self._cipher.encrypt
        return [nonce + encrypt(nonce, secret, place) for nonce, (secret, place) in zip(nonces, secrets_, strict=True)]

    def unwrap(self, wrapped: bytes, place: bytes) -> bytes:
        """The secret again.

        Raises:
            RootKeyWrong: another key or another place wrapped it.
        """
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], place)
        except (InvalidTag, ValueError):
            raise RootKeyWrong from None


def load(path: Path) -> RootKey:
    """The key in a file.

    Raises:
        RootKeyMissing: there is no such file, or it holds no key.
    """
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise RootKeyMissing from error
    if len(key) != KEY_BYTES:
        raise RootKeyMissing
    return RootKey(key)


def create(path: Path) -> RootKey:
    """Make a new key; a file that is there already is never overwritten.

    Raises:
        FileExistsError: there is one.
    """
    key = secrets.token_bytes(KEY_BYTES)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
        stream.write(key.hex() + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return RootKey(key)
