"""Ways of plans that a search dropped are put together where that is cheaper, and never twice the same stop."""

import pytest
from pyvrp import RandomNumberGenerator

from storeapp.adapters import pyvrp_pool
from storeapp.adapters.insertion import first_draft
from storeapp.adapters.pyvrp_model import Draughtboard, Model, open_part, tidied
from storeapp.adapters.pyvrp_order import reordered
from storeapp.adapters.pyvrp_pool import Pool
from storeapp.adapters.pyvrp_search import Search
from storeapp.domain.dispatch import Problem
from storeapp.domain.steps import Step, step_of
from tests.domain.problems import north, problem, random_problem, stop, vehicle

Ways = dict[str, list[Step]]


def board_of(given: Problem) -> tuple[Draughtboard, Ways]:
    draft = first_draft(given)
    board = open_part(given, draft.schedules.values())
    return board, {name: schedule.steps for name, schedule in draft.schedules.items()}


def test_the_better_halves_of_two_plans_are_put_together() -> None:
    """Each of two guides is best for the stop at home, and each plan has only one of them right."""
    places = [north(100), north(8000), north(8100)]
    given = problem(
        [stop("near", 1), stop("far", 3, due_s=9000)],
        [vehicle("a", end=0), vehicle("b", end=2)],
        places=places,
    )
    board, _ = board_of(given)
    model, pool = Model(board), Pool(board)
    near, far = ([step_of(each, pickup=pickup) for pickup in (True, False)] for each in given.stops)
    for ways in ({"a": near, "b": []}, {"a": [], "b": far}):
        pool.learn(model, model.solution(ways))
    better = pool.better({"a": near, "b": []}, RandomNumberGenerator(1), tries=4)
    assert {name: [step.stop.id for step in steps] for name, steps in better.items()} == {"b": ["far", "far"]}


def test_what_is_put_together_counts_less_and_takes_no_stop_twice() -> None:
    for seed in range(5):
        board, ways = board_of(random_problem(seed, stops=25, vehicles=5, wild=False))
        model, pool = Model(board), Pool(board)
        start = model.solution(ways)
        search = Search(model, start, seed=1, seen=lambda found, pool=pool, model=model: pool.look(model, found))
        for _ in range(60):
            search.step()
        pool.learn(model, start)
        better = ways | {name: list(way) for name, way in pool.better(ways, RandomNumberGenerator(1), 9).items()}
        found = model.solution(better)
        assert found.is_feasible()
        taken = [step.stop.id for steps in better.values() for step in steps if not step.pickup]
        assert len(taken) == len(set(taken))
        assert search.cost_of(found) < search.cost_of(start)


def test_only_so_many_ways_are_remembered_but_staying_always_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyvrp_pool, "MOST_WAYS", 2)
    given = problem([stop("a", 1), stop("b", 2), stop("c", 3)], [vehicle("v")], [north(n * 100) for n in (1, 2, 3)])
    board, _ = board_of(given)
    model, pool = Model(board), Pool(board)
    ways = [[step_of(each, pickup=pickup) for pickup in (True, False)] for each in given.stops]
    for way in ways:
        pool.learn(model, model.solution({"v": way}))
    # The first is forgotten, so nobody can say whether it should be changed.
    assert pool.better({"v": ways[0]}, RandomNumberGenerator(1), tries=1) == {}
    pool.learn(model, model.solution({"v": ways[1]}))
    assert pool.better({"v": []}, RandomNumberGenerator(1), tries=1) == {"v": tuple(ways[1])}


def test_what_is_picked_up_in_a_row_is_taken_as_it_is_ready() -> None:
    first, second = stop("first", ready_s=100), stop("second", ready_s=200)
    late = [step_of(each, pickup=True) for each in (second, first)]
    drops = [step_of(each, pickup=False) for each in (second, first)]
    assert [step.stop.id for step in tidied([*late, *drops])] == ["first", "second", "second", "first"]


def test_deliveries_in_a_row_are_turned_around_where_that_is_shorter() -> None:
    places = [north(1000), north(2000), north(0, 10)]
    given = problem([stop("a", 1), stop("b", 2)], [vehicle("v", end=2)], places=places)
    board, _ = board_of(given)
    model = Model(board)
    a, b = given.stops
    pickups = [step_of(each, pickup=True) for each in (a, b)]
    near, far = (step_of(each, pickup=False) for each in (a, b))
    better, worse = (model.solution({"v": [*pickups, *drops]}) for drops in ((near, far), (far, near)))
    assert better.distance_cost() < worse.distance_cost()
    assert reordered(model.data, worse).distance_cost() == better.distance_cost()
