"""What people were told is put together again as they were told it, and counts where a plan says otherwise."""

from dataclasses import replace

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from storeapp.adapters.insertion import InsertionPlanner, told_plan
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.domain.dispatch import Limits, Plan, Planner, Problem, best_plan, cost_li
from storeapp.domain.dispatch_check import check
from storeapp.domain.replan import changes, loosened, without
from storeapp.domain.what_if import what_if
from tests.domain.problems import north, problem, random_problem, stop, vehicle

SEARCH = PyvrpPlanner(Limits(budget_s=None, steps=150))
PROOF = PyvrpPlanner(Limits(budget_s=None, steps=60, prove_s=60.0))


def begins(plan: Plan) -> dict[str, int]:
    return {visit.stop: visit.begin_s for route in plan.routes for visit in route.visits if not visit.pickup}


def tell(day: Problem, plan: Plan, **more: int) -> Problem:
    """The day after everybody was told what the plan says."""
    guides, etas = {v.id: v.guide for v in day.vehicles}, begins(plan)
    owners = {stop: guides[vehicle] for stop, vehicle in plan.vehicle_of().items()}
    stops = (replace(s, guide=owners.get(s.id, ""), eta_s=etas.get(s.id), **more) for s in day.stops)  # type: ignore[arg-type] # passed through
    return replace(day, stops=tuple(stops))


def in_two_windows(day: Problem) -> Problem:
    """Every other vehicle is the later window of the guide before."""
    fleet = list(day.vehicles)
    for n in range(1, len(fleet), 2):
        first, length_s = fleet[n - 1], fleet[n].end_s - fleet[n].start_s
        start_s = first.end_s + first.overtime_s + 600
        fleet[n] = replace(first, id=fleet[n].id, end=fleet[n].end, start_s=start_s, end_s=start_s + length_s)
    return replace(day, vehicles=tuple(fleet))


def full_day(seed: int) -> Problem:
    day = random_problem(seed, stops=20 + seed % 25, vehicles=4, wild=False)
    return in_two_windows(day) if seed % 2 else day


@pytest.mark.parametrize("seed", range(40))
def test_a_full_day_that_was_told_is_put_together_again_with_every_promise_kept(seed: int) -> None:
    fresh = full_day(seed)
    plan = best_plan(SEARCH, fresh)
    known = tell(fresh, plan)
    again = begins(told_plan(known))
    due = {s.id: max(s.due_s, s.eta_s or 0) for s in known.stops}
    assert again.keys() == plan.vehicle_of().keys()
    assert [name for name, begin_s in again.items() if begin_s > due[name]] == []


def test_parcels_that_were_picked_up_early_because_there_was_time_are_so_again() -> None:
    # Until the first door opens there is time for all pickups; at the second return there is none.
    first, second = stop("first", start_s=1800, due_s=5400), stop("second", 2, due_s=2300, service_s=0)
    third = stop("third", 2, due_s=2620)
    places = [north(100), north(600)]
    day = problem([first, second, third], [vehicle("v", capacity=vehicle("x").capacity)], places, pickup_s=120)
    plan = best_plan(PROOF, day)
    assert begins(told_plan(tell(day, plan))) == begins(plan)


# -- the price of a told arrival


def two_told(shift_li: int) -> Problem:
    """Two far doors in opposite directions, told one after the other, and a new one beside the second."""
    a = stop("a", 1, guide="v", eta_s=400, due_s=7200, shift_s=300, shift_li=shift_li)
    b = stop("b", 2, guide="v", eta_s=1100, due_s=7200, shift_s=300, shift_li=shift_li)
    new = stop("new", 3, due_s=7200, unserved_li=9000, courier_li=9000)
    return problem([a, b, new], [vehicle("v")], [north(1000), north(-1000), north(1100)], pickup_s=0)


@pytest.mark.parametrize("planner", [InsertionPlanner(), SEARCH, PROOF])
def test_a_plan_counts_each_arrival_that_is_later_than_told(planner: Planner) -> None:
    for shift_li in (0, 100, 5000):
        given = two_told(shift_li)
        plan = best_plan(planner, given)
        assert check(given, plan) == []
        stops = {s.id: s for s in given.stops}
        later = [n for n, at in begins(plan).items() if (t := stops[n].told_by_s) is not None and at > t]
        free = replace(given, stops=tuple(replace(s, shift_li=0) for s in given.stops))
        assert plan.cost_li == cost_li(free, plan.routes) + shift_li * len(later)


def test_a_new_delivery_goes_elsewhere_where_it_would_make_told_arrivals_late() -> None:
    held = stop("told", 2, guide="v", eta_s=300, due_s=7200, shift_s=60, shift_li=3000)
    new = stop("new", 1, due_s=600)
    fleet = [vehicle("v"), vehicle("w", surcharge_li=500)]
    dear = problem([held, new], fleet, [north(1000), north(-1000)], pickup_s=0)
    cheap = replace(dear, stops=(replace(held, shift_li=0), new))
    for planner in (SEARCH, PROOF):
        assert begins(best_plan(planner, dear))["told"] <= 360
        assert best_plan(planner, dear).cost_li <= best_plan(planner, cheap).cost_li + 3000
    assert dict(best_plan(PROOF, dear).vehicle_of()) == {"told": "v", "new": "w"}


@hypothesis_given(st.integers(0, 10**6))
def test_a_proof_that_counts_told_arrivals_is_not_dearer_than_any_search(seed: int) -> None:
    fresh = random_problem(seed, stops=9, vehicles=3, wild=False)
    known = tell(fresh, best_plan(InsertionPlanner(), fresh), shift_s=300, shift_li=700)
    loose = without(loosened(known, told_plan(known), change_li=900), known.vehicles[0].guide)
    plans = list(PROOF.plans(loose))
    assert [check(loose, plan) for plan in plans] == [[]] * len(plans)
    assert [plan.cost_li for plan in plans] == sorted((plan.cost_li for plan in plans), reverse=True)
    assert plans[-1].cost_li <= best_plan(SEARCH, loose).cost_li


@hypothesis_given(st.integers(0, 10**6))
def test_where_told_arrivals_are_dear_nothing_is_told_anew_when_a_guide_drops_out(seed: int) -> None:
    fresh = random_problem(seed, stops=20, vehicles=5, wild=False)
    known = tell(fresh, best_plan(SEARCH, fresh), shift_s=600, shift_li=10**6)
    out = known.vehicles[0].guide
    loose = without(loosened(known, told_plan(known), change_li=10**6), out)
    told = {s.id: s for s in known.stops}
    plan = best_plan(SEARCH, loose)
    late = {c.stop for c in changes(known, loose, plan) if not c.moved and c.eta and c.told}
    assert not {name for name in late if begins(plan)[name] > (told[name].told_by_s or 0)}


def test_a_difference_tells_the_old_and_the_new_time() -> None:
    given = problem(
        [stop("a", guide="v", eta_s=60, due_s=7200, shift_s=120, shift_li=100)], [vehicle("v")], [north(4000)]
    )
    plan = best_plan(SEARCH, loosened(given, Plan(), change_li=0))
    (change,) = changes(given, given, plan)
    assert (change.before, change.after, change.moved) == ("v", "v", False)
    assert (change.told, change.eta) == (given.at(60), given.at(begins(plan)["a"]))


def test_what_would_be_later_than_told_is_in_the_cost_of_trying() -> None:
    given = two_told(700)
    plan = best_plan(InsertionPlanner(), replace(given, stops=given.stops[:2]))
    tried, free = (
        what_if(replace(given, stops=tuple(replace(s, shift_li=li) for s in given.stops)), plan, "new", "v")
        for li in (700, 0)
    )
    assert tried is not None
    assert free is not None
    assert free.cost_li <= tried.cost_li <= free.cost_li + 2 * 700
