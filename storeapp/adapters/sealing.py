"""Seals the person of an order under the order's own key, so that destroying the key forgets the person.

A sealed record is base64url of: key check 4 bytes, nonce 12, AES-256-GCM ciphertext with its tag 16. It is
bound to its subject. The content is JSON without empty fields, padded with blanks to a multiple of 32 bytes.
"""

import base64
import hmac
import os
from dataclasses import fields
from typing import ClassVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storeapp.domain.incoming import Person
from storeapp.domain.sealed import CHECK_BYTES, KEY_BYTES, key_check

NONCE_BYTES = 12
PADDING_BYTES = 32
_CONTENT_AT = CHECK_BYTES + NONCE_BYTES
_FIELDS = tuple(field.name for field in fields(Person))
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Person).decode


class SealBroken(Exception):
    """Another key, another subject, or a changed record; never holds any part of the content."""

    code: ClassVar[str] = "seal_broken"

    def __init__(self) -> None:
        super().__init__(self.code)


def new_order_key() -> bytes:
    """A fresh key for one order."""
    return os.urandom(KEY_BYTES)


def seal(person: Person, key: bytes, *, subject: str) -> str:
    """Encrypt a person; ``subject`` is the order's id and must be given again to unseal."""
    content = _encode({field: value for field in _FIELDS if (value := getattr(person, field))})
    padded = content.ljust(-(-len(content) // PADDING_BYTES) * PADDING_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, padded, subject.encode())
    return base64.urlsafe_b64encode(key_check(key) + nonce + sealed).decode()


def unseal(sealed: str, key: bytes, *, subject: str) -> Person:
    """Decrypt a person.

    Raises:
        SealBroken: the key or the subject is another one, or the record was changed.
    """
    try:
        raw = base64.urlsafe_b64decode(sealed)
        nonce, content = raw[CHECK_BYTES:_CONTENT_AT], raw[_CONTENT_AT:]
        return _decode(AESGCM(key).decrypt(nonce, content, subject.encode()))
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        # The cause could quote the content, so it is cut off.
        raise SealBroken from None


def sealed_with(sealed: str) -> bytes:
    """The check of the key that sealed a record, to find that key.

    Raises:
        SealBroken: the text is no sealed record.
    """
    try:
        return base64.urlsafe_b64decode(sealed[:8])[:CHECK_BYTES]
    except ValueError:
        raise SealBroken from None


def pickup_code(order_key: bytes) -> str:
    """The six digits by which the customer proves the delivery; gone when the order key is.

    64 bits of an HMAC modulo a million: no code is likelier than another by more than 1 in 10 ** 13.
    """
    digest = hmac.digest(order_key, b"cpickup/1", "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"
