"""An order: what was sold, to be where and when; everything personal is a sealed text beside it."""

import hashlib
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, ClassVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from storeapp.domain.kernel import Whole
from storeapp.domain.moment import Window
from storeapp.domain.words import Mode, Platform

SHORT_STOCK = "short_stock"
UNKNOWN_SKU = "sku_unknown"
UNCONFIRMED_STOCK = "stock_unconfirmed"
STOCK_NEEDS = frozenset({SHORT_STOCK, UNKNOWN_SKU, UNCONFIRMED_STOCK})
"""Needs that follow from what could be promised of the lines."""

REMARKS = frozenset({"mode_assumed", "window_default", UNCONFIRMED_STOCK})
"""Needs that only tell what was assumed or is still open; every other one asks a person to act."""
MAX_PIECES = 1_000_000


class OrderStatus(StrEnum):
    """Whether anything is still to be done for the customer."""

    OPEN = "open"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class OrderLine(Struct, frozen=True, gc=False, omit_defaults=True):
    """One article; ``reserved`` pieces of it are promised from this store's stock.

    The decoder checks the bounds of its numbers, so that nobody need look for endless ones in thousands of orders.

    Raises:
        ValueError: the quantity is below zero or past `MAX_PIECES`, or more is reserved than ordered.
    """

    sku: str
    quantity: Annotated[int, Meta(ge=0, le=MAX_PIECES)]
    price_fen: Whole
    title: str = ""
    reserved: Annotated[int, Meta(ge=0, le=MAX_PIECES)] = 0

    def __post_init__(self) -> None:
        if not 0 <= self.reserved <= self.quantity <= MAX_PIECES:
            raise ValueError("no order holds so many pieces")


class Order(Struct, frozen=True, gc=False, omit_defaults=True):
    """What was sold. ``needs`` are codes of what a person should look at; ``sealed`` is empty once forgotten.

    ``digest`` is a keyed hash of what the platform stated last, so that importing the same again changes
    nothing, whatever staff have corrected since.
    """

    KIND: ClassVar[str] = "order"
    id: str
    platform: Platform
    order_no: str
    store: str
    mode: Mode
    window: Window
    lines: tuple[OrderLine, ...]
    created_at: datetime
    updated_at: datetime | None
    sealed: str
    located: bool
    digest: str = ""
    needs: tuple[str, ...] = ()
    status: OrderStatus = OrderStatus.OPEN
    closed_at: datetime | None = None
    cancel_reason: str = ""

    @property
    def delivery_id(self) -> str:
        """The id of the job that brings it to the customer."""
        return delivery_id(self.id)

    @property
    def total_fen(self) -> int:
        """The price of the goods."""
        return sum(line.price_fen * line.quantity for line in self.lines)


_BASE32 = "abcdefghijklmnopqrstuvwxyz234567"
_PAIRS = tuple(high + low for high in _BASE32 for low in _BASE32)


@lru_cache(maxsize=4096)
def order_id(platform: Platform, order_no: str) -> str:
    """The same order has the same id at every counter: 80 bits of a hash of platform and number."""
    digest = hashlib.sha256(f"{platform}|{order_no}".encode()).digest()
    return _base32(int.from_bytes(digest[:5])) + _base32(int.from_bytes(digest[5:10]))


def _base32(bits: int) -> str:
    """Forty bits in eight letters; a number of so few is shifted quickly."""
    return f"{_PAIRS[bits >> 30]}{_PAIRS[bits >> 20 & 1023]}{_PAIRS[bits >> 10 & 1023]}{_PAIRS[bits & 1023]}"


def delivery_id(order: str) -> str:
    """The first delivery of an order."""
    return f"{order}-1"


def order_of(delivery: str) -> str:
    """The order that has the delivery of this id."""
    return delivery.removesuffix(delivery_id(""))


class OrderPlaced(Struct, frozen=True, gc=False):
    """A store took an order on."""

    KIND: ClassVar[str] = "order.placed"
    OF: ClassVar[type[Order]] = Order
    id: str
    order: Order


class OrderChanged(Struct, frozen=True, gc=False):
    """What was ordered, where to or when, is now different; the reservation events stand beside it."""

    KIND: ClassVar[str] = "order.changed"
    OF: ClassVar[type[Order]] = Order
    id: str
    mode: Mode
    window: Window
    lines: tuple[OrderLine, ...]
    updated_at: datetime | None
    sealed: str
    located: bool
    needs: tuple[str, ...]
    digest: str


class OrderCancelled(Struct, frozen=True, gc=False):
    """Nobody will deliver it."""

    KIND: ClassVar[str] = "order.cancelled"
    OF: ClassVar[type[Order]] = Order
    id: str
    reason: str
    at: datetime


class OrderCompleted(Struct, frozen=True, gc=False):
    """The customer has everything."""

    KIND: ClassVar[str] = "order.completed"
    OF: ClassVar[type[Order]] = Order
    id: str
    at: datetime


class OrderReopened(Struct, frozen=True, gc=False):
    """A fact undid the end: what was cancelled or completed turned out to be still on its way."""

    KIND: ClassVar[str] = "order.reopened"
    OF: ClassVar[type[Order]] = Order
    id: str


class LinesReserved(Struct, frozen=True, gc=False):
    """How many pieces of each line are promised now, in the order of the lines."""

    KIND: ClassVar[str] = "order.lines_reserved"
    OF: ClassVar[type[Order]] = Order
    id: str
    reserved: tuple[int, ...]
    needs: tuple[str, ...]


class OrderForgotten(Struct, frozen=True, gc=False):
    """The personal data is gone for good; the rest of the order stays."""

    KIND: ClassVar[str] = "order.forgotten"
    OF: ClassVar[type[Order]] = Order
    id: str


OrderEvent = (
    OrderPlaced | OrderChanged | OrderCancelled | OrderCompleted | OrderReopened | LinesReserved | OrderForgotten
)


def evolve(state: Order | None, event: OrderEvent) -> Order:
    """Apply one event.

    Raises:
        ValueError: the event needs an order that never existed, which no decider emits.
    """
    if isinstance(event, OrderPlaced):
        return event.order
    if state is None:
        raise ValueError(f"{event.KIND} of an unknown order")
    if isinstance(event, LinesReserved):
        return replace(state, lines=with_reservations(state.lines, event.reserved), needs=event.needs)
    match event:
        case OrderChanged():
            return replace(
                state,
                mode=event.mode,
                window=event.window,
                lines=event.lines,
                updated_at=event.updated_at,
                sealed=event.sealed,
                located=event.located,
                needs=event.needs,
                digest=event.digest,
            )
        case OrderCancelled():
            return replace(state, status=OrderStatus.CANCELLED, cancel_reason=event.reason, closed_at=event.at)
        case OrderCompleted():
            return replace(state, status=OrderStatus.COMPLETED, closed_at=event.at)
        case OrderReopened():
            return replace(state, status=OrderStatus.OPEN, closed_at=None, cancel_reason="")
        case OrderForgotten():
            return replace(state, sealed="", digest="", located=False)


def with_reservations(lines: tuple[OrderLine, ...], reserved: tuple[int, ...]) -> tuple[OrderLine, ...]:
    """The lines with so many pieces promised to each."""
    pairs = zip(lines, reserved, strict=True)
    return tuple([line if line.reserved == n else replace(line, reserved=n) for line, n in pairs])
