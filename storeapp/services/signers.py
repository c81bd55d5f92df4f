"""Who may sign papers for this store: the keys that this counter knows, and those that were withdrawn."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from storeapp.adapters.signing import verify
from storeapp.domain.certificate import Certificate, CertificateKind, parse
from storeapp.domain.token import Malformed, Parsed
from storeapp.domain.verdict import KeyRecord
from storeapp.services.counter import Counter

CERTIFICATES = "certificates"
"""The name in the counter's identity under which enrolment and sync keep a JSON list of checked certificates."""
REVOCATIONS = "revocations"
"""The same for a JSON object of key ids in hex and the instants from which on they count for nothing."""
BRANDS = "brands"
"""The same for a JSON list of further brand ids, such as the one a store had before it was enrolled."""


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
    """The keys in this counter's identity: its store's root, and what a hub has certified since."""
    identity = counter.identity
    texts: list[str] = [identity["root_certificate"]] if "root_certificate" in identity else []
    texts += json.loads(identity.get(CERTIFICATES, "[]"))
    revoked: dict[str, str] = json.loads(identity.get(REVOCATIONS, "{}"))
    return Signers(
        brands=_unique([identity.get("brand", ""), *json.loads(identity.get(BRANDS, "[]"))]),
        certificates=tuple(c for c in map(parse, dict.fromkeys(texts)) if _signs_papers(c)),
        revoked={bytes.fromhex(key): datetime.fromisoformat(at) for key, at in revoked.items()},
    )


def _signs_papers(certificate: Certificate) -> bool:
    # A store's own root is the key of its first counter; the key of a whole brand never prints a slip.
    return certificate.kind is CertificateKind.DEVICE or bool(certificate.store)


def _unique(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))
