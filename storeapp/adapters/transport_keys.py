"""Carries order keys between a counter and its hub so that nothing in between can read them.

Both sides own an X25519 key. Their static-static agreement, through HKDF-SHA256, gives one wrap key for
the pair; each order key, or a box of many, is wrapped with AES-256-GCM and a random nonce, bound to what it
is for. One pair may wrap up to 2 ** 32 times.

::

    TransportError          code
    ├── BadTransportKey     transport_key_bad       the other side's public key is none
    └── UnwrapFailed        transport_unwrap_failed another pair, another purpose, or tampered with
"""

import os
from collections.abc import Sequence
from typing import ClassVar, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from storeapp.domain.sealed import KEY_BYTES

PRIVATE_BYTES = 32
NONCE_BYTES = 12
_INFO = b"ctransport/1|"


def key_purpose(subject: str, key_id: bytes) -> bytes:
    """What an order key on the wire is bound to."""
    return f"{subject}|{key_id.hex()}".encode()


def box_purpose(subjects: Sequence[str]) -> bytes:
    """What a box of the keys of these subjects is bound to; it holds one key after the other, in this order."""
    return "|".join(("box", *subjects)).encode()


def unboxed(content: bytes, subjects: Sequence[str]) -> list[tuple[str, bytes]]:
    """Each subject with its key out of an opened box.

    Raises:
        UnwrapFailed: it holds more or less than one key a subject.
    """
    if len(content) != KEY_BYTES * len(subjects):
        raise UnwrapFailed
    starts = range(0, len(content), KEY_BYTES)
    return [(subject, content[start : start + KEY_BYTES]) for subject, start in zip(subjects, starts, strict=True)]


class TransportError(Exception):
    """A key could not be carried; never holds any part of it."""

    code: ClassVar[str] = "transport_failed"

    def __init__(self) -> None:
        super().__init__(self.code)


class BadTransportKey(TransportError):
    """The other side's public key is no usable X25519 key."""

    code = "transport_key_bad"


class UnwrapFailed(TransportError):
    """Wrapped for another pair or purpose, or changed on the way."""

    code = "transport_unwrap_failed"


class Channel:
    """The shared secret of one pair of transport keys."""

    __slots__ = ("_cipher",)

    def __init__(self, wrap_key: bytes) -> None:
        self._cipher = AESGCM(wrap_key)

    def wrap(self, order_key: bytes, aad: bytes) -> bytes:
        """Encrypt a key for the other side; ``aad`` says what it is for and must be known there."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, order_key, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The key that the other side wrapped.

        Raises:
            UnwrapFailed: it was not wrapped by this pair for this purpose.
        """
        try:
            return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], aad)
        except (InvalidTag, ValueError):
            raise UnwrapFailed from None


class TransportKey:
    """The private half of one side; it remembers the channel to each peer."""

    def __init__(self, private: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(private)
        self._channels: dict[bytes, Channel] = {}
        self.private = private
        self.public = self._key.public_key().public_bytes_raw()

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's random source."""
        return cls(os.urandom(PRIVATE_BYTES))

    def channel(self, peer_public: bytes) -> Channel:
        """The channel to a peer; both sides get the same one.

        Raises:
            BadTransportKey: the peer's key is malformed or of low order.
        """
        if peer_public not in self._channels:
            self._channels[peer_public] = Channel(self._wrap_key(peer_public))
        return self._channels[peer_public]

    def _wrap_key(self, peer_public: bytes) -> bytes:
        try:
            shared = self._key.exchange(X25519PublicKey.from_public_bytes(peer_public))
        except ValueError:
            raise BadTransportKey from None
        pair = b"".join(sorted((self.public, peer_public)))
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO + pair).derive(shared)

    def __repr__(self) -> str:
        return f"TransportKey({self.public[:4].hex()})"
