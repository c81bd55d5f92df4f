"""Puts the moment of a whole region into one planning problem, from what the hub knows of its stores.

The exact places of customers and of guides' homes are unsealed here, in memory, for as long as the job takes. No
counter's word is missing where its store was heard of lately; a store that was silent for long decides alone.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import sqlalchemy as sa

from hub.core import Hub
from hub.jobs import JobLeft, stores_of
from hub.rootkey import RootKeyWrong
from hub.tables import device, order_key, state
from storeapp.adapters.sealing import SealBroken, sealed_with, unseal
from storeapp.adapters.transport_keys import key_purpose
from storeapp.codec import decode_state
from storeapp.domain.catalogue import BRAND_POLICY, Policy, Sku, Store
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import Problem, Stop, Vehicle
from storeapp.domain.feeds import store_feed
from storeapp.domain.kernel import State
from storeapp.domain.lending import Away, without
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.people import Guide, Shift, home_subject, shift_id, shift_window
from storeapp.domain.place import Position
from storeapp.domain.planning import (
    PICKUP_S,
    Asked,
    seconds_until,
    shared_stops,
    shift_began,
    surcharges_li,
    vehicle_of,
)
from storeapp.domain.statement import Statement, statement_id
from storeapp.domain.travel import Haversine

S = TypeVar("S", bound=State)
SILENT = timedelta(minutes=90)
"""A counter says hello once an hour at least; who has not for so long may have decided what nobody knows of."""
MOST_WAITING = 1500
"""So many of what waits are planned, the most urgent of all."""
_CHUNK = 500
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


@dataclass(slots=True)
class _Places:
    """Positions by index, each once."""

    positions: list[Position] = field(default_factory=list)

    def add(self, position: Position | None) -> int | None:
        if position is None:
            return None
        self.positions.append(to_wgs84(position))
        return len(self.positions) - 1


class _Reader:
    """Reads one moment of the database."""

    def __init__(self, hub: Hub, connection: sa.Connection, now: datetime) -> None:
        self._hub = hub
        self._connection = connection
        self._now = now
        self._places = _Places()
        self._base: dict[str, int] = {}
        self._asked: frozenset[str] = frozenset()
        self._policy = Policy()
        self._left: list[JobLeft] = []

    def read(self, region: str) -> RegionSituation:
        stores = stores_of(self._connection, region)
        self._policy = next(iter(self._some(Policy, [BRAND_POLICY]).values()), Policy())
        silent = self._silent([store.id for store in stores])
        self._asked = frozenset(store.id for store in stores) - silent.keys()
        for store in stores:
            self._base[store.id] = len(self._places.positions)
            self._places.add(store.position)
        pairs = list(self._work(stores, silent))
        guides = {g.id: g for store in stores if store.id not in silent for g in self._of_feed(Guide, store.id)}
        stops = tuple(self._stops(pairs, guides))
        vehicles = tuple(self._fleet(guides, [job for job, _ in pairs]))
        places = tuple(self._places.positions)
        problem = Problem(
            now=self._now,
            places=places,
            stops=stops,
            vehicles=vehicles,
            travel=Haversine(places, detour_percent=self._policy.detour_percent),
            pickup_s=PICKUP_S,
            radius_m=self._policy.radius_m,
            cross_percent=self._policy.cross_percent or 100,
        )
        return RegionSituation(
            problem,
            {job.id: job for job, _ in pairs},
            {guide.id: guide.store for guide in guides.values()},
            {place: store for store, place in self._base.items()},
            tuple(self._left),
        )

    # -- rows

    def _some(self, of: type[S], ids: Iterable[str]) -> dict[str, S]:
        query = sa.select(state.c.body).where(state.c.kind == of.KIND, self._hub.db.among(state.c.id, ids))
        found = (decode_state(of.KIND, body) for body in self._connection.scalars(query) if body)
        return {each.id: each for each in found if isinstance(each, of)}

    def _of_feed(self, of: type[S], store: str, *, without: Sequence[bytes] = ()) -> Iterator[S]:
        """The states of a kind in a store's feed; what has one of these bytes is not read any further."""
        wanted = (state.c.feed == store_feed(store), state.c.kind == of.KIND, sa.func.length(state.c.body) > 0)
        query = sa.select(state.c.body).where(*wanted).order_by(state.c.id).execution_options(yield_per=_CHUNK)
        for body in self._connection.scalars(query):
            each = None if any(text in body for text in without) else decode_state(of.KIND, body)
            if isinstance(each, of):
                yield each

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
        orders = {o.delivery_id: o for o in self._of_feed(Order, store, without=_OVER) if o.status is OrderStatus.OPEN}
        for key, job in self._some(Delivery, orders).items():
            if job.store == store and job.state in _PLANNED:
                yield job, orders[key]

    # -- what is sealed

    def _positions(self, sealed: Mapping[str, str]) -> dict[str, Position]:
        """Where sealed records say that somebody is; what cannot be opened is left out."""
        found: dict[str, Position] = {}
        keys = self._keys(sealed)
        for subject, record in sealed.items():
            try:
                key = keys.get((subject, sealed_with(record)))
                person = unseal(record, key, subject=subject) if key else None
            except SealBroken:
                continue
            if person is not None and person.position is not None:
                found[subject] = to_wgs84(person.position)
        return found

    def _keys(self, subjects: Iterable[str]) -> dict[tuple[str, bytes], bytes]:
        found = {}
        query = sa.select(order_key).where(self._hub.db.among(order_key.c.subject, subjects))
        for subject, key_id, wrapped in self._connection.execute(query):
            try:
                found[subject, bytes(key_id)] = self._hub.root.unwrap(wrapped, key_purpose(subject, key_id))
            except RootKeyWrong:
                continue  # Its delivery is left with a reason.
        return found

    # -- the problem

    def _stops(self, pairs: Sequence[tuple[Delivery, Order]], guides: Mapping[str, Guide]) -> Iterator[Stop]:
        there = self._positions({order.id: order.sealed for _, order in pairs if order.located and order.sealed})
        skus = self._some(Sku, {line.sku for _, order in pairs for line in order.lines})
        others = self._strangers(guides)
        for job, order in pairs:
            position = there.get(order.id)
            place, origin = self._places.add(position), self._base[job.store]
            asked = Asked(job, order, skus, place, position, origin, self._places.positions[origin])
            for stop in asked.stops(self._policy, self._now):
                yield _kept_from(stop, others.get(job.store, frozenset()))

    def _strangers(self, guides: Mapping[str, Guide]) -> dict[str, frozenset[str]]:
        """Whom a store must not be given: guides of other stores, where the brand's rules lend nobody."""
        if self._policy.cross_percent:
            return {}
        every = guides.values()
        return {store: frozenset(g.id for g in every if g.store != store) for store in self._base}

    def _fleet(self, guides: Mapping[str, Guide], jobs: Sequence[Delivery]) -> Iterator[Vehicle]:
        held = _held(jobs)
        working = [guide for guide in guides.values() if guide.active or guide.id in held]
        windows = self._windows(working, held)
        today = store_day(self._now)
        statements = self._some(Statement, [statement_id(guide.id, today) for guide in working])
        pay = {guide.id: statements.get(statement_id(guide.id, today)) for guide in working}
        earned = {guide: statement.total_fen if statement else 0 for guide, statement in pay.items() if windows[guide]}
        surcharges = surcharges_li(earned, percent=self._policy.fairness_percent)
        homes = self._positions(
            {home_subject(g.id): g.sealed_home for g in working if g.commute_home and g.sealed_home and windows[g.id]}
        )
        for guide in working:
            base = self._base[guide.store]
            made = [
                (
                    since,
                    vehicle_of(
                        guide,
                        window,
                        number=number,
                        now=self._now,
                        policy=self._policy,
                        base=base,
                        store=base,
                        statement=pay[guide.id],
                        surcharge_li=surcharges.get(guide.id, 0),
                        since=since,
                    ),
                )
                for number, (since, window) in enumerate(windows[guide.id])
            ]
            vehicles = shared_stops(made)
            home = self._places.add(homes.get(home_subject(guide.id)))
            if vehicles and home is not None:
                vehicles[-1] = replace(vehicles[-1], end=home)
            if vehicles and guide.id in held:
                vehicles[0] = self._out(vehicles[0], held[guide.id])
            yield from vehicles

    def _windows(self, guides: Sequence[Guide], held: Mapping[str, Any]) -> dict[str, list[tuple[datetime, Window]]]:
        """Today's hours that are not over, without the time that stores have a guide for who are not planned here."""
        today = store_day(self._now)
        days = (today - timedelta(days=1), today)
        shifts = self._some(Shift, [shift_id(guide.id, day) for guide in guides for day in days])
        away = self._some(Away, [guide.id for guide in guides])
        found: dict[str, list[tuple[datetime, Window]]] = {}
        for guide in guides:
            hours = (shift_window(guide, shifts.get(shift_id(guide.id, day)), day) for day in days)
            loans = away[guide.id].loans if guide.id in away else ()
            left = without(
                [window for window in hours if window is not None],
                [loan.window for loan in loans if loan.store not in self._asked],
            )
            mine = [(shift_began(window, left), window) for window in left if window.end > self._now]
            found[guide.id] = mine or ([(self._now, Window(self._now, self._now))] if guide.id in held else [])
        return found

    def _out(self, vehicle: Vehicle, jobs: Sequence[Delivery]) -> Vehicle:
        """A guide who is out began the way where the parcels were handed over."""
        last = max(jobs, key=lambda job: job.handed_over_at or self._now)
        since = last.handed_over_at or self._now
        return replace(vehicle, start=self._base[last.store], start_s=min(0, seconds_until(since, self._now)))


def _held(jobs: Iterable[Delivery]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for job in jobs:
        for guide in {parcel.custodian.holder_id for parcel in job.held_by(Holder.GUIDE)}:
            found.setdefault(guide, []).append(job)
    return found


def _kept_from(stop: Stop, guides: frozenset[str]) -> Stop:
    return replace(stop, banned=stop.banned | guides) if guides and not stop.committed else stop
