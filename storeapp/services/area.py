"""The area that a store serves: the rule in force, its history, and what another would have made of the last days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from msgspec.structs import replace

from storeapp.adapters.sealing import SealBroken
from storeapp.domain.area import (
    AreaRule,
    AreaVerdict,
    Cell,
    Judge,
    OnShift,
    Replay,
    ServiceArea,
    cell_of,
    replay,
)
from storeapp.domain.catalogue import Store
from storeapp.domain.experience import detours_at
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.people import Guide, Shift, home_subject, shift_id, shift_window
from storeapp.domain.place import Position
from storeapp.domain.rules.area import SetArea
from storeapp.domain.words import Role
from storeapp.services.counter import Actor, Counter
from storeapp.services.demand import demand_of, note_demand
from storeapp.services.lending import at_home, guides_here, lent_hours
from storeapp.services.travel import profile_of
from storeapp.store import lists

REPLAY_DAYS = 30
SHOWN_CELLS = 12
"""How many squares the picture shows to each side of the store: six kilometres."""
BOUNDS: Mapping[str, tuple[int, int]] = {
    "radius_m": (0, 30_000),
    "orders_a_day": (0, 10_000),
    "reach_minutes": (0, 120),
}
"""What a number of a rule may be; 0 is no bound."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What the rule in force and another one make of the same days; ``before`` is None where there is no rule."""

    before: Replay | None
    after: Replay


@dataclass(frozen=True, slots=True)
class AreaPicture:
    """The squares around the store at an hour.

    Attributes:
        served: squares that can be served, by verdict for all shown ones.
        orders: how many orders of the last days went to a square.
        guides: how many work at that hour.
    """

    verdicts: Mapping[Cell, AreaVerdict]
    orders: Mapping[Cell, int]
    guides: int


def area_of(counter: Counter) -> ServiceArea:
    """The store's rules; empty where none was ever set, and then the policy's radius alone counts."""
    return counter.cache.get(ServiceArea, counter.store) or ServiceArea(counter.store)


def set_area(counter: Counter, actor: Actor, rule: AreaRule) -> tuple[Event, ...] | Refusal:
    """Serve another area from now on; version and time of the rule are filled in here where its version is 0.

    Refusals: ``manager_only``, ``area_bound`` with the ``name`` of the number and its bounds, ``zone_bad``,
    ``stale_area``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    for name, (least, most) in BOUNDS.items():
        if not least <= getattr(rule, name) <= most:
            return Refusal("area_bound", {"name": name, "least": least, "most": most})
    with counter.transaction(actor) as tx:
        known = tx.get(ServiceArea, counter.store)
        version = rule.version or (known.rules[-1].version if known and known.rules else 0) + 1
        return tx.run(SetArea(counter.store, replace(rule, version=version, since=tx.now)))


# -- judging


def judge_of(counter: Counter, rule: AreaRule, moment: datetime) -> Judge | None:
    """Judges by a rule with the travel times of an hour; None where nobody knows where the store is."""
    store = counter.cache.get(Store, counter.store)
    if store is None:
        return None
    detours = detours_at(profile_of(counter), moment)
    return Judge(rule, store.position, detour_percent=counter.policy.detour_percent, detours=detours)


class Area:
    """Says of places and windows whether they are served, by the rule in force."""

    def __init__(self, counter: Counter, now: datetime) -> None:
        self._counter = counter
        self._rule = area_of(counter).at(now)
        self._judge = judge_of(counter, self._rule, now) if self._rule else None
        store = counter.cache.get(Store, counter.store)
        self._store = store.position if store else None
        self._shifts: dict[date, dict[int, list[OnShift]]] = {}
        self._taken: dict[date, int] = {}

    def verdict(self, place: Position, window: Window, *, new: bool = False) -> AreaVerdict:
        """Whether a window can be promised there; the best of its hours counts.

        ``new`` says that it would be one order more for the day, which may be full.
        """
        if self._judge is None or self._store is None:
            return AreaVerdict.INSIDE
        day = store_day(window.start)
        taken = self._taken_on(day) if new else 0
        cell, shifts = cell_of(place, self._store), self._shifts_on(day)
        hours = range(window.start.astimezone(STORE_ZONE).hour, self._last_hour(window) + 1)
        found = {self._judge.verdict(cell, shifts.get(hour, []), taken=taken) for hour in hours}
        return next(iter(sorted(found, key=lambda verdict: verdict is not AreaVerdict.INSIDE)), AreaVerdict.INSIDE)

    @staticmethod
    def _last_hour(window: Window) -> int:
        start, last = (at.astimezone(STORE_ZONE) for at in (window.start, window.end - timedelta(seconds=1)))
        return last.hour if last.date() == start.date() and last >= start else max(start.hour, 23)

    def _shifts_on(self, day: date) -> dict[int, list[OnShift]]:
        if day not in self._shifts:
            self._shifts[day] = on_shift(self._counter, day)
        return self._shifts[day]

    def _taken_on(self, day: date) -> int:
        if day not in self._taken:
            self._taken[day] = lists.promised_on(self._counter.cache.db, day)
        return self._taken[day]


def on_shift(counter: Counter, day: date) -> dict[int, list[OnShift]]:
    """Who works at which hours of a day, as guides are lent; homes only on the grid, and only for the last hour."""
    store = counter.cache.get(Store, counter.store)
    found: dict[int, list[OnShift]] = {}
    for guide in guides_here(counter):
        hours = sorted({hour for window in _windows_on(counter, guide, day) for hour in _hours(window)})
        if not guide.active or not hours:
            continue
        home = _home(counter, guide, store.position) if store and guide.commute_home else None
        for hour in hours:
            found.setdefault(hour, []).append(OnShift(guide.mode, home if hour == hours[-1] else None))
    return found


def _windows_on(counter: Counter, guide: Guide, day: date) -> list[Window]:
    """When a guide works in this store on a day: guests while they are lent, own guides while they are not."""
    lent = lent_hours(counter, guide.id, day)
    if lent is not None:
        return list(lent)
    window = shift_window(guide, counter.cache.get(Shift, shift_id(guide.id, day)), day)
    windows = [window] if window is not None and window.end > window.start else []
    return at_home(counter, guide.id, windows)


def _hours(window: Window) -> Sequence[int]:
    start, last = (at.astimezone(STORE_ZONE) for at in (window.start, window.end - timedelta(seconds=1)))
    return range(start.hour, (last.hour if last.date() == start.date() else 23) + 1)


def _home(counter: Counter, guide: Guide, store: Position) -> Cell | None:
    try:
        person = counter.privacy.person(home_subject(guide.id), guide.sealed_home)
    except SealBroken:
        return None
    return cell_of(person.position, store) if person and person.position else None


# -- trying a rule


def try_rule(counter: Counter, rule: AreaRule, *, days: int = REPLAY_DAYS) -> Compared | None:
    """What a rule would have made of the last days, beside the one in force; None without the store's place."""
    note_demand(counter)
    now = counter.clock.now()
    today = store_day(now)
    wanted = [today - timedelta(days=back) for back in range(days, 0, -1)]
    demand = demand_of(counter, wanted)
    shifts = {(day, hour): guides for day in wanted for hour, guides in on_shift(counter, day).items()}
    judge = judge_of(counter, rule, now)
    if judge is None:
        return None
    present = area_of(counter).at(now)
    old = judge_of(counter, present, now) if present else None
    return Compared(replay(old, demand, shifts) if old else None, replay(judge, demand, shifts))


def picture(counter: Counter, rule: AreaRule, moment: datetime) -> AreaPicture | None:
    """The squares around the store as a rule would serve them at a moment, with the orders of the last days."""
    judge = judge_of(counter, rule, moment)
    if judge is None:
        return None
    day = store_day(moment)
    guides = on_shift(counter, day).get(moment.astimezone(STORE_ZONE).hour, [])
    span = range(-SHOWN_CELLS, SHOWN_CELLS + 1)
    verdicts = {Cell(i, j): judge.verdict(Cell(i, j), guides) for i in span for j in span}
    orders: dict[Cell, int] = {}
    for known in demand_of(counter, [day - timedelta(days=back) for back in range(REPLAY_DAYS + 1)]):
        for point in known.points:
            orders[point.cell] = orders.get(point.cell, 0) + 1
    return AreaPicture(verdicts, orders, len(guides))
