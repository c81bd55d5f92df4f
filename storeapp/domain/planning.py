"""What one delivery and one guide ask of a planner, under the brand's numbers: the counter and the hub ask alike."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from storeapp.domain.catalogue import Policy, Sku
from storeapp.domain.delivery import Delivery, DeliveryState, Holder
from storeapp.domain.dispatch import FAR_S, LI_PER_FEN, Load, Stop, Vehicle
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import SHORT_STOCK, Order
from storeapp.domain.people import Guide
from storeapp.domain.place import Position, distance_m
from storeapp.domain.statement import Statement

PICKUP_S = 60
"""How long one parcel's handoff at the counter takes."""
BOUNDLESS_ML = 10**9
"""What fits where nobody set a limit of volume."""
_COMES_BACK = frozenset({DeliveryState.FAILED, DeliveryState.RETURNING})
KILOMETRE_M = 1000
PER_MILLE = 1000
MINUTES_PER_HOUR = 60


def seconds_until(moment: datetime, now: datetime) -> int:
    """Whole seconds from now on, rounded down."""
    return int((moment - now) // timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class Asked:
    """A delivery to plan, with its places.

    Attributes:
        job, order: the delivery and what was sold.
        skus: the articles that are known.
        place, position: where it goes, as an index and in WGS-84; None where nobody knows.
        origin, store: the same of its store; ``store`` is None where that is not known.
    """

    job: Delivery
    order: Order
    skus: Mapping[str, Sku]
    place: int | None
    position: Position | None
    origin: int
    store: Position | None

    def stops(self, policy: Policy, now: datetime) -> Iterable[Stop]:
        """The stop of what lies in the store, or one for each guide who holds some of it."""
        holders = sorted({parcel.custodian.holder_id for parcel in self.job.held_by(Holder.GUIDE)})
        stop = self._stop(policy, now)
        if not holders:
            yield stop
        for guide in holders:
            yield self._held(stop, guide)

    def _stop(self, policy: Policy, now: datetime) -> Stop:
        job, order = self.job, self.order
        prep_minutes = policy.prep_minutes.get(job.mode, 0)
        return Stop(
            id=job.id,
            place=self.place,
            origin=self.origin,
            start_s=seconds_until(job.window.start, now),
            due_s=seconds_until(job.window.end, now),
            ready_s=seconds_until(order.created_at, now) + prep_minutes * 60 if prep_minutes else 0,
            service_s=policy.service_minutes * 60,
            load=Load(len(job.parcels), job.weight_g, self._volume_ml()),
            certificates=self._certificates(),
            unserved_li=self._unserved_li(policy),
            pay_li=policy.rate_fen.get(job.mode, 0) * LI_PER_FEN,
            guide=job.guide,
            banned=frozenset(job.banned),
            obstacle=self._obstacle(),
            level=_level(policy, order),
            pinned=job.pinned,
            late_s=policy.late_minutes * 60,
            late_li=policy.late_fen * LI_PER_FEN,
            eta_s=seconds_until(job.eta, now) if job.eta is not None else None,
            shift_s=policy.shift_minutes * 60,
            shift_li=policy.shift_fen * LI_PER_FEN,
            courier_li=courier_li(policy, self.store, self.position),
        )

    def _held(self, stop: Stop, guide: str) -> Stop:
        """What a guide has in custody: to the customer, or back to the store where it was refused or recalled."""
        job = self.job
        mine = [parcel for parcel in job.held_by(Holder.GUIDE) if parcel.custodian.holder_id == guide]
        parts, all_parts = len(mine), len(job.parcels)
        share = Load(parts, job.weight_g * parts // all_parts, stop.load.volume_ml * parts // all_parts)
        stop = replace(stop, guide=guide, held=True, load=share)
        if job.recalled or job.state in _COMES_BACK:
            back = self.origin if self.store is not None else None
            return replace(stop, place=back, start_s=0, due_s=FAR_S, service_s=0, eta_s=None)
        return stop

    def _obstacle(self) -> str:
        if self.store is None:
            return "store_unknown"
        if SHORT_STOCK in self.order.needs:
            return SHORT_STOCK
        return "position_locked" if self.order.located and self.position is None else ""

    def _volume_ml(self) -> int:
        return sum(self.skus[line.sku].volume_ml * line.quantity for line in self.order.lines if line.sku in self.skus)

    def _certificates(self) -> frozenset[str]:
        known = (self.skus[line.sku] for line in self.order.lines if line.sku in self.skus)
        return frozenset(each for sku in known for each in sku.certificates)

    def _unserved_li(self, policy: Policy) -> int:
        """A courier's price, and what it counts more to leave this delivery to others."""
        asked_li = courier_li(policy, self.store, self.position)
        price_li = policy.courier_fen * LI_PER_FEN if asked_li is None else asked_li
        priority_li = policy.priority_fen * self.job.priority * LI_PER_FEN
        return price_li + priority_li + self.order.total_fen * LI_PER_FEN * policy.value_permille // PER_MILLE


def courier_li(policy: Policy, store: Position | None, position: Position | None) -> int | None:
    """What a courier asks from the store to a place; None where the way counts and is not known."""
    if not policy.courier_km_fen:
        return policy.courier_fen * LI_PER_FEN
    if store is None or position is None:
        return None
    away_m = distance_m(store, position) * policy.detour_percent / 100
    return (policy.courier_fen + round(policy.courier_km_fen * away_m / KILOMETRE_M)) * LI_PER_FEN


def _level(policy: Policy, order: Order) -> int:
    """What level of guide the price of the goods asks for; 0 where any will do."""
    levels = ((3, policy.master_fen), (2, policy.expert_fen))
    return next((level for level, least_fen in levels if least_fen and order.total_fen >= least_fen), 0)


def vehicle_of(
    guide: Guide,
    window: Window,
    *,
    number: int,
    now: datetime,
    policy: Policy,
    base: int,
    store: int,
    statement: Statement | None = None,
    surcharge_li: int = 0,
    since: datetime | None = None,
) -> Vehicle:
    """A guide in one window, from and to the place ``base``.

    Args:
        guide: the guide.
        window: when.
        number: the window's number among those of this guide.
        now: from when its times count.
        policy: the brand's numbers.
        base: where the window begins and ends.
        store: the place of the guide's own store, whose deliveries are paid plainly.
        statement: what the guide has earned today, which limits how much more the shift may bring.
        surcharge_li: what each stop counts more.
        since: when the shift began of which the window is a part; with the window where not given.
    """
    return Vehicle(
        id=f"{guide.id}/{number}",
        guide=guide.id,
        mode=guide.mode,
        start=base,
        end=base,
        start_s=max(0, seconds_until(window.start, now)),
        end_s=seconds_until(window.end, now),
        capacity=Load(guide.max_parcels, guide.max_weight_g, guide.max_volume_ml or BOUNDLESS_ML),
        certificates=frozenset(guide.certificates),
        most_stops=_most_stops(guide, since or window.start, policy, statement),
        store=store,
        surcharge_li=surcharge_li,
        level=guide.level,
        overtime_s=policy.overtime_minutes * 60,
        overtime_li=policy.overtime_fen * LI_PER_FEN // MINUTES_PER_HOUR,
    )


def shift_began(window: Window, windows: Iterable[Window]) -> datetime:
    """When the shift began of which a window is a part: with the first of the same day."""
    day = store_day(window.start)
    return min([window.start, *(each.start for each in windows if store_day(each.start) == day)])


def shared_stops(made: Sequence[tuple[datetime, Vehicle]]) -> list[Vehicle]:
    """A guide's vehicles, by when their shift began: what a shift may still have is divided by the windows' length.

    Planners limit each vehicle, so together those of one shift never have more.
    """
    return [each for _, part in groupby(made, key=lambda pair: pair[0]) for each in _shared([v for _, v in part])]


def _shared(vehicles: Sequence[Vehicle]) -> Iterable[Vehicle]:
    left = min((each.most_stops for each in vehicles if each.most_stops is not None), default=None)
    left_s = sum(max(1, each.end_s - each.start_s) for each in vehicles)
    for each in vehicles:
        if left is None:
            yield each
            continue
        length_s = max(1, each.end_s - each.start_s)
        mine = -(-left * length_s // left_s)
        left, left_s = left - mine, left_s - length_s
        yield replace(each, most_stops=mine)


def _most_stops(guide: Guide, since: datetime, policy: Policy, statement: Statement | None) -> int | None:
    """How many more deliveries the shift may have, those in custody included."""
    limits = [most for most in (guide.max_stops, policy.most_stops) if most]
    if not limits:
        return None
    done = sum(earning.at >= since for earning in statement.lines) if statement else 0
    return max(0, min(limits) - done)


def surcharges_li(earned_fen: dict[str, int], *, percent: int) -> dict[str, int]:
    """What each stop of a guide counts more, of what the guide has earned above the mean; nobody's counts less."""
    if not earned_fen:
        return {}
    mean = sum(earned_fen.values()) // len(earned_fen)
    return {guide: max(0, fen - mean) * LI_PER_FEN * percent // 100 for guide, fen in earned_fen.items()}
