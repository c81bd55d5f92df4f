"""Who may sign papers for this store: the keys that this counter knows, and those that were withdrawn."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from storeapp.adapters.signing import verify
from storeapp.domain.certificate import Certificate, MalformedCertificate, check_chain, parse
from storeapp.domain.device import Device
from storeapp.domain.token import Malformed, Parsed
from storeapp.domain.verdict import KeyRecord
from storeapp.services.counter import Counter
from storeapp.services.enrolment import Names, revoked_since

STORE_ROOT = "root_certificate"
"""The name in the counter's identity of the root that this counter made for its store before any hub."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of the key that signed a token, and whether its signature holds."""

    key: KeyRecord | None = None
    verified: bool | None = None


@dataclass(frozen=True, slots=True)
class Signer:
    """One key with the brand ids under which it signs."""

    certificate: Certificate
    brands: tuple[str, ...]
    revoked_at: datetime | None = None

    def signed(self, scanned: Parsed) -> bool:
        """Whether it signed the token, under any of its brand ids."""
        messages = (scanned.message(brand) for brand in self.brands)
        return any(verify(self.certificate.public_key, scanned.signature, message) for message in messages)

    def record(self, revoked_at: datetime | None) -> KeyRecord:
        """What a verdict needs to know of it."""
        known = self.certificate
        return KeyRecord(known.key_id, known.store or None, known.not_before, known.not_after, revoked_at)


def check(counter: Counter, scanned: Parsed | Malformed) -> Signature:
    """Look at a token's signature under every trusted key with its id; four bytes may lead to several."""
    if isinstance(scanned, Malformed):
        return Signature()
    key_id = scanned.token.key_id
    known = [signer for signer in _signers(counter) if signer.certificate.key_id == key_id]
    genuine = [signer for signer in known if signer.signed(scanned)]
    fitting = [signer for signer in genuine if signer.certificate.covers(scanned.token.issued_at)]
    best = next(iter([*fitting, *genuine, *known]), None)
    if best is None:
        return Signature()
    same = (signer for signer in known if signer.certificate.public_key == best.certificate.public_key)
    revoked_at = min((signer.revoked_at for signer in same if signer.revoked_at is not None), default=None)
    return Signature(best.record(revoked_at), bool(genuine))


def _signers(counter: Counter) -> Iterator[Signer]:
    """This counter as it was before a hub and is with one, and the other counters that the hub has sent."""
    identity = counter.identity
    mine = tuple(dict.fromkeys([identity.get("brand", ""), *identity.get(Names.BRANDS, "").split()]))
    if own := _parsed(identity.get(STORE_ROOT, "")):
        yield Signer(own, mine)
    root = _parsed(identity.get(Names.HUB_ROOT, ""))
    if root is None:
        return
    if (own := _parsed(identity.get(Names.DEVICE_CERTIFICATE, ""))) and _trusted(own, root):
        yield Signer(own, mine)
    # The feed of a hub that was set back may know less than the list that it had signed before.
    listed = revoked_since(counter)
    since = listed.since if listed else {}
    for device in counter.cache.every(Device):
        if (theirs := _parsed(device.certificate)) and _trusted(theirs, root):
            yield Signer(theirs, device.brands, device.revoked_at or since.get(device.id))


def _parsed(text: str) -> Certificate | None:
    """The certificate, or None for a text that is none: a damaged one proves nothing and stops no other."""
    try:
        return parse(text) if text else None
    except MalformedCertificate:
        return None


def _trusted(certificate: Certificate, root: Certificate) -> bool:
    # Feeds come over a network, so what they say of keys counts only under the pinned root.
    return check_chain([certificate, root], root_public_key=root.public_key, verify=verify, at=None) is None
