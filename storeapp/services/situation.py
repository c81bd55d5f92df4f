"""Puts the store's moment into a planning problem: what waits, what was promised, who works, who is out.

Exact positions are unsealed here, in memory, and nowhere else; the problem names deliveries and guides by their ids.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from storeapp.adapters.sealing import SealBroken
from storeapp.domain.catalogue import Policy, Store
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import FAR_S, LI_PER_FEN, Load, Problem, Stop, Vehicle
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import Order
from storeapp.domain.people import Guide, Shift, home_subject, shift_id, shift_window
from storeapp.domain.place import Position
from storeapp.domain.rules.common import SHORT_STOCK
from storeapp.domain.travel import Haversine
from storeapp.services.counter import Counter
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

STORE_PLACE = 0
PICKUP_S = 60
"""How long one parcel's handoff at the counter takes."""
VOLUME_ML = 10**9
"""Guides have no limit of volume yet."""
_PROMISED = (
    DeliveryState.ASSIGNED,
    DeliveryState.IN_CUSTODY,
    DeliveryState.PARTLY_DELIVERED,
    DeliveryState.FAILED,
    DeliveryState.RETURNING,
)
_COMES_BACK = frozenset({DeliveryState.FAILED, DeliveryState.RETURNING})


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
        store = counter.cache.get(Store, counter.store)
        self._places: list[Position] = [to_wgs84(store.position)] if store else []

    def build(self, most_waiting: int) -> Situation:
        """Read everything and put it together."""
        cache = self._counter.cache
        urgent = OrderFilter(sort="window_end", descending=False)
        promised = replace(urgent, states=_PROMISED)
        waiting = replace(urgent, states=(DeliveryState.WAITING,), limit=most_waiting)
        ids = [each for wanted in (promised, waiting) for each in lists.delivery_ids(cache.db, wanted, hashes=())]
        deliveries = cache.many(Delivery, ids)
        deliveries = {key: job for key, job in deliveries.items() if job.store == self._counter.store}
        orders = cache.many(Order, [job.order_id for job in deliveries.values()])
        pairs = [(job, orders[job.order_id]) for job in deliveries.values() if job.order_id in orders]
        stops = tuple(stop for job, order in pairs for stop in self._stops(job, order))
        vehicles = tuple(vehicle for guide in cache.every(Guide) for vehicle in self._vehicles(guide, pairs))
        places = tuple(self._places)
        problem = Problem(
            now=self._now,
            places=places,
            stops=stops,
            vehicles=vehicles if places else (),
            travel=Haversine(places, detour_percent=self._policy.detour_percent),
            pickup_s=PICKUP_S,
            radius_m=self._policy.radius_m,
        )
        return Situation(problem, deliveries)

    def _place(self, position: Position | None) -> int | None:
        if position is None or not self._places:
            return None
        self._places.append(to_wgs84(position))
        return len(self._places) - 1

    def _seconds(self, moment: datetime) -> int:
        return int((moment - self._now) // timedelta(seconds=1))

    # -- deliveries

    def _stops(self, job: Delivery, order: Order) -> Iterable[Stop]:
        """The stop of what lies in the store, or one for each guide who holds some of it."""
        holders = sorted({parcel.custodian.holder_id for parcel in job.held_by(Holder.GUIDE)})
        if not holders:
            yield self._stop(job, order)
        for guide in holders:
            yield self._held(job, order, guide)

    def _stop(self, job: Delivery, order: Order) -> Stop:
        position = _position(self._counter, order)
        obstacle = SHORT_STOCK if SHORT_STOCK in order.needs else ""
        if not self._places:
            obstacle = "store_unknown"
        elif order.located and position is None:
            obstacle = obstacle or "position_locked"
        return Stop(
            id=job.id,
            place=self._place(position),
            origin=STORE_PLACE,
            start_s=self._seconds(job.window.start),
            due_s=self._seconds(job.window.end),
            service_s=self._policy.service_minutes * 60,
            load=Load(len(job.parcels), job.weight_g),
            unserved_li=self._policy.courier_fen * LI_PER_FEN,
            pay_li=self._policy.rate_fen.get(job.mode, 0) * LI_PER_FEN,
            guide=job.guide,
            obstacle=obstacle,
        )

    def _held(self, job: Delivery, order: Order, guide: str) -> Stop:
        """What a guide has in custody: to the customer, or back to the store where it was refused or recalled."""
        stop = self._stop(job, order)
        mine = [parcel for parcel in job.held_by(Holder.GUIDE) if parcel.custodian.holder_id == guide]
        share = Load(len(mine), job.weight_g * len(mine) // len(job.parcels))
        stop = replace(stop, guide=guide, held=True, load=share)
        if job.recalled or job.state in _COMES_BACK:
            return replace(stop, place=STORE_PLACE if self._places else None, start_s=0, due_s=FAR_S, service_s=0)
        return stop

    # -- guides

    def _vehicles(self, guide: Guide, pairs: list[tuple[Delivery, Order]]) -> Iterable[Vehicle]:
        """A guide in each window that is not over; whoever holds parcels is planned whatever the hours say."""
        held = [job for job, _ in pairs if _holds(job, guide.id)]
        if guide.store != self._counter.store or not (guide.active or held):
            return
        windows = [window for window in self._windows(guide) if window.end > self._now]
        if held and not windows:
            windows = [Window(self._now, self._now)]
        home = self._home(guide) if windows else STORE_PLACE
        for number, window in enumerate(windows):
            first = Vehicle(
                id=f"{guide.id}/{number}",
                guide=guide.id,
                mode=guide.mode,
                start=STORE_PLACE,
                end=home if number == len(windows) - 1 else STORE_PLACE,
                start_s=max(0, self._seconds(window.start)),
                end_s=self._seconds(window.end),
                capacity=Load(guide.max_parcels, guide.max_weight_g, VOLUME_ML),
                certificates=frozenset(guide.certificates),
            )
            yield self._out(first, guide.id, held) if held and number == 0 else first

    def _windows(self, guide: Guide) -> list[Window]:
        """Today's hours, and yesterday's where they reach past midnight."""
        today = store_day(self._now)
        days = (today - timedelta(days=1), today)
        shifts = self._counter.cache.many(Shift, [shift_id(guide.id, day) for day in days])
        windows = (shift_window(guide, shifts.get(shift_id(guide.id, day)), day) for day in days)
        return [window for window in windows if window is not None]

    def _home(self, guide: Guide) -> int:
        if not guide.commute_home:
            return STORE_PLACE
        position = _unsealed(self._counter, home_subject(guide.id), guide.sealed_home)
        place = self._place(position)
        return STORE_PLACE if place is None else place

    def _out(self, vehicle: Vehicle, guide: str, held: list[Delivery]) -> Vehicle:
        """A guide who is out began the way at the last handoff, or where the last customer was served since."""
        left_at = max((job.handed_over_at for job in held if job.handed_over_at), default=self._now)
        place, since = STORE_PLACE, left_at
        last = self._last_served(guide, left_at)
        if last is not None and last.finished_at is not None:
            order = self._counter.cache.get(Order, last.order_id)
            there = self._place(_position(self._counter, order) if order else None)
            place, since = (place if there is None else there), last.finished_at
        return replace(vehicle, start=place, start_s=min(0, self._seconds(since)))

    def _last_served(self, guide: str, since: datetime) -> Delivery | None:
        done = (DeliveryState.DELIVERED, DeliveryState.COLLECTED)
        wanted = OrderFilter(states=done, guide=guide, finished_since=since, sort="finished_at", limit=1)
        cache = self._counter.cache
        found = lists.delivery_ids(cache.db, wanted, hashes=())
        return cache.get(Delivery, found[0]) if found else None


def _holds(job: Delivery, guide: str) -> bool:
    return any(parcel.custodian.holder_id == guide for parcel in job.held_by(Holder.GUIDE))


def _position(counter: Counter, order: Order) -> Position | None:
    return _unsealed(counter, order.id, order.sealed) if order.located else None


def _unsealed(counter: Counter, subject: str, sealed: str) -> Position | None:
    """The position in a sealed record; None where it cannot be opened here.

    A damaged record stops only its own delivery: the plan says that its position is out of reach.
    """
    try:
        person = counter.privacy.person(subject, sealed)
    except SealBroken:
        return None
    return person.position if person else None
