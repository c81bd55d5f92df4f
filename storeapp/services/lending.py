"""Who can be planned with in this store: its own guides, and those that the hub has lent to it."""

from collections.abc import Iterable
from datetime import date

from storeapp.domain.kernel import Reader
from storeapp.domain.lending import Away, LentGuide, as_guest, lent_id, merged, without
from storeapp.domain.moment import Window, store_day
from storeapp.domain.people import Guide, Shift, shift_id, shift_window
from storeapp.domain.statement import Statement, statement_id
from storeapp.services.counter import Counter


def guides_here(counter: Counter) -> list[Guide]:
    """The guides of this store and its guests, as if those belonged to it."""
    own = [guide for guide in counter.cache.every(Guide) if guide.store == counter.store]
    return [*own, *(as_guest(lent) for lent in guests(counter))]


def guests(counter: Counter) -> list[LentGuide]:
    """The guides of other stores that were ever lent to this one."""
    own = {guide.id for guide in counter.cache.every(Guide) if guide.store == counter.store}
    return [lent for lent in counter.cache.every(LentGuide) if lent.store == counter.store and lent.guide.id not in own]


def guests_on(counter: Counter, day: date) -> list[LentGuide]:
    """The guests of one day of the store."""
    return [lent for lent in guests(counter) if any(_on(window, day) for window in lent.windows)]


def guide_here(reader: Reader, guide: str, store: str) -> Guide | None:
    """A guide by code: one of this store, a guest as if of this store, else whoever is known under that code."""
    known = reader.get(Guide, guide)
    if known is not None and known.store == store:
        return known
    lent = reader.get(LentGuide, lent_id(guide, store))
    return as_guest(lent) if lent else known


def loans_on(counter: Counter, guide: str, day: date) -> tuple[tuple[str, Window], ...]:
    """Where else a guide of this store helps out on a day, and when; the earliest first."""
    away = counter.cache.get(Away, guide)
    found = [(loan.store, loan.window) for loan in away.loans if _on(loan.window, day)] if away else []
    return tuple(sorted(found, key=lambda each: each[1].start))


def at_home(counter: Counter, guide: str, windows: Iterable[Window]) -> list[Window]:
    """What is left of a guide's hours beside the time at other stores."""
    away = counter.cache.get(Away, guide)
    return without(windows, [loan.window for loan in away.loans] if away else ())


def lent_hours(counter: Counter, guide: str, day: date) -> tuple[Window, ...] | None:
    """When a guest may be planned with on a day; None for a guide of this store."""
    lent = counter.cache.get(LentGuide, lent_id(guide, counter.store))
    own = counter.cache.get(Guide, guide)
    if lent is None or (own is not None and own.store == counter.store):
        return None
    return merged(window for window in lent.windows if _on(window, day))


def hours_on(counter: Counter, guide: Guide, day: date) -> Window | None:
    """When a guide works in this store on a day: a guest from the first hour of a loan to the last."""
    lent = lent_hours(counter, guide.id, day)
    if lent is None:
        return shift_window(guide, counter.cache.get(Shift, shift_id(guide.id, day)), day)
    return Window(lent[0].start, lent[-1].end) if lent else None


def statement_of(counter: Counter, guide: str, day: date) -> Statement | None:
    """What a guide has earned on a day: a guest, at this store."""
    own = counter.cache.get(Statement, statement_id(guide, day))
    return own or counter.cache.get(Statement, statement_id(guide, day, at=counter.store))


def _on(window: Window, day: date) -> bool:
    return store_day(window.start) <= day <= store_day(window.end)
