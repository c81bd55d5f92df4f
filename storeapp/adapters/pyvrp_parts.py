"""Searches a large day in parts: first as a whole, then again and again a few guides whose stops lie near each other.

A step in a part costs a fraction of a step in the whole, because a step copies all routes and asks all neighbours, and
most of what is left to gain after the first seconds lies between a few guides.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from pyvrp import RandomNumberGenerator, Solution

from storeapp.adapters.pyvrp_model import Draughtboard, Model
from storeapp.adapters.pyvrp_order import reordered
from storeapp.adapters.pyvrp_pool import Pool
from storeapp.adapters.pyvrp_search import Search
from storeapp.domain.dispatch import Stop
from storeapp.domain.schedule import Schedule
from storeapp.domain.steps import Step

WHOLE_UP_TO = 120
"""Days with more stops than this are searched in parts, too."""
WHOLE_STEPS = 8
"""For each stop, how many steps the whole is searched for before the first part."""
NEVER_WHOLE = 300
"""Days with more stops are searched in parts from the start: each kind of guide needs full matrices of the whole."""
PART_STOPS, PART_STEPS = 60, 200
LARGE_PART_STOPS = 120
"""Of days that are never searched as a whole: in the same time they come a percent nearer to the best known."""
NEAR, IDLE, LOOSE = 10, 3, 8
"""How many neighbours of a stop lead on to other guides, and how many idle guides and left stops come along."""
RECOMBINE_STEPS, RECOMBINE_EACH, TRIES = 100, 2, 4
"""After so many steps, or so many for each stop, the ways of several plans are put together, around so many guides."""
Routes = dict[str, Sequence[Step]]


@dataclass(slots=True)
class _Part:
    """A search among some guides, and what they cost before."""

    model: Model
    search: Search
    before: int
    left: int

    @property
    def better(self) -> bool:
        """Whether it has gained anything that may be kept."""
        return self.search.cost < self.before and self.search.best.is_feasible()


def starts_whole(model: Model) -> bool:
    """Whether the search of these stops begins with all of them."""
    return len(model.stops) <= NEVER_WHOLE


class PartedSearch:
    """The search of a whole day, a step at a time; the same board, seed and count of steps give the same routes."""

    def __init__(self, board: Draughtboard, schedules: Mapping[str, Schedule], model: Model, *, seed: int) -> None:
        self._board = board
        self._schedules = {schedule.vehicle.id: schedules[schedule.vehicle.id] for schedule in board.schedules}
        self._model = model
        self._seed = seed
        self._rng = RandomNumberGenerator(seed)
        self._pool = Pool(board)
        self._routes: Routes = {name: schedule.steps for name, schedule in self._schedules.items()}
        self._whole = self._search(model, model.solution(self._routes), seed) if starts_whole(model) else None
        self._near: list[list[int]] = [] if self._whole else model.nearest()
        self._part: _Part | None = None
        self._part_stops = PART_STOPS if self._whole else LARGE_PART_STOPS
        self.steps = 0

    def _search(self, model: Model, start: Solution, seed: int) -> Search:
        return Search(model, start, seed=seed, seen=partial(self._pool.look, model))

    def step(self) -> bool:
        """Try once; says whether the routes are better now."""
        self.steps += 1
        if self._whole is not None:
            better = self._whole.step()
            stops = len(self._model.stops)
            if self.steps % max(RECOMBINE_STEPS, RECOMBINE_EACH * stops) == 0:
                better |= self._recombine_whole(self._whole)
            if stops > WHOLE_UP_TO and self.steps >= WHOLE_STEPS * stops:
                self._divide(self._whole)
            return better
        part = self._part = self._part or self._choose()
        better = part.search.step()
        part.left -= 1
        gained = better and part.better
        if part.left <= 0:
            gained |= self._close(part)
        return gained

    def routes(self) -> Routes:
        """The best steps of each vehicle so far, by its id."""
        if self._whole is not None:
            return dict(self._model.steps(self._whole.best))
        part = self._part
        return self._routes | (part.model.steps(part.search.best) if part and part.better else {})

    # -- parts

    def _divide(self, whole: Search) -> None:
        self._pool.learn(self._model, whole.best)
        self._routes = dict(self._model.steps(whole.best))
        self._whole, self._near = None, self._model.nearest()

    def _close(self, part: _Part) -> bool:
        """Keep what the part has gained; says whether putting ways together has gained more."""
        if part.better:
            ordered = reordered(part.model.data, part.search.best)
            self._pool.learn(part.model, ordered)
            self._routes |= part.model.steps(ordered)
        self._part = None
        better = self._pool.better(self._routes, self._rng, TRIES)
        self._routes |= better
        return bool(better)

    def _recombine_whole(self, whole: Search) -> bool:
        ordered = reordered(self._model.data, whole.best)
        self._pool.learn(self._model, ordered)
        routes: Routes = dict(self._model.steps(ordered))
        routes |= self._pool.better(routes, self._rng, TRIES)
        return whole.offer(self._model.solution(routes))

    def _choose(self) -> _Part:
        """A random stop, the guides of its neighbours and of theirs, some idle guides, and what is left near by."""
        stops = {stop.id: stop for stop in self._model.stops}
        where = {step.stop.id: vehicle for vehicle, steps in self._routes.items() for step in steps}
        chosen: dict[str, None] = {}
        loose: dict[str, None] = {}
        count = 0
        for name in self._spread():
            vehicle = where.get(name)
            if vehicle is None:
                if len(loose) < LOOSE:
                    loose[name] = None
            elif vehicle not in chosen:
                chosen[vehicle] = None
                count += sum(not step.pickup for step in self._routes[vehicle])
            if count >= self._part_stops:
                break
        idle = [vehicle for vehicle, steps in self._routes.items() if not steps]
        first = self._rng.randint(len(idle)) if idle else 0
        chosen |= dict.fromkeys([*idle[first:], *idle[:first]][:IDLE])
        mine = {step.stop.id: step.stop for vehicle in chosen for step in self._routes[vehicle]}
        return self._open(chosen, [*mine.values(), *(stops[name] for name in loose)])

    def _spread(self) -> Iterable[str]:
        """Stops from a random one outwards, each once."""
        names = [stop.id for stop in self._model.stops]
        first = self._rng.randint(len(names))
        queue, seen = [first], {first}
        for number in queue:
            yield names[number]
            fresh = [other for other in self._near[number][:NEAR] if other not in seen]
            seen.update(fresh)
            queue += fresh

    def _open(self, chosen: Iterable[str], stops: Iterable[Stop]) -> _Part:
        schedules = tuple(self._schedules[vehicle] for vehicle in chosen)
        for schedule in schedules:
            schedule.follow(self._routes[schedule.vehicle.id])
        board = Draughtboard(self._board.problem, schedules, tuple(sorted(stops, key=lambda stop: stop.id)))
        model = Model(board)
        start = model.solution(self._routes)
        self._pool.learn(model, start)
        search = self._search(model, start, self._rng.randint(1 << 30))
        return _Part(model, search, search.cost_of(start), PART_STEPS)
