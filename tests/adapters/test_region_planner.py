"""A region is planned by several planners at once, better from round to round, and stops when it should."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.pyvrp_planner import PyvrpPlanner
from storeapp.adapters.region_planner import RegionPlanner
from storeapp.domain.dispatch import Limits, Plan, Problem, best_plan, never
from storeapp.domain.dispatch_check import check
from storeapp.domain.recipe import Method, Recipe
from storeapp.domain.region import neighbourhoods
from tests.domain.problems import problem
from tests.domain.test_region import region_of

STEPS = Limits(budget_s=None, steps=60)


def test_every_plan_is_good_and_cheaper_than_the_one_before() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    far = []
    planner = RegionPlanner([PyvrpPlanner(STEPS)], budget_s=None, most_stops=10, told=lambda *at: far.append(at))
    plans = list(planner.plans(whole))
    assert [check(whole, plan) for plan in plans] == [[]] * len(plans)
    costs = [plan.cost_li for plan in plans]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < best_plan(InsertionPlanner(), whole).cost_li
    assert far == sorted(far)
    assert {total for _, total in far} == {far[-1][0]}


@pytest.mark.parametrize("seed", range(4))
def test_several_find_what_one_finds_or_better_and_how_many_makes_no_difference(seed: int) -> None:
    whole = region_of(seed, stores=6, stops=30, guides=8)

    def found(workers: int) -> Plan:
        return best_plan(
            RegionPlanner([PyvrpPlanner(STEPS) for _ in range(workers)], budget_s=None, most_stops=10), whole
        )

    assert found(2).cost_li == found(4).cost_li <= found(1).cost_li


def test_for_some_regions_the_neighbourhoods_are_the_better_beginning_and_for_some_they_are_not() -> None:
    made_of = set()
    for seed in range(8):
        whole = region_of(seed, stores=6, stops=30, guides=8)
        plan = best_plan(RegionPlanner([PyvrpPlanner(STEPS) for _ in range(2)], budget_s=None, most_stops=10), whole)
        made_of.add(len(plan.parts) > 1)
    assert made_of == {True, False}


def test_a_single_search_gives_each_better_plan_as_it_comes() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    search = PyvrpPlanner(Limits(budget_s=None, steps=400, patient=True))
    plans = list(RegionPlanner([search], budget_s=None, most_stops=10).plans(whole))
    assert len(plans) > 2
    assert {len(plan.parts) for plan in plans} == {1}


class Told:
    """Remembers how far it was told to be."""

    def __init__(self) -> None:
        self.at: list[tuple[int, int]] = []

    def __call__(self, done: int, total: int) -> None:
        self.at.append((done, total))


class Endless:
    """A planner that gives a plan by insertion, and then searches until it is stopped."""

    def __init__(self) -> None:
        self.given = False

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        yield best_plan(InsertionPlanner(), problem)
        self.given = True
        while not stopped():
            pass


class Broken:
    """A planner that fails."""

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        raise RuntimeError(f"{len(problem.stops)} stops, {stopped()}")
        yield Plan()


def test_it_tells_after_each_neighbourhood_how_far_it_is() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    told = Told()
    groups = neighbourhoods(whole, most_stops=10)
    planner = RegionPlanner([InsertionPlanner(), InsertionPlanner()], budget_s=None, most_stops=10, told=told)
    list(planner.plans(whole))
    assert len(groups) > 2
    total = len(groups) + 2
    assert told.at == [(n, total) for n in range(1, total + 1)]


def test_who_is_stopped_in_the_first_round_gives_what_there_is() -> None:
    whole = region_of(5, stores=6, stops=30, guides=8)
    workers = [Endless() for _ in neighbourhoods(whole, most_stops=10)]
    asked: list[bool] = []

    def stopped() -> bool:
        asked.append(all(worker.given for worker in workers))
        return asked[-1]

    plans = list(RegionPlanner(workers, budget_s=None, most_stops=10).plans(whole, stopped))
    assert asked[-1]
    assert len(plans) == 1
    assert check(whole, plans[0]) == []


def test_who_is_stopped_later_gives_no_worse_a_plan() -> None:
    whole = region_of(5, stores=6, stops=30, guides=8)
    planner = RegionPlanner([PyvrpPlanner(Limits(budget_s=None))], budget_s=None, most_stops=10)
    plans = planner.plans(whole, stopped=lambda: bool(first))
    first: list[Plan] = []
    first.append(next(plans))
    later = list(plans)
    assert [check(whole, plan) for plan in (*first, *later)] == [[]] * (1 + len(later))
    costs = [plan.cost_li for plan in (*first, *later)]
    assert costs == sorted(costs, reverse=True)


def test_who_is_stopped_before_any_plan_gives_none_because_custody_must_be_in_it() -> None:
    whole = region_of(5, stores=6, stops=30, guides=8)
    planner = RegionPlanner([PyvrpPlanner(Limits(budget_s=None))], budget_s=None, most_stops=10)
    assert list(planner.plans(whole, stopped=lambda: True)) == []


def test_a_part_that_fails_ends_the_others() -> None:
    whole = region_of(5, stores=6, stops=30, guides=8)
    planner = RegionPlanner([Endless(), Broken()], budget_s=None, most_stops=10)
    with pytest.raises(RuntimeError, match="stops, False"):
        list(planner.plans(whole))


def test_searches_of_other_neighbourhoods_make_no_plan_again() -> None:
    whole = region_of(3, stores=6, stops=40, guides=10)
    recipes = (Recipe(Method.INSERTION),) * (len(neighbourhoods(whole, most_stops=10)) - 1)
    planner = RegionPlanner([PyvrpPlanner(STEPS)], budget_s=None, most_stops=10)
    with pytest.raises(ValueError, match="neighbourhoods"):
        list(planner.plans(replace(whole, parts=recipes)))


def test_an_empty_region_has_an_empty_plan() -> None:
    (plan,) = RegionPlanner([InsertionPlanner()]).plans(problem([], []))
    assert (plan.routes, plan.unassigned) == ((), ())
