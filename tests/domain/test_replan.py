from dataclasses import replace

from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Plan, Problem, best_plan
from storeapp.domain.dispatch_check import check
from storeapp.domain.replan import Change, changes, loosened, without
from tests.domain.problems import north, problem, random_problem, stop, vehicle

PLANNER = PyvrpPlanner(Limits(budget_s=None, steps=60))
PRICE_LI = 10**6


def told(seed: int) -> tuple[Problem, Plan]:
    """A day of which everything that was planned has been told."""
    fresh = random_problem(seed, stops=20, vehicles=5, wild=False)
    plan = best_plan(PLANNER, fresh)
    guides = {v.id: v.guide for v in fresh.vehicles}
    owners = {stop: guides[vehicle] for stop, vehicle in plan.vehicle_of().items()}
    stops = tuple(replace(stop, guide=owners.get(stop.id, "")) for stop in fresh.stops)
    return replace(fresh, stops=stops), plan


@hypothesis_given(st.integers(0, 10**6))
def test_nothing_moves_where_nothing_changed_and_a_change_is_dear(seed: int) -> None:
    known, plan = told(seed)
    loose = loosened(known, plan, change_li=PRICE_LI)
    again = best_plan(PLANNER, loose)
    assert check(loose, again) == []
    assert changes(known, loose, again) == ()


@hypothesis_given(st.integers(0, 10**6))
def test_a_guide_who_drops_out_takes_no_other_guides_stops_along(seed: int) -> None:
    known, plan = told(seed)
    out = known.vehicles[0].guide
    loose = without(loosened(known, plan, change_li=PRICE_LI), out)
    again = best_plan(PLANNER, loose)
    assert check(loose, again) == []
    assert {change.before for change in changes(known, loose, again)} <= {out}


def test_what_a_lost_guide_holds_is_handed_over_where_the_guide_is() -> None:
    held = stop("held", 2, guide="v", held=True)
    given = problem([held], [vehicle("v", start=1, start_s=-600), vehicle("w")], [north(800), north(900)])
    loose = without(loosened(given, Plan(), change_li=0), "v")
    plan = best_plan(PLANNER, loose)
    assert loose.stops[0].origin == 1
    (change,) = changes(given, loose, plan)
    assert change == Change("held", "v", "w", rescue=True, eta=change.eta)
    assert change.eta is not None


def test_what_nobody_else_can_take_is_told_as_left() -> None:
    given = problem([stop("a", guide="v")], [vehicle("v")], [north(500)])
    loose = without(loosened(given, Plan(), change_li=0), "v")
    assert changes(given, loose, best_plan(PLANNER, loose)) == (Change("a", "v", ""),)


def test_what_is_in_custody_stays_when_plans_are_made_again() -> None:
    given = problem([stop("held", guide="v", held=True)], [vehicle("v"), vehicle("w")], [north(500)])
    loose = loosened(given, best_plan(PLANNER, given), change_li=0)
    assert best_plan(PLANNER, loose).vehicle_of() == {"held": "v"}
