"""Rules for guides, badges, shifts, staff and what the brand lays down."""

from collections.abc import Callable
from typing import ClassVar

from msgspec import Struct
from msgspec.structs import replace

from storeapp.domain.catalogue import (
    BuildingLocated,
    Policy,
    PolicySet,
    Sku,
    SkuRegistered,
    Store,
    StoreRegistered,
)
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.people import (
    Badge,
    BadgeIssued,
    BadgeRevoked,
    Guide,
    GuideRegistered,
    Shift,
    ShiftSet,
    Staff,
    StaffRegistered,
    evolve,
)
from storeapp.domain.place import Position

MAX_SERIAL = 255


class RegisterStore(Struct, frozen=True, gc=False):
    """Enter a store or change its data."""

    KIND: ClassVar[str] = "store.register"
    FACT: ClassVar[bool] = False
    store: Store


class RegisterSku(Struct, frozen=True, gc=False):
    """Enter an article or change its data."""

    KIND: ClassVar[str] = "sku.register"
    FACT: ClassVar[bool] = False
    sku: Sku


class SetPolicy(Struct, frozen=True, gc=False):
    """Set the brand's numbers."""

    KIND: ClassVar[str] = "policy.set"
    FACT: ClassVar[bool] = False
    policy: Policy


class LocateBuilding(Struct, frozen=True, gc=False):
    """Enter or confirm where a building stands."""

    KIND: ClassVar[str] = "building.locate"
    FACT: ClassVar[bool] = False
    building: str
    position: Position


class RegisterGuide(Struct, frozen=True, gc=False):
    """Enter a guide or change the data."""

    KIND: ClassVar[str] = "guide.register"
    FACT: ClassVar[bool] = False
    guide: Guide


class IssueBadge(Struct, frozen=True, gc=False):
    """Print a badge; the one before is void."""

    KIND: ClassVar[str] = "guide.issue_badge"
    FACT: ClassVar[bool] = False
    guide: str
    badge_id: str
    days: int


class RevokeBadge(Struct, frozen=True, gc=False):
    """The badge was lost, or the guide left."""

    KIND: ClassVar[str] = "guide.revoke_badge"
    FACT: ClassVar[bool] = False
    guide: str


class SetShift(Struct, frozen=True, gc=False):
    """Set a guide's hours of one day."""

    KIND: ClassVar[str] = "shift.set"
    FACT: ClassVar[bool] = False
    shift: Shift


class RegisterStaff(Struct, frozen=True, gc=False):
    """Let a person sign in, or no longer."""

    KIND: ClassVar[str] = "staff.register"
    FACT: ClassVar[bool] = False
    staff: Staff


def register_store(command: RegisterStore, draft: Draft, ctx: Context) -> Refusal | None:
    """What is already so is not said again; tables that name no region leave the store where it is."""
    known = draft.get(Store, command.store.id)
    store = replace(command.store, region=command.store.region or (known.region if known else ""))
    if known != store:
        draft.emit(StoreRegistered(store.id, store))
    return None


def register_sku(command: RegisterSku, draft: Draft, ctx: Context) -> Refusal | None:
    """What is already so is not said again."""
    if draft.get(Sku, command.sku.id) != command.sku:
        draft.emit(SkuRegistered(command.sku.id, command.sku))
    return None


def set_policy(command: SetPolicy, draft: Draft, ctx: Context) -> Refusal | None:
    """What is already so is not said again."""
    if draft.get(Policy, command.policy.id) != command.policy:
        draft.emit(PolicySet(command.policy.id, command.policy))
    return None


def locate_building(command: LocateBuilding, draft: Draft, ctx: Context) -> Refusal | None:
    """The last word counts, and how often it was confirmed."""
    draft.emit(BuildingLocated(command.building, command.position))
    return None


def register_guide(command: RegisterGuide, draft: Draft, ctx: Context) -> Refusal | None:
    """Guides are one by their code; what is already so is not said again."""
    known = draft.get(Guide, command.guide.id)
    event = GuideRegistered(command.guide.id, command.guide)
    if known is None or evolve(known, event) != known:
        draft.emit(event)
    return None


def issue_badge(command: IssueBadge, draft: Draft, ctx: Context) -> Refusal | None:
    """The next serial of this badge, whether or not it was revoked in between; the first of a new one."""
    guide = draft.get(Guide, command.guide)
    if guide is None or not guide.active:
        return Refusal("unknown_guide", {"guide": command.guide})
    serial = guide.next_serial(command.badge_id)
    if serial > MAX_SERIAL:
        return Refusal("too_many_reprints")
    draft.emit(BadgeIssued(guide.id, Badge(command.badge_id, serial, ctx.now, command.days)))
    return None


def revoke_badge(command: RevokeBadge, draft: Draft, ctx: Context) -> Refusal | None:
    """No badge of the guide is valid any more."""
    guide = draft.get(Guide, command.guide)
    if guide is None:
        return Refusal("unknown_guide", {"guide": command.guide})
    if guide.badge is not None:
        draft.emit(BadgeRevoked(guide.id))
    return None


def set_shift(command: SetShift, draft: Draft, ctx: Context) -> Refusal | None:
    """The guide must be known."""
    if draft.get(Guide, command.shift.guide) is None:
        return Refusal("unknown_guide", {"guide": command.shift.guide})
    if draft.get(Shift, command.shift.id) != command.shift:
        draft.emit(ShiftSet(command.shift.id, command.shift))
    return None


def register_staff(command: RegisterStaff, draft: Draft, ctx: Context) -> Refusal | None:
    """Staff are one by their id."""
    if draft.get(Staff, command.staff.id) != command.staff:
        draft.emit(StaffRegistered(command.staff.id, command.staff))
    return None


RULES: tuple[tuple[type[Command], Callable[..., Refusal | None]], ...] = (
    (RegisterStore, register_store),
    (RegisterSku, register_sku),
    (SetPolicy, set_policy),
    (LocateBuilding, locate_building),
    (RegisterGuide, register_guide),
    (IssueBadge, issue_badge),
    (RevokeBadge, revoke_badge),
    (SetShift, set_shift),
    (RegisterStaff, register_staff),
)
