"""Who delivers what: the planning problem, a plan for it, and the port behind which planners stand.

Times are whole seconds from the problem's ``now`` (negative is past), costs are li (a thousandth of a yuan), places
are indices into ``places``. Nothing here names a person.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from storeapp.domain.kernel import Data
from storeapp.domain.place import Position
from storeapp.domain.recipe import Method, Recipe
from storeapp.domain.travel import PACES, Pace, Travel
from storeapp.domain.words import TravelMode

LI_PER_FEN = 10
FAR_S = 10**9
"""Further away than any plan looks."""


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody carries, or can carry."""

    parcels: int = 0
    weight_g: int = 0
    volume_ml: int = 0

    def __add__(self, other: "Load") -> "Load":
        return Load(self.parcels + other.parcels, self.weight_g + other.weight_g, self.volume_ml + other.volume_ml)

    def fits(self, most: "Load") -> bool:
        """Whether it can be carried where ``most`` is the limit."""
        return self.parcels <= most.parcels and self.weight_g <= most.weight_g and self.volume_ml <= most.volume_ml


BOUNDLESS = Load(10**9, 10**12, 10**12)


@dataclass(frozen=True, slots=True)
class Stop:
    """One delivery to plan.

    Attributes:
        id: the delivery.
        place: where it goes, None where nobody knows.
        origin: where its parcels are picked up.
        start_s, due_s: the promise; it must begin at the door within it.
        ready_s: when the parcels can be picked up.
        service_s: how long it takes at the door.
        certificates: what a guide must have.
        unserved_li: what it counts when no guide takes it: a courier's price, and how little it should be left.
        pay_li: what the guide gets for it.
        guide: the guide it must stay with, whatever the promise says; empty where anybody may take it.
        held: that guide already has it in custody, so it needs no pickup.
        banned: guides who must not take it.
        told: the guide who was told to take it, where that may still change at a price; empty where nobody was.
        obstacle: why it must not be planned at all, a reason code; empty where it may be.
        level: what level a guide must have at least.
        pinned: the only guide who may take it, because staff said so; empty where nobody did.
        late_s, late_li: how much later than promised it may begin, and what that counts, however late it is.
        tardy: a planner's own mark: it is taken at that price, so it has that much longer.
        met: its parcels are with a guide who is out; ``origin`` is where they are handed over.
        eta_s: when people were told it will begin at the door; None where they were not.
        shift_s, shift_li: how much later than told it may begin as if nothing had changed, and what counts beyond that.
        shifted: a planner's own mark: it is taken at that price, so only its promise is its limit.
        courier_li: what a courier asks for it, whatever else it counts to leave it; None where nobody can tell.
    """

    id: str
    place: int | None
    origin: int
    start_s: int
    due_s: int
    ready_s: int = 0
    service_s: int = 0
    load: Load = Load(1)
    certificates: frozenset[str] = frozenset()
    unserved_li: int = 1_000_000
    pay_li: int = 0
    guide: str = ""
    held: bool = False
    banned: frozenset[str] = frozenset()
    told: str = ""
    obstacle: str = ""
    level: int = 0
    pinned: str = ""
    late_s: int = 0
    late_li: int = 0
    tardy: bool = False
    met: bool = False
    eta_s: int | None = None
    shift_s: int = 0
    shift_li: int = 0
    shifted: bool = False
    courier_li: int | None = None

    @property
    def told_by_s(self) -> int | None:
        """Until when it begins as people were told; None where they were told nothing that counts and can be kept."""
        if not self.shift_li or self.eta_s is None or self.eta_s + self.shift_s < 0:
            return None
        return self.eta_s + self.shift_s

    @property
    def last_s(self) -> int:
        """When it must begin at the latest: as promised and as told, or as late as it is paid for."""
        if self.tardy:
            return self.due_s + self.late_s
        told_s = None if self.shifted else self.told_by_s
        return self.due_s if told_s is None else min(self.due_s, told_s)

    @property
    def committed(self) -> bool:
        """Whether it was promised to a guide before; it is finished even when it will be late."""
        return bool(self.guide)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A guide in one free window.

    Attributes:
        id: unique; a guide with two windows is two vehicles.
        start, end: places where the window begins and ends; a commute home is paid for the detour only.
        start_s, end_s: the window; for a guide who is out, ``start_s`` is when the way began.
        capacity: what fits on one trip.
        carried: what the guide holds besides the stops of the problem.
        most_stops: how many deliveries all trips together may have, None for no limit.
        store: the place of the guide's own store.
        surcharge_li: what each stop of this guide counts more, so that others get theirs; it is paid to nobody.
        level: how much the guide may be trusted with.
        overtime_s, overtime_li: how much longer than the window the guide may work, and what a minute of that counts.
    """

    id: str
    guide: str
    mode: TravelMode
    start: int
    end: int
    start_s: int
    end_s: int
    capacity: Load = BOUNDLESS
    carried: Load = Load()
    certificates: frozenset[str] = frozenset()
    most_stops: int | None = None
    store: int = 0
    surcharge_li: int = 0
    level: int = 0
    overtime_s: int = 0
    overtime_li: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """One step of a guide's way: a pickup or a delivery of one stop.

    ``begin_s`` is when it starts at the place, after any wait; ``leave_s`` when it is done.
    """

    stop: str
    pickup: bool
    arrive_s: int
    begin_s: int
    leave_s: int


@dataclass(frozen=True, slots=True)
class Route:
    """The visits of one vehicle in their order, until ``end_s`` at its end place.

    ``cost_li`` counts the way and overtime, not the stops.
    """

    vehicle: str
    visits: tuple[Visit, ...]
    end_s: int
    metres: int
    cost_li: int


@dataclass(frozen=True, slots=True)
class Problem:
    """A store's situation at one moment.

    ``cross_percent`` multiplies the pay of a delivery picked up elsewhere than at the guide's own store;
    ``radius_m`` bounds how far a place may lie from its pickup, None for no bound. ``pickup_s`` is the time for
    each parcel's handoff at the counter. ``change_li`` is what it counts when a stop goes to another guide than the
    one who was told, or to none. ``before`` are routes to start from. ``budget_s`` is how long a planner may take for
    all of it, None where the planner's own limit holds. ``recipe`` is how a plan of this problem was made before: a
    planner that is told so makes that plan again, whatever its limits and however long it takes. ``parts`` are the
    recipes of a region's parts in the same way.
    """

    now: datetime
    places: tuple[Position, ...]
    stops: tuple[Stop, ...]
    vehicles: tuple[Vehicle, ...]
    travel: Travel
    paces: Mapping[TravelMode, Pace] = field(default_factory=lambda: PACES)
    pickup_s: int = 0
    radius_m: int | None = None
    cross_percent: int = 100
    change_li: int = 0
    before: tuple[Route, ...] = ()
    budget_s: float | None = None
    recipe: Recipe | None = None
    parts: tuple[Recipe, ...] = ()

    def at(self, seconds: int) -> datetime:
        """The instant that a time of this problem means."""
        return self.now + timedelta(seconds=seconds)

    def seconds(self, moment: datetime) -> int:
        """The time of this problem at an instant, rounded down."""
        return int((moment - self.now) // timedelta(seconds=1))

    def pay_li(self, stop: Stop, vehicle: Vehicle) -> int:
        """What the guide gets for the stop."""
        return stop.pay_li if stop.origin == vehicle.store else stop.pay_li * self.cross_percent // 100

    def take_li(self, stop: Stop, vehicle: Vehicle) -> int:
        """What it counts that this guide takes the stop, beside the way."""
        change_li = self.change_li if stop.told and stop.told != vehicle.guide else 0
        late_li = (stop.late_li if stop.tardy else 0) + (stop.shift_li if stop.shifted else 0)
        return self.pay_li(stop, vehicle) + vehicle.surcharge_li + change_li + late_li

    def left_li(self, stop: Stop) -> int:
        """What it counts that no guide takes the stop."""
        return stop.unserved_li + (self.change_li if stop.told else 0)

    def way_li(self, metres: int, vehicle: Vehicle) -> int:
        """What the guide's way costs, without the way that would be gone anyway."""
        direct = self.travel.metres_from(vehicle.start)[vehicle.end]
        return (metres - direct) * self.paces[vehicle.mode].km_li // 1000

    def overtime_li(self, end_s: int, vehicle: Vehicle) -> int:
        """What it counts that the guide is at the end place only then."""
        return max(0, end_s - vehicle.end_s) * vehicle.overtime_li // 60


@dataclass(frozen=True, slots=True)
class Reason:
    """A stable code with the data that its words need; instants are ISO texts in UTC."""

    code: str
    data: Data = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unassigned:
    """A stop that no vehicle takes, and why; the first reason is the nearest to a way out."""

    stop: str
    reasons: tuple[Reason, ...]


_NO_RECIPE = Recipe()


@dataclass(frozen=True, slots=True)
class Plan:
    """Who goes where when. ``cost_li`` counts ways, pay and what is left; less is better.

    The same problem with this ``recipe`` gives the same plan again; a region's with those of its ``parts``, each search
    in the order in which they were begun.
    """

    routes: tuple[Route, ...] = ()
    unassigned: tuple[Unassigned, ...] = ()
    cost_li: int = 0
    recipe: Recipe = _NO_RECIPE
    parts: tuple[Recipe, ...] = ()

    @property
    def seed(self) -> int:
        """The seed of the search."""
        return self.recipe.seed

    @property
    def steps(self) -> int:
        """How many steps the search had made."""
        return self.recipe.steps

    @property
    def proven(self) -> bool:
        """Whether no plan is cheaper."""
        return self.recipe.by is Method.PROOF

    def vehicle_of(self) -> dict[str, str]:
        """The vehicle of each stop that has one."""
        return {visit.stop: route.vehicle for route in self.routes for visit in route.visits if not visit.pickup}


def never() -> bool:
    """Nobody stops it."""
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop: at the budget or after a count of steps; None for no limit. The search also ends by itself.

    Only ``steps`` makes plans repeatable on another machine. ``patient`` goes on to the budget even where nothing was
    gained for long. ``prove_s`` is how long to look for a proof after the search, where there are few stops.
    """

    budget_s: float | None = 1.0
    steps: int | None = None
    seed: int = 1
    patient: bool = False
    prove_s: float = 0.0


class Planner(Protocol):
    """Port: makes plans for a problem, one after the other, so that nobody waits for the best to see a good one."""

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        """At least one plan, the first at once, each cheaper than the one before.

        The last may cost the same as the one before and be proven, seconds later. The same problem, seed and count
        of steps give the same plans. Whatever is wrong with the problem, nothing is raised: each delivery that cannot
        be planned is in the plan with its reason.

        Args:
            problem: the situation; nothing of it is changed.
            stopped: asked again and again, on the thread that takes the plans, while there is nothing to give. Once
                True, plans end within a tenth of a second, even where none was given yet; the plan given last stays
                good. Closing the iterator between two plans ends the search as well.
        """


def best_plan(
    planner: Planner,
    problem: Problem,
    *,
    better: Callable[[Plan], None] = lambda _: None,
    stopped: Callable[[], bool] = never,
) -> Plan:
    """The last plan of a planner that ends by itself or is stopped.

    ``better`` is told each plan when it is found, the last one too.
    """
    best = Plan()
    for plan in planner.plans(problem, stopped):
        best = plan
        better(plan)
    return best


def in_time(stop: Stop, begin_s: int) -> Stop:
    """The stop as it is taken where it begins then: on time and as told, or later at its price."""
    tardy = not stop.committed and stop.late_s > 0 and begin_s > stop.due_s
    told_s = stop.told_by_s
    shifted = told_s is not None and begin_s > told_s
    if tardy is stop.tardy and shifted is stop.shifted:
        return stop
    return replace(stop, tardy=tardy, shifted=shifted)


def unmarked(stop: Stop) -> Stop:
    """The stop without a planner's marks."""
    return replace(stop, tardy=False, shifted=False) if stop.tardy or stop.shifted else stop


def cost_li(problem: Problem, routes: tuple[Route, ...]) -> int:
    """What a plan with these routes costs: ways, overtime, pay, lateness, changes, and every stop that is in none."""
    stops = {stop.id: stop for stop in reversed(problem.stops)}
    vehicles = {vehicle.id: vehicle for vehicle in reversed(problem.vehicles)}
    total = sum(route.cost_li for route in routes)
    for route in routes:
        done = [(stops.pop(visit.stop), visit.begin_s) for visit in route.visits if not visit.pickup]
        total += sum(problem.take_li(in_time(stop, begin_s), vehicles[route.vehicle]) for stop, begin_s in done)
    return total + sum(problem.left_li(stop) for stop in stops.values())
