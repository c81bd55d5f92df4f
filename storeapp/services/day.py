"""The end of a store's day: who delivered what and earns what, what is still open, and closing it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import day_bounds, store_day
from storeapp.domain.people import Guide
from storeapp.domain.rules.closing import CloseDay
from storeapp.domain.statement import DayTotals, Earning, Statement, StoreDay
from storeapp.domain.words import Role
from storeapp.services.counter import Actor, Counter
from storeapp.services.lending import guests_on, statement_of
from storeapp.services.rows import CountRow
from storeapp.services.stock import counted_on
from storeapp.store import daybook


@dataclass(frozen=True, slots=True)
class GuideDay:
    """What one guide did and earned on the day, at other stores, too.

    A guest is paid by ``paid_by``, the guest's own store, which has the same lines; it is empty for this store's own.
    """

    guide: str
    name: str
    earnings: tuple[Earning, ...]
    paid_by: str = ""

    @property
    def deliveries(self) -> int:
        """How many deliveries were done."""
        return len(self.earnings)

    @property
    def on_time(self) -> int:
        """How many of them within their promise."""
        return sum(earning.on_time for earning in self.earnings)

    @property
    def earnings_fen(self) -> int:
        """The sum of the lines."""
        return sum(earning.amount_fen for earning in self.earnings)


@dataclass(frozen=True, slots=True)
class InCustody:
    """Parcels of a delivery that a guide still has."""

    delivery_id: str
    guide: str
    parcels: int


class Arrival(NamedTuple):
    """When something reached its customer, and whether within the promise."""

    at: datetime
    on_time: bool


@dataclass(frozen=True, slots=True)
class DayReport:
    """A store's day so far; ``closed`` holds the figures of the last closing, if there was one."""

    day: date
    totals: DayTotals
    guides: tuple[GuideDay, ...]
    open_deliveries: tuple[str, ...]
    in_custody: tuple[InCustody, ...]
    counted: tuple[CountRow, ...]
    exceptions: tuple[ExceptionCase, ...]
    closed: StoreDay | None
    arrivals: tuple[Arrival, ...] = ()

    @property
    def differences(self) -> tuple[CountRow, ...]:
        """The counts that contradicted the book."""
        return tuple(item for item in self.counted if item.difference)


def day_report(counter: Counter, day: date | None = None) -> DayReport:
    """The figures of a day, today's where none is named.

    Open deliveries and parcels in custody are those of this moment, because a day leaves them to the next; of a day
    in the past those whose orders had come by then.
    """
    day = day or store_day(counter.clock.now())
    start, end = day_bounds(day)
    cache = counter.cache
    finished = list(cache.many(Delivery, daybook.finished(cache.db, start, end)).values())
    left = list(cache.many(Delivery, daybook.still_open(cache.db, end)).values())
    cases = cache.many(ExceptionCase, daybook.cases(cache.db, start, end))
    guides = _guides(counter, day, finished)
    return DayReport(
        day=day,
        totals=_totals(
            finished,
            left,
            exceptions=len(cases),
            earnings_fen=sum(guide.earnings_fen for guide in guides if not guide.paid_by),
        ),
        guides=guides,
        open_deliveries=tuple(delivery.id for delivery in left),
        in_custody=tuple(_in_custody(left)),
        counted=tuple(counted_on(counter, day)),
        exceptions=tuple(cases.values()),
        closed=cache.get(StoreDay, f"{counter.store}/{day.isoformat()}"),
        arrivals=tuple(_arrivals(finished)),
    )


def _totals(finished: list[Delivery], left: list[Delivery], *, exceptions: int, earnings_fen: int) -> DayTotals:
    """The day's orders are those that ended on it and those that are open."""
    delivered = [delivery for delivery in finished if delivery.state is not DeliveryState.CANCELLED]
    return DayTotals(
        orders=len(finished) + len(left),
        delivered=len(delivered),
        on_time=sum(bool(delivery.on_time) for delivery in delivered),
        open=len(left),
        cancelled=len(finished) - len(delivered),
        exceptions=exceptions,
        earnings_fen=earnings_fen,
    )


def _guides(counter: Counter, day: date, finished: list[Delivery]) -> tuple[GuideDay, ...]:
    """Everybody who works here or was paid for a delivery of this store; those who did most come first."""
    guides = [guide for guide in counter.cache.every(Guide) if guide.store == counter.store]
    guides += [lent.guide for lent in guests_on(counter, day)]
    names = {guide.id: guide.name for guide in guides}
    links = [link for job in finished for parcel in job.parcels for link in parcel.chain]
    carriers = {link.holder_id for link in links if link.holder is Holder.GUIDE}
    ids = sorted(names.keys() | carriers | {job.guide for job in finished if job.guide})
    rows = [_guide_day(guide, names.get(guide, guide), statement_of(counter, guide, day)) for guide in ids]
    return tuple(sorted(rows, key=lambda row: (-row.deliveries, row.guide)))


def _guide_day(guide: str, name: str, statement: Statement | None) -> GuideDay:
    if statement is None:
        return GuideDay(guide, name, ())
    return GuideDay(guide, name, statement.lines, statement.guide_store)


def _arrivals(finished: list[Delivery]) -> Iterable[Arrival]:
    for delivery in finished:
        if delivery.finished_at is not None and delivery.on_time is not None:
            yield Arrival(delivery.finished_at, delivery.on_time)


def _in_custody(left: list[Delivery]) -> Iterable[InCustody]:
    for delivery in left:
        held = [parcel.custodian.holder_id for parcel in delivery.held_by(Holder.GUIDE)]
        for guide in sorted(set(held)):
            yield InCustody(delivery.id, guide, held.count(guide))


def close_day(counter: Counter, actor: Actor, day: date | None = None) -> DayReport | Refusal:
    """Keep the day's figures; it can be closed again after a late fact.

    Parcels in custody do not hinder it: the report lists them, and the next day goes on with them.

    Refusals: ``manager_only``, ``day_in_future``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    day = day or store_day(counter.clock.now())
    if day > store_day(counter.clock.now()):
        return Refusal("day_in_future")
    with counter.transaction(actor) as tx:
        decided = tx.run(CloseDay(counter.store, day, day_report(counter, day).totals))
    return decided if isinstance(decided, Refusal) else day_report(counter, day)
