"""A guide drops out on the way: another takes the parcels over, away from the counter, with proof.

Both show their badges, or a manager records what was told. The slip stays what it is, because the round goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storeapp.domain.delivery import Delivery, Holder, Parcel, Proof
from storeapp.domain.dispatch import Planner, Reason
from storeapp.domain.kernel import Refusal
from storeapp.domain.paper import GuideLabel
from storeapp.domain.people import Guide
from storeapp.domain.replan import Change
from storeapp.domain.rules.custody import Rescue
from storeapp.domain.token import TokenKind
from storeapp.domain.verdict import Verdict
from storeapp.domain.words import Role
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.handoff import HandoffResult, look
from storeapp.services.lending import guide_here
from storeapp.services.replanning import Replan, replan
from storeapp.services.slips import carried_by, guide_label

_WENT_OUT = frozenset({Verdict.ALREADY_USED, Verdict.EXPIRED})
"""What is said of the slip of a parcel that left, as long as it is genuine."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """What came of a handover between guides: these deliveries moved."""

    giver: str
    guide: str
    deliveries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Giving:
    """What the desk knows of a handover between guides so far.

    Attributes:
        badge: what was read from the badge of who gives; empty until it was good.
        guide: who gives: whose badge it is, or who holds the parcels of ``only``.
        only: the deliveries that are meant; everything that the giver holds where it is empty.
        held: how many deliveries the giver holds.
    """

    badge: str = ""
    guide: GuideLabel | None = None
    only: tuple[str, ...] = ()
    held: int = 0

    @property
    def count(self) -> int:
        """How many deliveries would move."""
        return len(self.only) or self.held


@dataclass(frozen=True, slots=True)
class RescuePlan:
    """Who should take over what a guide holds.

    A handover whose ``after`` is empty found nobody, and ``reasons`` say why, by delivery.
    """

    plan: Replan
    handovers: tuple[Change, ...]
    reasons: dict[str, tuple[Reason, ...]]


def plan_rescue(counter: Counter, planner: Planner, out: str) -> RescuePlan:
    """Plan again without a guide: the nearest able guides take over what is in custody, and what was told moves."""
    plan = replan(counter, planner, out=out)
    handovers = tuple(change for change in plan.changes if change.rescue)
    left = {item.delivery_id: item.reasons for item in plan.proposal.unassigned}
    return RescuePlan(plan, handovers, {each.stop: left.get(each.stop, ()) for each in handovers if not each.after})


def rescue(
    counter: Counter, actor: Actor, giver_badge: str, taker_badge: str, *, only: Iterable[str] = ()
) -> Rescued | HandoffResult | Refusal:
    """Save that a guide took over what another held; both show their badges.

    Args:
        counter: the counter.
        actor: who is signed in.
        giver_badge: what the scanner read from the badge of who gives, or its short code.
        taker_badge: the same of who takes.
        only: the deliveries that moved; everything that the giver holds where none is named.

    Returns:
        What moved, or the verdict on the first badge that is not good.

    Refusals: ``unknown_short_code``, ``same_guide``, ``nothing_held``.
    """
    names = []
    for text in (giver_badge, taker_badge):
        found = look(counter, actor, text)
        if isinstance(found, Refusal):
            return found
        if found.verdict is not Verdict.OK or found.paper is not TokenKind.BADGE or found.guide is None:
            return found
        names.append(found.guide.code)
    giver, guide = names
    with counter.transaction(actor) as tx:
        return _move(counter, tx, giver, guide, proof=Proof.TOKEN, only=frozenset(only))


def show_paper(counter: Counter, actor: Actor, giving: Giving, text: str) -> Giving | Rescued | HandoffResult | Refusal:
    """One more paper is shown at the desk: the giver's badge, slips of the parcels that are meant, the taker's badge.

    Slips only say which parcels are meant; what moves them are two good badges.

    Returns:
        What is known now, what moved, or the verdict on a paper that is not good.

    Refusals: ``unknown_short_code``, ``same_guide``, ``nothing_held``, ``not_with_guide``, ``held_by_other``.
    """
    found = look(counter, actor, text)
    if isinstance(found, Refusal):
        return found
    if found.paper is TokenKind.SLIP:
        return _meant(counter, giving, found)
    if found.verdict is not Verdict.OK or found.guide is None:
        return found
    if not giving.badge:
        return _give(counter, giving, text, found.guide)
    if giving.guide is not None and found.guide.code == giving.guide.code:
        return Refusal("same_guide", {"guide": found.guide.code})
    return rescue(counter, actor, giving.badge, text, only=giving.only)


def _give(counter: Counter, giving: Giving, badge: str, guide: GuideLabel) -> Giving | Refusal:
    held = [job.id for job in carried_by(counter, guide.code)]
    if not held:
        return Refusal("nothing_held", {"guide": guide.code})
    if not set(giving.only) <= set(held):
        holder = giving.guide.code if giving.guide else guide.code
        return Refusal("held_by_other", {"guide": holder})
    return replace(giving, badge=badge, guide=guide, held=len(held))


def _meant(counter: Counter, giving: Giving, slip: HandoffResult) -> Giving | HandoffResult | Refusal:
    """A slip that went out with its parcel says which delivery is meant."""
    job = counter.cache.get(Delivery, slip.delivery_id) if slip.delivery_id else None
    if job is None or slip.verdict not in _WENT_OUT:
        return slip if slip.verdict is not Verdict.OK else Refusal("not_with_guide")
    parcel = job.parcel(slip.parcel)
    if parcel is None or parcel.custodian.holder is not Holder.GUIDE:
        return Refusal("not_with_guide")
    holder = parcel.custodian.holder_id
    if giving.guide is not None and giving.guide.code != holder:
        return Refusal("held_by_other", {"guide": holder})
    known = counter.cache.get(Guide, holder)
    held = len(carried_by(counter, holder))
    only = tuple(dict.fromkeys((*giving.only, job.id)))
    return replace(giving, guide=giving.guide or guide_label(known, holder), only=only, held=held)


def take_back(counter: Counter, actor: Actor, done: Rescued) -> Rescued | Refusal:
    """Undo a handover of a moment ago: whoever gave holds again what the taker still holds of it.

    Refusals: ``nothing_held``.
    """
    with counter.transaction(actor) as tx:
        return _move(counter, tx, done.guide, done.giver, proof=Proof.STAFF, only=frozenset(done.deliveries))


def record_rescue(
    counter: Counter, actor: Actor, giver: str, guide: str, *, reason: str, only: Iterable[str] = ()
) -> Rescued | Refusal:
    """Save what a manager was told: a guide took over what another held; a discrepancy keeps the reason.

    Refusals: ``manager_only``, ``reason_missing``, ``unknown_guide``, ``same_guide``, ``nothing_held``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    if not reason.strip():
        return Refusal("reason_missing")
    with counter.transaction(actor) as tx:
        for name in (giver, guide):
            if guide_here(tx, name, counter.store) is None:
                return Refusal("unknown_guide", {"guide": name})
        return _move(counter, tx, giver, guide, proof=Proof.STAFF, only=frozenset(only), reason=reason.strip())


def _move(
    counter: Counter,
    tx: Transaction,
    giver: str,
    guide: str,
    *,
    proof: Proof,
    only: frozenset[str],
    reason: str = "",
) -> Rescued | Refusal:
    if giver == guide:
        return Refusal("same_guide", {"guide": guide})
    held = [job for job in carried_by(counter, giver) if not only or job.id in only]
    if not held:
        return Refusal("nothing_held", {"guide": giver})
    for job in held:
        for number, parcel in enumerate(_of(job, giver)):
            # One reason a delivery is enough for whoever looks into it.
            tx.must(Rescue(job.id, parcel.number, giver, guide, proof, reason if number == 0 else ""))
    return Rescued(giver, guide, tuple(job.id for job in held))


def _of(job: Delivery, guide: str) -> list[Parcel]:
    return [parcel for parcel in job.held_by(Holder.GUIDE) if parcel.custodian.holder_id == guide]
