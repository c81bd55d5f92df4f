"""What a scanned paper stands for: the token or short code that was read, and what this counter has on record of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storeapp.domain.delivery import Delivery, DeliveryState, Holder, Link, Parcel, Proof, Slip, slip_id
from storeapp.domain.people import Badge, Guide
from storeapp.domain.token import BadgeToken, Malformed, Parsed, SlipToken, whole_minute
from storeapp.domain.verdict import BadgeRecord, KeyRecord, SlipRecord
from storeapp.services.signers import Signature

_FOREVER = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class Reading:
    """One scanned paper: a token, or what a short code stands for."""

    scanned: Parsed | Malformed
    signature: Signature
    proof: Proof


@dataclass(frozen=True, slots=True)
class Subject:
    """The delivery and parcel that a slip is about."""

    delivery: Delivery
    parcel: Parcel
    slip_id: str


def holder_of(scanned: Parsed | Malformed, guides: list[Guide]) -> Guide | None:
    """The guide whose badge was scanned, None where it is no badge or not on record."""
    if isinstance(scanned, Malformed) or not isinstance(scanned.token, BadgeToken):
        return None
    wanted = scanned.token.badge_id.hex()
    return next((guide for guide in guides if guide.badge and guide.badge.badge_id == wanted), None)


def badge_record(guide: Guide | None) -> BadgeRecord | None:
    """What this counter knows of a guide's badge."""
    if guide is None or guide.badge is None:
        return None
    return BadgeRecord(
        badge_id=bytes.fromhex(guide.badge.badge_id),
        guide=guide.id,
        store=guide.store,
        serial=guide.badge.serial,
        revoked=guide.badge.revoked or not guide.active,
    )


def slip_record(subject: Subject) -> SlipRecord:
    """What this counter knows of a slip; it is used once its round of custody has begun."""
    delivery, known, taken = subject.delivery, print_on_record(subject), taken_with(subject)
    return SlipRecord(
        slip_id=bytes.fromhex(subject.slip_id),
        store=delivery.store,
        reprint=known.reprint if known else 0,
        guide=delivery.guide or None,
        used_by=taken.holder_id if taken else None,
        used_at=taken.at if taken else None,
        cancelled=delivery.state is DeliveryState.CANCELLED and taken is None,
    )


def taken_with(subject: Subject) -> Link | None:
    """Who took the parcel with this slip: each round of custody begins in the store and has a slip of its own."""
    rounds: list[list[Link]] = []
    for link in subject.parcel.chain:
        if link.holder is Holder.STORE:
            rounds.append([])
        elif rounds:
            rounds[-1].append(link)
    for number, links in enumerate(rounds):
        if slip_id(subject.delivery.id, subject.parcel.number, number) == subject.slip_id:
            return links[0] if links else None
    return None


def print_on_record(subject: Subject) -> Slip | None:
    """The slip's newest print as far as this counter knows, None where it knows of none."""
    slip = subject.parcel.slip
    return slip if slip and slip.slip_id == subject.slip_id else None


def assumed_print(name: str, now: datetime) -> Slip:
    """The print that a supervisor vouches for; it counts for the hour in which it is typed."""
    return Slip(name, 0, "00000000", now, 1)


def vouched_slip(slip: Slip) -> Reading:
    """The reading of a slip's short code."""
    token = SlipToken(
        key_id=bytes.fromhex(slip.key_id),
        slip_id=bytes.fromhex(slip.slip_id),
        reprint=slip.reprint,
        issued_at=whole_minute(slip.issued_at),
        ttl_hours=slip.hours,
    )
    return _vouched(token)


def vouched_badge(badge: Badge) -> Reading:
    """The reading of a badge's short code."""
    token = BadgeToken(
        key_id=bytes(4),
        badge_id=bytes.fromhex(badge.badge_id),
        serial=badge.serial,
        issued_at=whole_minute(badge.issued_at),
        valid_days=badge.days,
    )
    return _vouched(token)


def _vouched(token: SlipToken | BadgeToken) -> Reading:
    """A short code has no signature; the record of this counter vouches for it."""
    at = token.issued_at
    key = KeyRecord(token.key_id, None, at - _FOREVER, at + _FOREVER)
    return Reading(Parsed(token, b""), Signature(key, verified=True), Proof.SHORT_CODE)
