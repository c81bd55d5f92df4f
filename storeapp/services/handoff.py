"""The handoff desk: a badge and a slip are scanned, and custody moves in the transaction that judged them."""

from dataclasses import dataclass, replace
from datetime import datetime

from storeapp import BUILT_AT
from storeapp.domain.delivery import Delivery, Proof
from storeapp.domain.kernel import Refusal
from storeapp.domain.order import Order
from storeapp.domain.paper import GuideLabel, MaskedRecipient, PaperLine
from storeapp.domain.people import Guide
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.short_code import read_short_code, short_code
from storeapp.domain.token import Malformed, Parsed, SlipToken, TokenKind, read
from storeapp.domain.verdict import Desk, ScanResult, Verdict, judge_badge, judge_slip
from storeapp.domain.words import Role
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.lending import guide_here, guides_here
from storeapp.services.scanned import (
    Reading,
    Subject,
    assumed_print,
    badge_record,
    holder_of,
    is_badge,
    print_on_record,
    slip_record,
    taken_with,
    vouched_badge,
    vouched_slip,
)
from storeapp.services.signers import check
from storeapp.services.slips import guide_label, paper_lines, recipient, writable
from storeapp.store import lists

REFUSED_SCAN = "scan.refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffResult:
    """A verdict with what the desk shows beside it.

    ``paper`` says which of the two papers the verdict is about. What this counter doesn't know is empty;
    ``saved`` says that custody moved.
    """

    result: ScanResult
    paper: TokenKind
    saved: bool = False
    delivery_id: str = ""
    parcel: int = 0
    order_no: str = ""
    guide: GuideLabel | None = None
    by: GuideLabel | None = None
    """Who used the slip, or whom it is meant for, with a name."""
    recipient: MaskedRecipient = MaskedRecipient()  # noqa: RUF009 -- frozen, so one for all is safe
    lines: tuple[PaperLine, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The answer."""
        return self.result.verdict


def kind_of(text: str) -> TokenKind | None:
    """Whether a scanned text is a badge or a slip, for a desk that takes them in either order; codes tell nothing."""
    scanned = read(text)
    return None if isinstance(scanned, Malformed) else scanned.token.kind


def scan(
    counter: Counter, actor: Actor, badge_text: str, slip_text: str, *, supervisor: Actor | None = None
) -> HandoffResult | Refusal:
    """Judge a badge and a slip, and hand the parcel over where both are good.

    Args:
        counter: the desk's counter.
        actor: who is signed in.
        badge_text: what the scanner read from the badge, or its short code.
        slip_text: the same of the slip.
        supervisor: a manager who vouches for a short code whose print this counter has not on record.

    Refusals: ``unknown_short_code``, ``supervisor_needed``, ``clock_in_doubt``.

    Raises:
        StoreError: nothing was saved.
    """
    with counter.transaction(actor) as tx:
        desk = _Desk(counter, tx)
        found = desk.handle(badge_text, slip_text, supervisor=supervisor)
        if isinstance(found, HandoffResult) and not found.saved and found.delivery_id:
            tx.audit(f"{REFUSED_SCAN}.{found.verdict}", found.delivery_id)
        return found


def look(counter: Counter, actor: Actor, text: str) -> HandoffResult | Refusal:
    """Judge one paper alone, for a desk that waits for the other: nothing is handed over.

    A slip is judged without the question whose it is; a text that is neither paper reads as a bad slip.

    Refusals: ``unknown_short_code``, ``supervisor_needed``, ``clock_in_doubt``.
    """
    with counter.transaction(actor) as tx:
        return _Desk(counter, tx).look(text)


class _Desk:
    """One scan: the papers are read, judged and obeyed under one lock."""

    def __init__(self, counter: Counter, tx: Transaction) -> None:
        self._counter = counter
        self._tx = tx
        self._desk = Desk(store=counter.store, now=tx.now, built_at=BUILT_AT, last_seen=_last_seen(counter))

    def handle(self, badge_text: str, slip_text: str, *, supervisor: Actor | None) -> HandoffResult | Refusal:
        guides = guides_here(self._counter)
        badge = self._read_badge(badge_text, guides)
        if isinstance(badge, Refusal):
            return badge
        holder = holder_of(badge.scanned, guides)
        judged = self._judge_badge(badge, holder)
        if judged.verdict is not Verdict.OK:
            return self._show(judged, TokenKind.BADGE, holder=holder, subject=None)
        return self._slip(slip_text, holder, supervisor=supervisor)

    def look(self, text: str) -> HandoffResult | Refusal:
        guides = guides_here(self._counter)
        badge = self._read_badge(text, guides)
        if isinstance(badge, Refusal) or not is_badge(badge.scanned):
            return self._slip(text, None, supervisor=None)
        holder = holder_of(badge.scanned, guides)
        return self._show(self._judge_badge(badge, holder), TokenKind.BADGE, holder=holder, subject=None)

    # -- the badge

    def _read_badge(self, text: str, guides: list[Guide]) -> Reading | Refusal:
        code = read_short_code(text)
        if code is None:
            return self._token(text)
        found = next((g.badge for g in guides if g.badge and short_code(bytes.fromhex(g.badge.badge_id)) == code), None)
        return vouched_badge(found) if found else Refusal("unknown_short_code")

    def _token(self, text: str) -> Reading:
        scanned = read(text)
        return Reading(scanned, check(self._counter, scanned), Proof.TOKEN)

    def _judge_badge(self, badge: Reading, holder: Guide | None) -> ScanResult:
        return judge_badge(
            badge.scanned,
            verified=badge.signature.verified,
            key=badge.signature.key,
            badge=badge_record(badge.scanned, holder),
            desk=self._desk,
        )

    # -- the slip

    def _slip(self, text: str, holder: Guide | None, *, supervisor: Actor | None) -> HandoffResult | Refusal:
        slip = self._read_slip(text, supervisor)
        if isinstance(slip, Refusal):
            return slip
        subject = self._subject(slip.scanned)
        judged = judge_slip(
            slip.scanned,
            verified=slip.signature.verified,
            key=slip.signature.key,
            slip=slip_record(subject) if subject else None,
            guide=holder.id if holder else None,
            desk=self._desk,
        )
        if judged.verdict is Verdict.OK and subject is None:
            # A genuine slip of a delivery that has not reached this counter yet: nothing here can be handed over.
            judged = replace(judged, verdict=Verdict.UNKNOWN_KEY)
        saved = judged.verdict is Verdict.OK and self._hand_over(subject, holder, slip.proof)
        return self._show(judged, TokenKind.SLIP, holder=holder, subject=subject, saved=saved)

    def _read_slip(self, text: str, supervisor: Actor | None) -> Reading | Refusal:
        code = read_short_code(text)
        if code is None:
            return self._token(text)
        names = lists.by_short_code(self._counter.cache.db, code)
        if len(names) != 1:
            return Refusal("unknown_short_code")
        subject = self._named(names[0])
        known = print_on_record(subject) if subject else None
        used = subject is not None and taken_with(subject) is not None
        if known is None and not used and (supervisor is None or supervisor.role is not Role.MANAGER):
            return Refusal("supervisor_needed")
        if known is None and not writable(self._tx.now):
            return Refusal("clock_in_doubt")
        return vouched_slip(known or assumed_print(names[0], self._tx.now))

    def _subject(self, scanned: Parsed | Malformed) -> Subject | None:
        if isinstance(scanned, Malformed) or not isinstance(scanned.token, SlipToken):
            return None
        return self._named(scanned.token.slip_id.hex())

    def _named(self, name: str) -> Subject | None:
        found = lists.by_slip(self._counter.cache.db, name)
        delivery = self._tx.get(Delivery, found[0]) if found else None
        parcel = delivery.parcel(found[1]) if delivery and found else None
        return Subject(delivery, parcel, name) if delivery and parcel else None

    def _hand_over(self, subject: Subject | None, holder: Guide | None, proof: Proof) -> bool:
        if subject is None or holder is None:
            return False
        parcel = subject.parcel.number
        self._tx.must(HandOver(subject.delivery.id, parcel, holder.id, proof, slip_id=subject.slip_id))
        return True

    def _show(
        self,
        judged: ScanResult,
        paper: TokenKind,
        *,
        holder: Guide | None,
        subject: Subject | None,
        saved: bool = False,
    ) -> HandoffResult:
        by = guide_label(guide_here(self._tx, judged.by, self._counter.store), judged.by) if judged.by else None
        shown = HandoffResult(
            result=judged, paper=paper, saved=saved, by=by, guide=guide_label(holder, holder.id) if holder else None
        )
        order = self._tx.get(Order, subject.delivery.order_id) if subject else None
        if subject is None or order is None:
            return shown
        return replace(
            shown,
            delivery_id=subject.delivery.id,
            parcel=subject.parcel.number,
            order_no=order.order_no,
            recipient=recipient(self._counter, order),
            lines=paper_lines(self._counter, order),
        )


def _last_seen(counter: Counter) -> datetime | None:
    """The latest time that this counter has believed: of its newest command, or of the hub's newest page."""
    received = counter.cache.mark("received_at")
    seen = (counter.journal.last_at(), datetime.fromisoformat(received) if received else None)
    return max((moment for moment in seen if moment is not None), default=None)


def record_what_happened(
    counter: Counter,
    actor: Actor,
    *,
    guide: str,
    delivery_id: str,
    reason: str,
    verdict: str,
    parcel: int = 1,
) -> Refusal | None:
    """Save that a guide took a parcel in spite of a verdict; a discrepancy keeps the reason for others to see.

    Refusals: ``manager_only``, ``reason_missing``, ``unknown_guide``, ``unknown_delivery``, ``unknown_parcel``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    if not reason.strip():
        return Refusal("reason_missing")
    with counter.transaction(actor) as tx:
        if guide_here(tx, guide, counter.store) is None:
            return Refusal("unknown_guide", {"guide": guide})
        delivery = tx.get(Delivery, delivery_id)
        if delivery is None:
            return Refusal("unknown_delivery")
        if delivery.parcel(parcel) is None:
            return Refusal("unknown_parcel", {"parcel": parcel})
        tx.must(HandOver(delivery_id, parcel, guide, Proof.STAFF, verdict=verdict, reason=reason.strip()))
        return None
