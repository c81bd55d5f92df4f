"""An order as a shop platform states it, before this store has decided anything about it."""

from dataclasses import dataclass
from datetime import datetime

from storeapp.domain.moment import Window
from storeapp.domain.place import Position
from storeapp.domain.words import Mode, Platform


@dataclass(frozen=True, slots=True)
class Person:
    """Everything personal of one order; it is sealed before it touches a disk.

    ``phone`` is digits only, without country code; empty where the platform gave none or a masked one.
    ``phone_extension`` is dialled after it (platforms hand out virtual numbers shared by many customers) and
    ``phone_until`` is when such a number stops working. ``address`` is one line, city and district included.
    ``position`` is exact, so it is personal too.
    """

    name: str = ""
    phone: str = ""
    address: str = ""
    note: str = ""
    position: Position | None = None
    phone_extension: str = ""
    phone_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class IncomingLine:
    """One article of an order; ``price_fen`` is one piece's price, ``sku`` is empty where the platform has none."""

    sku: str
    quantity: int
    price_fen: int
    title: str = ""


@dataclass(frozen=True, slots=True)
class IncomingOrder:
    """One order of one platform, with the codes of what a person should look at (``needs``)."""

    platform: Platform
    order_no: str
    cancelled: bool
    created_at: datetime
    updated_at: datetime | None
    lines: tuple[IncomingLine, ...]
    person: Person
    store: str | None = None
    mode: Mode | None = None
    window: Window | None = None
    needs: tuple[str, ...] = ()
    row: int = 0
    """Row or index in its file, counted from 1 as a person would."""


@dataclass(frozen=True, slots=True)
class RowError:
    """One row that could not be read; the value itself is never repeated, it may be personal."""

    file: str
    row: int
    field: str
    code: str
