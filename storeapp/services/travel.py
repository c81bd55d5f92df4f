"""The travel times that a plan is made with: what is known of the ways between some places, from the best source."""

from collections.abc import Sequence
from datetime import datetime

from storeapp.domain.experience import TravelProfile, detours_at
from storeapp.domain.place import Position
from storeapp.domain.travel import Haversine, Travel
from storeapp.services.counter import Counter
from storeapp.services.maps import with_maps
from storeapp.services.roads import on_roads


def travel_of(counter: Counter, places: Sequence[Position], now: datetime) -> Travel:
    """Lengths and times between places as this store knows them at an hour; nothing is asked of any network."""
    detours = detours_at(profile_of(counter), now)
    travel = Haversine(places, detour_percent=counter.policy.detour_percent, detours=detours)
    return with_maps(counter, on_roads(counter, travel, places, detours), places, now)


def profile_of(counter: Counter) -> TravelProfile | None:
    """What the store has learned, None while it has not."""
    return counter.cache.get(TravelProfile, counter.store)
