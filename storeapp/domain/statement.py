"""What a guide earned on one day, and what a store's day amounted to when it was closed."""

from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.words import Mode


class Earning(Struct, frozen=True):
    """One line of pay, at the policy's rate when the customer got the parcel."""

    delivery_id: str
    mode: Mode
    amount_fen: int
    at: datetime
    on_time: bool


class Statement(Struct, frozen=True):
    """A guide's earnings of one store day."""

    KIND: ClassVar[str] = "statement"
    id: str
    guide: str
    store: str
    day: date
    earnings: tuple[Earning, ...] = ()

    @property
    def total_fen(self) -> int:
        """The sum of the lines."""
        return sum(earning.amount_fen for earning in self.earnings)


class DayTotals(Struct, frozen=True):
    """The figures of a closed day."""

    orders: int
    delivered: int
    on_time: int
    open: int
    cancelled: int
    exceptions: int
    earnings_fen: int


class StoreDay(Struct, frozen=True):
    """A store's day; closing it again replaces the figures and keeps the count of closings."""

    KIND: ClassVar[str] = "day"
    id: str
    store: str
    day: date
    totals: DayTotals
    closed_at: datetime
    closed_by: str
    closings: int = 1


def statement_id(guide: str, day: date) -> str:
    """One statement a guide and day."""
    return f"{guide}/{day.isoformat()}"


class EarningAdded(Struct, frozen=True):
    """A delivery was done and is paid."""

    KIND: ClassVar[str] = "statement.earning_added"
    OF: ClassVar[type[Statement]] = Statement
    id: str
    guide: str
    store: str
    day: date
    earning: Earning


class EarningRemoved(Struct, frozen=True):
    """A later fact showed that somebody else delivered it, or nobody did."""

    KIND: ClassVar[str] = "statement.earning_removed"
    OF: ClassVar[type[Statement]] = Statement
    id: str
    delivery_id: str


class DayClosed(Struct, frozen=True):
    """A manager closed the day with these figures."""

    KIND: ClassVar[str] = "day.closed"
    OF: ClassVar[type[StoreDay]] = StoreDay
    id: str
    day: StoreDay


StatementEvent = EarningAdded | EarningRemoved
DayEvent = DayClosed


def evolve_statement(state: Statement | None, event: StatementEvent) -> Statement:
    """Apply one event; one delivery is paid once.

    Raises:
        ValueError: a line is removed from a statement that never existed, which no decider does.
    """
    if isinstance(event, EarningAdded):
        state = state or Statement(event.id, event.guide, event.store, event.day)
        kept = tuple(e for e in state.earnings if e.delivery_id != event.earning.delivery_id)
        return replace(state, earnings=(*kept, event.earning))
    if state is None:
        raise ValueError("an earning was removed from an unknown statement")
    return replace(state, earnings=tuple(e for e in state.earnings if e.delivery_id != event.delivery_id))


def evolve_day(state: StoreDay | None, event: DayEvent) -> StoreDay:
    """Apply one event."""
    return replace(event.day, closings=state.closings + 1 if state else 1)
