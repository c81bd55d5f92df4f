"""The guides of a region as vehicles: when they can go, where they are and end, and how they are paid."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hub.region_rows import Rows
from storeapp.domain.catalogue import Policy
from storeapp.domain.datum import to_wgs84
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import Vehicle
from storeapp.domain.lending import Away, without
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import Order
from storeapp.domain.people import Guide, Shift, home_subject, shift_id, shift_window
from storeapp.domain.place import Position
from storeapp.domain.planning import seconds_until, shared_stops, shift_began, surcharges_li, vehicle_of
from storeapp.domain.statement import Statement, statement_id

_SERVED = frozenset({DeliveryState.DELIVERED, DeliveryState.COLLECTED})


@dataclass(slots=True)
class Places:
    """Positions by index, each once, and to which store each belongs; ``base`` is the place of each store."""

    positions: list[Position] = field(default_factory=list)
    stores: list[str] = field(default_factory=list)
    base: dict[str, int] = field(default_factory=dict)

    def add_store(self, store: str, position: Position) -> None:
        """A store's own place."""
        self.base[store] = len(self.positions)
        self.add(store, position)

    def add(self, store: str, position: Position | None) -> int | None:
        """A place of that store's customers or guides; None where nobody knows it."""
        if position is None:
            return None
        self.positions.append(to_wgs84(position))
        self.stores.append(store)
        return len(self.positions) - 1


@dataclass(frozen=True, slots=True)
class RegionFleet:
    """The guides of the stores that are planned here, ``asked``, at one moment."""

    rows: Rows
    now: datetime
    policy: Policy
    places: Places
    asked: frozenset[str]

    def vehicles(self, guides: Mapping[str, Guide], jobs: Sequence[Delivery]) -> Iterator[Vehicle]:
        """A guide in each window that is not over; whoever holds parcels is planned whatever the hours say."""
        held = _held(jobs)
        served = self._served(held)
        working = [guide for guide in guides.values() if guide.active or guide.id in held]
        windows = self._windows(working, held)
        today = store_day(self.now)
        statements = self.rows.some(Statement, [statement_id(guide.id, today) for guide in working])
        pay = {guide.id: statements.get(statement_id(guide.id, today)) for guide in working}
        earned = {guide: statement.total_fen if statement else 0 for guide, statement in pay.items() if windows[guide]}
        surcharges = surcharges_li(earned, percent=self.policy.fairness_percent)
        homes = self.rows.positions(
            {home_subject(g.id): g.sealed_home for g in working if g.commute_home and g.sealed_home and windows[g.id]}
        )
        for guide in working:
            base = self.places.base[guide.store]
            made = [
                (
                    since,
                    vehicle_of(
                        guide,
                        window,
                        number=number,
                        now=self.now,
                        policy=self.policy,
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
            home = self.places.add(guide.store, homes.get(home_subject(guide.id)))
            if vehicles and home is not None:
                vehicles[-1] = replace(vehicles[-1], end=home)
            if vehicles and guide.id in held:
                vehicles[0] = self._out(vehicles[0], held[guide.id], served)
            yield from vehicles

    def _windows(self, guides: Sequence[Guide], held: Mapping[str, object]) -> dict[str, list[tuple[datetime, Window]]]:
        """Today's hours that are not over, without the time that stores have a guide for who are not planned here."""
        today = store_day(self.now)
        days = (today - timedelta(days=1), today)
        shifts = self.rows.some(Shift, [shift_id(guide.id, day) for guide in guides for day in days])
        away = self.rows.some(Away, [guide.id for guide in guides])
        found: dict[str, list[tuple[datetime, Window]]] = {}
        for guide in guides:
            hours = (shift_window(guide, shifts.get(shift_id(guide.id, day)), day) for day in days)
            loans = away[guide.id].loans if guide.id in away else ()
            left = without(
                [window for window in hours if window is not None],
                [loan.window for loan in loans if loan.store not in self.asked],
            )
            mine = [(shift_began(window, left), window) for window in left if window.end > self.now]
            found[guide.id] = mine or ([(self.now, Window(self.now, self.now))] if guide.id in held else [])
        return found

    def _out(self, vehicle: Vehicle, jobs: Sequence[Delivery], served: Sequence[Delivery]) -> Vehicle:
        """A guide who is out began the way where the parcels were handed over, or at the customer served last since."""
        last = max(jobs, key=lambda job: job.handed_over_at or self.now)
        since, place = last.handed_over_at or self.now, self.places.base[last.store]
        later = [job for job in served if job.guide == vehicle.guide and (job.finished_at or since) > since]
        if later:
            newest = max(later, key=lambda job: job.finished_at or since)
            since = newest.finished_at or since
            door = self.places.add(newest.store, self._door(newest))
            place = place if door is None else door
        return replace(vehicle, start=place, start_s=min(0, seconds_until(since, self.now)))

    def _door(self, job: Delivery) -> Position | None:
        """Where a customer is, as long as that is not forgotten."""
        order = self.rows.some(Order, [job.order_id]).get(job.order_id)
        if order is None or not order.located or not order.sealed:
            return None
        return self.rows.positions({order.id: order.sealed}).get(order.id)

    def _served(self, held: Mapping[str, Sequence[Delivery]]) -> list[Delivery]:
        """What was delivered since the last day at the stores whose parcels somebody holds."""
        stores = sorted({job.store for jobs in held.values() for job in jobs})
        days = (self.now - timedelta(days=1), self.now)
        having = [f'"finished_at":"{day:%Y-%m-%d}'.encode() for day in days]
        found = (job for store in stores for job in self.rows.of_feed(Delivery, store, having=having))
        return [job for job in found if job.state in _SERVED and job.guide in held]


def _held(jobs: Iterable[Delivery]) -> dict[str, list[Delivery]]:
    found: dict[str, list[Delivery]] = {}
    for job in jobs:
        for guide in {parcel.custodian.holder_id for parcel in job.held_by(Holder.GUIDE)}:
            found.setdefault(guide, []).append(job)
    return found
