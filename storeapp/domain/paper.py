"""What stands on each printed paper, already masked or revealed by whoever may; painting is somebody else's work."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from storeapp.domain.moment import Window
from storeapp.domain.statement import DayTotals
from storeapp.domain.words import Mode, Platform

SHOWN_PHONE_DIGITS = 5
"""GB/T 41833-2022 masks at least six of a mobile number's eleven digits."""

_SHORT_CODE = re.compile(r"[0-9A-Z-]{4,12}", re.ASCII)


class Media(StrEnum):
    """What a paper is printed on."""

    ROLL_80 = "roll_80"
    ROLL_58 = "roll_58"
    A4 = "a4"
    A6 = "a6"
    CARD = "card"


@dataclass(frozen=True, slots=True)
class PaperLine:
    """One article in a parcel; ``shelf`` is where the picker finds it, empty where unknown."""

    name: str
    sku: str
    quantity: int
    shelf: str = ""


@dataclass(frozen=True, slots=True)
class MaskedRecipient:
    """A customer as a slip may show one: every part is masked before it comes here, or empty.

    Raises:
        ValueError: the phone shows more digits than a slip may carry.
    """

    name: str = ""
    phone: str = ""
    address: str = ""

    def __post_init__(self) -> None:
        if sum(character.isdigit() for character in self.phone) > SHOWN_PHONE_DIGITS:
            raise ValueError("a phone on a slip is not masked")


@dataclass(frozen=True, slots=True)
class GuideLabel:
    """A guide as papers name one."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class SlipContent:
    """A parcel's slip; ``reprint_no`` is 0 for the first print, ``qr_text`` the token's link or its bare digits.

    Raises:
        ValueError: the short code has not 4 to 12 characters of digits, capitals and hyphens.
    """

    store_name: str
    order_no: str
    platform: Platform
    mode: Mode
    window: Window | None
    lines: tuple[PaperLine, ...]
    recipient: MaskedRecipient
    has_note: bool
    guide: GuideLabel | None
    reprint_no: int
    printed_at: datetime
    qr_text: str
    short_code: str
    weight_g: int | None = None

    def __post_init__(self) -> None:
        check_short_code(self.short_code)

    @property
    def pieces(self) -> int:
        """How many pieces lie in the parcel."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class BadgeContent:
    """A guide's badge, valid through the day ``valid_until`` of the store's calendar.

    Raises:
        ValueError: the short code has not 4 to 12 characters of digits, capitals and hyphens.
    """

    guide: GuideLabel
    store_name: str
    valid_until: date
    qr_text: str
    short_code: str

    def __post_init__(self) -> None:
        check_short_code(self.short_code)


@dataclass(frozen=True, slots=True)
class Stop:
    """One delivery of a run sheet, revealed; ``code_digits`` is the length of the customer's code, 0 without one."""

    order_no: str
    name: str
    phone: str
    address: str
    note: str
    window: Window | None
    pieces: int
    code_digits: int = 0


@dataclass(frozen=True, slots=True)
class RunSheetContent:
    """What a guide in custody needs, in the order of the run."""

    guide: GuideLabel
    store_name: str
    printed_at: datetime
    stops: tuple[Stop, ...]


@dataclass(frozen=True, slots=True)
class GuideTotals:
    """What one guide did on the day; ``paid_by`` is the store that pays a guest of this one."""

    guide: GuideLabel
    deliveries: int
    on_time: int
    earnings_fen: int
    paid_by: str = ""


@dataclass(frozen=True, slots=True)
class StillOut:
    """Parcels of an order that a guide still has when the paper is printed."""

    order_no: str
    guide: str
    parcels: int


@dataclass(frozen=True, slots=True)
class CountedShelf:
    """A shelf that was counted, and by how much the book was wrong."""

    name: str
    sku: str
    difference: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class DayCloseContent:
    """A store's day on paper; ``closed_at`` is None while nobody has closed it. No customer stands on it."""

    store_name: str
    day: date
    totals: DayTotals
    guides: tuple[GuideTotals, ...]
    out: tuple[StillOut, ...]
    counted: tuple[CountedShelf, ...]
    printed_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""
    closings: int = 0


def check_short_code(code: str) -> None:
    """Refuse a short code that would not fit as bars on the narrowest paper.

    Raises:
        ValueError: it has not 4 to 12 characters of digits, capitals and hyphens.
    """
    if _SHORT_CODE.fullmatch(code) is None:
        raise ValueError("a short code has 4 to 12 characters of digits, capitals and hyphens")
