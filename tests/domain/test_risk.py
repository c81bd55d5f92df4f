"""Chances from past errors: they hold on data of any shape, and they add up along a way."""

import math
from collections.abc import Callable
from datetime import date
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.dispatch import Problem, Stop, best_plan
from storeapp.domain.experience import Leg, TravelProfile
from storeapp.domain.punctuality import chances, route_chances
from storeapp.domain.risk import ASSUMED, LEAST_SCORES, MOST_SCORES, Spreads, on_time, scale_s, score, spreads, thinned
from storeapp.domain.words import TravelMode
from tests.domain.problems import north, problem, problems, stop, vehicle

Noise = Callable[[Random], float]
SHAPES: dict[str, Noise] = {
    "normal": lambda chance: chance.gauss(0.1, 0.6),
    "long tail": lambda chance: chance.lognormvariate(0, 1) - 1,
    "two kinds": lambda chance: chance.gauss(-0.5, 0.1) if chance.random() < 0.7 else chance.gauss(2, 0.4),
    "discrete": lambda chance: float(chance.choice([-1, 0, 0, 0, 1, 4])),
}


def leg(key: int, off: float, *, ahead_s: int = 960, hour: int = 10, mode: TravelMode = TravelMode.EBIKE) -> Leg:
    return Leg(str(key), mode, hour, 2000, ahead_s, ahead_s, ahead_s + round(off * scale_s(ahead_s)))


def known(legs: list[Leg]) -> Spreads:
    return Spreads(TravelProfile("XH", 1, date(2026, 11, 20), len(legs), (), spreads(legs)))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("number", [60, 400])
def test_what_is_said_to_happen_happens_at_least_so_often(shape: str, number: int) -> None:
    """Marginal coverage of split conformal prediction, over many learned samples and the next arrival of each."""
    noise, chance = SHAPES[shape], Random(7)
    for wanted in (0.5, 0.8, 0.95):
        kept = said = 0
        for _ in range(300):
            scores = known([leg(k, noise(chance)) for k in range(number)]).of(TravelMode.EBIKE, 10)
            # The least slack that is said to be enough.
            rank = math.ceil(wanted * (len(scores) + 1)) - 1
            if rank >= len(scores):
                continue
            ahead_s = chance.randrange(300, 5000)
            slack_s = math.ceil(scores[rank] / 1000 * scale_s(ahead_s))
            assert on_time(scores, ahead_s=ahead_s, slack_s=slack_s) >= wanted - 1e-9
            said += 1
            kept += noise(chance) * scale_s(ahead_s) <= slack_s + 1
        if said:
            # Three standard errors of a share of 300.
            assert kept / said >= wanted - 3 * math.sqrt(wanted * (1 - wanted) / said)


def test_a_group_too_small_for_itself_is_judged_with_the_larger_one() -> None:
    walk = [leg(k, 1.0, mode=TravelMode.WALK, hour=9) for k in range(LEAST_SCORES)]
    found = known([leg(k, 0.0) for k in range(LEAST_SCORES - 1)] + walk)
    assert set(found.of(TravelMode.WALK, 9)) == {1000}
    assert set(found.of(TravelMode.WALK, 20)) == {1000}, "the mode at any hour"
    assert set(found.of(TravelMode.EBIKE, 10)) == {0, 1000}, "all together"
    assert Spreads(None).of(TravelMode.EBIKE, 10) == ASSUMED
    assert not Spreads(None).learned(TravelMode.EBIKE, 10)
    assert found.learned(TravelMode.EBIKE, 10)


@given(st.lists(st.integers(-5000, 20000), min_size=1, max_size=900))
def test_thinning_never_hides_a_risk(scores: list[int]) -> None:
    scores.sort()
    kept = thinned(scores)
    assert len(kept) <= MOST_SCORES
    assert list(kept) == sorted(kept)
    for k, value in enumerate(kept, 1):
        below = sum(score <= value for score in scores)
        assert below / (len(scores) + 1) >= k / (len(kept) + 1) - 1e-9


@given(st.integers(0, 20000), st.integers(-5000, 5000), st.integers(0, 5000))
def test_more_slack_is_never_less_sure(ahead_s: int, slack_s: int, more_s: int) -> None:
    scores = (-900, -100, 0, 300, 1200, 5000)
    first = on_time(scores, ahead_s=ahead_s, slack_s=slack_s)
    assert 0 <= first <= on_time(scores, ahead_s=ahead_s, slack_s=slack_s + more_s) < 1


def test_a_score_is_the_error_in_its_scale() -> None:
    assert score(leg(1, 2.0)) == pytest.approx(2000, abs=5)
    assert scale_s(4 * 900) == 2 * scale_s(900)


# -- along a way


def sure(given_problem: Problem, scores: tuple[int, ...] = ASSUMED) -> dict[str, float]:
    plan = best_plan(InsertionPlanner(), given_problem)
    return chances(given_problem, plan, dict.fromkeys(TravelMode, scores))


def test_later_stops_of_a_way_are_less_sure_than_they_would_be_alone() -> None:
    places = [north(k * 500) for k in range(1, 7)]
    row = [stop(str(k), k, due_s=400 + 150 * k) for k in range(1, 7)]
    alone = sure(problem([row[-1]], [vehicle("v")], places))["6"]
    together = sure(problem(row, [vehicle("v", capacity=vehicle("v").capacity)], places))
    assert together["6"] <= alone if "6" in together else True
    assert list(together.values()) == sorted(together.values(), reverse=True) or len(together) < 6


def test_a_wait_takes_up_what_went_wrong_before() -> None:
    places = [north(3000), north(3100)]
    late = {"a": stop("a", 1, due_s=1000)}
    near = sure(problem([late["a"], stop("b", 2, due_s=1100)], [vehicle("v")], places))["b"]
    rested = sure(problem([late["a"], stop("b", 2, start_s=3000, due_s=3300)], [vehicle("v")], places))["b"]
    assert rested > near


def test_past_errors_of_none_are_certain_as_far_as_so_few_can_be() -> None:
    found = sure(problem([stop("a", 1)], [vehicle("v")], [north(500)]), (0,) * 99)
    assert found == {"a": 0.99}


def test_what_is_late_already_has_no_chance() -> None:
    held = Stop("a", 1, 0, -3600, -600, guide="v", held=True)
    found = sure(problem([held], [vehicle("v", start_s=-1800)], [north(2000)]), (-100, 0, 100))
    assert found == {"a": 0.0}


@given(problems())
def test_every_planned_stop_has_a_chance(given_problem: Problem) -> None:
    plan = best_plan(InsertionPlanner(), given_problem)
    found = chances(given_problem, plan, dict.fromkeys(TravelMode, ASSUMED))
    assert set(found) == set(plan.vehicle_of())
    assert all(0 <= chance < 1 for chance in found.values())
    for route in plan.routes:
        stops = {each.id: each for each in reversed(given_problem.stops)}
        calm = route_chances(route, stops, (-(10**6),), left_s=0)
        assert set(calm) <= set(found)
