"""Who works when on one day: the usual hours, unless somebody set others."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.people import Guide, Shift, shift_id, shift_window
from storeapp.domain.rules.people import SetShift
from storeapp.services.counter import Actor, Counter

Result = tuple[Event, ...] | Refusal


@dataclass(frozen=True, slots=True)
class GuideShift:
    """A guide's hours of a day; ``window`` None means off, ``changed`` that they are not the usual ones."""

    guide: str
    name: str
    window: Window | None
    changed: bool


def shifts_of(counter: Counter, day: date | None = None) -> list[GuideShift]:
    """The shifts of all active guides of this store, the earliest first, those who are off last."""
    day = day or store_day(counter.clock.now())
    guides = [guide for guide in counter.cache.every(Guide) if guide.store == counter.store and guide.active]
    shifts = counter.cache.many(Shift, [shift_id(guide.id, day) for guide in guides])
    found = [_shift(guide, shifts.get(shift_id(guide.id, day)), day) for guide in guides]
    return sorted(found, key=lambda shift: (shift.window is None, shift.window and shift.window.start, shift.guide))


def _shift(guide: Guide, shift: Shift | None, day: date) -> GuideShift:
    window = shift_window(guide, shift, day)
    return GuideShift(guide.id, guide.name, window, window != shift_window(guide, None, day))


def set_hours(counter: Counter, actor: Actor, guide: str, day: date, *, start: time, end: time) -> Result:
    """Let a guide work these hours of the store's clock; hours that end before they start end on the next day.

    Refusals: ``bad_hours``, ``unknown_guide``.
    """
    if start == end:
        return Refusal("bad_hours")
    ends_on = day if end > start else day + timedelta(days=1)
    return _set(counter, actor, guide, day, Window(_instant(day, start), _instant(ends_on, end)))


def set_off(counter: Counter, actor: Actor, guide: str, day: date) -> Result:
    """The guide does not work on this day.

    Refusals: ``unknown_guide``.
    """
    return _set(counter, actor, guide, day, None)


def set_usual(counter: Counter, actor: Actor, guide: str, day: date) -> Result:
    """The guide works the usual hours after all.

    Refusals: ``unknown_guide``.
    """
    known = counter.cache.get(Guide, guide)
    return _set(counter, actor, guide, day, shift_window(known, None, day) if known else None)


def _set(counter: Counter, actor: Actor, guide: str, day: date, window: Window | None) -> Result:
    with counter.transaction(actor) as tx:
        return tx.run(SetShift(Shift(shift_id(guide, day), guide, counter.store, day, window)))


def _instant(day: date, hour: time) -> datetime:
    return datetime.combine(day, hour, STORE_ZONE).astimezone(UTC)
