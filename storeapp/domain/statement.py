"""What a guide earned on one day, and what a store's day amounted to when it was closed."""

from datetime import date, datetime
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.words import Mode


class Earning(Struct, frozen=True, gc=False):
    """One line of pay, at the policy's rate when the customer got the parcel."""

    delivery_id: str
    mode: Mode
    amount_fen: int
    at: datetime
    on_time: bool


class Elsewhere(Struct, frozen=True, gc=False):
    """What a guide earned at another store that had borrowed the guide."""

    store: str
    earnings: tuple[Earning, ...]


class Statement(Struct, frozen=True, gc=False):
    """A guide's earnings of one store day.

    Where a guide helped out at another store, that store has a statement of its own for it, whose ``guide_store`` pays:
    the statement there holds the same lines in ``elsewhere``, where the hub keeps them as they are.
    """

    KIND: ClassVar[str] = "statement"
    id: str
    guide: str
    store: str
    day: date
    earnings: tuple[Earning, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    guide_store: str = ""

    @property
    def lines(self) -> tuple[Earning, ...]:
        """Everything that was earned on the day, wherever."""
        return (*self.earnings, *(earning for each in self.elsewhere for earning in each.earnings))

    @property
    def total_fen(self) -> int:
        """The sum of the lines."""
        return sum(earning.amount_fen for earning in self.lines)


class DayTotals(Struct, frozen=True, gc=False):
    """The figures of a closed day."""

    orders: int
    delivered: int
    on_time: int
    open: int
    cancelled: int
    exceptions: int
    earnings_fen: int


class StoreDay(Struct, frozen=True, gc=False):
    """A store's day; closing it again replaces the figures and keeps the count of closings."""

    KIND: ClassVar[str] = "day"
    id: str
    store: str
    day: date
    totals: DayTotals
    closed_at: datetime
    closed_by: str
    closings: int = 1


def statement_id(guide: str, day: date, *, at: str = "") -> str:
    """One statement a guide and day, and one for each other store ``at`` which the guide helped out."""
    return f"{guide}/{day.isoformat()}@{at}" if at else f"{guide}/{day.isoformat()}"


class EarningAdded(Struct, frozen=True, gc=False):
    """A delivery was done and is paid."""

    KIND: ClassVar[str] = "statement.earning_added"
    OF: ClassVar[type[Statement]] = Statement
    id: str
    guide: str
    store: str
    day: date
    earning: Earning
    guide_store: str = ""


class EarnedElsewhere(Struct, frozen=True, gc=False):
    """A guide's lines of one day at a store that had borrowed the guide are these; told to the guide's own store."""

    KIND: ClassVar[str] = "statement.earned_elsewhere"
    OF: ClassVar[type[Statement]] = Statement
    id: str
    guide: str
    store: str
    day: date
    elsewhere: Elsewhere


class EarningRemoved(Struct, frozen=True, gc=False):
    """A later fact showed that somebody else delivered it, or nobody did."""

    KIND: ClassVar[str] = "statement.earning_removed"
    OF: ClassVar[type[Statement]] = Statement
    id: str
    delivery_id: str


class DayClosed(Struct, frozen=True, gc=False):
    """A manager closed the day with these figures."""

    KIND: ClassVar[str] = "day.closed"
    OF: ClassVar[type[StoreDay]] = StoreDay
    id: str
    day: StoreDay


StatementEvent = EarningAdded | EarningRemoved | EarnedElsewhere
DayEvent = DayClosed


def evolve_statement(state: Statement | None, event: StatementEvent) -> Statement:
    """Apply one event; one delivery is paid once.

    Raises:
        ValueError: a line is removed from a statement that never existed, which no decider does.
    """
    if isinstance(event, EarningAdded):
        state = state or Statement(event.id, event.guide, event.store, event.day, guide_store=event.guide_store)
        kept = tuple(e for e in state.earnings if e.delivery_id != event.earning.delivery_id)
        return replace(state, earnings=(*kept, event.earning))
    if isinstance(event, EarnedElsewhere):
        state = state or Statement(event.id, event.guide, event.store, event.day)
        others = tuple(each for each in state.elsewhere if each.store != event.elsewhere.store)
        return replace(state, elsewhere=(*others, event.elsewhere) if event.elsewhere.earnings else others)
    if state is None:
        raise ValueError("an earning was removed from an unknown statement")
    return replace(state, earnings=tuple(e for e in state.earnings if e.delivery_id != event.delivery_id))


def evolve_day(state: StoreDay | None, event: DayEvent) -> StoreDay:
    """Apply one event."""
    return replace(event.day, closings=state.closings + 1 if state else 1)
