"""Rules for deliveries before custody: who is responsible, slips, retries, parcels."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.catalogue import BRAND_POLICY, Policy
from storeapp.domain.delivery import (
    Delivery,
    DeliveryAssigned,
    DeliveryRetried,
    DeliverySplit,
    DeliveryState,
    Holder,
    Slip,
    SlipIssued,
    slip_id,
)
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.lending import LentGuide, guide_for, lent_id
from storeapp.domain.people import Guide
from storeapp.domain.recipe import PlanRecord

MAX_PARCELS = 9
MAX_REPRINT = 255


class AssignDelivery(Struct, frozen=True, gc=False):
    """Make a guide responsible. ``base`` is the count of assignments that the person saw.

    ``plan`` is the plan that it follows, so that it can be made again; None by hand. ``seed`` and ``steps`` repeat what
    it says of the search, for who reads nothing newer.
    """

    KIND: ClassVar[str] = "delivery.assign"
    FACT: ClassVar[bool] = False
    delivery_id: str
    guide: str
    base: int
    eta: datetime | None = None
    seed: int = 0
    steps: int = 0
    plan: PlanRecord | None = None


class UnassignDelivery(Struct, frozen=True, gc=False):
    """Take the guide off; the delivery waits again."""

    KIND: ClassVar[str] = "delivery.unassign"
    FACT: ClassVar[bool] = False
    delivery_id: str
    base: int


class IssueSlip(Struct, frozen=True, gc=False):
    """A slip was printed; printing again supersedes it."""

    KIND: ClassVar[str] = "delivery.issue_slip"
    FACT: ClassVar[bool] = False
    delivery_id: str
    parcel: int
    key_id: str
    hours: int


class RetryDelivery(Struct, frozen=True, gc=False):
    """What came back goes out again."""

    KIND: ClassVar[str] = "delivery.retry"
    FACT: ClassVar[bool] = False
    delivery_id: str


class SplitDelivery(Struct, frozen=True, gc=False):
    """Pack the goods in several parcels, each with its own slip."""

    KIND: ClassVar[str] = "delivery.split"
    FACT: ClassVar[bool] = False
    delivery_id: str
    parcels: int


def assign(command: AssignDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """The first assignment that saw the current count wins."""
    delivery = draft.get(Delivery, command.delivery_id)
    refusal = _assignable(delivery, base=command.base)
    if refusal or delivery is None:
        return refusal
    guide = guide_for(draft, command.guide, delivery.store)
    if guide is None or not guide.active:
        return Refusal("unknown_guide", {"guide": command.guide})
    if guide.store != delivery.store:
        refusal = _helps_out(draft, guide, delivery.store, ctx)
        if refusal:
            return refusal
    job = command.plan.job if command.plan else ""
    draft.emit(DeliveryAssigned(delivery.id, command.guide, command.eta, job))
    return None


def _helps_out(draft: Draft, guide: Guide, store: str, ctx: Context) -> Refusal | None:
    """A guide of another store must be lent to this one, or two stores would plan with the same guide."""
    if not (draft.get(Policy, BRAND_POLICY) or Policy()).cross_percent:
        return Refusal("guide_of_other_store", {"guide": guide.id, "store": guide.store})
    lent = draft.get(LentGuide, lent_id(guide.id, store))
    if lent is None or not lent.helps_at(ctx.now):
        return Refusal("guide_not_lent", {"guide": guide.id, "store": guide.store})
    return None


def unassign(command: UnassignDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """Only an assignment that is still the one the person saw can be taken back."""
    delivery = draft.get(Delivery, command.delivery_id)
    refusal = _assignable(delivery, base=command.base)
    if refusal or delivery is None:
        return refusal
    if delivery.guide:
        draft.emit(DeliveryAssigned(delivery.id, ""))
    return None


def _assignable(delivery: Delivery | None, *, base: int) -> Refusal | None:
    if delivery is None:
        return Refusal("unknown_delivery")
    if delivery.assignments != base:
        return Refusal("stale_base", {"guide": delivery.guide, "state": delivery.state.value})
    waits = delivery.state in {DeliveryState.WAITING, DeliveryState.ASSIGNED}
    rest_waits = delivery.state is DeliveryState.PARTLY_DELIVERED and delivery.in_store
    if not (waits or rest_waits):
        return Refusal("not_assignable", {"state": delivery.state.value})
    return None


def issue_slip(command: IssueSlip, draft: Draft, ctx: Context) -> Refusal | None:
    """A slip of the current round; each print voids the one before."""
    delivery = draft.get(Delivery, command.delivery_id)
    if delivery is None:
        return Refusal("unknown_delivery")
    parcel = delivery.parcel(command.parcel)
    if parcel is None:
        return Refusal("unknown_parcel", {"parcel": command.parcel})
    if parcel.custodian.holder is not Holder.STORE or delivery.cancelled or delivery.recalled:
        return Refusal("not_in_store", {"state": delivery.state.value})
    reprint = parcel.slip.reprint + 1 if parcel.slip else 0
    if reprint > MAX_REPRINT:
        return Refusal("too_many_reprints")
    name = slip_id(delivery.id, parcel.number, parcel.round)
    draft.emit(SlipIssued(delivery.id, parcel.number, Slip(name, reprint, command.key_id, ctx.now, command.hours)))
    return None


def retry(command: RetryDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """Only what came back can go out again."""
    delivery = draft.get(Delivery, command.delivery_id)
    if delivery is None:
        return Refusal("unknown_delivery")
    if delivery.state is not DeliveryState.RETURNED:
        return Refusal("not_returned", {"state": delivery.state.value})
    draft.emit(DeliveryRetried(delivery.id))
    return None


def split(command: SplitDelivery, draft: Draft, ctx: Context) -> Refusal | None:
    """Only a delivery that never left can be split, because a chain of custody belongs to one parcel."""
    delivery = draft.get(Delivery, command.delivery_id)
    if delivery is None:
        return Refusal("unknown_delivery")
    if not 1 <= command.parcels <= MAX_PARCELS:
        return Refusal("parcel_count", {"most": MAX_PARCELS})
    if delivery.state not in {DeliveryState.WAITING, DeliveryState.ASSIGNED} or len(delivery.parcels[0].chain) > 1:
        return Refusal("not_splittable", {"state": delivery.state.value})
    if command.parcels != len(delivery.parcels):
        draft.emit(DeliverySplit(delivery.id, command.parcels))
    return None


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (AssignDelivery, assign),
    (UnassignDelivery, unassign),
    (IssueSlip, issue_slip),
    (RetryDelivery, retry),
    (SplitDelivery, split),
)
