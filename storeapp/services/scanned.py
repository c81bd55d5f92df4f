"""What a scanned paper stands for: the token or short code that was read, and what this counter has on record of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from storeapp.domain.delivery import Delivery, DeliveryState, Holder, Link, Parcel, Proof, Slip, slip_id
from storeapp.domain.people import Badge, Guide
from storeapp.domain.rules.deliveries import MAX_REPRINT
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

    @property
    def round(self) -> int:
        """The round of custody that the slip names; -1 for one that was taken back since, as by the hub."""
        rounds = range(self.parcel.round + 1)
        return next((n for n in rounds if slip_id(self.delivery.id, self.parcel.number, n) == self.slip_id), -1)


def is_badge(scanned: Parsed | Malformed) -> bool:
    """Whether a badge was scanned, good or not."""
    return isinstance(scanned, Parsed) and isinstance(scanned.token, BadgeToken)


def holder_of(scanned: Parsed | Malformed, guides: list[Guide]) -> Guide | None:
    """The guide for whom the scanned badge was once printed, None where it is no badge or not on record."""
    if isinstance(scanned, Malformed) or not isinstance(scanned.token, BadgeToken):
        return None
    wanted = scanned.token.badge_id.hex()
    return next((guide for guide in guides if wanted in dict(guide.serials)), None)


def badge_record(scanned: Parsed | Malformed, guide: Guide | None) -> BadgeRecord | None:
    """What this counter knows of a scanned badge; one that is not the guide's present badge was revoked."""
    if guide is None or isinstance(scanned, Malformed) or not isinstance(scanned.token, BadgeToken):
        return None
    badge_id = scanned.token.badge_id
    return BadgeRecord(
        badge_id=badge_id,
        guide=guide.id,
        store=guide.store,
        serial=dict(guide.serials).get(badge_id.hex(), 0),
        revoked=guide.badge is None or guide.badge.badge_id != badge_id.hex() or not guide.active,
    )


def slip_record(subject: Subject) -> SlipRecord:
    """What this counter knows of a slip; it is used once its round of custody has begun."""
    delivery, taken = subject.delivery, taken_with(subject)
    return SlipRecord(
        slip_id=bytes.fromhex(subject.slip_id),
        store=delivery.store,
        reprint=_newest_reprint(subject),
        guide=delivery.guide or None,
        used_by=taken.holder_id if taken else None,
        used_at=taken.at if taken else None,
        cancelled=delivery.state is DeliveryState.CANCELLED and taken is None,
    )


def _newest_reprint(subject: Subject) -> int:
    if subject.round < _first_round(subject.parcel):
        return MAX_REPRINT + 1  # printed before the goods were packed in other parcels: every print is void
    known = print_on_record(subject)
    return known.reprint if known else 0


def _first_round(parcel: Parcel) -> int:
    """The round that began with the chain; packing anew begins rounds before custody ever moves."""
    returns = sum(link.holder is Holder.STORE for link in parcel.chain) - 1
    return parcel.round - returns


def taken_with(subject: Subject) -> Link | None:
    """Who took the parcel with this slip: the first link of the slip's round that is not the store's."""
    round_ = _first_round(subject.parcel) - 1
    for link in subject.parcel.chain:
        if link.holder is Holder.STORE:
            round_ += 1
        elif round_ == subject.round:
            return link
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
        key_id=bytes(4),
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
