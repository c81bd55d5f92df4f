from dataclasses import replace

from hypothesis import given as hypothesis_given

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Load, Problem, Reason, Stop, Vehicle, best_plan
from storeapp.domain.replan import without
from storeapp.domain.why import options, reasons
from tests.domain.problems import north, problem, problems, stop, vehicle


def why_not(wanted: Stop, *vehicles: Vehicle, **more: object) -> Reason:
    given = problem([wanted], list(vehicles), [north(1500)], **more)
    (left,) = best_plan(InsertionPlanner(), given).unassigned
    return left.reasons[0]


def test_each_cause_has_its_own_code() -> None:
    v = vehicle("v")
    assert why_not(stop("a")).code == "no_guide_on_shift"
    assert why_not(stop("a", None), v).code == "no_position"
    assert why_not(stop("a", start_s=-600, due_s=-60), v).code == "window_passed"
    assert why_not(stop("a"), v, radius_m=1000).code == "too_far"
    assert why_not(stop("a", load=Load(1, 9000)), v).code == "too_heavy"
    assert why_not(stop("a", load=Load(9, 10)), v).code == "too_many_parcels"
    assert why_not(stop("a", load=Load(1, 10, 10**9)), v).code == "too_bulky"
    assert why_not(stop("a", certificates=frozenset({"fragile"})), v).code == "no_certificate"
    assert why_not(stop("a", banned=frozenset({"v"})), v).code == "banned"
    assert why_not(stop("a", due_s=60), v).code == "no_time"
    assert why_not(stop("a"), replace(v, end_s=100)).code == "shift_ends"
    assert why_not(stop("a", unserved_li=100), v).code == "courier_cheaper"
    assert why_not(stop("a", obstacle="short_stock"), v).code == "short_stock"
    assert why_not(stop("a", guide="gone"), v).code == "guide_not_on_shift"
    assert why_not(stop("a"), replace(v, most_stops=0)).code == "all_full"


def test_a_late_stop_says_when_the_first_guide_could_be_there() -> None:
    reason = why_not(stop("a", due_s=60), vehicle("slow", start_s=900), vehicle("quick", start_s=300))
    assert reason.data["guide"] == "quick"
    assert reason.data["arrive_at"] == "2026-11-21T02:12:15Z"


def test_a_repeated_delivery_is_told_once_for_each_repetition() -> None:
    given = problem([stop("a"), stop("a")], [vehicle("v")], [north(500)])
    plan = best_plan(InsertionPlanner(), given)
    assert [item.reasons[0].code for item in plan.unassigned] == ["duplicate_id"]
    assert plan.vehicle_of() == {"a": "v"}


def test_a_planned_stop_says_way_time_load_and_the_next_best() -> None:
    given = problem([stop("a")], [vehicle("v"), vehicle("w")], [north(444)])
    found = {reason.code: reason.data for reason in reasons(given, best_plan(InsertionPlanner(), given))["a"]}
    assert set(found) == {
        "from_store", "detour", "on_time", "free", "load", "time_estimated", "skill_any", "next_best_same", "fair_even",
    }  # fmt: skip
    assert found["from_store"] == {
        "guide": "v", "mode": "ebike", "distance_m": 600, "travel_s": 150, "detour_m": 1200,
    }  # fmt: skip
    assert found["on_time"]["slack_s"] == 3600 - 150
    assert found["load"]["parcels"] == 1


def test_a_guide_who_is_out_goes_on_from_there_and_not_from_the_store() -> None:
    places = [north(1500), north(1200)]
    out = vehicle("v", start=2)
    given = problem([stop("a", guide="v", held=True)], [out], places)
    found = {reason.code: reason.data for reason in reasons(given, best_plan(InsertionPlanner(), given))["a"]}
    assert "from_store" not in found
    assert found["from_here"]["distance_m"] == given.travel.metres_from(2)[1]
    assert "way_home" not in found
    home = replace(given, vehicles=(replace(out, end=1),))
    assert "way_home" in {r.code for r in reasons(home, best_plan(InsertionPlanner(), home))["a"]}
    in_store = replace(given, vehicles=(vehicle("v"),))
    assert "from_store" in {r.code for r in reasons(in_store, best_plan(InsertionPlanner(), in_store))["a"]}


def test_what_is_taken_over_on_the_way_is_told_from_there() -> None:
    given = problem(
        [stop("a", guide="v", held=True)], [vehicle("v", start=2), vehicle("w")], [north(1500), north(1200)]
    )
    rescue = without(given, "v")
    found = {reason.code: reason.data for reason in reasons(rescue, best_plan(InsertionPlanner(), rescue))["a"]}
    assert "from_store" not in found
    assert found["from_handover"]["distance_m"] == given.travel.metres_from(2)[1]


def test_options_put_the_able_first_and_say_why_the_others_cannot() -> None:
    given = problem([stop("a")], [vehicle("weak", capacity=Load(0, 0, 0)), vehicle("v")], [north(444)])
    able, unable = options(given, best_plan(InsertionPlanner(), given).routes, given.stops[0])
    assert (able.guide, able.obstacle) == ("v", None)
    assert unable.obstacle is not None
    assert unable.obstacle.code == "too_many_parcels"


@hypothesis_given(problems())
def test_every_planned_stop_is_explained(given: Problem) -> None:
    plan = best_plan(InsertionPlanner(), given)
    explained = reasons(given, plan)
    assert set(explained) == set(plan.vehicle_of())
    assert all(explained.values())


@hypothesis_given(problems())
def test_options_name_each_guide_once(given: Problem) -> None:
    plan = best_plan(InsertionPlanner(), given)
    for wanted in given.stops[:3]:
        named = [option.guide for option in options(given, plan.routes, wanted)]
        assert sorted(named) == sorted({vehicle.guide for vehicle in given.vehicles})


@hypothesis_given(problems())
def test_every_assignment_tells_detour_arrival_load_skill_and_fairness(given: Problem) -> None:
    wanted: tuple[set[str], ...] = (
        {"detour", "no_detour", "way_home"},
        {"on_time", "late", "late_at_fee"},
        {"load"},
        {"skill_any", "pinned_here", "level", "certified"},
        {"fair", "fair_more", "fair_even"},
    )
    for found in reasons(given, best_plan(InsertionPlanner(), given)).values():
        codes = {reason.code for reason in found}
        assert all(codes & each for each in wanted)


def test_who_has_earned_more_is_told_where_it_counts() -> None:
    fleet = [vehicle("v", surcharge_li=400, certificates=frozenset({"fragile"})), vehicle("w")]
    given = problem([stop("a", certificates=frozenset({"fragile"}))], fleet, [north(444)])
    found = {reason.code: reason.data for reason in reasons(given, best_plan(InsertionPlanner(), given))["a"]}
    assert found["fair_more"] == {"guide": "v", "price_fen": 40}
    kept = problem([stop("a", guide="w")], fleet, [north(444)])
    found = {reason.code: reason.data for reason in reasons(kept, best_plan(InsertionPlanner(), kept))["a"]}
    assert found["fair"] == {"guide": "w", "guides": 1}
