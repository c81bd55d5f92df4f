"""Proves the best plan of a few orders: all routes of each guide, and the cheapest choice of one route each."""

from collections.abc import Callable, Iterable, Sequence

from storeapp.adapters.exact_routes import Column, TooMany, columns
from storeapp.adapters.pyvrp_model import Draughtboard
from storeapp.adapters.route_choice import Bounds, Option, choose
from storeapp.domain.steps import Step

MOST_STOPS = 20


def cheapest(
    board: Draughtboard, known_li: int, late: Callable[[], bool]
) -> tuple[dict[str, tuple[Step, ...]] | None, int] | None:
    """The steps of each vehicle in the cheapest plan, and what it counts.

    Args:
        board: what is decided among.
        known_li: what the plan at hand counts: routes, stops, and stops of the board that are left.
        late: asked now and then; True ends the search.

    Returns:
        None where it took too long, and no steps where the plan at hand is proven the cheapest.
    """
    if len(board.stops) > MOST_STOPS:
        return None
    left_li = [0 if stop.committed else board.problem.left_li(stop) for stop in board.stops]
    try:
        routes = [_worth(columns(schedule, board.stops, late), left_li) for schedule in board.schedules]
    except TooMany:
        return None
    if not all(routes):
        return None
    options = [[Option(route.stops, _gain_li(route, left_li)) for route in each] for each in routes]
    choice = choose(options, known_li - sum(left_li), Bounds(), late)
    if not choice.complete:
        return None
    if choice.picks is None:
        return None, known_li
    chosen = [each[pick] for each, pick in zip(routes, choice.picks, strict=True)]
    steps = {schedule.vehicle.id: route.steps for schedule, route in zip(board.schedules, chosen, strict=True)}
    return steps, sum(_gain_li(route, left_li) for route in chosen) + sum(left_li)


def _worth(routes: Sequence[Column], left_li: Sequence[int]) -> list[Column]:
    """Those that cost less than to leave their stops, or all where the guide cannot stay."""
    must = all(route.stops for route in routes)
    return [route for route in routes if must or not route.stops or _gain_li(route, left_li) <= 0]


def _gain_li(route: Column, left_li: Iterable[int]) -> int:
    return route.cost_li - sum(each for n, each in enumerate(left_li) if route.stops >> n & 1)
