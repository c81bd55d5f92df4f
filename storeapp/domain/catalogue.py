"""What the brand lays down for its stores: stores, SKUs, policies, and the buildings that addresses lead to."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

from storeapp.domain.place import Position
from storeapp.domain.words import Mode

BRAND_POLICY = "brand"
HEAVIEST_G = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Store:
    """A shop of the brand; its id is the code that its staff use."""

    KIND: ClassVar[str] = "store"
    id: str
    name: str
    address: str
    position: Position


@dataclass(frozen=True, slots=True)
class Sku:
    """An article as the catalogue describes one piece of it.

    Raises:
        ValueError: it weighs less than nothing, or more than `HEAVIEST_G`.
    """

    KIND: ClassVar[str] = "sku"
    id: str
    barcode: str
    name: str
    price_fen: int
    weight_g: int
    volume_ml: int

    def __post_init__(self) -> None:
        if not 0 <= self.weight_g <= HEAVIEST_G:
            raise ValueError("no article weighs that much")


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers that the brand sets; a store that has heard of none works with these."""

    KIND: ClassVar[str] = "policy"
    id: str = BRAND_POLICY
    window_minutes: dict[Mode, int] = field(
        default_factory=lambda: {Mode.INSTANT: 60, Mode.SCHEDULED: 120, Mode.PICKUP_POINT: 60}
    )
    rate_fen: dict[Mode, int] = field(
        default_factory=lambda: {Mode.INSTANT: 800, Mode.SCHEDULED: 600, Mode.PICKUP_POINT: 400}
    )
    slip_hours: int = 24
    badge_days: int = 90
    forget_after_hours: int = 72
    radius_m: int = 5000
    detour_percent: int = 135
    service_minutes: int = 4
    courier_fen: int = 1500


@dataclass(frozen=True, slots=True)
class Building:
    """A building, lane or street number and where it stands; never a flat or a person."""

    KIND: ClassVar[str] = "building"
    id: str
    position: Position
    confirmations: int = 0


@dataclass(frozen=True, slots=True)
class StoreRegistered:
    """A store was entered or its data changed."""

    KIND: ClassVar[str] = "store.registered"
    OF: ClassVar[type[Store]] = Store
    id: str
    store: Store


@dataclass(frozen=True, slots=True)
class SkuRegistered:
    """An article was entered or its data changed."""

    KIND: ClassVar[str] = "sku.registered"
    OF: ClassVar[type[Sku]] = Sku
    id: str
    sku: Sku


@dataclass(frozen=True, slots=True)
class PolicySet:
    """The brand set its numbers."""

    KIND: ClassVar[str] = "policy.set"
    OF: ClassVar[type[Policy]] = Policy
    id: str
    policy: Policy


@dataclass(frozen=True, slots=True)
class BuildingLocated:
    """A building's position was entered, or a finished delivery confirmed it."""

    KIND: ClassVar[str] = "building.located"
    OF: ClassVar[type[Building]] = Building
    id: str
    position: Position


CatalogueEvent = StoreRegistered | SkuRegistered | PolicySet | BuildingLocated


def evolve(state: Any, event: CatalogueEvent) -> Store | Sku | Policy | Building:
    """Apply one event; what the brand lays down replaces what was there."""
    match event:
        case StoreRegistered():
            return event.store
        case SkuRegistered():
            return event.sku
        case PolicySet():
            return event.policy
        case BuildingLocated():
            return Building(event.id, event.position, state.confirmations + 1 if state else 0)
