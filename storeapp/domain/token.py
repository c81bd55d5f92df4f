"""The layout of slip and badge tokens, so that every counter, phone and hub reads the same 82 bytes.

======  ======================  =====================
bytes   slip                    badge
======  ======================  =====================
1       version 1, type 1       version 1, type 2      (high and low half of the byte)
4       key id                  key id
8       slip id                 badge id
1       reprint number          serial
3       issued at, minutes since `EPOCH`
1       time to live, hours     validity, days
64      Ed25519 signature over ``b"cslip/1|" + brand id + the 18 bytes above``
======  ======================  =====================

The bytes are written as one big-endian number of exactly 198 decimal digits, which QR codes hold densely.
Signing and verifying are passed in; nothing here knows a key.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum, StrEnum

EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
"""Minute 0. Three bytes last until November 2056."""

LATEST = EPOCH + timedelta(minutes=(1 << 24) - 1)
"""The last minute that three bytes can say."""

BODY_BYTES = 18
SIGNATURE_BYTES = 64
TOKEN_BYTES = BODY_BYTES + SIGNATURE_BYTES
DIGITS = 198
"""Digits of the largest number below ``2 ** 656``; smaller ones are padded with zeros."""

_VERSION = 1
_DOMAIN = b"cslip/1|"
_MINUTE = timedelta(minutes=1)
_LINK = re.compile(r"https://[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[0-9]{1,5})?/([0-9]*)", re.ASCII | re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.ASCII | re.IGNORECASE)


class TokenKind(IntEnum):
    """What a token stands for; the number is its type on the wire."""

    SLIP = 1
    BADGE = 2


class MalformedReason(StrEnum):
    """Why a scanned text is no token at all."""

    EMPTY = "empty"
    FULL_WIDTH = "full_width"
    """Not plain ASCII: an input method is catching the scanner's keys."""
    OTHER_SCHEME = "other_scheme"
    NOT_A_TOKEN = "not_a_token"  # noqa: S105 - a reason, not a password
    LENGTH = "length"
    TOO_LARGE = "too_large"
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_TYPE = "unknown_type"
    NO_LIFETIME = "no_lifetime"


@dataclass(frozen=True, slots=True)
class Malformed:
    """A scanned text that no program of ours has written."""

    reason: MalformedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipToken:
    """What the QR code of a slip says; ``issued_at`` is a whole minute, ``ttl_hours`` is 1 to 255.

    Raises:
        ValueError: a value does not fit its bytes.
    """

    key_id: bytes
    slip_id: bytes
    reprint: int
    issued_at: datetime
    ttl_hours: int

    def __post_init__(self) -> None:
        _check(self.key_id, self.slip_id, self.issued_at, count=self.reprint, lifetime=self.ttl_hours)

    @property
    def kind(self) -> TokenKind:
        """A slip."""
        return TokenKind.SLIP

    @property
    def expires_at(self) -> datetime:
        """The first instant at which it is no longer valid."""
        return self.issued_at + timedelta(hours=self.ttl_hours)

    def body(self) -> bytes:
        """The 18 bytes that are signed."""
        return _body(
            self.kind, self.key_id, self.slip_id, count=self.reprint, issued_at=self.issued_at, lifetime=self.ttl_hours
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeToken:
    """What the QR code of a guide's badge says; ``valid_days`` is 1 to 255.

    Raises:
        ValueError: a value does not fit its bytes.
    """

    key_id: bytes
    badge_id: bytes
    serial: int
    issued_at: datetime
    valid_days: int

    def __post_init__(self) -> None:
        _check(self.key_id, self.badge_id, self.issued_at, count=self.serial, lifetime=self.valid_days)

    @property
    def kind(self) -> TokenKind:
        """A badge."""
        return TokenKind.BADGE

    @property
    def expires_at(self) -> datetime:
        """The first instant at which it is no longer valid."""
        return self.issued_at + timedelta(days=self.valid_days)

    def body(self) -> bytes:
        """The 18 bytes that are signed."""
        return _body(
            self.kind, self.key_id, self.badge_id, count=self.serial, issued_at=self.issued_at, lifetime=self.valid_days
        )


Token = SlipToken | BadgeToken


@dataclass(frozen=True, slots=True)
class Parsed:
    """A well-formed token whose signature nobody has looked at yet."""

    token: Token
    signature: bytes

    @property
    def digits(self) -> str:
        """The one way to write this token."""
        return canonical(self.token.body(), self.signature)

    def message(self, brand_id: str) -> bytes:
        """The bytes the signature must cover."""
        return signed_message(self.token.body(), brand_id)


def whole_minute(moment: datetime) -> datetime:
    """The start of the minute: what a token can say, and never later than the truth."""
    return EPOCH + (moment - EPOCH) // _MINUTE * _MINUTE


def signed_message(body: bytes, brand_id: str) -> bytes:
    """The bytes a token's signature covers; the body's fixed length keeps the brand apart from it."""
    return _DOMAIN + brand_id.encode() + body


def issue(token: Token, *, brand_id: str, sign: Callable[[bytes], bytes]) -> str:
    """Sign a token and write its 198 digits; ``sign`` must belong to the token's key id."""
    body = token.body()
    return canonical(body, sign(signed_message(body, brand_id)))


def canonical(body: bytes, signature: bytes) -> str:
    """The digits of a body and its signature.

    Raises:
        ValueError: a part has the wrong length.
    """
    if len(body) != BODY_BYTES or len(signature) != SIGNATURE_BYTES:
        raise ValueError("a part of a token has the wrong length")
    return f"{int.from_bytes(body + signature, 'big'):0{DIGITS}d}"


def link(host: str, digits: str) -> str:
    """The text of the QR code; the host is only the carrier and is not signed."""
    return f"https://{host}/{digits}"


def read(scanned: str) -> Parsed | Malformed:
    """Read what a scanner typed: the digits alone or behind any https host, in either case of letters."""
    found = _digits(scanned.strip())
    if isinstance(found, Malformed):
        return found
    number = int(found)
    if number >> (8 * TOKEN_BYTES):
        return Malformed(MalformedReason.TOO_LARGE)
    raw = number.to_bytes(TOKEN_BYTES, "big")
    token = _token(raw[:BODY_BYTES])
    return token if isinstance(token, Malformed) else Parsed(token, raw[BODY_BYTES:])


def _digits(text: str) -> str | Malformed:
    if not text:
        return Malformed(MalformedReason.EMPTY)
    if not text.isascii():
        return Malformed(MalformedReason.FULL_WIDTH)
    behind_host = _LINK.fullmatch(text)
    digits = behind_host[1] if behind_host else text
    if not digits.isdigit():
        other = _SCHEME.match(text) and not text.lower().startswith("https:")
        return Malformed(MalformedReason.OTHER_SCHEME if other else MalformedReason.NOT_A_TOKEN)
    return digits if len(digits) == DIGITS else Malformed(MalformedReason.LENGTH)


def _token(body: bytes) -> Token | Malformed:
    version, kind = divmod(body[0], 16)
    lifetime, problem = body[17], None
    if version != _VERSION:
        problem = MalformedReason.UNKNOWN_VERSION
    elif kind not in {TokenKind.SLIP, TokenKind.BADGE}:
        problem = MalformedReason.UNKNOWN_TYPE
    elif lifetime == 0:
        problem = MalformedReason.NO_LIFETIME
    if problem is not None:
        return Malformed(problem)
    key_id, paper_id, count = body[1:5], body[5:13], body[13]
    issued_at = EPOCH + int.from_bytes(body[14:17], "big") * _MINUTE
    if kind == TokenKind.SLIP:
        return SlipToken(key_id=key_id, slip_id=paper_id, reprint=count, issued_at=issued_at, ttl_hours=lifetime)
    return BadgeToken(key_id=key_id, badge_id=paper_id, serial=count, issued_at=issued_at, valid_days=lifetime)


def _minutes(issued_at: datetime) -> int:
    minutes, rest = divmod(issued_at - EPOCH, _MINUTE)
    if rest or not 0 <= minutes < 1 << 24:
        raise ValueError("a token is issued at a whole minute after the epoch")
    return minutes


def _check(key_id: bytes, paper_id: bytes, issued_at: datetime, *, count: int, lifetime: int) -> None:
    if len(key_id) != 4 or len(paper_id) != 8:
        raise ValueError("an id of a token has the wrong length")
    if not 0 <= count <= 255 or not 1 <= lifetime <= 255:
        raise ValueError("a number of a token does not fit one byte")
    _minutes(issued_at)


def _body(kind: TokenKind, key_id: bytes, paper_id: bytes, *, count: int, issued_at: datetime, lifetime: int) -> bytes:
    first = bytes([_VERSION * 16 + kind])
    minutes = _minutes(issued_at).to_bytes(3, "big")
    return first + key_id + paper_id + bytes([count]) + minutes + bytes([lifetime])
