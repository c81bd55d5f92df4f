"""Signs and checks requests after RFC 9421 with Ed25519, so that nobody can speak for another device.

The signature covers method, path, query, and the digest of the content where there is any (RFC 9530). It does
not cover the authority: a hub may stand behind a proxy that has a name of its own.
"""

from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

COVERED = ("@method", "@path", "@query")
TAG = "storeapp-1"
MAX_AGE = timedelta(minutes=5)
_ANY_AGE = timedelta(days=365 * 100)


class BadSignature(Exception):
    """A request that is not signed, or not by whom it says, or too long ago; the reason is for our logs only."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who signed a request, and whether just now: an older one may be a replay of somebody on the way."""

    key_id: str
    just_now: bool


@dataclass(slots=True)
class Message:
    """As much of a request as the signature covers."""

    method: str
    url: str
    headers: MutableMapping[str, str] = field(default_factory=dict)


def sign(
    message: Message, body: bytes | None, *, key_id: str, signer: Callable[[bytes], bytes], created: datetime
) -> None:
    """Add the headers ``Content-Digest``, ``Signature-Input`` and ``Signature``; ``body`` is None for a GET."""
    maker = HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=None)
    prepared = maker.prepare(message, key_id=key_id, created=created, tag=TAG, covered_component_ids=COVERED, body=body)
    maker.apply(message, prepared, signer(prepared.signature_base))


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, find: Callable[[str], bytes | None]) -> None:
        self._find = find
        self.failure: Exception | None = None

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        try:
            public = self._find(key_id)
        except Exception as error:
            self.failure = error
            raise
        return None if public is None else Ed25519PublicKey.from_public_bytes(public)


class _AgelessVerifier(HTTPMessageVerifier):
    """Takes any clock; the age is looked at afterwards, by the clock of the caller."""

    max_clock_skew = _ANY_AGE


def verify(message: Message, body: bytes | None, *, find: Callable[[str], bytes | None], now: datetime) -> Signed:
    """Whose signature a request bears, once it holds; what of its age is the caller's to judge.

    Args:
        message: the request with its headers.
        body: the content as it was sent, None where there is none.
        find: the public key of a key id, None where nobody has it.
        now: the time by which the signature's age counts.

    Raises:
        BadSignature: it does not hold.
        Exception: whatever ``find`` raised.
    """
    resolver = _OneKey(find)
    verifier = _AgelessVerifier(signature_algorithm=algorithms.ED25519, key_resolver=resolver)
    try:
        held = verifier.verify(
            message,
            max_age=None,
            expect_tag=TAG,
            require_components=COVERED if body is None else (*COVERED, "content-digest"),
            body=body,
        )
    except (InvalidSignature, ValueError, LookupError) as error:
        # The library takes every error for a bad signature, even a database that does not answer.
        if resolver.failure is not None:
            raise resolver.failure from resolver.failure.__cause__
        raise BadSignature(type(error).__name__) from error
    parameters = held[0].parameters
    return Signed(str(parameters["keyid"]), _is_near(parameters["created"], now))


def _is_near(created: object, now: datetime) -> bool:
    try:
        moment = datetime.fromtimestamp(int(str(created)), UTC)
    except (ValueError, OverflowError, OSError):
        return False
    return abs(now - moment) <= MAX_AGE
