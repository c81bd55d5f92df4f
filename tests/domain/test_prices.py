from dataclasses import replace

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Load, Plan, Problem, best_plan
from storeapp.domain.dispatch_check import check
from storeapp.domain.remedies import ways
from storeapp.domain.why import reasons
from tests.domain.problems import north, problem, stop, vehicle


def plan_of(given: Problem) -> Plan:
    plan = best_plan(InsertionPlanner(), given)
    assert check(given, plan) == []
    return plan


def codes(given: Problem, name: str) -> set[str]:
    return {reason.code for reason in reasons(given, plan_of(given))[name]}


def test_a_stop_is_late_only_at_its_price_and_where_that_is_cheaper_than_leaving_it() -> None:
    late = stop("a", due_s=100, late_s=600, late_li=2000)
    given = problem([late], [vehicle("v")], [north(1200)])
    plan = plan_of(given)
    assert plan.vehicle_of() == {"a": "v"}
    assert plan.cost_li == plan.routes[0].cost_li + 8000 + 2000
    assert "late_at_fee" in codes(given, "a")
    assert plan_of(replace(given, stops=(replace(late, late_li=20_000),))).routes == ()
    assert plan_of(replace(given, stops=(replace(late, late_s=0),))).routes == ()


def test_what_can_be_on_time_pays_no_lateness() -> None:
    given = problem([stop("a", late_s=600, late_li=2000)], [vehicle("v")], [north(1200)])
    plan = plan_of(given)
    assert plan.cost_li == plan.routes[0].cost_li + 8000


def test_overtime_is_paid_by_the_minute_and_only_where_it_is_allowed() -> None:
    guide = vehicle("v", end_s=300, overtime_s=600, overtime_li=60)
    given = problem([stop("a")], [guide], [north(800)])
    plan = plan_of(given)
    route = plan.routes[0]
    assert route.end_s > 300
    assert route.cost_li == given.way_li(route.metres, guide) + (route.end_s - 300)
    assert plan_of(replace(given, vehicles=(replace(guide, overtime_s=0),))).routes == ()
    assert plan_of(replace(given, vehicles=(replace(guide, overtime_li=6000),))).routes == ()


def test_an_expert_takes_what_only_an_expert_may() -> None:
    given = problem([stop("a", level=2)], [vehicle("v"), vehicle("w", level=2)], [north(500)])
    assert plan_of(given).vehicle_of() == {"a": "w"}
    assert "level" in codes(given, "a")
    alone = plan_of(replace(given, vehicles=given.vehicles[:1]))
    assert alone.unassigned[0].reasons[0].code == "level_too_low"


def test_what_nobody_takes_says_what_would_make_it_possible() -> None:
    given = problem([stop("a", due_s=10, load=Load(9))], [vehicle("v")], [north(500)])
    found = {way.code for way in ways(given, (), given.stops[0])}
    assert found == {"way_courier"}
    given = problem([stop("a", due_s=10)], [vehicle("v")], [north(500)])
    assert {way.code for way in ways(given, (), given.stops[0])} == {"way_later", "way_courier"}
    given = problem([stop("a", load=Load(9))], [vehicle("v")], [north(500)])
    assert {way.code for way in ways(given, (), given.stops[0])} == {"way_room", "way_courier"}
    given = problem([stop("a")], [vehicle("v", end_s=60)], [north(500)])
    assert {way.code for way in ways(given, (), given.stops[0])} == {"way_overtime", "way_courier"}


def test_a_courier_asks_the_same_for_what_must_not_be_left() -> None:
    urgent = stop("a", due_s=10, unserved_li=21_000, courier_li=15_000)
    given = problem([urgent], [vehicle("v")], [north(500)])
    assert ways(given, (), urgent)[-1].data == {"courier_fen": 1500}
    dear = replace(urgent, due_s=3600, pay_li=30_000)
    reason = plan_of(replace(given, stops=(dear,))).unassigned[0].reasons[0]
    assert (reason.code, reason.data["courier_fen"]) == ("courier_cheaper", 1500)


def test_a_courier_is_named_where_no_guide_may_go_and_not_where_the_price_is_unknown() -> None:
    given = problem([stop("a")], [vehicle("v")], [north(1500)], radius_m=1000)
    assert [way.code for way in ways(given, (), given.stops[0])] == ["way_courier"]
    unknown = replace(given.stops[0], courier_li=None)
    assert ways(given, (), unknown) == ()
    short = stop("a", obstacle="short_stock")
    assert ways(given, (), short) == ()


def test_what_staff_asked_for_can_be_taken_back() -> None:
    given = problem([stop("a", pinned="gone")], [vehicle("v")], [north(500)])
    found = ways(given, (), given.stops[0])
    assert [way.code for way in found] == ["way_unpinned", "way_courier"]
    assert found[0].data["guide"] == "v"
    both = stop("a", pinned="v", banned=frozenset({"v"}))
    given = problem([both], [vehicle("v"), vehicle("w")], [north(500)])
    found = ways(given, (), both)
    named = [(way.code, way.data.get("guide")) for way in found]
    assert named == [("way_unpinned", "w"), ("way_unbanned", "v"), ("way_courier", None)]


def test_a_stop_pinned_to_nobody_on_shift_is_left_with_who_it_is_kept_for() -> None:
    given = problem([stop("a", pinned="gone")], [vehicle("v")], [north(500)])
    reason = plan_of(given).unassigned[0].reasons[0]
    assert (reason.code, reason.data) == ("pinned", {"guide": "gone"})
