"""Derives from the root key what keys.db needs: one cipher that wraps keys, and one key for the finder."""

import os
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storeapp.store.errors import WrongRootKey

FINDER_HASH_BYTES = 16
_NONCE_BYTES = 12
_BLOCK_BYTES = 64
_INNER, _OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


def derive(root: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"croot/1|" + purpose.encode()).derive(root)


class KeyWrap:
    """Wraps keys under a root key; each wrap is bound to the place where it is stored."""

    __slots__ = ("_cipher", "search_key")

    def __init__(self, root: bytes) -> None:
        self._cipher = AESGCM(derive(root, "wrap"))
        self.search_key = derive(root, "finder")

    def wrap(self, key: bytes, place: str) -> bytes:
        """The key as it may lie on the disk."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, place.encode())

    def wrap_all(self, keys: Sequence[tuple[bytes, str]]) -> list[bytes]:
        """The same for many keys with their places; the system is asked for chance once."""
        chance = os.urandom(_NONCE_BYTES * len(keys))
        nonces = (chance[at : at + _NONCE_BYTES] for at in range(0, len(chance), _NONCE_BYTES))
        encrypt = self._cipher.encrypt
        return [nonce + encrypt(nonce, key, place.encode()) for nonce, (key, place) in zip(nonces, keys, strict=True)]

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """The key again.

        Raises:
            WrongRootKey: another root key or another place wrapped it, or it was changed.
        """
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise WrongRootKey from None


class KeptKey(NamedTuple):
    """A person's key as keys.db keeps it."""

    subject: str
    key_id: bytes
    wrapped: bytes


def kept(wrap: KeyWrap, keys: Sequence[tuple[str, bytes, bytes]]) -> list[KeptKey]:
    """Subjects with check and key as keys.db keeps them, which needs no database."""
    wrapped = wrap.wrap_all([(key, place_of(subject, key_id)) for subject, key_id, key in keys])
    return [KeptKey(subject, key_id, text) for (subject, key_id, _), text in zip(keys, wrapped, strict=True)]


def place_of(subject: str, key_id: bytes) -> str:
    """Where a person's key is kept, which its wrap is bound to."""
    return f"subject|{key_id.hex()}|{subject}"


def finder_hash(search_key: bytes, kind: str, text: str) -> bytes:
    """Sixteen bytes by which a name, a street or a phone's end is found without being stored.

    Spelling that people don't mean is ignored: letter case, full width, blanks. ``kind`` keeps the
    vocabularies apart, so equal texts of two kinds have nothing in common.
    """
    return FinderHashes(search_key)(kind, text)


class FinderHashes:
    """`finder_hash` for whoever has thousands to make: the key goes into HMAC (RFC 2104) once.

    Args:
        search_key: what the hashes are keyed with.
        size: how many bytes of each are wanted.
    """

    __slots__ = ("_inner", "_outer", "_size")

    def __init__(self, search_key: bytes, size: int = FINDER_HASH_BYTES) -> None:
        self._size = size
        block = search_key.ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(block.translate(_INNER))
        self._outer = sha256(block.translate(_OUTER))

    def __call__(self, kind: str, text: str) -> bytes:
        """The hash of one text."""
        plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(f"{kind}\x1f{plain}".encode())
        outer.update(inner.digest())
        return outer.digest()[: self._size]
