"""The area at the counter: set, judged, tried on the past."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from storeapp.codec import encode
from storeapp.domain.area import AreaRule, AreaVerdict, Cell, DemandDay
from storeapp.domain.catalogue import Store
from storeapp.domain.kernel import Refusal
from storeapp.domain.lending import Away, LentGuide, Loan, lent_id
from storeapp.domain.moment import STORE_ZONE, Window, store_day
from storeapp.domain.offers import recommended
from storeapp.domain.people import Guide
from storeapp.domain.place import Position
from storeapp.services import area, risk
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter
from storeapp.services.demand import note_demand
from storeapp.services.forgetting import forget_due
from storeapp.store.cache import Row
from storeapp.store.rebase import take_page
from tests.services.store_day import MANAGER, STAFF, open_counter

NEAR = Position(31.2000, 121.4400)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="10:00")
    yield opened
    opened.close()


def rule(counter: Counter, **numbers: int) -> AreaRule:
    return AreaRule(0, counter.clock.now(), **numbers)


def set_it(counter: Counter, **numbers: int) -> None:
    assert not isinstance(area.set_area(counter, MANAGER, rule(counter, **numbers)), Refusal)


def tomorrow(counter: Counter) -> None:
    assert isinstance(counter.clock, FixedClock)
    counter.clock.moment += timedelta(days=1)


def test_only_a_manager_sets_sensible_rules_and_all_are_kept(counter: Counter) -> None:
    assert area.set_area(counter, STAFF, rule(counter)) == Refusal("manager_only")
    refused = area.set_area(counter, MANAGER, rule(counter, radius_m=-1))
    assert isinstance(refused, Refusal)
    assert refused.code == "area_bound"
    set_it(counter, radius_m=4000)
    set_it(counter, radius_m=3000, orders_a_day=40)
    known = area.area_of(counter)
    assert [(one.version, one.radius_m) for one in known.rules] == [(1, 4000), (2, 3000)]
    stale = area.set_area(counter, MANAGER, AreaRule(2, counter.clock.now()))
    assert isinstance(stale, Refusal)
    assert stale.code == "stale_area"


def test_past_orders_are_kept_on_the_grid_once_and_outlive_their_people(counter: Counter) -> None:
    count = note_demand(counter)
    assert count > 50
    assert note_demand(counter) == 0
    points = [point for day in counter.cache.every(DemandDay) for point in day.points]
    assert len(points) == len({point.key for point in points}) == count
    forget_due(counter)
    assert note_demand(counter) == 0


def test_trying_a_rule_tells_what_the_last_days_would_have_been(counter: Counter) -> None:
    note_demand(counter)
    tomorrow(counter)
    free = area.try_rule(counter, rule(counter))
    small = area.try_rule(counter, rule(counter, radius_m=1000, orders_a_day=5))
    assert free is not None
    assert small is not None
    assert free.before is None
    assert free.after.orders > 50
    assert free.after.count(AreaVerdict.INSIDE) == free.after.orders == small.after.orders
    assert small.after.count(AreaVerdict.OUTSIDE_RADIUS) > 0
    assert small.after.count(AreaVerdict.INSIDE) <= 5
    assert len(free.after.days) == area.REPLAY_DAYS
    set_it(counter, radius_m=1000)
    again = area.try_rule(counter, rule(counter))
    assert again is not None
    assert again.before is not None
    assert again.before.count(AreaVerdict.INSIDE) < again.after.count(AreaVerdict.INSIDE)


def test_windows_are_offered_only_where_the_area_reaches(counter: Counter) -> None:
    assert recommended(risk.windows_at(counter, NEAR)) is not None
    set_it(counter, radius_m=300)
    assert {offer.obstacle.code for offer in risk.windows_at(counter, NEAR) if offer.obstacle} == {"outside_radius"}
    set_it(counter, reach_minutes=1)
    codes = [offer.obstacle.code if offer.obstacle else "" for offer in risk.windows_at(counter, NEAR)]
    assert codes[0] == "out_of_reach"
    assert codes.count("out_of_reach") > len(codes) / 2, "in the last hour some pass by on their way home"
    set_it(counter, orders_a_day=1)
    assert {offer.obstacle.code for offer in risk.windows_at(counter, NEAR) if offer.obstacle} == {"day_full"}


def test_without_a_rule_everything_is_served(counter: Counter) -> None:
    now = counter.clock.now()
    window = Window(now, now + timedelta(hours=2))
    assert area.Area(counter, now).verdict(NEAR, window) is AreaVerdict.INSIDE


def test_the_shifts_of_a_day_say_who_works_when_and_homes_only_at_the_end(counter: Counter) -> None:
    found = area.on_shift(counter, store_day(counter.clock.now()))
    assert found
    assert all(0 <= hour <= 23 for hour in found)
    with_home = [hour for hour, guides in found.items() if any(guide.home for guide in guides)]
    assert with_home
    assert len(with_home) < len(found)


def test_guests_count_while_they_are_lent_and_own_guides_while_they_are_not(counter: Counter) -> None:
    day = store_day(counter.clock.now())
    before = area.on_shift(counter, day)
    own = next(guide for guide in counter.cache.every(Guide) if guide.hours and guide.active)
    noon = datetime.combine(day, time(12), STORE_ZONE)
    there = Window(noon, noon + timedelta(hours=1))
    guest = replace(own, id="G77", store="HH", sealed_home="", commute_home=False, hours=None)
    lent = LentGuide(lent_id("G77", counter.store), counter.store, guest, (there,))
    _hear(counter, lent, cursor=1)
    after = area.on_shift(counter, day)
    assert {hour: len(after[hour]) - len(before[hour]) for hour in before} == {hour: int(hour == 12) for hour in before}
    _hear(counter, Away(own.id, counter.store, (Loan("HH", there, there),)), cursor=2)
    assert len(area.on_shift(counter, day)[12]) == len(before[12])


def _hear(counter: Counter, state: LentGuide | Away, *, cursor: int) -> None:
    """The hub's feed says so."""
    rows = [Row(state.KIND, state.id, cursor, encode(state))]
    take_page(counter.cache, rows, feed="store", cursor=cursor, epoch="e", at=counter.clock.now().isoformat())


def test_the_picture_has_every_square_with_its_verdict_and_orders(counter: Counter) -> None:
    note_demand(counter)
    seen = area.picture(counter, rule(counter, radius_m=2000), counter.clock.now())
    assert seen is not None
    side = 2 * area.SHOWN_CELLS + 1
    assert len(seen.verdicts) == side * side
    assert seen.verdicts[Cell(0, 0)] is AreaVerdict.INSIDE
    assert seen.verdicts[Cell(6, 0)] is AreaVerdict.OUTSIDE_RADIUS
    assert sum(seen.orders.values()) > 50
    assert seen.guides > 0


def test_a_store_without_a_place_has_no_picture(counter: Counter) -> None:
    counter.cache.db.execute("DELETE FROM state WHERE kind = ?", (Store.KIND,))
    assert area.picture(counter, rule(counter), counter.clock.now()) is None
    assert area.try_rule(counter, rule(counter)) is None
