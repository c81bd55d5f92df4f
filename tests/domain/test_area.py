"""The service area: the grid, zones, reach and replay."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain.area import (
    CELL_M,
    AreaRule,
    AreaVerdict,
    Cell,
    Corner,
    DemandDay,
    DemandPoint,
    Judge,
    OnShift,
    ServiceArea,
    cell_of,
    middle_of,
    replay,
    within,
)
from storeapp.domain.kernel import Refusal
from storeapp.domain.rules.area import NoteDemand, SetArea
from storeapp.domain.words import TravelMode
from tests.domain.problems import STORE, north
from tests.storeapp.world import World

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)
RIDER, WALKER = OnShift(TravelMode.EBIKE), OnShift(TravelMode.WALK)
SQUARE = tuple(Corner(*place) for place in ((31.0, 121.0), (31.0, 122.0), (32.0, 122.0), (32.0, 121.0)))


def rule(**more: object) -> AreaRule:
    return AreaRule(1, NOW, **more)  # type: ignore[arg-type]  # passed through


def verdict(given_rule: AreaRule, cell: Cell, *guides: OnShift, taken: int = 0) -> AreaVerdict:
    return Judge(given_rule, STORE).verdict(cell, guides, taken=taken)


cells = st.builds(Cell, st.integers(-40, 40), st.integers(-40, 40))


@given(cells)
def test_the_middle_of_a_square_lies_in_it(cell: Cell) -> None:
    assert cell_of(middle_of(cell, STORE), STORE) == cell


@given(st.floats(-9000, 9000), st.floats(-9000, 9000))
def test_a_place_is_at_most_half_a_diagonal_from_the_middle_of_its_square(up: float, right: float) -> None:
    cell = cell_of(north(up, right), STORE)
    assert abs(cell.north * CELL_M - up) <= CELL_M / 2 + 15
    assert abs(cell.east * CELL_M - right) <= CELL_M / 2 + 15


@given(st.floats(30.5, 32.5), st.floats(120.5, 122.5))
def test_a_square_zone_holds_what_lies_between_its_sides(lat: float, lng: float) -> None:
    from storeapp.domain.place import Position

    if min(abs(lat - edge) for edge in (31, 32)) > 1e-9 and min(abs(lng - edge) for edge in (121, 122)) > 1e-9:
        inside = 31 < lat < 32 and 121 < lng < 122
        assert within(Position(lat, lng), SQUARE) is inside
        assert within(Position(lat, lng), SQUARE[::-1]) is inside


def test_a_rule_without_bounds_takes_everything() -> None:
    assert verdict(rule(), Cell(30, 30)) is AreaVerdict.INSIDE


def test_each_bound_is_a_reason_of_its_own() -> None:
    far, near = Cell(12, 0), Cell(2, 0)
    assert verdict(rule(radius_m=5000), far) is AreaVerdict.OUTSIDE_RADIUS
    assert verdict(rule(cells=(Cell(1, 0),)), near) is AreaVerdict.OUTSIDE_ZONES
    assert verdict(rule(cells=(near,)), near) is AreaVerdict.INSIDE
    assert verdict(rule(zones=(SQUARE,)), near) is AreaVerdict.INSIDE
    assert verdict(rule(orders_a_day=3), near, taken=3) is AreaVerdict.DAY_FULL
    assert verdict(rule(orders_a_day=3), near, taken=2) is AreaVerdict.INSIDE


def test_the_area_follows_who_is_on_shift() -> None:
    reach = rule(reach_minutes=15)
    away = Cell(5, 0)
    assert verdict(reach, away, RIDER) is AreaVerdict.INSIDE
    assert verdict(reach, away, WALKER) is AreaVerdict.OUT_OF_REACH
    assert verdict(reach, away) is AreaVerdict.OUT_OF_REACH
    assert verdict(reach, Cell(1, 0), WALKER) is AreaVerdict.INSIDE


def test_a_commute_reaches_further_towards_home_only() -> None:
    homeward = OnShift(TravelMode.EBIKE, Cell(20, 0))
    reach = rule(reach_minutes=15)
    assert verdict(reach, Cell(15, 0), homeward) is AreaVerdict.INSIDE
    assert verdict(reach, Cell(-15, 0), homeward) is AreaVerdict.OUT_OF_REACH
    assert verdict(reach, Cell(15, 0), RIDER) is AreaVerdict.OUT_OF_REACH


def days(*points: tuple[int, Cell]) -> list[DemandDay]:
    return [DemandDay(f"XH/{DAY}", "XH", DAY, tuple(DemandPoint(str(k), *point) for k, point in enumerate(points)))]


def test_a_replay_counts_by_reason_and_fills_the_day_hour_by_hour() -> None:
    demand = days((18, Cell(0, 1)), (9, Cell(0, 1)), (10, Cell(0, 1)), (10, Cell(30, 0)))
    found = replay(Judge(rule(radius_m=5000, orders_a_day=2), STORE), demand, {})
    assert (found.orders, found.full_days) == (4, 1)
    counts = [
        found.count(verdict) for verdict in (AreaVerdict.INSIDE, AreaVerdict.DAY_FULL, AreaVerdict.OUTSIDE_RADIUS)
    ]
    assert counts == [2, 1, 1]
    assert found.days[0].inside == 2


def test_a_replay_knows_who_worked_then() -> None:
    demand = days((9, Cell(4, 0)), (20, Cell(4, 0)))
    found = replay(Judge(rule(reach_minutes=15), STORE), demand, {(DAY, 9): [RIDER], (DAY, 20): [WALKER]})
    assert found.count(AreaVerdict.INSIDE) == found.count(AreaVerdict.OUT_OF_REACH) == 1


@given(st.lists(st.tuples(st.integers(0, 23), cells), max_size=40), st.integers(0, 20_000), st.integers(0, 30))
def test_a_replay_loses_no_order_and_a_wider_rule_takes_no_fewer(
    points: list[tuple[int, Cell]], radius_m: int, most: int
) -> None:
    demand = days(*points)
    narrow = replay(Judge(rule(radius_m=radius_m, orders_a_day=most), STORE), demand, {})
    wide = replay(Judge(rule(), STORE), demand, {})
    assert sum(narrow.count(verdict) for verdict in AreaVerdict) == len(points) == wide.count(AreaVerdict.INSIDE)
    assert narrow.count(AreaVerdict.INSIDE) <= wide.count(AreaVerdict.INSIDE)


def test_the_rule_of_a_moment_is_the_last_one_before_it() -> None:
    rules = tuple(AreaRule(k, NOW + timedelta(days=k)) for k in (1, 2))
    area = ServiceArea("XH", rules)
    assert area.at(NOW) is None
    assert area.at(NOW + timedelta(days=1)) == rules[0]
    assert area.at(NOW + timedelta(days=9)) == rules[1]


# -- the rules of changing it


def test_a_rule_follows_the_one_that_was_seen() -> None:
    world = World()
    assert not isinstance(world.run(SetArea("XH", rule(radius_m=3000))), Refusal)
    stale = world.run(SetArea("XH", rule(radius_m=4000)))
    assert isinstance(stale, Refusal)
    assert stale.code == "stale_area"
    assert not isinstance(world.run(SetArea("XH", AreaRule(2, NOW, radius_m=4000))), Refusal)
    area = world.get(ServiceArea, "XH")
    assert area is not None
    assert [known.radius_m for known in area.rules] == [3000, 4000]


@pytest.mark.parametrize("corners", [0, 2, 501])
def test_a_zone_has_a_sensible_number_of_corners(corners: int) -> None:
    found = World().run(SetArea("XH", rule(zones=((Corner(31, 121),) * corners,))))
    assert isinstance(found, Refusal)
    assert found.code == "zone_bad"


def test_demand_that_was_told_is_not_told_again() -> None:
    world = World()
    points = (DemandPoint("a", 9, Cell(1, 1)), DemandPoint("b", 9, Cell(1, 1)))
    assert world.run(NoteDemand("XH", DAY, points[:1]))
    assert world.run(NoteDemand("XH", DAY, points))
    assert world.run(NoteDemand("XH", DAY, points)) == ()
    day = world.get(DemandDay, f"XH/{DAY}")
    assert day is not None
    assert day.points == points
