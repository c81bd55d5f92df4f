"""Derives from the root key what keys.db needs: one cipher that wraps keys, and one key for the finder."""

import hmac
import os
import unicodedata

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storeapp.store.errors import WrongRootKey

FINDER_HASH_BYTES = 16
_NONCE_BYTES = 12


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

    def unwrap(self, wrapped: bytes, place: str) -> bytes:
        """The key again.

        Raises:
            WrongRootKey: another root key or another place wrapped it, or it was changed.
        """
        try:
            return self._cipher.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], place.encode())
        except (InvalidTag, ValueError):
            raise WrongRootKey from None


def finder_hash(search_key: bytes, kind: str, text: str) -> bytes:
    """Sixteen bytes by which a name, a street or a phone's end is found without being stored.

    Spelling that people don't mean is ignored: letter case, full width, blanks. ``kind`` keeps the
    vocabularies apart, so equal texts of two kinds have nothing in common.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hmac.digest(search_key, f"{kind}\x1f{plain}".encode(), "sha256")[:FINDER_HASH_BYTES]
