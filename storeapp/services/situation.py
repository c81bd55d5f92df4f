"""Puts the store's moment into a planning problem: what waits, what was promised, who works, who is out.

The problem names deliveries and guides by their ids. What the store's rules say is in its prices and limits.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from storeapp.domain.catalogue import Policy, Sku
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.dispatch import Problem
from storeapp.domain.order import Order
from storeapp.domain.planning import PICKUP_S, Asked
from storeapp.services.counter import Counter
from storeapp.services.fleet import Fleet
from storeapp.services.places import STORE_PLACE, Places
from storeapp.services.travel import travel_of
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

_PROMISED = (
    DeliveryState.ASSIGNED,
    DeliveryState.IN_CUSTODY,
    DeliveryState.PARTLY_DELIVERED,
    DeliveryState.FAILED,
    DeliveryState.RETURNING,
)


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
        stops = tuple(stop for job, order in pairs for stop in self._asked(job, order).stops(policy, self._now))
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

    def _asked(self, job: Delivery, order: Order) -> Asked:
        position = self._places.position(order)
        there = to_wgs84(position) if position is not None else None
        store = self._places.positions[STORE_PLACE] if self._places.positions else None
        return Asked(job, order, self._skus, self._places.add(position), there, STORE_PLACE, store)
