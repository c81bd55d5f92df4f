"""Puts the moment of a whole region into one planning problem, from what the hub knows of its stores.

The exact places of customers and of guides' homes are unsealed here, in memory, for as long as the job takes. No
counter's word is missing where its store was heard of lately; a store that was silent for long decides alone.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from hub.core import Hub
from hub.jobs import JobLeft, stores_of
from hub.region_fleet import Places, RegionFleet
from hub.region_rows import Rows
from hub.tables import device
from storeapp.domain.catalogue import BRAND_POLICY, Policy, Sku, Store
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.dispatch import Problem, Stop
from storeapp.domain.experience import TravelProfile, detours_at
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.people import Guide
from storeapp.domain.place import Position
from storeapp.domain.planning import PICKUP_S, Asked
from storeapp.domain.travel import ByStore, Haversine, Travel

SILENT = timedelta(minutes=90)
"""A counter says hello once an hour at least; who has not for so long may have decided what nobody knows of."""
MOST_WAITING = 1500
"""So many of what waits are planned, the most urgent of all."""
_PLANNED = frozenset(
    {
        DeliveryState.WAITING,
        DeliveryState.ASSIGNED,
        DeliveryState.IN_CUSTODY,
        DeliveryState.PARTLY_DELIVERED,
        DeliveryState.FAILED,
        DeliveryState.RETURNING,
    }
)
_OVER = tuple(f'"status":"{status}"'.encode() for status in OrderStatus if status is not OrderStatus.OPEN)
"""What stands in the row of an order that is over; that it is open may go without saying."""


@dataclass(frozen=True, slots=True)
class RegionSituation:
    """A region's problem, the deliveries it is about as they were seen, and what is not to be planned, and why.

    ``home`` is the store of each guide; ``stores`` are the stores by their place.
    """

    problem: Problem
    deliveries: Mapping[str, Delivery]
    home: Mapping[str, str]
    stores: Mapping[int, str]
    left: tuple[JobLeft, ...] = ()


def situation(hub: Hub, region: str, *, now: datetime) -> RegionSituation:
    """The situation of a region's stores.

    Raises:
        DatabaseBusy: nothing could be read.
    """
    with hub.db.reading() as connection:
        return _Reader(hub, connection, now).read(region)


class _Reader:
    """Reads one moment of the database."""

    def __init__(self, hub: Hub, connection: sa.Connection, now: datetime) -> None:
        self._hub = hub
        self._connection = connection
        self._now = now
        self._rows = Rows(hub, connection)
        self._places = Places()
        self._asked: frozenset[str] = frozenset()
        self._policy = Policy()
        self._left: list[JobLeft] = []

    def read(self, region: str) -> RegionSituation:
        stores = stores_of(self._connection, region)
        self._policy = next(iter(self._rows.some(Policy, [BRAND_POLICY]).values()), Policy())
        silent = self._silent([store.id for store in stores])
        self._asked = frozenset(store.id for store in stores) - silent.keys()
        for store in stores:
            self._places.add_store(store.id, store.position)
        pairs = list(self._work(stores, silent))
        guides = {g.id: g for store in stores if store.id not in silent for g in self._rows.of_feed(Guide, store.id)}
        stops = tuple(self._stops(pairs, guides))
        fleet = RegionFleet(self._rows, self._now, self._policy, self._places, self._asked)
        vehicles = tuple(fleet.vehicles(guides, [job for job, _ in pairs]))
        places = tuple(self._places.positions)
        problem = Problem(
            now=self._now,
            places=places,
            stops=stops,
            vehicles=vehicles,
            travel=self._travel(places),
            pickup_s=PICKUP_S,
            radius_m=self._policy.radius_m,
            cross_percent=self._policy.cross_percent or 100,
        )
        return RegionSituation(
            problem,
            {job.id: job for job, _ in pairs},
            {guide.id: guide.store for guide in guides.values()},
            {place: store for store, place in self._places.base.items()},
            tuple(self._left),
        )

    def _travel(self, places: Sequence[Position]) -> Travel:
        """Ways from each store's places take as long as that store's deliveries took at this hour."""
        stores = list(self._places.base)
        profiles = self._rows.some(TravelProfile, stores)
        percent = self._policy.detour_percent
        bases = [
            Haversine(places, detour_percent=percent, detours=detours_at(profiles.get(store), self._now))
            for store in stores
        ]
        return ByStore(bases, [stores.index(store) for store in self._places.stores])

    # -- rows

    def _silent(self, stores: Sequence[str]) -> dict[str, str]:
        """The stores of which no counter was heard of lately, and since when; "" where there never was one."""
        newest = sa.select(device.c.store, sa.func.max(device.c.seen_at)).where(
            device.c.revoked_at.is_(None), self._hub.db.among(device.c.store, stores)
        )
        rows = self._connection.execute(newest.group_by(device.c.store))
        heard = {store: seen_at or "" for store, seen_at in rows}
        latest = (self._now - SILENT).isoformat()
        return {store: heard.get(store, "") for store in stores if heard.get(store, "") < latest}

    def _work(self, stores: Sequence[Store], silent: Mapping[str, str]) -> Iterator[tuple[Delivery, Order]]:
        """What is to be planned or is under way, the most urgent first, as far as there is room."""
        pairs = [pair for store in stores for pair in self._open(store.id)]
        pairs.sort(key=lambda pair: (pair[0].window.end, pair[0].id))
        waiting = 0
        for job, order in pairs:
            free = job.state is DeliveryState.WAITING
            if job.store in silent:
                if free:
                    since = silent[job.store]
                    code, data = ("store_silent", {"since": since}) if since else ("store_unheard", {})
                    self._left.append(JobLeft(job.id, job.store, code, {"store": job.store} | data))
                continue
            waiting += free
            if free and waiting > MOST_WAITING:
                self._left.append(JobLeft(job.id, job.store, "too_many_orders", {"most": MOST_WAITING}))
            else:
                yield job, order

    def _open(self, store: str) -> Iterator[tuple[Delivery, Order]]:
        found = self._rows.of_feed(Order, store, without=_OVER)
        orders = {order.delivery_id: order for order in found if order.status is OrderStatus.OPEN}
        for key, job in self._rows.some(Delivery, orders).items():
            if job.store == store and job.state in _PLANNED:
                yield job, orders[key]

    # -- the problem

    def _stops(self, pairs: Sequence[tuple[Delivery, Order]], guides: Mapping[str, Guide]) -> Iterator[Stop]:
        there = self._rows.positions({order.id: order.sealed for _, order in pairs if order.located and order.sealed})
        skus = self._rows.some(Sku, {line.sku for _, order in pairs for line in order.lines})
        others = self._strangers(guides)
        for job, order in pairs:
            position = there.get(order.id)
            place, origin = self._places.add(job.store, position), self._places.base[job.store]
            asked = Asked(job, order, skus, place, position, origin, self._places.positions[origin])
            for stop in asked.stops(self._policy, self._now):
                yield _kept_from(stop, others.get(job.store, frozenset()))

    def _strangers(self, guides: Mapping[str, Guide]) -> dict[str, frozenset[str]]:
        """Whom a store must not be given: guides of other stores, where the brand's rules lend nobody."""
        if self._policy.cross_percent:
            return {}
        every = guides.values()
        return {store: frozenset(g.id for g in every if g.store != store) for store in self._places.base}


def _kept_from(stop: Stop, guides: frozenset[str]) -> Stop:
    return replace(stop, banned=stop.banned | guides) if guides and not stop.committed else stop
