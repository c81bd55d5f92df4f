"""Ed25519 keys of devices, hubs and store roots: what signs slips, badges, certificates and requests."""

import os
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from storeapp.domain import certificate

SEED_BYTES = 32


class DeviceKey:
    """A private signing key; its seed is the secret to keep, everything else follows from it."""

    __slots__ = ("_private", "key_id", "public", "seed")

    def __init__(self, seed: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self.seed = seed
        self.public = self._private.public_key().public_bytes_raw()
        self.key_id = certificate.key_id(self.public)

    @classmethod
    def generate(cls) -> Self:
        """A new key from the system's random source."""
        return cls(os.urandom(SEED_BYTES))

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of the signature; the same message always gives the same one."""
        return self._private.sign(message)

    def __repr__(self) -> str:
        return f"DeviceKey({self.key_id.hex()})"


def verify(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether the signature of the message was made by the owner of the public key; False for any garbage."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
