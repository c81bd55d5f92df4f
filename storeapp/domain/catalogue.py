"""What the brand lays down for its stores: stores, SKUs, policies, and the buildings that addresses lead to."""

from typing import Any, ClassVar

from msgspec import Struct, field

from storeapp.domain.place import Position
from storeapp.domain.words import Mode

BRAND_POLICY = "brand"
HEAVIEST_G = 1_000_000_000


class Store(Struct, frozen=True, gc=False):
    """A shop of the brand; its id is the code that its staff use. ``region`` is empty where it belongs to none."""

    KIND: ClassVar[str] = "store"
    id: str
    name: str
    address: str
    position: Position
    region: str = ""


class Sku(Struct, frozen=True, gc=False):
    """An article as the catalogue describes one piece of it; ``certificates`` are what a guide needs to carry it.

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
    certificates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.weight_g <= HEAVIEST_G:
            raise ValueError("no article weighs that much")


class Policy(Struct, frozen=True, gc=False):
    """The numbers that the brand sets; a store that has heard of none works with these.

    Attributes:
        window_minutes, rate_fen: the promise where none was given, and a guide's pay for each delivery.
        slip_hours, badge_days, forget_after_hours: how long things hold.
        radius_m, detour_percent, service_minutes: how far guides go, and how long a stop takes.
        courier_fen, courier_km_fen: what a third-party courier costs, and what each kilometre of the way adds.
        prep_minutes: how long after an order was placed its goods can be picked up.
        late_minutes, late_fen: how late a free delivery may be planned, and what that counts; not at all where 0.
        overtime_minutes, overtime_fen: how long after the shift guides may be planned, and what an hour of it costs.
        priority_fen, value_permille: what leaving a delivery to others counts more for each step of its priority, and
            of the price of its goods.
        expert_fen, master_fen: goods of that price need a guide of level 2, of level 3; 0 for no such rule.
        most_stops: how many deliveries a guide may have in one shift, over all trips; 0 for no limit.
        cross_percent: what guides of other stores get of the rate; 0 where they may not be assigned.
        fairness_percent: what each stop of a guide counts more, of what the guide earned today above the mean.
        change_fen: what it counts to tell somebody something else than before.
        shift_minutes, shift_fen: how much later than told a guide may arrive as if nothing had changed, and what it
            counts beyond that.
        plan_ms: how long the planner may search.
    """

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
    courier_km_fen: int = 0
    prep_minutes: dict[Mode, int] = field(default_factory=dict)
    late_minutes: int = 0
    late_fen: int = 0
    overtime_minutes: int = 0
    overtime_fen: int = 0
    priority_fen: int = 300
    value_permille: int = 0
    expert_fen: int = 0
    master_fen: int = 0
    most_stops: int = 0
    cross_percent: int = 0
    fairness_percent: int = 0
    change_fen: int = 300
    shift_minutes: int = 15
    shift_fen: int = 100
    plan_ms: int = 1000
    alert_percent: int = 60


class Building(Struct, frozen=True, gc=False):
    """A building, lane or street number and where it stands; never a flat or a person."""

    KIND: ClassVar[str] = "building"
    id: str
    position: Position
    confirmations: int = 0


class StoreRegistered(Struct, frozen=True, gc=False):
    """A store was entered or its data changed."""

    KIND: ClassVar[str] = "store.registered"
    OF: ClassVar[type[Store]] = Store
    id: str
    store: Store


class SkuRegistered(Struct, frozen=True, gc=False):
    """An article was entered or its data changed."""

    KIND: ClassVar[str] = "sku.registered"
    OF: ClassVar[type[Sku]] = Sku
    id: str
    sku: Sku


class PolicySet(Struct, frozen=True, gc=False):
    """The brand set its numbers."""

    KIND: ClassVar[str] = "policy.set"
    OF: ClassVar[type[Policy]] = Policy
    id: str
    policy: Policy


class BuildingLocated(Struct, frozen=True, gc=False):
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
