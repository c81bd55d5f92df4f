"""Guides whom the hub lends to another store of their region for a while, as each of the two stores sees it.

A state stands in one store's feed, so a loan is two: at home the guide is *away*, and where the guide helps out lies
a copy of what that store's counter needs with the network unplugged, without anything about the guide's home.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.kernel import Reader
from storeapp.domain.moment import Window
from storeapp.domain.people import Guide


class Loan(Struct, frozen=True, gc=False):
    """When a guide is away for another store, and within that, when ``there``: between the ways there and back."""

    store: str
    window: Window
    there: Window

    def united(self, other: "Loan") -> "Loan":
        """Both as one loan."""
        return Loan(self.store, _span(self.window, other.window), _span(self.there, other.there))


class Away(Struct, frozen=True, gc=False):
    """The loans of one guide, in the feed of the guide's own store. Its id is the guide's code."""

    KIND: ClassVar[str] = "away"
    id: str
    store: str
    loans: tuple[Loan, ...] = ()


class LentGuide(Struct, frozen=True, gc=False):
    """A guide of another store, in the feed of the store that may plan with this one in these windows.

    ``guide`` is how the own store has the guide, without the home; the hub keeps it as it is there. What was lent
    once stays, because deliveries name the guide.
    """

    KIND: ClassVar[str] = "lent_guide"
    id: str
    store: str
    guide: Guide
    windows: tuple[Window, ...] = ()

    def helps_at(self, moment: datetime) -> bool:
        """Whether a loan is not over yet."""
        return any(moment < window.end for window in self.windows)


def lent_id(guide: str, store: str) -> str:
    """One row a guide and store that borrows."""
    return f"{guide}@{store}"


def copy_of(guide: Guide) -> Guide:
    """What another store may know of a guide: nothing of where home is."""
    return replace(guide, sealed_home="", commute_home=False, hours=None)


def as_guest(lent: LentGuide) -> Guide:
    """A lent guide as one of the store that borrows: the badge is good there."""
    return replace(lent.guide, store=lent.store)


def guide_for(reader: Reader, guide: str, store: str) -> Guide | None:
    """The guide as the own store has it, also where this store only knows a copy; None where nobody knows it."""
    known = reader.get(Guide, guide)
    if known is not None:
        return known
    lent = reader.get(LentGuide, lent_id(guide, store))
    return lent.guide if lent else None


def overlap(one: Window, other: Window) -> bool:
    """Whether two windows share any time."""
    return one.start < other.end and other.start < one.end


def _span(one: Window, other: Window) -> Window:
    return Window(min(one.start, other.start), max(one.end, other.end))


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same time in as few windows as possible, the earliest first."""
    found: list[Window] = []
    for window in sorted(windows, key=lambda each: (each.start, each.end)):
        if found and window.start <= found[-1].end:
            found[-1] = Window(found[-1].start, max(found[-1].end, window.end))
        else:
            found.append(window)
    return tuple(found)


def without(windows: Iterable[Window], taken: Iterable[Window]) -> list[Window]:
    """What is left of some windows outside of others."""
    left = list(windows)
    for gone in taken:
        left = [part for window in left for part in _cut(window, gone)]
    return left


def _cut(window: Window, gone: Window) -> Iterable[Window]:
    if not overlap(window, gone):
        yield window
        return
    if window.start < gone.start:
        yield Window(window.start, gone.start)
    if gone.end < window.end:
        yield Window(gone.end, window.end)


class GuideAway(Struct, frozen=True, gc=False):
    """The loans of a guide are these."""

    KIND: ClassVar[str] = "guide.away"
    OF: ClassVar[type[Away]] = Away
    id: str
    away: Away


class GuideLent(Struct, frozen=True, gc=False):
    """What a store knows of a guide of another one, and when it may plan with that guide, is this."""

    KIND: ClassVar[str] = "guide.lent"
    OF: ClassVar[type[LentGuide]] = LentGuide
    id: str
    lent: LentGuide


LendingEvent = GuideAway | GuideLent


def evolve(_state: Any, event: LendingEvent) -> Away | LentGuide:
    """Apply one event, which replaces what was there."""
    return event.away if isinstance(event, GuideAway) else event.lent
