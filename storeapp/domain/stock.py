"""Stock is the sum of its movements; reservations promise part of it to orders that have not left yet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from storeapp.domain.records import replace


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


@dataclass(frozen=True, slots=True)
class StockItem:
    """The pieces of one SKU in one store; ``on_hand`` counts what lies in the store, promised or not.

    ``on_hand`` may fall below zero when a fact says so; ``reserved`` never does.
    """

    KIND: ClassVar[str] = "stock"
    id: str
    store: str
    sku: str
    on_hand: int = 0
    reserved: int = 0
    bin: str = ""
    counted_at: datetime | None = None

    @property
    def available(self) -> int:
        """Pieces that may still be promised, never negative."""
        return max(0, self.on_hand - self.reserved)


def stock_id(store: str, sku: str) -> str:
    """One item a store and SKU."""
    return f"{store}/{sku}"


@dataclass(frozen=True, slots=True)
class StockMoved:
    """``quantity`` pieces came (positive) or went (negative)."""

    KIND: ClassVar[str] = "stock.moved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    movement: Movement
    quantity: int
    at: datetime
    reference: str = ""


@dataclass(frozen=True, slots=True)
class StockReserved:
    """``quantity`` pieces were promised to an order (positive) or set free (negative)."""

    KIND: ClassVar[str] = "stock.reserved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    quantity: int
    order_id: str


@dataclass(frozen=True, slots=True)
class StockCounted:
    """A person counted the shelf; the movement that squares it stands beside this event."""

    KIND: ClassVar[str] = "stock.counted"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    quantity: int
    at: datetime


@dataclass(frozen=True, slots=True)
class StockShelved:
    """The pieces have a place in the store."""

    KIND: ClassVar[str] = "stock.shelved"
    OF: ClassVar[type[StockItem]] = StockItem
    id: str
    bin: str


StockEvent = StockMoved | StockReserved | StockCounted | StockShelved


def evolve(state: StockItem | None, event: StockEvent) -> StockItem:
    """Apply one event; the first one of an unknown item creates it."""
    if state is None:
        store, _, sku = event.id.partition("/")
        state = StockItem(id=event.id, store=store, sku=sku)
    match event:
        case StockMoved():
            return replace(state, on_hand=state.on_hand + event.quantity)
        case StockReserved():
            return replace(state, reserved=state.reserved + event.quantity)
        case StockCounted():
            return replace(state, counted_at=event.at)
        case StockShelved():
            return replace(state, bin=event.bin)
