"""Who can go when: the guides of a store as the planner sees them, with what they hold and what they have earned."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from storeapp.domain.catalogue import Policy
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import LI_PER_FEN, Load, Vehicle
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import Order
from storeapp.domain.people import Guide, Shift, home_subject, shift_id, shift_window
from storeapp.domain.statement import Statement, statement_id
from storeapp.services.counter import Counter
from storeapp.services.places import STORE_PLACE, Places
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

BOUNDLESS_ML = 10**9
"""What fits where nobody set a limit of volume."""
MINUTES_PER_HOUR = 60


class Fleet:
    """The guides at one moment, as vehicles."""

    def __init__(self, counter: Counter, now: datetime, places: Places, jobs: Sequence[Delivery]) -> None:
        self._counter = counter
        self._now = now
        self._places = places
        self._policy: Policy = counter.policy
        self._held: dict[str, list[Delivery]] = {}
        for job in jobs:
            for guide in {parcel.custodian.holder_id for parcel in job.held_by(Holder.GUIDE)}:
                self._held.setdefault(guide, []).append(job)

    def vehicles(self) -> tuple[Vehicle, ...]:
        """A guide in each window that is not over; whoever holds parcels is planned whatever the hours say."""
        mine = [guide for guide in self._counter.cache.every(Guide) if self._works_here(guide)]
        pairs = [(guide, window) for guide in mine for window in self._windows(guide)]
        earned = self._earned({guide.id: guide for guide, _ in pairs}.values())
        surcharges = surcharges_li(earned, percent=self._policy.fairness_percent)
        made: dict[str, list[Vehicle]] = {}
        for guide, window in pairs:
            before = made.setdefault(guide.id, [])
            before.append(self._vehicle(guide, window, number=len(before), surcharge_li=surcharges[guide.id]))
        return tuple(each for guide in mine for each in self._ready(guide, made.get(guide.id, [])))

    def _works_here(self, guide: Guide) -> bool:
        held = guide.id in self._held
        return guide.store == self._counter.store and (guide.active or held)

    def _windows(self, guide: Guide) -> list[Window]:
        """Today's hours that are not over, and yesterday's where they reach past midnight."""
        today = store_day(self._now)
        days = (today - timedelta(days=1), today)
        shifts = self._counter.cache.many(Shift, [shift_id(guide.id, day) for day in days])
        found = (shift_window(guide, shifts.get(shift_id(guide.id, day)), day) for day in days)
        windows = [window for window in found if window is not None and window.end > self._now]
        if guide.id in self._held and not windows:
            return [Window(self._now, self._now)]
        return windows

    def _vehicle(self, guide: Guide, window: Window, *, number: int, surcharge_li: int) -> Vehicle:
        policy = self._policy
        return Vehicle(
            id=f"{guide.id}/{number}",
            guide=guide.id,
            mode=guide.mode,
            start=STORE_PLACE,
            end=STORE_PLACE,
            start_s=max(0, self._seconds(window.start)),
            end_s=self._seconds(window.end),
            capacity=Load(guide.max_parcels, guide.max_weight_g, guide.max_volume_ml or BOUNDLESS_ML),
            certificates=frozenset(guide.certificates),
            most_stops=self._most_stops(guide, window),
            surcharge_li=surcharge_li,
            level=guide.level,
            overtime_s=policy.overtime_minutes * 60,
            overtime_li=policy.overtime_fen * LI_PER_FEN // MINUTES_PER_HOUR,
        )

    def _ready(self, guide: Guide, vehicles: list[Vehicle]) -> Iterable[Vehicle]:
        """The first window begins where the guide is, the last one ends at home for who commutes."""
        if not vehicles:
            return
        *others, last = vehicles
        first, *rest = [*others, replace(last, end=self._home(guide))]
        held = self._held.get(guide.id, [])
        yield self._out(first, guide.id, held) if held else first
        yield from rest

    def _seconds(self, moment: datetime) -> int:
        return int((moment - self._now) // timedelta(seconds=1))

    # -- what the day has brought so far

    def _statement(self, guide: str) -> Statement | None:
        return self._counter.cache.get(Statement, statement_id(guide, store_day(self._now)))

    def _most_stops(self, guide: Guide, window: Window) -> int | None:
        """How many more deliveries the shift may have, those in custody included."""
        limits = [most for most in (guide.max_stops, self._policy.most_stops) if most]
        if not limits:
            return None
        statement = self._statement(guide.id)
        done = sum(earning.at >= window.start for earning in statement.earnings) if statement else 0
        return max(0, min(limits) - done)

    def _earned(self, guides: Iterable[Guide]) -> dict[str, int]:
        """What each has earned today, in fen."""
        if not self._policy.fairness_percent:
            return {guide.id: 0 for guide in guides}
        statements = {guide.id: self._statement(guide.id) for guide in guides}
        return {guide: statement.total_fen if statement else 0 for guide, statement in statements.items()}

    # -- where they are and go

    def _home(self, guide: Guide) -> int:
        if not guide.commute_home:
            return STORE_PLACE
        place = self._places.add(self._places.unsealed(home_subject(guide.id), guide.sealed_home))
        return STORE_PLACE if place is None else place

    def _out(self, vehicle: Vehicle, guide: str, held: list[Delivery]) -> Vehicle:
        """A guide who is out began the way at the last handoff, or where the last customer was served since."""
        left_at = max((job.handed_over_at for job in held if job.handed_over_at), default=self._now)
        last = self._last_served(guide, left_at) or self._met_at(guide, held)
        place, since = STORE_PLACE, left_at
        if last is not None:
            there = self._places.of_order(self._counter.cache.get(Order, last.order_id))
            place, since = (place if there is None else there), max(left_at, last.finished_at or left_at)
        return replace(vehicle, start=place, start_s=min(0, self._seconds(since)))

    def _met_at(self, guide: str, held: list[Delivery]) -> Delivery | None:
        """The last customer of the guide from whom this one took parcels over: they met thereabouts."""
        chains = [parcel.chain for job in held for parcel in job.held_by(Holder.GUIDE)]
        met = [
            (after.at, before.holder_id)
            for chain in chains
            for before, after in itertools.pairwise(chain)
            if before.holder is after.holder is Holder.GUIDE and after.holder_id == guide
        ]
        if not met:
            return None
        at, giver = max(met)
        return self._last_served(giver, at - timedelta(hours=2), until=at)

    def _last_served(self, guide: str, since: datetime, *, until: datetime | None = None) -> Delivery | None:
        done = (DeliveryState.DELIVERED, DeliveryState.COLLECTED)
        wanted = OrderFilter(states=done, guide=guide, finished_since=since, sort="finished_at", limit=1)
        cache = self._counter.cache
        found = lists.delivery_ids(cache.db, wanted, hashes=())
        last = cache.get(Delivery, found[0]) if found else None
        late = last is not None and until is not None and last.finished_at is not None and last.finished_at > until
        return None if late else last


def surcharges_li(earned_fen: dict[str, int], *, percent: int) -> dict[str, int]:
    """What each stop of a guide counts more, of what the guide has earned above the mean; nobody's counts less."""
    if not earned_fen:
        return {}
    mean = sum(earned_fen.values()) // len(earned_fen)
    return {guide: max(0, fen - mean) * LI_PER_FEN * percent // 100 for guide, fen in earned_fen.items()}
