"""Instants are UTC and aware; a window is a half-open stretch of time in which something is promised."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

STORE_ZONE = ZoneInfo("Asia/Shanghai")


def utc(moment: datetime) -> datetime:
    """The same instant in UTC, cut to milliseconds, which is what is stored and sent.

    Raises:
        ValueError: the moment has no offset, so the instant is unknown.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without an offset is no instant")
    moment = moment.astimezone(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def store_day(moment: datetime) -> date:
    """The calendar day on the store's wall clock."""
    return moment.astimezone(STORE_ZONE).date()


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The store's day as two instants."""
    start = datetime.combine(day, time(), STORE_ZONE)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


class Window(Struct, frozen=True, gc=False):
    """From ``start`` (included) to ``end`` (excluded), both UTC; ``end`` is never before ``start``."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError("a window ends before it starts")

    def contains(self, moment: datetime) -> bool:
        """Whether the instant lies inside."""
        return self.start <= moment < self.end
