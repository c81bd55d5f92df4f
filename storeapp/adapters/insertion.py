"""The first planner: cheapest feasible insertion, then moving single stops while that saves something.

It needs no library and answers at once, so it stays the first plan of every better planner and the one that works
where nothing else does.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from msgspec.structs import replace as changed_recipe

from storeapp.adapters.told_ways import told_s, told_way
from storeapp.domain import explain
from storeapp.domain.dispatch import Plan, Problem, Route, Stop, Vehicle, cost_li, in_time, never, unmarked
from storeapp.domain.recipe import Method, Recipe
from storeapp.domain.schedule import Schedule, schedules_of
from storeapp.domain.steps import Insertion, step_of

ROUNDS = 4
MOST_AT_ONCE = 300
MOST_MOVES = 2000
"""How many stops are tried elsewhere at most, so that a thousand orders end soon."""


class InsertionPlanner:
    """Gives the plan by insertion, and the improved one where there is something to improve."""

    def plans(self, problem: Problem, /, stopped: Callable[[], bool] = never) -> Iterator[Plan]:
        """The first plan at once, the better one after it."""
        timed = problem.budget_s is not None and problem.recipe is None
        until = time.monotonic() + (problem.budget_s or 0.0)

        def late() -> bool:
            return stopped() or (timed and time.monotonic() >= until)

        # Few are placed in no time, so a busy machine must not leave any of them.
        draft = first_draft(problem, late if len(problem.stops) > MOST_AT_ONCE else stopped)
        if stopped():
            return
        first = draft.plan()
        yield first
        if draft.improve(late) and (better := draft.plan()).cost_li < first.cost_li:
            yield better


class Draft:
    """A plan in the making: one schedule a vehicle, by the vehicle's id; ``recipe`` tells how it was made so far."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.schedules = schedules_of(problem, ())
        self._left: dict[str, Stop] = {}
        self._unasked: set[str] = set()
        self._placed: dict[str, tuple[Stop, Schedule]] = {}
        self.recipe = Recipe()
        self._tried = 0
        unique = {stop.id: stop for stop in reversed(problem.stops)}
        self._stops = sorted(unique.values(), key=lambda stop: (not stop.held, stop.due_s, stop.start_s, stop.id))

    def commit(self) -> None:
        """What was promised to a guide before stays there, what is in custody first."""
        guides = dict.fromkeys(stop.guide for stop in self._stops if stop.committed)
        for guide in guides:
            mine = [stop for stop in self._stops if stop.guide == guide]
            told = [stop for stop in mine if stop.eta_s is not None and stop.place is not None]
            if not told:
                self._commit_each(mine)
                continue
            empty = {name: s for name, s in self.schedules.items() if s.vehicle.guide == guide}
            self._settle(empty, told)
            self._commit_each([stop for stop in mine if stop not in told])
            self._or_anew(empty, mine)

    def _commit_each(self, stops: Iterable[Stop]) -> None:
        for stop in stops:
            self._commit(stop)

    def _settle(self, empty: Mapping[str, Schedule], told: Sequence[Stop]) -> None:
        """Each window of a guide with the stops that were told for it, in their order.

        Where overtime of one window reaches into the next, either may have been meant.
        """
        one, other = (_settled(empty, told, overtime=overtime) for overtime in (True, False))
        worse = _off(other.values()) >= _off(one.values())
        self.schedules |= one if worse else other

    def _or_anew(self, empty: Mapping[str, Schedule], stops: Sequence[Stop]) -> None:
        """Take the guide's stops in anew where keeping to what was told would be later than that."""
        told = {name: self.schedules[name] for name in empty}
        if not _strain(told.values()) > NO_STRAIN:
            return
        self.schedules |= {name: schedule.emptied() for name, schedule in empty.items()}
        self._commit_each(stops)
        if _strain(self.schedules[name] for name in empty) >= _strain(told.values()):
            self.schedules |= told

    def _commit(self, stop: Stop) -> None:
        own = [schedule for schedule in self.schedules.values() if schedule.vehicle.guide == stop.guide]
        if stop.place is None:
            for schedule in own[:1]:
                schedule.carry(stop.load)
            return
        if stop.held:
            own = own[:1]
        found = _cheapest(stop, own)
        if found is not None:
            self.schedules[found.vehicle].insert(stop, found)
        elif own:
            own[-1].force(stop)

    def resume(self) -> None:
        """Take over the routes of before, as far as their stops are still to be done and they still work."""
        free = {
            stop.id: stop for stop in self._stops if not stop.committed and not explain.blocked(self._problem, stop)
        }
        for route in self._problem.before:
            if route.vehicle in self.schedules:
                self._resume(self.schedules[route.vehicle], route, free)

    def _resume(self, schedule: Schedule, route: Route, free: dict[str, Stop]) -> None:
        own = {step.stop.id: step.stop for step in schedule.steps}
        begins = {visit.stop: visit.begin_s for visit in route.visits if not visit.pickup}
        known = own | {
            key: in_time(stop, begins.get(key, 0))
            for key, stop in free.items()
            if explain.unsuited(stop, schedule.vehicle) is None
        }
        steps = [step_of(known[visit.stop], pickup=visit.pickup) for visit in route.visits if visit.stop in known]
        if not own.keys() <= {step.stop.id for step in steps}:
            return
        before = schedule.follow(steps)
        if not (schedule.feasible and schedule.fits):
            schedule.restore(before)
            return
        for step in steps:
            if step.stop.id in free:
                del free[step.stop.id]
                self._placed[step.stop.id] = unmarked(step.stop), schedule

    def fill(self, late: Callable[[], bool] = never) -> None:
        """Insert what is free where it is cheapest, what is due first first; what there is no time for is left."""
        recipe, asked = self._problem.recipe, 0
        most = recipe.inserted if recipe else None
        for stop in self._stops:
            if stop.committed or stop.id in self._placed:
                continue
            if self._unasked or late() or asked == most:
                self._unasked.add(stop.id)
                continue
            asked += 1
            if explain.blocked(self._problem, stop) is None and not self._place(stop):
                self._left[stop.id] = stop
        self.recipe = Recipe(inserted=asked if self._unasked else None)

    def _place(self, stop: Stop) -> bool:
        found = _cheapest(stop, self.schedules.values())
        if found is None or found.cost_li > self._problem.left_li(stop):
            return False
        schedule = self.schedules[found.vehicle]
        schedule.insert(stop, found)
        self._placed[stop.id] = stop, schedule
        return True

    def improve(self, late: Callable[[], bool] = never) -> bool:
        """Move single stops to where they cost less, and place what fits then; says whether anything changed."""
        changed, moves = False, 0
        for _ in range(ROUNDS):
            ids = sorted(self._placed)[: MOST_MOVES - moves]
            moves += len(ids)
            better = [self._move(stop_id) for stop_id in ids if self._goes_on(late)]
            left = list(self._left.values()) if any(better) else []
            better += [self._retry(stop) for stop in left if self._goes_on(late)]
            if not any(better):
                break
            changed = True
        self.recipe = changed_recipe(self.recipe, by=Method.MOVES, steps=self._tried)
        return changed

    def _goes_on(self, late: Callable[[], bool]) -> bool:
        """Whether one more stop may be tried elsewhere; where the plan is made again, as many as then."""
        recipe = self._problem.recipe
        if late() or (recipe is not None and self._tried >= (recipe.steps if recipe.by is Method.MOVES else 0)):
            return False
        self._tried += 1
        return True

    def _move(self, stop_id: str) -> bool:
        stop, schedule = self._placed[stop_id]
        old_li, taken = schedule.cost_li + schedule.shift_li, in_time(stop, schedule.begin_s(stop_id))
        before = schedule.remove(stop_id)
        # The stop's own shift is among those of the schedule.
        own_li = self._problem.take_li(replace(taken, shifted=False), schedule.vehicle)
        worth_li = old_li - schedule.cost_li - schedule.shift_li + own_li
        found = _cheapest(stop, self.schedules.values()) if schedule.feasible else None
        if found is None or found.cost_li >= worth_li:
            schedule.restore(before)
            return False
        self.schedules[found.vehicle].insert(stop, found)
        self._placed[stop_id] = stop, self.schedules[found.vehicle]
        return True

    def _retry(self, stop: Stop) -> bool:
        if not self._place(stop):
            return False
        del self._left[stop.id]
        return True

    def plan(self) -> Plan:
        """The plan as it stands."""
        routes: tuple[Route, ...] = tuple(s.route() for s in self.schedules.values() if s.steps)
        rest = explain.finished(self._problem, routes, list(self.schedules.values()), unasked=self._unasked)
        return Plan(routes, rest, cost_li(self._problem, routes), self.recipe)


NO_STRAIN = (0, 0)


def _strain(schedules: Iterable[Schedule]) -> tuple[int, int]:
    """How much is too much to carry, and how late promises and ends are."""
    every = list(schedules)
    return sum(not schedule.fits for schedule in every), sum(schedule.late_s for schedule in every)


def _off(schedules: Iterable[Schedule]) -> tuple[tuple[int, int], int]:
    """The strain, then by how much doors are later than told."""
    every = list(schedules)
    return _strain(every), sum(schedule.off_s for schedule in every)


def _settled(empty: Mapping[str, Schedule], told: Sequence[Stop], *, overtime: bool) -> dict[str, Schedule]:
    by_window: dict[str, list[Stop]] = {name: [] for name in empty}
    for stop in told:
        name = next((name for name, each in empty.items() if _is_of(stop, each.vehicle, overtime=overtime)), None)
        if name or by_window:
            by_window[name or next(reversed(by_window))].append(stop)
    found = {}
    for name, stops in by_window.items():
        schedule = found[name] = empty[name].emptied()
        if stops:
            schedule.settle(told_way(schedule, stops))
    return found


def _is_of(stop: Stop, vehicle: Vehicle, *, overtime: bool) -> bool:
    """Whether it was told for this window, or for none before it that is still open."""
    return stop.held or told_s(stop) <= vehicle.end_s + vehicle.overtime_s * overtime


def first_draft(problem: Problem, late: Callable[[], bool] = never) -> Draft:
    """The plan by insertion, to be improved; once ``late``, what is free is left."""
    draft = Draft(problem)
    draft.commit()
    draft.resume()
    draft.fill(late)
    return draft


def told_plan(problem: Problem) -> Plan:
    """What people were told, as it stands now; of what nobody was told it says nothing."""
    told = replace(problem, stops=tuple(stop for stop in problem.stops if stop.committed), before=())
    draft = Draft(told)
    draft.commit()
    return draft.plan()


def _cheapest(stop: Stop, schedules: Iterable[Schedule]) -> Insertion | None:
    """The cheapest insertion; of equal ones the earlier, then the guide with less to do, then the first by name."""
    best: Insertion | None = None
    for schedule in schedules:
        if stop.committed or explain.unsuited(stop, schedule.vehicle) is None:
            found = schedule.best(stop)
            if found is not None and (best is None or found < best):
                best = found
    return best
