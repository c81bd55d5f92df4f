"""Says which key may sign for which store, as small signed JSON that any counter checks with no network.

A certificate is a signed text (`storeapp.domain.signed_text`) under ``b"ccert/1|"``, with bytes as unpadded base64url
and times as whole seconds since 1970. Only roots and hubs certify others; a root certifies itself and is trusted
because its full public key is pinned.
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from storeapp.domain.signed_text import Verify, message, read, written

_DOMAIN = b"ccert/1|"
_FIELDS = {"dev", "iss", "kid", "kind", "naf", "nbf", "pub", "sig", "store", "v"}


class CertificateKind(StrEnum):
    """What the subject's key may sign."""

    ROOT = "root"
    """Certificates; of a stand-alone store or of a brand's hub."""
    HUB = "hub"
    """Certificates, too; the hub's working key under its root."""
    DEVICE = "device"
    """Slips, badges and requests."""


class ChainProblem(StrEnum):
    """Why a chain of certificates proves nothing."""

    EMPTY = "empty"
    UNTRUSTED_ROOT = "untrusted_root"
    BROKEN_LINK = "broken_link"
    MAY_NOT_ISSUE = "may_not_issue"
    BAD_SIGNATURE = "bad_signature"
    OUT_OF_TIME = "out_of_time"
    OTHER_STORE = "other_store"


class MalformedCertificate(Exception):
    """A text that is no certificate of ours, or not in its canonical form."""


def key_id(public_key: bytes) -> bytes:
    """The four bytes by which tokens name a key; it finds a key but proves nothing."""
    return hashlib.sha256(public_key).digest()[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A signed statement about one public key; ``store`` is empty where it holds for the whole brand.

    Raises:
        ValueError: the public key is not 32 bytes, or a moment is not a whole second.
    """

    kind: CertificateKind
    device: str
    store: str
    public_key: bytes
    not_before: datetime
    not_after: datetime
    issuer_key_id: bytes
    signature: bytes = b""

    def __post_init__(self) -> None:
        if len(self.public_key) != 32:
            raise ValueError("an Ed25519 public key has 32 bytes")
        if self.not_before.microsecond or self.not_after.microsecond:
            raise ValueError("a certificate counts whole seconds")

    @property
    def key_id(self) -> bytes:
        """The id of the certified key."""
        return key_id(self.public_key)

    def message(self) -> bytes:
        """The bytes its signature covers."""
        return message(_DOMAIN, self._fields())

    def text(self) -> str:
        """The canonical JSON to store and to send."""
        return written(self._fields(), _base64(self.signature))

    def covers(self, moment: datetime) -> bool:
        """Whether it is valid then."""
        return self.not_before <= moment < self.not_after

    def _fields(self) -> dict[str, str | int]:
        return {
            "v": 1,
            "kind": self.kind.value,
            "dev": self.device,
            "store": self.store,
            "pub": _base64(self.public_key),
            "kid": _base64(self.key_id),
            "nbf": int(self.not_before.timestamp()),
            "naf": int(self.not_after.timestamp()),
            "iss": _base64(self.issuer_key_id),
        }


def certify(unsigned: Certificate, sign: Callable[[bytes], bytes]) -> Certificate:
    """The certificate with its signature; ``sign`` must belong to the issuer's key."""
    return replace(unsigned, signature=sign(unsigned.message()))


def parse(text: str) -> Certificate:
    """Read a certificate; nothing about it is verified yet.

    Raises:
        MalformedCertificate: it is not exactly what `Certificate.text` writes.
    """
    try:
        return read(text, _from_fields)
    except ValueError as error:
        raise MalformedCertificate(str(error)) from error


def check_chain(
    chain: Sequence[Certificate], *, root_public_key: bytes, verify: Verify, at: datetime | None
) -> ChainProblem | None:
    """Check a chain from a subject up to the pinned root; None means that it holds.

    Args:
        chain: the subject's certificate first, each next one its issuer's, the root's last.
        root_public_key: the full key of the only root that is trusted.
        verify: checks an Ed25519 signature.
        at: when every certificate must be valid; None where the clock is not believed.
    """
    if not chain:
        return ChainProblem.EMPTY
    root = chain[-1]
    if root.public_key != root_public_key or root.kind is not CertificateKind.ROOT:
        return ChainProblem.UNTRUSTED_ROOT
    for subject, issuer in zip(chain, [*chain[1:], root], strict=True):
        problem = _link_problem(subject, issuer, verify)
        if problem is not None:
            return problem
    if at is not None and not all(certificate.covers(at) for certificate in chain):
        return ChainProblem.OUT_OF_TIME
    return None


def _link_problem(subject: Certificate, issuer: Certificate, verify: Verify) -> ChainProblem | None:
    if subject.issuer_key_id != issuer.key_id:
        return ChainProblem.BROKEN_LINK
    if issuer.kind is CertificateKind.DEVICE:
        return ChainProblem.MAY_NOT_ISSUE
    if issuer.store and subject.store != issuer.store:
        return ChainProblem.OTHER_STORE
    if not verify(issuer.public_key, subject.signature, subject.message()):
        return ChainProblem.BAD_SIGNATURE
    return None


def _from_fields(fields: dict[str, str | int]) -> Certificate:
    if set(fields) != _FIELDS:
        raise ValueError("other fields")
    return Certificate(
        kind=CertificateKind(_text(fields["kind"])),
        device=_text(fields["dev"]),
        store=_text(fields["store"]),
        public_key=_bytes(fields["pub"]),
        not_before=datetime.fromtimestamp(_seconds(fields["nbf"]), UTC),
        not_after=datetime.fromtimestamp(_seconds(fields["naf"]), UTC),
        issuer_key_id=_bytes(fields["iss"]),
        signature=_bytes(fields["sig"]),
    )


def _text(value: str | int) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _seconds(value: str | int) -> int:
    if not isinstance(value, int):
        raise TypeError("not a whole number")
    return value


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(value: str | int) -> bytes:
    text = _text(value)
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
