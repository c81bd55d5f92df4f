"""Random planning problems, from sensible to absurd; the seed names one."""

import math
from datetime import UTC, datetime
from random import Random

from hypothesis import strategies as st

from storeapp.domain.dispatch import Load, Problem, Stop, Vehicle
from storeapp.domain.place import Position
from storeapp.domain.travel import Haversine
from storeapp.domain.words import TravelMode

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
STORE = Position(31.1951, 121.4333)


def north(metres: float, east: float = 0.0) -> Position:
    """A place some metres away from the store."""
    return Position(STORE.lat + metres / 111_195, STORE.lng + east / 111_195 / math.cos(math.radians(STORE.lat)))


def problem(
    stops: list[Stop], vehicles: list[Vehicle], places: list[Position] | None = None, **more: object
) -> Problem:
    """A problem around one store, whose place is 0."""
    spots = (STORE, *(places or []))
    return Problem(NOW, spots, tuple(stops), tuple(vehicles), Haversine(spots), **more)  # type: ignore[arg-type] # passed through


def stop(name: str, place: int | None = 1, **more: object) -> Stop:
    """A stop that is due within an hour."""
    values: dict[str, object] = {
        "start_s": 0,
        "due_s": 3600,
        "unserved_li": 15_000,
        "courier_li": 15_000,
        "pay_li": 8000,
    }
    values |= more
    return Stop(name, place, 0, **values)  # type: ignore[arg-type] # passed through


def vehicle(name: str, **more: object) -> Vehicle:
    """A guide on an e-bike who is in the store for three hours."""
    values: dict[str, object] = {"mode": TravelMode.EBIKE, "start": 0, "end": 0, "start_s": 0, "end_s": 10_800}
    values |= {"capacity": Load(4, 5000, 10**6)} | more
    return Vehicle(name, name, **values)  # type: ignore[arg-type] # passed through


def random_problem(seed: int, *, stops: int, vehicles: int, wild: bool = True) -> Problem:
    """A problem with everything in it; ``wild`` adds what should never happen but will."""
    r = Random(seed)
    places = [STORE]
    for _ in range(stops + vehicles):
        away, angle = 4000 * r.random() ** 0.6, r.uniform(0, 2 * math.pi)
        places.append(north(away * math.cos(angle), away * math.sin(angle)))
    fleet = [_vehicle(r, n, stops + n + 1, wild=wild) for n in range(vehicles)]
    jobs = [_stop(r, n, [v.guide for v in fleet], wild=wild) for n in range(stops)]
    if wild and jobs and r.random() < 0.3:
        jobs.append(r.choice(jobs))
    if wild and fleet and r.random() < 0.2:
        fleet.append(r.choice(fleet))
    travel = Haversine(places)
    return Problem(
        NOW,
        tuple(places),
        tuple(jobs),
        tuple(fleet),
        travel,
        pickup_s=r.choice((0, 60)),
        radius_m=3500,
        cross_percent=130,
    )


def _stop(r: Random, n: int, guides: list[str], *, wild: bool) -> Stop:
    start_s = r.randrange(-3600 if wild else 0, 6 * 3600)
    guide = r.choice(guides) if wild and guides and r.random() < 0.15 else ""
    return Stop(
        f"d{n:04}",
        None if wild and r.random() < 0.05 else n + 1,
        0,
        start_s=start_s,
        due_s=start_s + r.choice((0 if wild else 1800, 1800, 3600, 7200)),
        ready_s=r.choice((0, 0, 600)),
        service_s=r.choice((0, 90, 240)),
        load=Load(r.choice((0, 1, 1, 2)), r.choice((200, 900, 4000))),
        certificates=frozenset({"fragile"} if r.random() < 0.1 else ()),
        unserved_li=r.choice((9000, 15_000)),
        pay_li=r.choice((4000, 8000)),
        guide="gone" if wild and r.random() < 0.02 else guide,
        held=bool(guide) and r.random() < 0.5,
        banned=frozenset(guides[:1] if r.random() < 0.1 else ()),
        obstacle="short_stock" if wild and r.random() < 0.05 else "",
        level=r.choice((0, 0, 0, 2)),
        pinned=r.choice([*guides, "gone"]) if wild and r.random() < 0.1 else "",
        late_s=r.choice((0, 0, 1800)),
        late_li=r.choice((0, 500, 2000)),
    )


def _vehicle(r: Random, n: int, home: int, *, wild: bool) -> Vehicle:
    start_s = r.choice((-1800 if wild else 0, 0, 0, 3600))
    mode = r.choice(list(TravelMode))
    return Vehicle(
        f"v{n:03}",
        f"g{n // 2 if wild else n:03}",
        mode,
        0,
        home if r.random() < 0.4 else 0,
        start_s,
        start_s + r.choice((0 if wild else 7200, 7200, 4 * 3600)),
        capacity=Load(r.choice((0 if wild else 3, 3, 8)), r.choice((4000, 15_000)), 10**6),
        certificates=frozenset({"fragile"} if r.random() < 0.5 else ()),
        most_stops=r.choice((None, None, 3)),
        level=r.choice((0, 1, 2, 3)),
        overtime_s=r.choice((0, 0, 1800)),
        overtime_li=r.choice((0, 60, 600)),
    )


def problems() -> st.SearchStrategy[Problem]:
    """Problems of any shape, small enough to shrink."""
    return st.builds(
        lambda seed, stops, vehicles: random_problem(seed, stops=stops, vehicles=vehicles),
        st.integers(0, 2**32),
        st.integers(0, 25),
        st.integers(0, 6),
    )
