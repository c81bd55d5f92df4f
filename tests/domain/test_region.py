"""A region in neighbourhoods: every delivery and every guide is in one, and nothing is lost when plans are joined."""

from collections import Counter
from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Plan, Problem, Stop, Vehicle, best_plan
from storeapp.domain.dispatch_check import check
from storeapp.domain.region import joined, neighbourhoods, part, together
from storeapp.domain.travel import Haversine
from tests.domain.problems import NOW, north, problem, stop, vehicle

GAP_M = 2500


def region_of(seed: int, *, stores: int, stops: int, guides: int) -> Problem:
    """Stores on a grid, each with customers and guides around it."""
    r = Random(seed)
    places = [north(GAP_M * (n % 3), GAP_M * (n // 3)) for n in range(stores)]
    jobs, fleet = [], []
    for n in range(stops):
        store = r.randrange(stores)
        places.append(
            north(GAP_M * (store % 3) + r.uniform(-1500, 1500), GAP_M * (store // 3) + r.uniform(-1500, 1500))
        )
        jobs.append(replace(stop(f"d{n:03}", len(places) - 1, due_s=r.choice((3600, 7200))), origin=store))
    for n in range(guides):
        store = r.randrange(stores)
        fleet.append(vehicle(f"g{n:02}", start=store, end=store, store=store))
    return Problem(NOW, tuple(places), tuple(jobs), tuple(fleet), Haversine(places), cross_percent=130)


regions = st.builds(
    region_of,
    st.integers(0, 10**6),
    stores=st.integers(1, 9),
    stops=st.integers(0, 40),
    guides=st.integers(0, 12),
)


@given(regions, st.integers(1, 20))
def test_every_delivery_and_every_guide_is_in_one_neighbourhood(whole: Problem, most: int) -> None:
    groups = neighbourhoods(whole, most_stops=most)
    stores = Counter(store for group in groups for store in group.stores)
    assert set(stores.values()) <= {1}
    assert {stop.origin for stop in whole.stops} | {vehicle.store for vehicle in whole.vehicles} == set(stores)
    for group in groups:
        assert group.stops <= most or len(group.stores) == 1
    parts = [part(whole, group.stores) for group in groups]
    assert sorted(stop.id for each in parts for stop in each.stops) == sorted(stop.id for stop in whole.stops)
    assert sum(len(each.vehicles) for each in parts) == len(whole.vehicles)


@given(regions)
def test_what_is_joined_is_a_plan_of_the_whole(whole: Problem) -> None:
    groups = neighbourhoods(whole, most_stops=10)
    parts = [part(whole, group.stores) for group in groups]
    plan = joined(whole, Plan(), [(each, best_plan(InsertionPlanner(), each)) for each in parts])
    assert check(whole, plan) == []
    every = together(groups)
    again = [part(whole, every.stores, plan.routes)] if every else []
    better = joined(whole, plan, [(each, best_plan(InsertionPlanner(), each)) for each in again])
    assert check(whole, better) == []


def test_neighbourhoods_are_planned_together_where_there_are_several() -> None:
    groups = neighbourhoods(region_of(1, stores=9, stops=40, guides=9), most_stops=5)
    every = together(groups)
    assert every is not None
    assert every.stores == tuple(sorted(store for group in groups for store in group.stores))
    assert every.stops == 40
    assert together(groups[:1]) is None


def test_a_part_keeps_what_its_guides_have_taken_elsewhere() -> None:
    held = replace(stop("held", 2, guide="g", held=True), origin=1)
    here = stop("here", 2)
    whole = problem([held, here], [vehicle("g"), vehicle("other", start=1, store=1)], [north(2500), north(800)])
    assert [each.id for each in part(whole, (0,)).stops] == ["held", "here"]
    assert part(whole, (1,)).stops == ()


def test_what_nobody_knows_where_to_fetch_is_left_with_a_reason() -> None:
    nowhere: Stop = replace(stop("lost", None), origin=99)
    fleet: list[Vehicle] = [vehicle("g")]
    whole = problem([stop("a"), nowhere], fleet, [north(500)])
    groups = neighbourhoods(whole)
    parts = [part(whole, group.stores) for group in groups]
    plan = joined(whole, Plan(), [(each, best_plan(InsertionPlanner(), each)) for each in parts])
    assert {left.stop: left.reasons[0].code for left in plan.unassigned}["lost"] == "store_unknown"


def test_nobody_and_nothing_make_no_neighbourhood() -> None:
    assert neighbourhoods(problem([], [])) == ()
