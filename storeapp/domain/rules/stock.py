"""Rules for stock: every change is a movement, so the shelf always equals its history."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct

from storeapp.domain.exception import ExceptionCase, ExceptionResolved
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.rules.common import below_zero
from storeapp.domain.rules.promising import keep_unpromised, take_unpromised
from storeapp.domain.stock import Movement, StockCounted, StockItem, StockMoved, StockShelved, stock_id

MAX_PIECES = 1_000_000


def _check_counted(quantity: int) -> None:
    if not 0 <= quantity <= MAX_PIECES:
        raise ValueError("no shelf holds so many pieces")


class OpenStock(Struct, frozen=True, gc=False):
    """What lies in the store when it starts to use the system; it counts like a count.

    Raises:
        ValueError: the quantity is below zero or past `MAX_PIECES`.
    """

    KIND: ClassVar[str] = "stock.open"
    FACT: ClassVar[bool] = True
    store: str
    sku: str
    quantity: int
    bin: str = ""

    def __post_init__(self) -> None:
        _check_counted(self.quantity)


class MoveStock(Struct, frozen=True, gc=False):
    """Pieces were received (positive), sold over the counter (negative) or adjusted with a reason.

    Raises:
        ValueError: the quantity is past `MAX_PIECES`.
    """

    KIND: ClassVar[str] = "stock.move"
    FACT: ClassVar[bool] = True
    store: str
    sku: str
    movement: Movement
    quantity: int
    reason: str = ""

    def __post_init__(self) -> None:
        _check_counted(abs(self.quantity))


class CountStock(Struct, frozen=True, gc=False):
    """A person counted ``quantity`` pieces on the shelf, where the ``book`` of this counter said otherwise or the same.

    Raises:
        ValueError: the quantity is below zero or past `MAX_PIECES`.
    """

    KIND: ClassVar[str] = "stock.count"
    FACT: ClassVar[bool] = True
    store: str
    sku: str
    quantity: int
    book: int | None = None

    def __post_init__(self) -> None:
        _check_counted(self.quantity)


def open_stock(command: OpenStock, draft: Draft, ctx: Context) -> Refusal | None:
    """The first count, with the place in the store."""
    item_id = stock_id(command.store, command.sku)
    _square(draft, ctx, item_id, quantity=command.quantity, movement=Movement.OPENING)
    if command.bin:
        draft.emit(StockShelved(item_id, command.bin))
    return None


def move(command: MoveStock, draft: Draft, ctx: Context) -> Refusal | None:
    """Add the movement; below zero it stands, and a person is asked to count."""
    item_id = stock_id(command.store, command.sku)
    draft.emit(StockMoved(item_id, command.movement, command.quantity, ctx.now, command.reason))
    if command.quantity > 0:
        keep_unpromised(draft, ctx, item_id, command.quantity)
    else:
        take_unpromised(draft, ctx, item_id, -command.quantity)
    below_zero(draft, ctx, item_id)
    return None


def count(command: CountStock, draft: Draft, ctx: Context) -> Refusal | None:
    """The shelf is right, the book is squared to it; a question about this item is answered by that."""
    item_id = stock_id(command.store, command.sku)
    _square(draft, ctx, item_id, quantity=command.quantity, movement=Movement.COUNTED)
    if command.book is not None:
        take_unpromised(draft, ctx, item_id, command.book - command.quantity)
    case = draft.get(ExceptionCase, f"{item_id}/below_zero")
    if case is not None and case.open:
        draft.emit(ExceptionResolved(case.id, "counted", ctx.now, ctx.actor))
    return None


def _square(draft: Draft, ctx: Context, item_id: str, *, quantity: int, movement: Movement) -> None:
    item = draft.get(StockItem, item_id)
    difference = quantity - (item.on_hand if item else 0)
    if difference or item is None:
        draft.emit(StockMoved(item_id, movement, difference, ctx.now))
    draft.emit(StockCounted(item_id, quantity, ctx.now))


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (OpenStock, open_stock),
    (MoveStock, move),
    (CountStock, count),
)
