"""Who can go when: the guides of a store as the planner sees them, with what they hold and what they have earned."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from storeapp.domain.catalogue import Policy, Store
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import Vehicle
from storeapp.domain.lending import merged
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import Order
from storeapp.domain.people import Guide, Shift, home_subject, shift_id, shift_window
from storeapp.domain.planning import seconds_until, shared_stops, shift_began, surcharges_li, vehicle_of
from storeapp.domain.statement import Statement
from storeapp.services.counter import Counter
from storeapp.services.lending import at_home, guests, guides_here, lent_hours, statement_of
from storeapp.services.places import STORE_PLACE, Places
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

ELSEWHERE = -1
"""The place of a store that this counter does not know."""


class Fleet:
    """The guides at one moment, as vehicles."""

    def __init__(self, counter: Counter, now: datetime, places: Places, jobs: Sequence[Delivery]) -> None:
        self._counter = counter
        self._now = now
        self._places = places
        self._policy: Policy = counter.policy
        self._homes: dict[str, int] = {}
        self._held: dict[str, list[Delivery]] = {}
        for job in jobs:
            for guide in {parcel.custodian.holder_id for parcel in job.held_by(Holder.GUIDE)}:
                self._held.setdefault(guide, []).append(job)

    def vehicles(self) -> tuple[Vehicle, ...]:
        """A guide in each window that is not over; whoever holds parcels is planned whatever the hours say.

        Guests count as far as they are lent, own guides as far as they are not.
        """
        mine = [guide for guide in guides_here(self._counter) if guide.active or guide.id in self._held]
        windows = {guide.id: self._windows(guide) for guide in mine}
        working = [guide for guide in mine if windows[guide.id]]
        self._homes = self._homes_of({guide.id for guide in working})
        surcharges = surcharges_li(self._earned(working), percent=self._policy.fairness_percent)
        return tuple(
            each
            for guide in working
            for each in self._ready(guide, self._made(guide, windows[guide.id], surcharges[guide.id]))
        )

    def _made(self, guide: Guide, windows: Sequence[tuple[datetime, Window]], surcharge_li: int) -> list[Vehicle]:
        return shared_stops(
            [
                (since, self._vehicle(guide, window, number=number, since=since, surcharge_li=surcharge_li))
                for number, (since, window) in enumerate(windows)
            ]
        )

    def _homes_of(self, guides: set[str]) -> dict[str, int]:
        """The places of the stores that guests come from: what they bring for this one is paid with the bonus."""
        found = {}
        for lent in guests(self._counter):
            if lent.guide.id in guides:
                home = self._counter.cache.get(Store, lent.guide.store)
                place = self._places.add(home.position) if home else None
                # Wherever it is, it is not this store.
                found[lent.guide.id] = ELSEWHERE if place is None else place
        return found

    def _windows(self, guide: Guide) -> list[tuple[datetime, Window]]:
        """Today's hours that are not over, and yesterday's where they reach past midnight; when their shift began."""
        today = store_day(self._now)
        days = (today - timedelta(days=1), today)
        lent = [lent_hours(self._counter, guide.id, day) for day in days]
        if lent[0] is None or lent[1] is None:
            shifts = self._counter.cache.many(Shift, [shift_id(guide.id, day) for day in days])
            hours = (shift_window(guide, shifts.get(shift_id(guide.id, day)), day) for day in days)
            found = at_home(self._counter, guide.id, [window for window in hours if window is not None])
        else:
            found = list(merged([*lent[0], *lent[1]]))
        windows = [(shift_began(window, found), window) for window in found if window.end > self._now]
        if guide.id in self._held and not windows:
            return [(self._now, Window(self._now, self._now))]
        return windows

    def _vehicle(self, guide: Guide, window: Window, *, number: int, since: datetime, surcharge_li: int) -> Vehicle:
        return vehicle_of(
            guide,
            window,
            number=number,
            now=self._now,
            policy=self._policy,
            base=STORE_PLACE,
            store=self._homes.get(guide.id, STORE_PLACE),
            statement=self._statement(guide.id),
            surcharge_li=surcharge_li,
            since=since,
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
        return statement_of(self._counter, guide, store_day(self._now))

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
        return replace(vehicle, start=place, start_s=min(0, seconds_until(since, self._now)))

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
