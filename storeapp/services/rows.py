"""What lists and details show: read-only rows, with people masked unless somebody asked to see them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.moment import Window
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.words import Mode, Platform, Role, TravelMode


@dataclass(frozen=True, slots=True)
class MaskedPerson:
    """A customer as lists show one; all empty where the person was forgotten or cannot be opened here."""

    name: str = ""
    phone: str = ""
    address: str = ""
    area: str = ""
    """Street and number only, what fits a card."""
    has_note: bool = False
    known: bool = False
    forgotten: bool = False
    """Nothing is kept of the person, so that no key would open anything."""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """One order with its delivery, as lists and the board show it; ``id`` is the delivery's."""

    id: str
    order_id: str
    order_no: str
    platform: Platform
    state: DeliveryState
    status: OrderStatus
    mode: Mode
    window: Window
    created_at: datetime
    guide: str
    guide_name: str
    eta: datetime | None
    pieces: int
    weight_g: int
    needs: tuple[str, ...]
    located: bool
    finished_at: datetime | None
    person: MaskedPerson
    goods: str
    """The first article's name, and how many kinds more as ``+2``."""
    unconfirmed: bool = False
    """Whether a command about it has not reached the hub yet."""
    assignments: int = 0
    """How often the guide has changed: what an assignment names, so that it never overwrites one nobody saw."""
    priority: int = 0
    """How much more than others it must not be left, from 0."""


@dataclass(frozen=True, slots=True)
class LineRow:
    """One article of an order with what the catalogue and the shelf know of it."""

    sku: str
    barcode: str
    name: str
    quantity: int
    reserved: int
    price_fen: int
    bin: str
    unconfirmed: int = 0
    """So many of the reserved pieces may turn out to be promised by another counter, too."""


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """One thing that happened; ``event`` is a code."""

    at: datetime
    actor: str
    event: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One link of the chain of custody."""

    at: datetime
    holder: str
    name: str
    proof: str
    actor: str


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """Everything the detail panel shows, without personal data in clear."""

    row: OrderRow
    order: Order
    lines: tuple[LineRow, ...]
    timeline: tuple[TimelineRow, ...]
    custody: tuple[LinkRow, ...]
    cases: tuple[ExceptionCase, ...]
    assignments: int
    reprint: int | None


LOW_PIECES = 2
"""As many pieces that may still be promised, or fewer, are low."""


class Shelf(StrEnum):
    """How a shelf stands, the gravest first."""

    NEGATIVE = "negative"
    """The book says fewer than none: somebody has to count."""
    SHORT = "short"
    """Orders wait for pieces."""
    EMPTY = "empty"
    LOW = "low"
    FINE = "fine"


@dataclass(frozen=True, slots=True)
class StockRow:
    """One SKU of the store; ``missing`` pieces are sold and not there.

    ``share`` of them this counter may promise without the hub, none while its share has lapsed; None where it is
    alone and may promise all. ``unconfirmed`` of those that are reserved the hub has not confirmed.
    """

    id: str
    sku: str
    barcode: str
    name: str
    bin: str
    on_hand: int
    reserved: int
    available: int
    counted_at: datetime | None
    missing: int = 0
    share: int | None = None
    unconfirmed: int = 0

    @property
    def shelf(self) -> Shelf:
        """How the shelf stands."""
        if self.on_hand < 0:
            return Shelf.NEGATIVE
        if self.missing:
            return Shelf.SHORT
        if not self.available:
            return Shelf.EMPTY
        return Shelf.LOW if self.available <= LOW_PIECES else Shelf.FINE


@dataclass(frozen=True, slots=True)
class CountRow:
    """A shelf that was counted on a day; ``difference`` is what the book was put right by, ``on_hand`` is of now."""

    sku: str
    name: str
    bin: str
    at: datetime
    difference: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class MovementRow:
    """One movement of a SKU."""

    at: datetime
    movement: str
    quantity: int
    reference: str
    actor: str


@dataclass(frozen=True, slots=True)
class GuideRow:
    """One guide on one day.

    ``guest_of`` is the store that has lent the guide, empty for one of this store; ``away`` names the stores that a
    guide of this one helps out at on the day, and when.
    """

    id: str
    name: str
    mode: TravelMode
    active: bool
    window: Window | None
    on_shift: bool
    max_parcels: int
    max_weight_g: int
    certificates: tuple[str, ...]
    assigned: int
    in_custody: int
    delivered: int
    earnings_fen: int
    badge_until: date | None
    badge_serial: int | None
    guest_of: str = ""
    away: tuple[tuple[str, Window], ...] = ()


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A person who may sign in."""

    id: str
    name: str
    role: Role
    active: bool


@dataclass(frozen=True, slots=True)
class AttentionRow:
    """One thing that waits for a person.

    ``source`` is ``exception``, ``refused`` (the hub said no), ``parked`` (it could not decide), ``quarantined`` (from
    a counter that was turned away) or ``needs`` (an order lacks something); ``code`` finds the words
    ``attention.<source>.<code>``. ``root`` is the id of the row that it hangs on, empty for a matter of its own.
    """

    id: str
    source: str
    code: str
    at: datetime
    subject: str
    order_no: str
    delivery_id: str
    data: dict[str, str | int]
    by: str = ""
    """Who did what led to it; empty for the program itself and for orders."""
    device: str = ""
    """The other counter that it comes from; empty for this one."""
    root: str = ""
    choices: tuple[str, ...] = ()
    """What a person may decide here about a command that was not applied."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers on the rail and in the bar."""

    by_state: dict[DeliveryState, int]
    attention: int
    pending: int
    open: int


@dataclass(frozen=True, slots=True)
class Board:
    """The deliveries of the day by column; finished ones are those of today."""

    waiting: tuple[OrderRow, ...]
    assigned: tuple[OrderRow, ...]
    out: tuple[OrderRow, ...]
    back: tuple[OrderRow, ...]
    done: tuple[OrderRow, ...]
