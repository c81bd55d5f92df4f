"""The store's own road map: IT gives an extract once, and plans take the ways from it without any network."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from storeapp.adapters.road_errors import RoadsBroken
from storeapp.domain.catalogue import Store
from storeapp.domain.kernel import Refusal
from storeapp.domain.place import Position
from storeapp.domain.travel import Detour, OnRoads, Travel
from storeapp.domain.words import Role, TravelMode
from storeapp.services.counter import Actor, Counter

if TYPE_CHECKING:
    from storeapp.adapters.roads import About, RoadMap

FILE, REMOVED = "roads.npz", "roads.npz.removed"
"""The road map, and the one that was taken away last."""
RADIUS_M = 8000
"""More than the usual policy's radius: a way may lead around outside of it."""
LEAST_M, MOST_M = 500, 40_000
_log = logging.getLogger(__name__)


def import_roads(counter: Counter, actor: Actor, path: Path, *, radius_m: int = RADIUS_M) -> "About | Refusal":
    """Make the store's road map from an extract of OpenStreetMap.

    Refusals: ``manager_only``, ``store_unknown``, ``radius_bound``.

    Raises:
        ExtractUnreadable: the file is none, or has no ways here.
        OSError: it cannot be read, or the map not be written.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    if not LEAST_M <= radius_m <= MOST_M:
        return Refusal("radius_bound", {"least": LEAST_M, "most": MOST_M})
    store = counter.cache.get(Store, counter.store)
    if store is None:
        return Refusal("store_unknown")
    from storeapp.adapters.osm_extract import read_extract
    from storeapp.adapters.roads import save_roads

    network = read_extract(path, store.position, radius_m=radius_m)
    about = save_roads(counter.home / FILE, network, imported_at=counter.clock.now().isoformat(), radius_m=radius_m)
    with counter.transaction(actor) as tx:
        tx.audit("roads.imported", counter.store)
    return about


def remove_roads(counter: Counter, actor: Actor) -> bool | Refusal:
    """Plan without a road map again; returns whether there was one, which is kept aside for `restore_roads`.

    Refusals: ``manager_only``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    there = has_roads(counter)
    if there:
        (counter.home / FILE).replace(counter.home / REMOVED)
        with counter.transaction(actor) as tx:
            tx.audit("roads.removed", counter.store)
    return there


def restore_roads(counter: Counter, actor: Actor) -> bool | Refusal:
    """Take `remove_roads` back; returns whether there was a map to plan with again.

    Refusals: ``manager_only``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    there = (counter.home / REMOVED).exists() and not has_roads(counter)
    if there:
        (counter.home / REMOVED).replace(counter.home / FILE)
        with counter.transaction(actor) as tx:
            tx.audit("roads.restored", counter.store)
    return there


def about_roads(counter: Counter) -> "About | None":
    """What the road map says of itself, None where there is none.

    Raises:
        RoadsBroken: it is damaged.
    """
    found = _load(counter)
    return found[0] if found else None


def has_roads(counter: Counter) -> bool:
    """Whether there is a road map, sound or not."""
    return (counter.home / FILE).exists()


def _load(counter: Counter) -> "tuple[About, RoadMap] | None":
    if not has_roads(counter):
        return None
    # Imported late: a counter without a road map starts without the libraries for it.
    from storeapp.adapters.roads import load_roads

    return load_roads(counter.home / FILE)


def on_roads(
    counter: Counter, base: Travel, places: Sequence[Position], detours: Mapping[TravelMode, Detour]
) -> Travel:
    """The travel along the store's road map where there is one; a damaged one is left out, and the doctor tells it."""
    try:
        found = _load(counter) if places else None
    except RoadsBroken:
        _log.warning("the road map is damaged")
        return base
    if found is None:
        return base
    about, road_map = found
    ways = road_map.ways(places)
    return OnRoads(base, ways, slowness=_slowness(about, detours)) if ways else base


def _slowness(about: "About", detours: Mapping[TravelMode, Detour]) -> dict[TravelMode, float]:
    """What finished deliveries took, over what the ways of this map alone would have taken."""
    usual = {mode: about.detour_percent.get(mode.value, 0) for mode in detours}
    return {mode: detour.percent / usual[mode] for mode, detour in detours.items() if usual[mode]}
