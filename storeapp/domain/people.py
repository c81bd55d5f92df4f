"""The people of a store: guides with badges and shifts, and the staff who sign in at the counter."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, ClassVar

from storeapp.domain.moment import Window
from storeapp.domain.words import Role, TravelMode


@dataclass(frozen=True, slots=True)
class Badge:
    """The badge that is valid now; an older serial of the same badge is not."""

    badge_id: str
    serial: int
    issued_at: datetime
    days: int


@dataclass(frozen=True, slots=True)
class Guide:
    """A shopping guide who delivers; the home is sealed, because it is nobody's business at the counter."""

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
    active: bool = True
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """When a guide works on one day of the store; ``window`` None means off that day."""

    KIND: ClassVar[str] = "shift"
    id: str
    guide: str
    store: str
    day: date
    window: Window | None


@dataclass(frozen=True, slots=True)
class Staff:
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


@dataclass(frozen=True, slots=True)
class GuideRegistered:
    """A guide was entered or the data changed; the badge stays."""

    KIND: ClassVar[str] = "guide.registered"
    OF: ClassVar[type[Guide]] = Guide
    id: str
    guide: Guide


@dataclass(frozen=True, slots=True)
class BadgeIssued:
    """A badge was printed; earlier serials are void."""

    KIND: ClassVar[str] = "guide.badge_issued"
    OF: ClassVar[type[Guide]] = Guide
    id: str
    badge: Badge


@dataclass(frozen=True, slots=True)
class BadgeRevoked:
    """The badge was lost or the guide left."""

    KIND: ClassVar[str] = "guide.badge_revoked"
    OF: ClassVar[type[Guide]] = Guide
    id: str


@dataclass(frozen=True, slots=True)
class ShiftSet:
    """A guide's hours of one day were set."""

    KIND: ClassVar[str] = "shift.set"
    OF: ClassVar[type[Shift]] = Shift
    id: str
    shift: Shift


@dataclass(frozen=True, slots=True)
class StaffRegistered:
    """A person may sign in, or no longer."""

    KIND: ClassVar[str] = "staff.registered"
    OF: ClassVar[type[Staff]] = Staff
    id: str
    staff: Staff


PeopleEvent = GuideRegistered | BadgeIssued | BadgeRevoked | ShiftSet | StaffRegistered


def evolve(state: Any, event: PeopleEvent) -> Guide | Shift | Staff:
    """Apply one event."""
    match event:
        case GuideRegistered():
            return replace(event.guide, badge=state.badge if state else None)
        case BadgeIssued():
            return _with_badge(state, event.badge)
        case BadgeRevoked():
            return _with_badge(state, None)
        case ShiftSet():
            return event.shift
        case StaffRegistered():
            return event.staff


def _with_badge(guide: Guide, badge: Badge | None) -> Guide:
    return replace(guide, badge=badge)
