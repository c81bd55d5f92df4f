from dataclasses import replace

import pytest

from storeapp.domain.dispatch import Load, Plan, Problem, Reason, Route, Unassigned, cost_li
from storeapp.domain.dispatch_check import check
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Insertion
from tests.domain.problems import north, problem, stop, vehicle


@pytest.fixture
def given() -> Problem:
    return problem([stop("a"), stop("b", 2)], [vehicle("v")], [north(800), north(0, 900)])


def planned(given: Problem) -> Plan:
    schedule = Schedule(given, given.vehicles[0])
    for wanted in given.stops:
        found = schedule.best(wanted)
        assert isinstance(found, Insertion)
        schedule.insert(wanted, found)
    routes = (schedule.route(),)
    return Plan(routes, (), cost_li(given, routes))


def with_route(plan: Plan, route: Route) -> Plan:
    return replace(plan, routes=(route,))


def test_a_good_plan_has_no_fault(given: Problem) -> None:
    assert check(given, planned(given)) == []


def test_a_missing_stop_is_found(given: Problem) -> None:
    assert any("missing" in fault for fault in check(given, Plan()))


def test_a_stop_left_without_a_reason_is_found(given: Problem) -> None:
    plan = Plan(unassigned=(Unassigned("a", ()), Unassigned("b", (Reason("no_time"),))), cost_li=30_000)
    assert check(given, plan) == ["a is left without a reason"]


def test_a_guide_who_is_too_fast_is_found(given: Problem) -> None:
    route = planned(given).routes[0]
    last = route.visits[-1]
    hasty = (*route.visits[:-1], replace(last, arrive_s=last.arrive_s - 5))
    assert any("too soon" in fault for fault in check(given, with_route(planned(given), replace(route, visits=hasty))))


def test_lateness_is_found_unless_the_stop_was_promised(given: Problem) -> None:
    plan = planned(given)
    late = replace(given, stops=tuple(replace(s, due_s=1) for s in given.stops))
    kept = replace(given, stops=tuple(replace(s, due_s=1, guide="v") for s in given.stops))
    assert check(late, plan) == ["b is late", "a is late"] or check(late, plan) == ["a is late", "b is late"]
    assert check(kept, plan) == []


def test_too_much_on_board_is_found(given: Problem) -> None:
    plan = planned(given)
    weak = replace(given, vehicles=(replace(given.vehicles[0], capacity=Load(1, 5000, 10)),))
    assert "v carries too much" in check(weak, plan)


def test_a_parcel_never_changes_its_promised_guide(given: Problem) -> None:
    other = replace(given, stops=(replace(given.stops[0], guide="w"), given.stops[1]))
    assert "a was taken from w" in check(other, planned(given))


def test_a_wrong_cost_is_found(given: Problem) -> None:
    assert check(given, replace(planned(given), cost_li=1)) == ["the cost is wrong"]


def test_overtime_is_found(given: Problem) -> None:
    tired = replace(given, vehicles=(replace(given.vehicles[0], end_s=10),))
    assert "v works overtime" in check(tired, planned(given))
