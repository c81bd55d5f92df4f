from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Plan, best_plan
from storeapp.domain.what_if import untried, what_if
from tests.domain.problems import north, problem, stop, vehicle


def test_a_stop_that_is_left_costs_its_way_and_pay_less_its_price() -> None:
    given = problem([stop("a")], [vehicle("v")], [north(500)])
    found = what_if(given, Plan(), "a", "v")
    assert found is not None
    assert found.obstacle is None
    assert found.cost_li == 8000 + found.extra_m * 400 // 1000 - 15_000


def test_moving_a_stop_to_the_guide_who_has_it_changes_nothing() -> None:
    given = problem([stop("a")], [vehicle("v")], [north(500)])
    found = what_if(given, best_plan(InsertionPlanner(), given), "a", "v")
    assert found is not None
    assert found.cost_li == 0


def test_it_says_whom_it_delays_and_by_how_much() -> None:
    given = problem([stop("a", 2), stop("first", due_s=260, service_s=300)], [vehicle("v")], [north(500), north(1000)])
    plan = best_plan(InsertionPlanner(), problem([given.stops[0]], [vehicle("v")], [north(500), north(1000)]))
    found = what_if(given, plan, "first", "v")
    assert found is not None
    assert [delay.stop for delay in found.delays] == ["a"]
    assert found.delays[0].by_s >= 300
    assert found.delays[0].late_s == 0


def test_what_does_not_fit_is_shown_with_its_lateness_and_why() -> None:
    given = problem([stop("far", due_s=60)], [vehicle("v")], [north(3000)])
    found = what_if(given, Plan(), "far", "v")
    assert found is not None
    assert found.obstacle is not None
    assert found.obstacle.code == "no_time"
    assert found.late_s == found.begin_s - 60


def test_there_is_no_answer_for_who_does_not_work_or_what_is_in_custody() -> None:
    given = problem([stop("a"), stop("held", guide="v", held=True)], [vehicle("v"), vehicle("w")], [north(500)])
    assert what_if(given, Plan(), "a", "nobody") is None
    assert what_if(given, Plan(), "nothing", "v") is None
    assert what_if(given, Plan(), "held", "w") is None


def test_each_cause_why_nothing_can_be_tried_has_its_own_code() -> None:
    stops = [stop("a"), stop("held", guide="v", held=True), stop("nowhere", None)]
    given = problem(stops, [vehicle("v")], [north(500)])
    asked = [("nothing", "v"), ("held", "v"), ("nowhere", "v"), ("a", "nobody"), ("a", "v")]
    causes = [untried(given, *each) for each in asked]
    assert [each and each.code for each in causes] == [
        "not_to_plan", "in_custody", "no_position", "guide_not_on_shift", None,
    ]  # fmt: skip
    for each, cause in zip(asked, causes, strict=True):
        assert (what_if(given, Plan(), *each) is None) is (cause is not None)
