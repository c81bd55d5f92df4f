"""Says what a scanned slip or badge is worth, as a value that the desk shows and the deciders obey.

The first check that fails gives the verdict, in this order: malformed, wrong_kind, unknown_key,
bad_signature, revoked, wrong_store, superseded, already_used, clock_back, not_yet, expired, wrong_guide, ok.
What is forged comes before what is merely late, so that a verdict never helps to mend a forgery.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storeapp.domain.token import BadgeToken, Malformed, Parsed, SlipToken, Token

SKEW = timedelta(minutes=5)
"""How far the clocks of two counters of a store may differ before a slip seems to come from the future."""

JUMP = timedelta(days=1)
"""A clock that is further than this from what was last seen is not believed."""


class Verdict(StrEnum):
    """Every answer to a scan."""

    OK = "ok"
    ALREADY_USED = "already_used"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    CLOCK_BACK = "clock_back"
    BAD_SIGNATURE = "bad_signature"
    UNKNOWN_KEY = "unknown_key"
    REVOKED = "revoked"
    WRONG_GUIDE = "wrong_guide"
    WRONG_STORE = "wrong_store"
    WRONG_KIND = "wrong_kind"
    MALFORMED = "malformed"


class Severity(StrEnum):
    """How loudly the desk answers."""

    PASS = "pass"  # noqa: S105 - a severity, not a password
    HOLD = "hold"
    """Somebody at the desk can settle it: scan again, wait, ask."""
    STOP = "stop"


_STOP = {
    Verdict.ALREADY_USED,
    Verdict.SUPERSEDED,
    Verdict.BAD_SIGNATURE,
    Verdict.REVOKED,
    Verdict.WRONG_STORE,
}

_OVERRIDABLE = {
    Verdict.SUPERSEDED,
    Verdict.EXPIRED,
    Verdict.NOT_YET,
    Verdict.CLOCK_BACK,
    Verdict.UNKNOWN_KEY,
    Verdict.REVOKED,
    Verdict.WRONG_GUIDE,
    Verdict.WRONG_STORE,
}


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What this counter knows of a signing key; ``store`` is None for the key of the whole brand."""

    key_id: bytes
    store: str | None
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether the key's certificate allowed it to sign then."""
        return self.not_before <= moment < self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class SlipRecord:
    """What this counter knows of a slip; ``guide`` is who the delivery is assigned to.

    Raises:
        ValueError: it was used by nobody, or by somebody at no time.
    """

    slip_id: bytes
    store: str
    reprint: int = 0
    guide: str | None = None
    used_by: str | None = None
    used_at: datetime | None = None
    cancelled: bool = False

    def __post_init__(self) -> None:
        if (self.used_by is None) is not (self.used_at is None):
            raise ValueError("a used slip has a user and a time")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadgeRecord:
    """What this counter knows of a badge; ``store`` is None for a guide who serves every store."""

    badge_id: bytes
    guide: str
    store: str | None = None
    serial: int = 0
    revoked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where and when a scan happens.

    ``last_seen`` is the latest time this counter has believed (its last journal entry or hub receipt);
    ``built_at`` is the date of the program, before which no clock can be right.
    """

    store: str
    now: datetime
    built_at: datetime
    last_seen: datetime | None = None

    @property
    def went_back(self) -> bool:
        """Whether the clock shows a time that has been over for a day."""
        return self.now < self.built_at or (self.last_seen is not None and self.last_seen - self.now > JUMP)

    @property
    def jumped(self) -> bool:
        """Whether the clock is implausible in either direction; a long weekend looks like a jump forward."""
        return self.went_back or (self.last_seen is not None and self.now - self.last_seen > JUMP)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanResult:
    """A verdict with what its words need.

    ``by`` is the guide who used the slip, or the one it is meant for; ``when`` is the instant of use,
    expiry or validity; ``minutes`` is how late or early the scan is; ``why`` tells malformed texts apart;
    ``known`` says whether this counter has the slip or badge on record; ``may_override`` whether a manager
    may record the fact in spite of the verdict.
    """

    verdict: Verdict
    by: str | None = None
    when: datetime | None = None
    minutes: int | None = None
    why: str | None = None
    known: bool = False

    @property
    def severity(self) -> Severity:
        """How loudly the desk answers."""
        if self.verdict is Verdict.OK:
            return Severity.PASS
        return Severity.STOP if self.verdict in _STOP else Severity.HOLD

    @property
    def may_override(self) -> bool:
        """Whether *record what happened* may save the fact: only where it is known what it is about."""
        return self.known and self.verdict in _OVERRIDABLE


def judge_slip(
    scanned: Parsed | Malformed,
    *,
    verified: bool | None,
    key: KeyRecord | None,
    slip: SlipRecord | None,
    guide: str | None,
    desk: Desk,
) -> ScanResult:
    """Judge a scanned slip.

    Args:
        scanned: what was read.
        verified: whether the signature holds; None where it could not be checked, which counts as no.
        key: the record of the token's key id, if any.
        slip: the record of the token's slip id, if this counter has it.
        guide: whose badge was scanned before, or None to judge the paper alone.
        desk: where and when.
    """
    if isinstance(scanned, Malformed):
        return ScanResult(verdict=Verdict.MALFORMED, why=scanned.reason.value)
    token = scanned.token
    if not isinstance(token, SlipToken):
        return ScanResult(verdict=Verdict.WRONG_KIND)
    slip = slip if slip is not None and slip.slip_id == token.slip_id else None
    known = slip is not None
    return (
        _judge_key(token, verified=verified, key=key, known=known)
        or _judge_record(token, slip, key=key, desk=desk)
        or _judge_time(token, desk=desk, known=known)
        or _judge_guide(slip, guide)
        or ScanResult(verdict=Verdict.OK, known=known)
    )


def judge_badge(
    scanned: Parsed | Malformed,
    *,
    verified: bool | None,
    key: KeyRecord | None,
    badge: BadgeRecord | None,
    desk: Desk,
) -> ScanResult:
    """Judge a scanned badge; one that is genuine but not on record belongs to another store.

    The arguments are those of `judge_slip`.
    """
    if isinstance(scanned, Malformed):
        return ScanResult(verdict=Verdict.MALFORMED, why=scanned.reason.value)
    token = scanned.token
    if not isinstance(token, BadgeToken):
        return ScanResult(verdict=Verdict.WRONG_KIND)
    badge = badge if badge is not None and badge.badge_id == token.badge_id else None
    known = badge is not None
    return (
        _judge_key(token, verified=verified, key=key, known=known)
        or _judge_holder(token, badge, desk=desk)
        or _judge_time(token, desk=desk, known=known)
        or ScanResult(verdict=Verdict.OK, known=known, by=badge.guide if badge else None)
    )


def _judge_key(token: Token, *, verified: bool | None, key: KeyRecord | None, known: bool) -> ScanResult | None:
    if key is None or key.key_id != token.key_id or not key.covers(token.issued_at):
        return ScanResult(verdict=Verdict.UNKNOWN_KEY, known=known)
    if not verified:
        return ScanResult(verdict=Verdict.BAD_SIGNATURE, known=known)
    # Paper printed before its key was revoked stays good where it is on record, so that a replaced
    # counter does not void every slip on the shelf; a thief would need an id that exists.
    if key.revoked_at is not None and not (known and token.issued_at < key.revoked_at):
        return ScanResult(verdict=Verdict.REVOKED, when=key.revoked_at, known=known)
    return None


def _judge_record(token: SlipToken, slip: SlipRecord | None, *, key: KeyRecord | None, desk: Desk) -> ScanResult | None:
    known = slip is not None
    if slip is not None and slip.cancelled:
        return ScanResult(verdict=Verdict.REVOKED, known=known)
    home = slip.store if slip is not None else key.store if key is not None else None
    if home not in {None, desk.store}:
        return ScanResult(verdict=Verdict.WRONG_STORE, known=known)
    if slip is not None and token.reprint < slip.reprint:
        return ScanResult(verdict=Verdict.SUPERSEDED, known=known)
    if slip is not None and slip.used_at is not None:
        return ScanResult(verdict=Verdict.ALREADY_USED, by=slip.used_by, when=slip.used_at, known=known)
    return None


def _judge_holder(token: BadgeToken, badge: BadgeRecord | None, *, desk: Desk) -> ScanResult | None:
    if badge is None:
        return ScanResult(verdict=Verdict.WRONG_STORE)
    if badge.revoked:
        return ScanResult(verdict=Verdict.REVOKED, by=badge.guide, known=True)
    if badge.store not in {None, desk.store}:
        return ScanResult(verdict=Verdict.WRONG_STORE, by=badge.guide, known=True)
    if token.serial < badge.serial:
        return ScanResult(verdict=Verdict.SUPERSEDED, by=badge.guide, known=True)
    return None


def _judge_time(token: Token, *, desk: Desk, known: bool) -> ScanResult | None:
    timing = _timing(token, desk.now, known=known)
    if desk.went_back or (timing is not None and desk.jumped):
        return ScanResult(verdict=Verdict.CLOCK_BACK, when=desk.now, known=known)
    return timing


def _timing(token: Token, now: datetime, *, known: bool) -> ScanResult | None:
    if token.issued_at - now > SKEW:
        early = _minutes(token.issued_at - now)
        return ScanResult(verdict=Verdict.NOT_YET, when=token.issued_at, minutes=early, known=known)
    if now >= token.expires_at:
        late = _minutes(now - token.expires_at)
        return ScanResult(verdict=Verdict.EXPIRED, when=token.expires_at, minutes=late, known=known)
    return None


def _judge_guide(slip: SlipRecord | None, guide: str | None) -> ScanResult | None:
    if slip is None or slip.guide is None or guide in {None, slip.guide}:
        return None
    return ScanResult(verdict=Verdict.WRONG_GUIDE, by=slip.guide, known=True)


def _minutes(span: timedelta) -> int:
    return span // timedelta(minutes=1)
