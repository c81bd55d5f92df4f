"""What a map service says of the ways between open deliveries: asked beside the work, kept, and used when planning.

A service is asked only where IT gave a key. Places leave the machine on a grid of `DECIMALS` decimals and without
anything that says whose they are; guides' homes never leave it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from storeapp.domain.catalogue import Store
from storeapp.domain.datum import to_wgs84
from storeapp.domain.dispatch import Problem
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.place import Position, distance_m
from storeapp.domain.travel import Overlaid, Told, Travel
from storeapp.domain.words import Role, TravelMode
from storeapp.services.counter import Actor, Counter
from storeapp.services.ports import MapAccess, MapFailed, MapService, MapServices
from storeapp.store import map_times
from storeapp.store.keywrap import finder_hash
from storeapp.store.map_times import MapTime

DECIMALS = 4
"""About eleven metres: a building, not a door."""
SECRET = "maps"  # noqa: S105 -- the name of a secret
MODES = (TravelMode.WALK, TravelMode.EBIKE, TravelMode.CAR)
"""What services know; the metro they answer only one by one."""
KEPT = {TravelMode.WALK: timedelta(days=30), TravelMode.EBIKE: timedelta(days=30), TravelMode.CAR: timedelta(hours=3)}
"""How long an answer holds: a car's time depends on the traffic."""
NEIGHBOURS = 8
"""Beside the store, how many of the nearest doors are asked about for each door."""
MOST_A_DAY = 5000
"""Services count pairs, and a key shared by many stores must last the day."""
TRIED_MODE, TRIED_DEGREES = TravelMode.WALK, 0.01
"""With what a key is tried: a walk of about a kilometre to the north."""
ASKED, PROBLEM = "maps_asked", "maps_problem"


@dataclass(frozen=True, slots=True)
class MapStatus:
    """Whether a service may be asked, how many pairs it was asked today, and what went wrong last, if anything."""

    enabled: bool
    asked_today: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one round of questions brought."""

    pairs: int = 0
    problem: str = ""


# -- the key


def enable(counter: Counter, actor: Actor, access: MapAccess) -> Refusal | None:
    """Let a service be asked from now on; its key is kept like the keys of people's data.

    Refusals: ``manager_only``, ``map_key_bad``, ``no_vault``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    if not counter.keys.is_unlocked:
        return Refusal("no_vault")
    if not access.key.strip() or not access.key.isascii():
        return Refusal("map_key_bad")
    counter.keys.put_secret(SECRET, msgspec.json.encode((access.key.strip(), access.signing_key.strip())))
    with counter.transaction(actor) as tx:
        tx.audit("maps.enabled", counter.store)
    return None


def disable(counter: Counter, actor: Actor) -> Refusal | None:
    """Ask no more, and let go of the key and of all answers.

    Refusals: ``manager_only``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    counter.keys.put_secret(SECRET, b"")
    with counter.transaction(actor) as tx:
        tx.audit("maps.disabled", counter.store)
    with counter.cache.writing():
        map_times.forget_all(counter.cache.db)
        counter.cache.set_mark(PROBLEM, "")
    return None


def access_of(counter: Counter) -> MapAccess | None:
    """The key, None where there is none or the keys of this home are locked."""
    if not counter.keys.is_unlocked:
        return None
    kept = counter.keys.secret(SECRET)
    return MapAccess(*msgspec.json.decode(kept, type=tuple[str, str])) if kept else None


def status(counter: Counter) -> MapStatus:
    """How the map service stands."""
    if access_of(counter) is None:
        return MapStatus(enabled=False)
    return MapStatus(True, _asked_today(counter), counter.cache.mark(PROBLEM))


def try_key(counter: Counter, services: MapServices) -> Fetched:
    """Ask about one way from the store, to see whether the service takes the key; it counts like any question.

    Failures are told, not raised: ``map_off``, ``store_unknown``, or a code of `MapFailed`.
    """
    access, store = access_of(counter), counter.cache.get(Store, counter.store)
    if access is None or store is None:
        return Fetched(problem="store_unknown" if access else "map_off")
    there = Position(store.position.lat + TRIED_DEGREES, store.position.lng)
    try:
        pairs, failed = (
            _ask(counter, services(access), _Question(TRIED_MODE, _cell(store.position), (_cell(there),))),
            "",
        )
    except MapFailed as error:
        pairs, failed = 0, error.code
    with counter.cache.writing():
        counter.cache.set_mark(PROBLEM, failed)
    return Fetched(pairs, failed)


# -- using


def with_maps(counter: Counter, travel: Travel, places: Sequence[Position], now: datetime) -> Travel:
    """The travel with every time that a service told before and that still holds; nothing is asked."""
    if not places or access_of(counter) is None:
        return travel
    names = [_name(counter, place) for place in places]
    found = map_times.known(counter.cache.db, list(dict.fromkeys(names)), since=now - max(KEPT.values()))
    at: dict[bytes, list[int]] = {}
    for index, name in enumerate(names):
        at.setdefault(name, []).append(index)
    told: dict[tuple[int, TravelMode], dict[int, Told]] = {}
    for time in found:
        mode, age = TravelMode(time.mode), now - time.asked_at
        if timedelta(0) <= age <= KEPT[mode]:
            for origin in at[time.origin]:
                row = told.setdefault((origin, mode), {})
                row |= {place: Told(time.seconds, int(age.total_seconds())) for place in at[time.place]}
    return Overlaid(travel, told) if told else travel


def _cell(place: Position) -> Position:
    """The place as it may leave the machine."""
    place = to_wgs84(place)
    return Position(round(place.lat, DECIMALS), round(place.lng, DECIMALS))


def _name(counter: Counter, place: Position) -> bytes:
    cell = _cell(place)
    return finder_hash(counter.keys.search_key(), "cell", f"{cell.lat:.{DECIMALS}f},{cell.lng:.{DECIMALS}f}")


# -- asking


@dataclass(frozen=True, slots=True)
class _Question:
    mode: TravelMode
    origin: Position
    places: tuple[Position, ...]


def fetch(counter: Counter, services: MapServices, problem: Problem) -> Fetched:
    """Ask about the ways of a problem that are not known or too old, as far as the day's share goes.

    Failures are told, not raised: plans go on with what is known.
    """
    access = access_of(counter)
    if access is None:
        return Fetched(problem="map_off")
    try:
        service = services(access)
        pairs = sum(_ask(counter, service, question) for question in _questions(counter, problem, service.most_pairs))
        failed = ""
    except MapFailed as error:
        pairs, failed = 0, error.code
    with counter.cache.writing():
        counter.cache.set_mark(PROBLEM, failed)
        map_times.forget_before(counter.cache.db, counter.clock.now() - max(KEPT.values()))
    return Fetched(pairs, failed)


def _questions(counter: Counter, problem: Problem, most_pairs: int) -> Iterator[_Question]:
    doors = sorted({stop.place for stop in problem.stops if stop.place is not None and stop.place != stop.origin})
    modes = [mode for mode in MODES if any(vehicle.mode is mode for vehicle in problem.vehicles)]
    cells = {place: _cell(problem.places[place]) for place in (0, *doors)} if doors else {}
    now = counter.clock.now()
    left = MOST_A_DAY - _asked_today(counter)
    for mode in modes:
        fresh = {(t.origin, t.place) for t in _fresh(counter, cells.values(), mode, now)}
        for origin, cell in cells.items():
            near = dict.fromkeys(cells[place] for place in _near(cells, origin))
            mine = _name(counter, cell)
            wanted = [there for there in near if there != cell and (mine, _name(counter, there)) not in fresh]
            for part in _parts(wanted, most_pairs):
                left -= len(part)
                if left < 0:
                    return
                yield _Question(mode, cell, part)


def _near(cells: dict[int, Position], origin: int) -> Iterable[int]:
    """From the store to every door; from a door to the store and the doors around."""
    others = [place for place in cells if place != origin]
    if origin == 0:
        return others
    around = sorted((place for place in others if place), key=lambda place: distance_m(cells[origin], cells[place]))
    return [0, *around[:NEIGHBOURS]]


def _fresh(counter: Counter, cells: Iterable[Position], mode: TravelMode, now: datetime) -> list[MapTime]:
    names = list(dict.fromkeys(_name(counter, cell) for cell in cells))
    known = map_times.known(counter.cache.db, names, since=now - KEPT[mode] / 2)
    return [time for time in known if time.mode == mode.value]


def _parts(places: Sequence[Position], most: int) -> Iterator[tuple[Position, ...]]:
    for start in range(0, len(places), most):
        yield tuple(places[start : start + most])


def _ask(counter: Counter, service: MapService, question: _Question) -> int:
    """Ask, keep the answers at once, and count the pairs."""
    ways = service.matrix(question.mode, [question.origin], question.places)[0]
    now = counter.clock.now()
    origin = _name(counter, question.origin)
    times = [
        MapTime(origin, _name(counter, place), question.mode.value, way.metres, way.seconds, now)
        for place, way in zip(question.places, ways, strict=True)
        if way is not None and way.seconds is not None
    ]
    with counter.cache.writing():
        map_times.keep(counter.cache.db, times)
        counter.cache.set_mark(ASKED, f"{store_day(now)} {_asked_today(counter) + len(question.places)}")
    return len(question.places)


def _asked_today(counter: Counter) -> int:
    day, _, count = counter.cache.mark(ASKED).partition(" ")
    return int(count) if day == str(store_day(counter.clock.now())) else 0
