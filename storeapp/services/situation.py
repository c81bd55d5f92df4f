"""Puts the store's moment into a planning problem: what waits, what was promised, who works, who is out.

The problem names deliveries and guides by their ids. What the store's rules say is in its prices and limits.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storeapp.domain.catalogue import Policy, Sku
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import FAR_S, LI_PER_FEN, Load, Problem, Stop
from storeapp.domain.order import SHORT_STOCK, Order
from storeapp.domain.place import Position, distance_m
from storeapp.services.counter import Counter
from storeapp.services.fleet import Fleet
from storeapp.services.places import STORE_PLACE, Places
from storeapp.services.travel import travel_of
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

PICKUP_S = 60
"""How long one parcel's handoff at the counter takes."""
_PROMISED = (
    DeliveryState.ASSIGNED,
    DeliveryState.IN_CUSTODY,
    DeliveryState.PARTLY_DELIVERED,
    DeliveryState.FAILED,
    DeliveryState.RETURNING,
)
_COMES_BACK = frozenset({DeliveryState.FAILED, DeliveryState.RETURNING})
KILOMETRE_M = 1000
PER_MILLE = 1000


@dataclass(frozen=True, slots=True)
class Situation:
    """A problem, and the deliveries it is about as they were seen."""

    problem: Problem
    deliveries: dict[str, Delivery]


def situation(counter: Counter, now: datetime, *, most_waiting: int = -1) -> Situation:
    """The store's situation at an instant.

    Args:
        counter: the store's counter.
        now: the instant.
        most_waiting: of what waits, only so many of the most urgent; all where it is negative.
    """
    return _Builder(counter, now).build(most_waiting)


class _Builder:
    """Collects places, stops and vehicles."""

    def __init__(self, counter: Counter, now: datetime) -> None:
        self._counter = counter
        self._now = now
        self._policy: Policy = counter.policy
        self._places = Places(counter)
        self._skus: dict[str, Sku] = {}

    def build(self, most_waiting: int) -> Situation:
        """Read everything and put it together."""
        cache, policy = self._counter.cache, self._policy
        deliveries = self._deliveries(most_waiting)
        orders = cache.many(Order, [job.order_id for job in deliveries.values()])
        self._skus = cache.many(Sku, sorted({line.sku for order in orders.values() for line in order.lines}))
        pairs = [(job, orders[job.order_id]) for job in deliveries.values() if job.order_id in orders]
        stops = tuple(stop for job, order in pairs for stop in self._stops(job, order))
        fleet = Fleet(self._counter, self._now, self._places, [job for job, _ in pairs]).vehicles()
        places = tuple(self._places.positions)
        problem = Problem(
            now=self._now,
            places=places,
            stops=stops,
            vehicles=fleet if places else (),
            travel=travel_of(self._counter, places, self._now),
            pickup_s=PICKUP_S,
            radius_m=policy.radius_m,
            cross_percent=policy.cross_percent or 100,
            budget_s=policy.plan_ms / 1000,
        )
        return Situation(problem, deliveries)

    def _deliveries(self, most_waiting: int) -> dict[str, Delivery]:
        cache = self._counter.cache
        urgent = OrderFilter(sort="window_end", descending=False)
        promised = replace(urgent, states=_PROMISED)
        waiting = replace(urgent, states=(DeliveryState.WAITING,), limit=most_waiting)
        ids = [each for wanted in (promised, waiting) for each in lists.delivery_ids(cache.db, wanted, hashes=())]
        found = cache.many(Delivery, ids)
        return {key: job for key, job in found.items() if job.store == self._counter.store}

    def _seconds(self, moment: datetime) -> int:
        return int((moment - self._now) // timedelta(seconds=1))

    def _stops(self, job: Delivery, order: Order) -> Iterable[Stop]:
        """The stop of what lies in the store, or one for each guide who holds some of it."""
        holders = sorted({parcel.custodian.holder_id for parcel in job.held_by(Holder.GUIDE)})
        if not holders:
            yield self._stop(job, order)
        for guide in holders:
            yield self._held(job, order, guide)

    def _stop(self, job: Delivery, order: Order) -> Stop:
        policy = self._policy
        position = self._places.position(order)
        return Stop(
            id=job.id,
            place=self._places.add(position),
            origin=STORE_PLACE,
            start_s=self._seconds(job.window.start),
            due_s=self._seconds(job.window.end),
            ready_s=self._ready_s(job, order),
            service_s=policy.service_minutes * 60,
            load=Load(len(job.parcels), job.weight_g, self._volume_ml(order)),
            certificates=self._certificates(order),
            unserved_li=self._unserved_li(job, order, position),
            pay_li=policy.rate_fen.get(job.mode, 0) * LI_PER_FEN,
            guide=job.guide,
            banned=frozenset(job.banned),
            obstacle=self._obstacle(order, position),
            level=_level(policy, order),
            pinned=job.pinned,
            late_s=policy.late_minutes * 60,
            late_li=policy.late_fen * LI_PER_FEN,
        )

    def _ready_s(self, job: Delivery, order: Order) -> int:
        prep_minutes = self._policy.prep_minutes.get(job.mode, 0)
        return self._seconds(order.created_at) + prep_minutes * 60 if prep_minutes else 0

    def _held(self, job: Delivery, order: Order, guide: str) -> Stop:
        """What a guide has in custody: to the customer, or back to the store where it was refused or recalled."""
        stop = self._stop(job, order)
        mine = [parcel for parcel in job.held_by(Holder.GUIDE) if parcel.custodian.holder_id == guide]
        parts, all_parts = len(mine), len(job.parcels)
        share = Load(parts, job.weight_g * parts // all_parts, stop.load.volume_ml * parts // all_parts)
        stop = replace(stop, guide=guide, held=True, load=share)
        if job.recalled or job.state in _COMES_BACK:
            store = STORE_PLACE if self._places.positions else None
            return replace(stop, place=store, start_s=0, due_s=FAR_S, service_s=0)
        return stop

    def _obstacle(self, order: Order, position: Position | None) -> str:
        if not self._places.positions:
            return "store_unknown"
        if SHORT_STOCK in order.needs:
            return SHORT_STOCK
        return "position_locked" if order.located and position is None else ""

    def _volume_ml(self, order: Order) -> int:
        return sum(self._skus[line.sku].volume_ml * line.quantity for line in order.lines if line.sku in self._skus)

    def _certificates(self, order: Order) -> frozenset[str]:
        known = (self._skus[line.sku] for line in order.lines if line.sku in self._skus)
        return frozenset(each for sku in known for each in sku.certificates)

    def _unserved_li(self, job: Delivery, order: Order, position: Position | None) -> int:
        """A courier's price, and what it counts more to leave this delivery to others."""
        policy = self._policy
        fen = policy.courier_fen + policy.priority_fen * job.priority
        if policy.courier_km_fen and position is not None and self._places.positions:
            away_m = distance_m(self._places.positions[STORE_PLACE], to_wgs84(position)) * policy.detour_percent / 100
            fen += round(policy.courier_km_fen * away_m / KILOMETRE_M)
        return fen * LI_PER_FEN + order.total_fen * LI_PER_FEN * policy.value_permille // PER_MILLE


def _level(policy: Policy, order: Order) -> int:
    """What level of guide the price of the goods asks for; 0 where any will do."""
    levels = ((3, policy.master_fen), (2, policy.expert_fen))
    return next((level for level, least_fen in levels if least_fen and order.total_fen >= least_fen), 0)
