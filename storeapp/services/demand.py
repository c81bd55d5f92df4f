"""Keeps on a coarse grid where orders were asked for, to try a rule on days whose people are forgotten."""

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta

from storeapp.adapters.sealing import SealBroken
from storeapp.domain.area import DemandDay, DemandPoint, cell_of, demand_day_id
from storeapp.domain.catalogue import Store
from storeapp.domain.delivery import Delivery
from storeapp.domain.moment import STORE_ZONE, store_day
from storeapp.domain.order import Order
from storeapp.domain.place import Position
from storeapp.domain.rules.area import NoteDemand
from storeapp.services.counter import SYSTEM, Counter
from storeapp.store import lists

LOOK_BACK = timedelta(days=4)
"""Customers are forgotten after three days where the policy is the usual one."""


def point_key(delivery: str) -> str:
    """A short hash, so that two counters that saw one delivery tell of one order."""
    return hashlib.sha256(f"demand|{delivery}".encode()).hexdigest()[:12]


def note_demand(counter: Counter) -> int:
    """Keep where the orders of the last days went that are not kept yet; returns how many."""
    store = counter.cache.get(Store, counter.store)
    if store is None or not counter.privacy.available:
        return 0
    ids = lists.created_since(counter.cache.db, counter.clock.now() - LOOK_BACK)
    jobs = [job for job in counter.cache.many(Delivery, ids).values() if job.store == counter.store]
    new = _new(counter, jobs)
    orders = counter.cache.many(Order, [job.order_id for job in new])
    found: dict[date, list[DemandPoint]] = defaultdict(list)
    for job in new:
        place = _place(counter, orders.get(job.order_id))
        if place is not None:
            start = job.window.start.astimezone(STORE_ZONE)
            found[start.date()].append(DemandPoint(point_key(job.id), start.hour, cell_of(place, store.position)))
    if not found:
        return 0
    with counter.transaction(SYSTEM) as tx:
        for day, points in sorted(found.items()):
            tx.must(NoteDemand(counter.store, day, tuple(points)))
    return sum(map(len, found.values()))


def _new(counter: Counter, jobs: list[Delivery]) -> list[Delivery]:
    """Those that are not kept yet."""
    days = {demand_day_id(counter.store, store_day(job.window.start)) for job in jobs}
    known = counter.cache.many(DemandDay, sorted(days)).values()
    told = {point.key for day in known for point in day.points}
    return [job for job in jobs if point_key(job.id) not in told]


def _place(counter: Counter, order: Order | None) -> Position | None:
    if order is None or not order.located:
        return None
    # A broken seal is told wherever the person is shown; here it is one order less to learn from.
    with contextlib.suppress(SealBroken):
        person = counter.privacy.person(order.id, order.sealed)
        return person.position if person else None
    return None


def demand_of(counter: Counter, days: Iterable[date]) -> list[DemandDay]:
    """What is kept of some days, in their order; days without orders are there and empty."""
    wanted = {demand_day_id(counter.store, day): day for day in days}
    known = counter.cache.many(DemandDay, list(wanted))
    return [known.get(key) or DemandDay(key, counter.store, day) for key, day in sorted(wanted.items())]
