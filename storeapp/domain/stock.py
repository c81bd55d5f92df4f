"""Stock is the sum of its movements; reservations promise part of it to orders that have not left yet.

A reservation is firm, or it is *unconfirmed*: then it waits until the hub knows that no other counter has promised
the same piece. What a counter may promise firmly without asking is its share.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NamedTuple

from msgspec import Struct
from msgspec.structs import replace


class Movement(StrEnum):
    """Why pieces came or went."""

    OPENING = "opening"
    RECEIVED = "received"
    ADJUSTED = "adjusted"
    COUNTED = "counted"
    SOLD = "sold"
    HANDED_OVER = "handed_over"
    RETURNED = "returned"
    DAMAGED = "damaged"


class Share(NamedTuple):
    """What the holder of a lease may promise from now on, and what is kept back for it.

    ``held`` is more than ``granted`` from when the hub takes pieces back until the counter is known to have read
    that: until then it may promise what it had before.
    """

    lease: str
    granted: int
    held: int


class Waiting(NamedTuple):
    """Unconfirmed pieces of an order, in the order in which the hub heard of them."""

    order_id: str
    quantity: int


class StockItem(Struct, frozen=True, gc=False):
    """The pieces of one SKU in one store; ``on_hand`` counts what lies in the store, promised or not.

    ``on_hand`` may fall below zero when a fact says so; ``reserved`` never does. ``waiting`` is the part of
    ``reserved`` that is unconfirmed; ``shares`` are pieces that nobody has promised yet.
    """

    KIND: ClassVar[str] = "stock"
    id: str
    store: str
    sku: str
    on_hand: int = 0
    reserved: int = 0
    bin: str = ""
    counted_at: datetime | None = None
    shares: tuple[Share, ...] = ()
    waiting: tuple[Waiting, ...] = ()

    @property
    def available(self) -> int:
        """Pieces that may still be promised, never negative."""
        return max(0, self.on_hand - self.reserved)

    @property
    def unconfirmed(self) -> int:
        """Pieces that are promised and may turn out to be promised twice."""
        return sum(waiting.quantity for waiting in self.waiting) if self.waiting else 0

    @property
    def firm(self) -> int:
        """Pieces that are promised for good."""
        return self.reserved - self.unconfirmed

    def waiting_for(self, order_id: str) -> int:
        """Unconfirmed pieces of an order."""
        return sum(waiting.quantity for waiting in self.waiting if waiting.order_id == order_id)

    def share(self, lease: str) -> Share:
        """The share of a lease, nothing where it has none."""
        for share in self.shares:
            if share.lease == lease:
                return share
        return Share(lease, 0, 0)


def stock_id(store: str, sku: str) -> str:
    """One item a store and SKU."""
    return f"{store}/{sku}"


class StockMoved(Struct, frozen=True, gc=False):
    """``quantity`` pieces came (positive) or went (negative)."""

    KIND: ClassVar[str] = "stock.moved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    movement: Movement
    quantity: int
    at: datetime
    reference: str = ""


class StockReserved(Struct, frozen=True, gc=False, omit_defaults=True):
    """``quantity`` pieces were promised to an order (positive) or set free (negative).

    ``unconfirmed`` of them, with the same sign, are or were unconfirmed; ``share`` came out of the share of ``lease``.
    """

    KIND: ClassVar[str] = "stock.reserved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    quantity: int
    order_id: str
    unconfirmed: int = 0
    share: int = 0
    lease: str = ""


class StockConfirmed(Struct, frozen=True, gc=False):
    """``quantity`` unconfirmed pieces of an order are promised for good; ``share`` came out of that of ``lease``."""

    KIND: ClassVar[str] = "stock.confirmed"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    quantity: int
    order_id: str
    share: int = 0
    lease: str = ""


class ShareMoved(Struct, frozen=True, gc=False):
    """Pieces came to the holder of a lease (positive) or went from it unpromised (negative)."""

    KIND: ClassVar[str] = "stock.share_moved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    lease: str
    quantity: int


class SharesSet(Struct, frozen=True, gc=False):
    """The hub has granted or taken back."""

    KIND: ClassVar[str] = "stock.shares_set"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    shares: tuple[Share, ...]


class StockCounted(Struct, frozen=True, gc=False):
    """A person counted the shelf; the movement that squares it stands beside this event."""

    KIND: ClassVar[str] = "stock.counted"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    quantity: int
    at: datetime


class StockShelved(Struct, frozen=True, gc=False):
    """The pieces have a place in the store."""

    KIND: ClassVar[str] = "stock.shelved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    bin: str


StockEvent = StockMoved | StockReserved | StockConfirmed | ShareMoved | SharesSet | StockCounted | StockShelved


def evolve(state: StockItem | None, event: StockEvent) -> StockItem:
    """Apply one event; the first one of an unknown item creates it."""
    if state is None:
        store, _, sku = event.id.partition("/")
        state = StockItem(id=event.id, store=store, sku=sku)
    if isinstance(event, StockReserved):
        # Most are, and each case that is tried before takes as long as this one.
        return _reserved(state, event)
    match event:
        case StockMoved():
            return replace(state, on_hand=state.on_hand + event.quantity)
        case StockConfirmed():
            waiting = _waiting(state.waiting, event.order_id, -event.quantity)
            return replace(state, waiting=waiting, shares=_shares(state.shares, event.lease, -event.share))
        case ShareMoved():
            return replace(state, shares=_shares(state.shares, event.lease, event.quantity))
        case SharesSet():
            return replace(state, shares=event.shares)
        case StockCounted():
            return replace(state, counted_at=event.at)
        case StockShelved():
            return replace(state, bin=event.bin)


def _reserved(state: StockItem, event: StockReserved) -> StockItem:
    waiting, shares = state.waiting, state.shares
    if event.unconfirmed:
        waiting = _waiting(waiting, event.order_id, event.unconfirmed)
    if event.share:
        shares = _shares(shares, event.lease, -event.share)
    return replace(state, reserved=state.reserved + event.quantity, waiting=waiting, shares=shares)


def _waiting(waiting: tuple[Waiting, ...], order_id: str, quantity: int) -> tuple[Waiting, ...]:
    """With more or fewer pieces for an order; it keeps its place."""
    if not quantity:
        return waiting
    if all(each.order_id != order_id for each in waiting):
        return (*waiting, Waiting(order_id, quantity)) if quantity > 0 else waiting
    changed = (Waiting(order_id, each.quantity + quantity) if each.order_id == order_id else each for each in waiting)
    return tuple(each for each in changed if each.quantity > 0)


def _shares(shares: tuple[Share, ...], lease: str, quantity: int) -> tuple[Share, ...]:
    """With more or fewer pieces for a lease, never fewer than none; the others keep theirs."""
    if not quantity:
        return shares
    if lease not in [share.lease for share in shares]:
        return (*shares, Share(lease, quantity, quantity)) if quantity > 0 else shares
    changed = [_moved(share, quantity) if share.lease == lease else share for share in shares]
    return tuple([share for share in changed if share.held])


def _moved(share: Share, quantity: int) -> Share:
    return Share(share.lease, max(0, share.granted + quantity), max(0, share.held + quantity))
