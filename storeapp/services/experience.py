"""Keeps how long finished deliveries took, and learns from them once a day; no door can be told from what is kept."""

import contextlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from storeapp.adapters.sealing import SealBroken
from storeapp.domain.catalogue import Store
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.experience import Leg, TravelDay, TravelProfile, leg_key, rounded_m, store_hour, travel_day_id
from storeapp.domain.learning import learn
from storeapp.domain.moment import day_bounds, store_day
from storeapp.domain.order import Order
from storeapp.domain.outing import Way, way_to
from storeapp.domain.place import Position, distance_m
from storeapp.domain.rules.travel import LearnTravel, ObserveLegs
from storeapp.services.counter import SYSTEM, Counter, Transaction
from storeapp.services.lending import guide_here
from storeapp.services.travel import profile_of, travel_of
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

LEARN_DAYS = 60
"""Older days say little: streets, guides and seasons change."""
_OUT = (DeliveryState.IN_CUSTODY, DeliveryState.FAILED, DeliveryState.RETURNING, DeliveryState.PARTLY_DELIVERED)


def observe(counter: Counter, tx: Transaction, delivery_id: str) -> None:
    """Keep the way to a delivery that was finished in this use-case, and learn from the days before once a day."""
    job = tx.get(Delivery, delivery_id)
    leg = _leg(counter, job) if job else None
    if job is None or leg is None or job.finished_at is None:
        return
    tx.must(ObserveLegs(counter.store, store_day(job.finished_at), (leg,)))
    yesterday = store_day(tx.now) - timedelta(days=1)
    learned = profile_of(counter)
    if learned is None or learned.learned_on < yesterday:
        learn_in(counter, tx, upto=yesterday)


def legs_of(counter: Counter, jobs: Iterable[Delivery]) -> dict[date, tuple[Leg, ...]]:
    """The ways to deliveries that somebody else recorded, such as a guide's phone, by day; those kept are left out.

    To be asked while the customers can still be read.
    """
    found: dict[date, tuple[Leg, ...]] = {}
    for job in jobs:
        if job.finished_at is None or job.state is not DeliveryState.DELIVERED:
            continue
        day = store_day(job.finished_at)
        known = counter.cache.get(TravelDay, travel_day_id(counter.store, day))
        leg = None if known and known.leg(leg_key(job.id)) else _leg(counter, job)
        if leg is not None:
            found[day] = (*found.get(day, ()), leg)
    return found


def note_legs(counter: Counter, *, since: timedelta) -> None:
    """Keep the ways to what was finished of late and is not kept yet, whoever recorded it."""
    wanted = OrderFilter(states=(DeliveryState.DELIVERED,), finished_since=counter.clock.now() - since)
    jobs = counter.cache.many(Delivery, lists.delivery_ids(counter.cache.db, wanted, hashes=()))
    keep_legs(counter, legs_of(counter, jobs.values()))


def keep_legs(counter: Counter, legs: Mapping[date, tuple[Leg, ...]]) -> None:
    """Keep ways that were worked out before, but for those that another counter has told of meanwhile."""
    new = {day: tuple(leg for leg in found if not _is_kept(counter, day, leg)) for day, found in legs.items()}
    if any(new.values()):
        with counter.transaction(SYSTEM) as tx:
            for day, found in new.items():
                tx.must(ObserveLegs(counter.store, day, found))


def _is_kept(counter: Counter, day: date, leg: Leg) -> bool:
    known = counter.cache.get(TravelDay, travel_day_id(counter.store, day))
    return known is not None and known.leg(leg.key) is not None


def learn_in(counter: Counter, tx: Transaction, *, upto: date) -> TravelProfile | None:
    """Plan with what the days up to one have taught; None where there is nothing to learn from."""
    days = [upto - timedelta(days=back) for back in range(LEARN_DAYS)]
    found = (tx.get(TravelDay, travel_day_id(counter.store, day)) for day in days)
    legs = [leg for day in found if day is not None for leg in day.legs]
    if not legs:
        return None
    known = profile_of(counter)
    profile = learn(
        counter.store,
        legs,
        version=known.version + 1 if known else 1,
        day=upto,
        detour_percent=counter.policy.detour_percent,
    )
    tx.must(LearnTravel(profile))
    return profile


# -- one leg


def _leg(counter: Counter, job: Delivery) -> Leg | None:
    way = way_to(job, _others(counter, job))
    if way is None:
        return None
    guide = guide_here(counter.cache, way.guide, counter.store)
    origin = _place(counter, way.after)
    goal = _place(counter, job.id)
    if guide is None or origin is None or goal is None:
        return None
    service_s = counter.policy.service_minutes * 60
    took_s = int((way.until - way.since).total_seconds()) - service_s
    ahead_s = travel_of(counter, (origin, goal), way.since).seconds_from(0, guide.mode)[1]
    if _waited(job, way, ahead_s):
        return None
    leg = Leg(
        key=leg_key(job.id),
        mode=guide.mode,
        hour=store_hour(way.since),
        metres=rounded_m(distance_m(origin, goal)),
        took_s=took_s,
        ahead_s=ahead_s,
        came_s=took_s,
    )
    before = _before(counter, way)
    if before is None:
        return leg
    # The whole way since the store, with the time at the door before.
    so_far_s, foretold_s = before.came_s + service_s, before.ahead_s + service_s
    return replace(leg, ahead_s=foretold_s + ahead_s, came_s=so_far_s + took_s)


def _waited(job: Delivery, way: Way, ahead_s: int) -> bool:
    """Whether the guide may have waited for the promise to begin, so that the time says nothing about the way."""
    return way.since + timedelta(seconds=ahead_s) < job.window.start <= way.until


def _before(counter: Counter, way: Way) -> Leg | None:
    if not way.after:
        return None
    day = counter.cache.get(TravelDay, travel_day_id(counter.store, store_day(way.since)))
    return day.leg(leg_key(way.after)) if day else None


def _others(counter: Counter, job: Delivery) -> list[Delivery]:
    """What else the guide has or had today."""
    moment: datetime = job.finished_at or counter.clock.now()
    done = OrderFilter(
        states=(DeliveryState.DELIVERED,), guide=job.guide, finished_since=day_bounds(store_day(moment))[0]
    )
    out = OrderFilter(states=_OUT, guide=job.guide)
    cache = counter.cache
    ids = [each for wanted in (done, out) for each in lists.delivery_ids(cache.db, wanted, hashes=())]
    return [other for other in cache.many(Delivery, ids).values() if other.id != job.id]


def _place(counter: Counter, delivery: str) -> Position | None:
    """Where a delivery goes, or with an empty id where the store is."""
    if not delivery:
        store = counter.cache.get(Store, counter.store)
        return to_wgs84(store.position) if store else None
    job = counter.cache.get(Delivery, delivery)
    order = counter.cache.get(Order, job.order_id) if job else None
    # A broken seal is told wherever the person is shown; here it is one leg less to learn from.
    with contextlib.suppress(SealBroken):
        person = counter.privacy.person(order.id, order.sealed) if order else None
        return to_wgs84(person.position) if person and person.position else None
    return None
