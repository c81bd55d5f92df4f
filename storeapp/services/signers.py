"""Who may sign papers for this store: the keys that this counter knows, and those that were withdrawn."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from storeapp.adapters.signing import verify
from storeapp.domain.certificate import Certificate, CertificateKind, check_chain, parse
from storeapp.domain.device import Device
from storeapp.domain.token import Malformed, Parsed
from storeapp.domain.verdict import KeyRecord
from storeapp.services.counter import Counter
from storeapp.services.enrolment import Names

ROOT = "root_certificate"


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of the key that signed a token, and whether its signature holds."""

    key: KeyRecord | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Signers:
    """The known keys of one counter; certificates were checked up to their root when they were taken in."""

    brands: tuple[str, ...]
    certificates: tuple[Certificate, ...]
    revoked: dict[bytes, datetime] = field(default_factory=dict)

    def check(self, scanned: Parsed | Malformed) -> Signature:
        """Look at a token's signature under every key with its id; four bytes may lead to two keys."""
        if isinstance(scanned, Malformed):
            return Signature()
        known = [c for c in self.certificates if c.key_id == scanned.token.key_id]
        genuine = [c for c in known if self._signed(scanned, c)]
        fitting = [c for c in genuine if c.covers(scanned.token.issued_at)]
        best = next(iter([*fitting, *genuine, *known]), None)
        return Signature(self._record(best), bool(genuine)) if best else Signature()

    def _signed(self, scanned: Parsed, certificate: Certificate) -> bool:
        messages = (scanned.message(brand) for brand in self.brands)
        return any(verify(certificate.public_key, scanned.signature, message) for message in messages)

    def _record(self, certificate: Certificate) -> KeyRecord:
        return KeyRecord(
            certificate.key_id,
            certificate.store or None,
            certificate.not_before,
            certificate.not_after,
            self.revoked.get(certificate.key_id),
        )


def signers_of(counter: Counter) -> Signers:
    """The store's own root, and the devices that the hub has certified; a chain that does not hold is worth nothing."""
    identity = counter.identity
    own = [parse(identity[name]) for name in (ROOT, Names.DEVICE_CERTIFICATE) if name in identity]
    devices = [(device, parse(device.certificate)) for device in counter.cache.every(Device)]
    hub_root = parse(identity[Names.HUB_ROOT]) if Names.HUB_ROOT in identity else None
    trusted = [(device, certificate) for device, certificate in devices if _holds(certificate, hub_root)]
    return Signers(
        brands=_unique([*_own_brands(identity), *(brand for device, _ in trusted for brand in device.brands)]),
        certificates=tuple(c for c in (*own, *(c for _, c in trusted)) if _signs_papers(c)),
        revoked={c.key_id: device.revoked_at for device, c in trusted if device.revoked_at is not None},
    )


def _own_brands(identity: dict[str, str]) -> list[str]:
    return [identity.get("brand", ""), *identity.get(Names.BRANDS, "").split()]


def _holds(certificate: Certificate, hub_root: Certificate | None) -> bool:
    if hub_root is None:
        return False
    chain = [certificate, hub_root]
    return check_chain(chain, root_public_key=hub_root.public_key, verify=verify, at=None) is None


def _signs_papers(certificate: Certificate) -> bool:
    # A store's own root is the key of its first counter; the key of a whole brand never prints a slip.
    return certificate.kind is CertificateKind.DEVICE or bool(certificate.store)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
