"""The cheapest choice of one way a guide is found, and told from one that was only looked for."""

from collections.abc import Sequence
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.route_choice import Bounds, Option, choose

STAY = Option(0, 0)
options = st.builds(Option, st.integers(1, 2**6 - 1), st.integers(-50, 5))
guides = st.lists(st.lists(options, max_size=6), min_size=1, max_size=4)


def cheapest(guides: Sequence[Sequence[Option]]) -> int:
    """What the best choice gains, by trying every one."""
    sums = []
    for choice in product(*guides):
        stops = [option.stops for option in choice]
        if sum(stops).bit_count() == sum(each.bit_count() for each in stops) and apart(stops):
            sums.append(sum(option.gain_li for option in choice))
    return min(sums)


def apart(stops: Sequence[int]) -> bool:
    seen = 0
    for each in stops:
        if each & seen:
            return False
        seen |= each
    return True


@given(guides)
def test_the_choice_gains_as_much_as_any_and_takes_no_stop_twice(own: list[list[Option]]) -> None:
    every = [[STAY, *each] for each in own]
    choice = choose(every, 1, Bounds())
    assert choice.complete
    assert choice.picks is not None
    chosen = [each[pick] for each, pick in zip(every, choice.picks, strict=True)]
    assert apart([option.stops for option in chosen])
    assert sum(option.gain_li for option in chosen) == cheapest(every)


@given(guides, st.integers(-200, 5))
def test_only_what_gains_more_than_the_goal_is_chosen(own: list[list[Option]], goal_li: int) -> None:
    every = [[STAY, *each] for each in own]
    choice = choose(every, goal_li, Bounds())
    assert (choice.picks is not None) == (cheapest(every) < goal_li)


@given(guides)
def test_a_search_that_may_look_at_little_chooses_nothing_wrong(own: list[list[Option]]) -> None:
    every = [[STAY, *each] for each in own]
    choice = choose(every, 1, Bounds(rounds=2, nodes=3))
    if choice.picks is not None:
        assert apart([each[pick].stops for each, pick in zip(every, choice.picks, strict=True)])


def test_who_is_late_has_not_tried_all() -> None:
    assert not choose([[STAY, Option(1, -5)]], 1, Bounds(), lambda: True).complete


def test_without_guides_there_is_nothing_to_choose() -> None:
    assert choose([], 0, Bounds()).picks is None
