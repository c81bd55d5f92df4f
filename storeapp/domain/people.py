"""The people of a store: guides with badges and shifts, and the staff who sign in at the counter."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.domain.words import Role, TravelMode


class Badge(Struct, frozen=True, gc=False):
    """The badge that is valid now; an older serial of the same badge is not."""

    badge_id: str
    serial: int
    issued_at: datetime
    days: int


class Guide(Struct, frozen=True, gc=False):
    """A shopping guide who delivers; the home is sealed, because it is nobody's business at the counter.

    ``hours`` are the usual working hours on the store's clock; a shift of a day overrides them. ``serials``
    are the last serials of all badges ever issued, so that none that was lost or revoked is ever valid again.
    ``level`` is how much the guide may be trusted with, from 1; ``max_volume_ml`` and ``max_stops`` (deliveries of one
    shift) are 0 where there is no limit of the guide's own.
    """

    KIND: ClassVar[str] = "guide"
    id: str
    name: str
    store: str
    mode: TravelMode
    max_parcels: int
    max_weight_g: int
    certificates: tuple[str, ...] = ()
    commute_home: bool = False
    sealed_home: str = ""
    hours: tuple[time, time] | None = None
    active: bool = True
    badge: Badge | None = None
    serials: tuple[tuple[str, int], ...] = ()
    level: int = 1
    max_volume_ml: int = 0
    max_stops: int = 0

    def next_serial(self, badge_id: str) -> int:
        """The serial of the next print of a badge."""
        return dict(self.serials).get(badge_id, -1) + 1


class Shift(Struct, frozen=True, gc=False):
    """When a guide works on one day of the store; ``window`` None means off that day."""

    KIND: ClassVar[str] = "shift"
    id: str
    guide: str
    store: str
    day: date
    window: Window | None


class Staff(Struct, frozen=True, gc=False):
    """A person who signs in at the counter; the PIN's verifier never leaves the counter's keys."""

    KIND: ClassVar[str] = "staff"
    id: str
    name: str
    role: Role
    store: str
    active: bool = True


def shift_id(guide: str, day: date) -> str:
    """One shift a guide and day."""
    return f"{guide}/{day.isoformat()}"


def home_subject(guide: str) -> str:
    """Under which name the key of a guide's home is kept."""
    return f"guide:{guide}"


def shift_window(guide: Guide, shift: Shift | None, day: date) -> Window | None:
    """When a guide works on a day of the store; hours that end before they start end on the next day."""
    if shift is not None:
        return shift.window
    if guide.hours is None:
        return None
    start, end = (datetime.combine(day, hour, STORE_ZONE).astimezone(UTC) for hour in guide.hours)
    return Window(start, end if end > start else end + timedelta(days=1))


class GuideRegistered(Struct, frozen=True, gc=False):
    """A guide was entered or the data changed; the badge stays."""

    KIND: ClassVar[str] = "guide.registered"
    OF: ClassVar[type[Guide]] = Guide
    id: str
    guide: Guide


class BadgeIssued(Struct, frozen=True, gc=False):
    """A badge was printed; earlier serials are void."""

    KIND: ClassVar[str] = "guide.badge_issued"
    OF: ClassVar[type[Guide]] = Guide
    id: str
    badge: Badge


class BadgeRevoked(Struct, frozen=True, gc=False):
    """The badge was lost or the guide left."""

    KIND: ClassVar[str] = "guide.badge_revoked"
    OF: ClassVar[type[Guide]] = Guide
    id: str


class ShiftSet(Struct, frozen=True, gc=False):
    """A guide's hours of one day were set."""

    KIND: ClassVar[str] = "shift.set"
    OF: ClassVar[type[Shift]] = Shift
    id: str
    shift: Shift


class StaffRegistered(Struct, frozen=True, gc=False):
    """A person may sign in, or no longer."""

    KIND: ClassVar[str] = "staff.registered"
    OF: ClassVar[type[Staff]] = Staff
    id: str
    staff: Staff


PeopleEvent = GuideRegistered | BadgeIssued | BadgeRevoked | ShiftSet | StaffRegistered


def evolve(state: Any, event: PeopleEvent) -> Guide | Shift | Staff:
    """Apply one event.

    Raises:
        ValueError: a badge of a guide who never existed, which no decider issues.
    """
    match event:
        case GuideRegistered():
            return _registered(state, event.guide)
        case BadgeIssued():
            return _with_badge(_known(state), event.badge)
        case BadgeRevoked():
            return replace(_known(state), badge=None)
        case ShiftSet():
            return event.shift
        case StaffRegistered():
            return event.staff


def _registered(known: Guide | None, guide: Guide) -> Guide:
    return replace(guide, badge=known.badge if known else None, serials=known.serials if known else ())


def _with_badge(guide: Guide, badge: Badge) -> Guide:
    serials = dict(guide.serials) | {badge.badge_id: badge.serial}
    return replace(guide, badge=badge, serials=tuple(serials.items()))


def _known(guide: Guide | None) -> Guide:
    if guide is None:
        raise ValueError("a badge of an unknown guide")
    return guide
