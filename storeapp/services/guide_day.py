"""A guide's day as stretches of time, and where home is as far as anybody at the counter may know."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from storeapp.domain.catalogue import Store
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.people import Guide, home_subject
from storeapp.domain.place import EARTH_RADIUS_M
from storeapp.services.counter import Counter
from storeapp.services.queries import today_until
from storeapp.services.slips import OUT
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

GRID_M = 500
USUAL = timedelta(minutes=20)
"""How long a delivery is drawn for which only its end is known."""
SHORTEST = timedelta(minutes=10)


class Progress(StrEnum):
    """What a stretch of a guide's day means."""

    DONE = "done"
    LIVE = "live"
    PLANNED = "planned"
    LATE = "late"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Stretch:
    """One delivery in a guide's day; stretches of one guide follow each other."""

    start: datetime
    end: datetime
    delivery_id: str
    order_no: str
    progress: Progress


def guide_days(counter: Counter) -> dict[str, tuple[Stretch, ...]]:
    """What fills today, by guide: what was delivered, what is on the way, what is planned."""
    start, end = today_until(counter)
    now = counter.clock.now()
    found: dict[str, list[Stretch]] = defaultdict(list)
    for delivery, order_no in _of_today(counter, start):
        stretch = _stretch(delivery, order_no, now)
        if start <= stretch.end and stretch.start < end:
            found[_carrier(delivery)].append(stretch)
    return {guide: tuple(_in_a_row(stretches)) for guide, stretches in found.items() if guide}


def _of_today(counter: Counter, midnight: datetime) -> list[tuple[Delivery, str]]:
    open_ones = OrderFilter(states=(*OUT, DeliveryState.ASSIGNED))
    done = OrderFilter(states=(DeliveryState.DELIVERED,), finished_since=midnight)
    ids = [key for wanted in (open_ones, done) for key in lists.delivery_ids(counter.cache.db, wanted, hashes=())]
    numbers = lists.numbers_of(counter.cache.db, ids)
    return [(delivery, numbers.get(key, "")) for key, delivery in counter.cache.many(Delivery, ids).items()]


def _carrier(delivery: Delivery) -> str:
    holders = [link for parcel in delivery.parcels for link in parcel.chain if link.holder is Holder.GUIDE]
    return holders[-1].holder_id if holders else delivery.guide


def _stretch(delivery: Delivery, order_no: str, now: datetime) -> Stretch:
    due = delivery.eta or delivery.window.end
    left = delivery.handed_over_at
    if delivery.finished_at is not None:
        return Stretch(left or delivery.finished_at - USUAL, delivery.finished_at, delivery.id, order_no, Progress.DONE)
    if delivery.state in {DeliveryState.FAILED, DeliveryState.RETURNING}:
        return Stretch(left or now - USUAL, now, delivery.id, order_no, Progress.RETURN)
    late = now > delivery.window.end
    if left is not None and delivery.state in OUT:
        progress = Progress.LATE if late else Progress.LIVE
        return Stretch(left, max(due, now), delivery.id, order_no, progress)
    progress = Progress.LATE if late else Progress.PLANNED
    return Stretch(due - USUAL, due, delivery.id, order_no, progress)


def _in_a_row(stretches: Iterable[Stretch]) -> Iterable[Stretch]:
    """One after the other: a guide who carries several brings them in this order."""
    last: datetime | None = None
    for each in sorted(stretches, key=lambda stretch: (stretch.end, stretch.delivery_id)):
        start = each.start if last is None else max(each.start, last)
        last = max(each.end, start + SHORTEST)
        yield Stretch(start, last, each.delivery_id, each.order_no, each.progress)


@dataclass(frozen=True, slots=True)
class HomeHint:
    """The square of 500 m in which a guide lives, counted from the store: 0 begins at it, -1 ends there."""

    east: int
    north: int


def home_hint(counter: Counter, guide: str) -> HomeHint | None:
    """Roughly where a guide lives; None where it is not known or cannot be opened here."""
    known, store = counter.cache.get(Guide, guide), counter.cache.get(Store, counter.store)
    person = counter.privacy.person(home_subject(guide), known.sealed_home) if known else None
    if person is None or person.position is None or store is None or store.position is None:
        return None
    home, here = to_wgs84(person.position), to_wgs84(store.position)
    north_m = math.radians(home.lat - here.lat) * EARTH_RADIUS_M
    east_m = math.radians(home.lng - here.lng) * EARTH_RADIUS_M * math.cos(math.radians(here.lat))
    return HomeHint(math.floor(east_m / GRID_M), math.floor(north_m / GRID_M))
