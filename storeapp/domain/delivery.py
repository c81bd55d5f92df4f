"""A delivery is the job; its parcels carry custody, and the delivery's state follows from theirs."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.moment import Window
from storeapp.domain.words import Mode


class Holder(StrEnum):
    """Who can hold a parcel."""

    STORE = "store"
    GUIDE = "guide"
    COURIER = "courier"
    PICKUP_POINT = "pickup_point"
    CUSTOMER = "customer"


class DeliveryState(StrEnum):
    """Where the job stands; derived, never stored by itself."""

    WAITING = "waiting"
    ASSIGNED = "assigned"
    IN_CUSTODY = "in_custody"
    PARTLY_DELIVERED = "partly_delivered"
    DELIVERED = "delivered"
    FAILED = "failed"
    RETURNING = "returning"
    RETURNED = "returned"
    AT_PICKUP_POINT = "at_pickup_point"
    COLLECTED = "collected"
    WITH_COURIER = "with_courier"
    CANCELLED = "cancelled"


BEFORE_CUSTODY = frozenset({DeliveryState.WAITING, DeliveryState.ASSIGNED, DeliveryState.RETURNED})
FINISHED = frozenset({DeliveryState.DELIVERED, DeliveryState.COLLECTED, DeliveryState.CANCELLED})


class Proof(StrEnum):
    """What shows that a handoff happened."""

    TOKEN = "token"  # noqa: S105 -- the name of a proof, not a secret
    SHORT_CODE = "short_code"
    PICKUP_CODE = "pickup_code"
    STAFF = "staff"
    NONE = "none"


class Attempt(StrEnum):
    """How the current round of one parcel stands while somebody outside the store holds it."""

    UNDER_WAY = "under_way"
    FAILED = "failed"
    RETURNING = "returning"


class Link(Struct, frozen=True, gc=False):
    """One link of the chain of custody: who holds the parcel from when on, and what proves it."""

    holder: Holder
    holder_id: str
    at: datetime
    device: str
    actor: str
    proof: Proof


class Slip(Struct, frozen=True, gc=False):
    """The paper that is valid for the parcel's current round."""

    slip_id: str
    reprint: int
    key_id: str
    issued_at: datetime
    hours: int


class Parcel(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one slip covers. The last link of ``chain`` holds it, so there is always exactly one custodian."""

    number: int
    chain: tuple[Link, ...]
    round: int = 0
    attempt: Attempt = Attempt.UNDER_WAY
    slip: Slip | None = None

    @property
    def custodian(self) -> Link:
        """Who holds it now."""
        return self.chain[-1]


class Goods(Struct, frozen=True, gc=False):
    """Pieces of one article."""

    sku: str
    quantity: int


class Delivery(Struct, frozen=True, gc=False, omit_defaults=True):
    """The job of getting one order's parcels to the customer.

    ``assignments`` counts the changes of the responsible guide; an assignment names the count that it
    saw, so the first of two rivals wins whatever their clocks say. ``goods`` are booked off the store's
    stock for it; an order that changes on the way doesn't change what was packed. ``cancelled`` with some
    parcels at the customer means that the rest will not be brought. ``pinned`` is the only guide whom staff want
    for it, ``banned`` are guides whom they do not; the planner obeys, a person's hand need not.
    """

    KIND: ClassVar[str] = "delivery"
    id: str
    order_id: str
    store: str
    mode: Mode
    window: Window
    pieces: int
    weight_g: int
    parcels: tuple[Parcel, ...]
    guide: str = ""
    assignments: int = 0
    eta: datetime | None = None
    cancelled: bool = False
    recalled: bool = False
    return_reason: str = ""
    handed_over_at: datetime | None = None
    finished_at: datetime | None = None
    goods: tuple[Goods, ...] = ()
    pinned: str = ""
    banned: tuple[str, ...] = ()
    priority: int = 0

    @property
    def state(self) -> DeliveryState:
        """The state that follows from the parcels' custody, the assignment and a cancellation."""
        if len(self.parcels) == 1 and self.parcels[0].chain[-1].holder is Holder.STORE:
            # As most are, and a set of words takes longer than all the rest.
            return self._in_the_store()
        holders = {parcel.chain[-1].holder for parcel in self.parcels}
        if Holder.CUSTOMER in holders:
            return self._with_the_customer()
        if Holder.GUIDE in holders:
            return self._on_the_way()
        if Holder.COURIER in holders:
            return DeliveryState.WITH_COURIER
        if Holder.PICKUP_POINT in holders:
            return DeliveryState.AT_PICKUP_POINT
        return self._in_the_store()

    def _with_the_customer(self) -> DeliveryState:
        arrived = self.held_by(Holder.CUSTOMER)
        if len(arrived) < len(self.parcels) and not self.cancelled:
            return DeliveryState.PARTLY_DELIVERED
        collected = any(len(p.chain) > 1 and p.chain[-2].holder is Holder.PICKUP_POINT for p in arrived)
        return DeliveryState.COLLECTED if collected else DeliveryState.DELIVERED

    def _on_the_way(self) -> DeliveryState:
        attempts = {parcel.attempt for parcel in self.parcels if parcel.custodian.holder is Holder.GUIDE}
        if Attempt.UNDER_WAY in attempts:
            return DeliveryState.IN_CUSTODY
        return DeliveryState.RETURNING if Attempt.RETURNING in attempts else DeliveryState.FAILED

    def _in_the_store(self) -> DeliveryState:
        if self.cancelled:
            return DeliveryState.CANCELLED
        if self.return_reason:
            return DeliveryState.RETURNED
        return DeliveryState.ASSIGNED if self.guide else DeliveryState.WAITING

    def parcel(self, number: int) -> Parcel | None:
        """The parcel with this number, counted from 1."""
        return next((parcel for parcel in self.parcels if parcel.number == number), None)

    def held_by(self, *holders: Holder) -> tuple[Parcel, ...]:
        """The parcels in the custody of one of these."""
        return tuple(parcel for parcel in self.parcels if parcel.custodian.holder in holders)

    @property
    def outside(self) -> tuple[Parcel, ...]:
        """The parcels that are neither in the store nor at the customer."""
        return self.held_by(Holder.GUIDE, Holder.COURIER, Holder.PICKUP_POINT)

    @property
    def in_store(self) -> bool:
        """Whether what the customer doesn't have lies in the store; False where nothing is left."""
        return not self.outside and bool(self.held_by(Holder.STORE))

    @property
    def on_time(self) -> bool | None:
        """Whether it reached the customer within the promise; None while it has not."""
        if self.finished_at is None or self.state is DeliveryState.CANCELLED:
            return None
        return self.finished_at <= self.window.end


def slip_id(delivery: str, parcel: int, round_: int) -> str:
    """The slip's name as hex."""
    return slip_name(delivery, parcel, round_).hex()


def slip_name(delivery: str, parcel: int, round_: int) -> bytes:
    """The slip's 8 bytes: any counter that knows the delivery can name its slip, whoever printed it."""
    return hashlib.sha256(f"slip|{delivery}|{parcel}|{round_}".encode()).digest()[:8]


class DeliveryOpened(Struct, frozen=True, gc=False):
    """There is a job to do; the parcels lie in the store."""

    KIND: ClassVar[str] = "delivery.opened"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    delivery: Delivery


class DeliveryChanged(Struct, frozen=True, gc=False):
    """The promise or the load changed."""

    KIND: ClassVar[str] = "delivery.changed"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    mode: Mode
    window: Window
    pieces: int
    weight_g: int


class DeliveryAssigned(Struct, frozen=True, gc=False):
    """A guide is responsible, or with an empty ``guide`` nobody is any more; ``job`` planned it for a whole region."""

    KIND: ClassVar[str] = "delivery.assigned"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    guide: str
    eta: datetime | None = None
    job: str = ""


class SlipIssued(Struct, frozen=True, gc=False):
    """A slip was printed for one parcel; a higher reprint voids the lower ones."""

    KIND: ClassVar[str] = "delivery.slip_issued"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    parcel: int
    slip: Slip


class CustodyMoved(Struct, frozen=True, gc=False):
    """One parcel changed hands; back in the store a new round begins and its slip is void."""

    KIND: ClassVar[str] = "delivery.custody_moved"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    parcel: int
    link: Link


class AttemptEnded(Struct, frozen=True, gc=False):
    """The customer did not take one parcel, or it is on its way back."""

    KIND: ClassVar[str] = "delivery.attempt_ended"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    parcel: int
    attempt: Attempt
    reason: str


class DeliveryReturned(Struct, frozen=True, gc=False):
    """Everything is back in the store; a person decides whether to try again."""

    KIND: ClassVar[str] = "delivery.returned"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    reason: str


class DeliveryRetried(Struct, frozen=True, gc=False):
    """A returned delivery waits for a guide again."""

    KIND: ClassVar[str] = "delivery.retried"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str


class DeliveryRecalled(Struct, frozen=True, gc=False):
    """The order was cancelled after custody: the parcel must come back."""

    KIND: ClassVar[str] = "delivery.recalled"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str


class DeliveryCancelled(Struct, frozen=True, gc=False):
    """The job is off."""

    KIND: ClassVar[str] = "delivery.cancelled"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    at: datetime


class DeliverySplit(Struct, frozen=True, gc=False):
    """Staff packed the goods in several parcels; slips printed before are void."""

    KIND: ClassVar[str] = "delivery.split"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    parcels: int


class GoodsBooked(Struct, frozen=True, gc=False):
    """These goods are off the store's stock because of the delivery; none once they are back."""

    KIND: ClassVar[str] = "delivery.goods_booked"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    goods: tuple[Goods, ...]


class DeliveryPinned(Struct, frozen=True, gc=False):
    """Staff keep it for one guide, or with an empty ``guide`` for nobody any more."""

    KIND: ClassVar[str] = "delivery.pinned"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    guide: str


class GuidesBanned(Struct, frozen=True, gc=False):
    """Staff keep it from these guides and no others."""

    KIND: ClassVar[str] = "delivery.guides_banned"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    guides: tuple[str, ...]


class DeliveryPrioritised(Struct, frozen=True, gc=False):
    """How much more than others it must not be left."""

    KIND: ClassVar[str] = "delivery.prioritised"
    OF: ClassVar[type[Delivery]] = Delivery
    id: str
    priority: int


DeliveryEvent = (
    DeliveryOpened
    | DeliveryChanged
    | DeliveryAssigned
    | SlipIssued
    | CustodyMoved
    | AttemptEnded
    | DeliveryReturned
    | DeliveryRetried
    | DeliveryRecalled
    | DeliveryCancelled
    | DeliverySplit
    | GoodsBooked
    | DeliveryPinned
    | GuidesBanned
    | DeliveryPrioritised
)


def evolve(state: Delivery | None, event: DeliveryEvent) -> Delivery:
    """Apply one event.

    Raises:
        ValueError: the event needs a delivery that never existed, which no decider emits.
    """
    if isinstance(event, DeliveryOpened):
        return event.delivery
    if state is None:
        raise ValueError(f"{event.KIND} of an unknown delivery")
    match event:
        case DeliveryChanged():
            return replace(state, mode=event.mode, window=event.window, pieces=event.pieces, weight_g=event.weight_g)
        case DeliveryAssigned():
            return replace(state, guide=event.guide, eta=event.eta, assignments=state.assignments + 1)
        case SlipIssued():
            return _with_parcel(state, event.parcel, lambda parcel: replace(parcel, slip=event.slip))
        case CustodyMoved():
            return _after_handoff(_with_parcel(state, event.parcel, lambda parcel: _moved(parcel, event.link)), event)
        case AttemptEnded():
            return _with_parcel(state, event.parcel, lambda parcel: replace(parcel, attempt=event.attempt))
        case DeliveryReturned():
            return replace(state, guide="", eta=None, assignments=state.assignments + 1, return_reason=event.reason)
        case DeliveryRetried():
            return replace(state, return_reason="")
        case DeliveryRecalled():
            return replace(state, recalled=True)
        case DeliveryCancelled():
            return replace(
                state,
                cancelled=True,
                guide=state.guide if state.held_by(Holder.CUSTOMER) else "",
                eta=None,
                assignments=state.assignments + 1,
                finished_at=_arrival(state) or event.at,
            )
        case DeliverySplit():
            # A new round names new slips, so that no paper of before fits one of the new parcels.
            parcel = replace(state.parcels[0], round=state.parcels[0].round + 1, slip=None)
            return replace(state, parcels=tuple(replace(parcel, number=n + 1) for n in range(event.parcels)))
        case GoodsBooked():
            return replace(state, goods=event.goods)
        case _:
            return _wished(state, event)


def _wished(state: Delivery, event: DeliveryPinned | GuidesBanned | DeliveryPrioritised) -> Delivery:
    """What staff ask of the planner."""
    match event:
        case DeliveryPinned():
            return replace(state, pinned=event.guide)
        case GuidesBanned():
            return replace(state, banned=event.guides)
        case DeliveryPrioritised():
            return replace(state, priority=event.priority)


def _arrival(state: Delivery) -> datetime | None:
    """When the customer got the last parcel that has arrived."""
    return max((parcel.custodian.at for parcel in state.held_by(Holder.CUSTOMER)), default=None)


def _with_parcel(state: Delivery, number: int, change: Callable[[Parcel], Parcel]) -> Delivery:
    parcels = (change(parcel) if parcel.number == number else parcel for parcel in state.parcels)
    return replace(state, parcels=tuple(parcels))


def _moved(parcel: Parcel, link: Link) -> Parcel:
    back = link.holder is Holder.STORE
    rescued = link.holder is parcel.custodian.holder is Holder.GUIDE
    return replace(
        parcel,
        chain=(*parcel.chain, link),
        # What another guide takes over on the way back is still on the way back.
        attempt=parcel.attempt if rescued else Attempt.UNDER_WAY,
        round=parcel.round + 1 if back else parcel.round,
        slip=None if back else parcel.slip,
    )


def _after_handoff(state: Delivery, event: CustodyMoved) -> Delivery:
    to_store, to_guide = event.link.holder is Holder.STORE, event.link.holder is Holder.GUIDE
    finished = len(state.held_by(Holder.CUSTOMER)) == len(state.parcels)
    return replace(
        state,
        finished_at=_arrival(state) if finished else None,
        handed_over_at=event.link.at if to_guide else state.handed_over_at,
        return_reason=state.return_reason if to_store else "",
        cancelled=state.cancelled and to_store,
    )
