"""Seals the person of an order under the order's own key, so that destroying the key forgets the person.

A sealed record is base64url of: key check 4 bytes, nonce 12, AES-256-GCM ciphertext with its tag 16. It is
bound to its subject. The content is a MessagePack array of the person's fields in their order, without the empty ones
at its end, then a byte 80 and zeros up to a multiple of 32 bytes. A content that begins with a brace is JSON instead.
"""

import base64
import hmac
import os
from binascii import a2b_base64
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storeapp.domain.incoming import Person
from storeapp.domain.place import Datum, Position
from storeapp.domain.sealed import CHECK_BYTES, KEY_BYTES, key_check

NONCE_BYTES = 12
PADDING_BYTES = 32
_CONTENT_AT = CHECK_BYTES + NONCE_BYTES
_END = b"\x80"
_TEXT = b"{"
_FROM_URL = bytes.maketrans(b"-_", b"+/")
_encode = msgspec.msgpack.Encoder().encode
_decode_text = msgspec.json.Decoder(Person).decode


class _Record(msgspec.Struct, array_like=True):
    """A person as it is sealed; new fields are only ever added at the end."""

    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    position: tuple[float, float, Datum] | None = None
    phone_extension: str = ""
    phone_until: datetime | None = None


class Findable(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What a person is found by: the first fields of the record."""

    name: str = ""
    phone: str = ""
    address: str = ""


_decode = msgspec.msgpack.Decoder(_Record).decode
_decode_findable = msgspec.msgpack.Decoder(Findable).decode


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
    content = _content(person) + _END
    padded = content.ljust(-(-len(content) // PADDING_BYTES) * PADDING_BYTES, b"\0")
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(key).encrypt(nonce, padded, subject.encode())
    return base64.urlsafe_b64encode(key_check(key) + nonce + sealed).decode()


def unseal(sealed: str, key: bytes, *, subject: str) -> Person:
    """Decrypt a person.

    Raises:
        SealBroken: the key or the subject is another one, or the record was changed.
    """
    try:
        return _person(_decrypted(_raw(sealed), key, subject))
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        # The cause could quote the content, so it is cut off.
        raise SealBroken from None


def unseal_findable(sealed: str, keys: Mapping[tuple[str, bytes], bytes], *, subject: str) -> Findable | None:
    """Decrypt only what a person is found by, for whoever has thousands to open; None where its key is missing.

    Args:
        sealed: the record.
        keys: keys by subject and check.
        subject: the order's id.

    Raises:
        SealBroken: the subject is another one, or the record was changed.
    """
    try:
        raw = _raw(sealed)
        key = keys.get((subject, raw[:CHECK_BYTES]))
        if key is None:
            return None
        content = _decrypted(raw, key, subject)
        if content.startswith(_TEXT):
            person = _decode_text(content)
            return Findable(person.name, person.phone, person.address)
        return _decode_findable(_unpadded(content))
    except (InvalidTag, ValueError, msgspec.MsgspecError):
        raise SealBroken from None


def _raw(sealed: str) -> bytes:
    return a2b_base64(sealed.encode("ascii").translate(_FROM_URL))


def _decrypted(raw: bytes, key: bytes, subject: str) -> bytes:
    return AESGCM(key).decrypt(raw[CHECK_BYTES:_CONTENT_AT], raw[_CONTENT_AT:], subject.encode())


def _unpadded(content: bytes) -> bytes:
    return content.rstrip(b"\0")[: -len(_END)]


def _content(person: Person) -> bytes:
    """The fields in the record's order, without the empty ones at its end."""
    at = person.position
    position = (at.lat, at.lng, at.datum) if at else None
    values: list[object] = [person.name, person.phone, person.address, person.note, position]
    values += [person.phone_extension, person.phone_until]
    while values and not values[-1]:
        values.pop()
    return _encode(values)


def _person(padded: bytes) -> Person:
    if padded.startswith(_TEXT):
        return _decode_text(padded)
    record = _decode(_unpadded(padded))
    position = Position(*record.position) if record.position else None
    return Person(
        name=record.name,
        phone=record.phone,
        address=record.address,
        note=record.note,
        position=position,
        phone_extension=record.phone_extension,
        phone_until=record.phone_until,
    )


def sealed_with(sealed: str) -> bytes:
    """The check of the key that sealed a record, to find that key.

    Raises:
        SealBroken: the text is no sealed record.
    """
    try:
        return a2b_base64(sealed[:8].encode("ascii").translate(_FROM_URL))[:CHECK_BYTES]
    except ValueError:
        raise SealBroken from None


def pickup_code(order_key: bytes) -> str:
    """The six digits by which the customer proves the delivery; gone when the order key is.

    64 bits of an HMAC modulo a million: no code is likelier than another by more than 1 in 10 ** 13.
    """
    digest = hmac.digest(order_key, b"cpickup/1", "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 1_000_000:06d}"
