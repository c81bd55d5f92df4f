"""Who delivers what, at the counter: the proposal with its reasons, accepting it, and assigning by hand."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from storeapp.domain import remedies
from storeapp.domain.delivery import Delivery
from storeapp.domain.dispatch import LI_PER_FEN, Plan, Planner, Problem, Reason, Unassigned, best_plan, never
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.recipe import Method, PlanRecord, Recipe
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.why import Option
from storeapp.domain.why import options as options_of
from storeapp.domain.why import reasons as reasons_of
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.lending import guides_here
from storeapp.services.situation import Situation, situation

Result = tuple[Event, ...] | Refusal
MOST_WAYS = 300
"""So many pairs of a delivery and a guide are asked for what would make it possible."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A delivery and who takes it. ``base`` is the count of assignments seen; ``eta`` None where it cannot be told."""

    delivery_id: str
    guide: str
    eta: datetime | None
    reasons: tuple[Reason, ...]
    base: int


@dataclass(frozen=True, slots=True)
class Left:
    """A delivery nobody should take now, why, and what would make it possible."""

    delivery_id: str
    reasons: tuple[Reason, ...]
    ways: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the planner proposes at one instant.

    ``kept`` is what was promised to a guide before, with when it will arrive as things stand. ``record`` tells how to
    make the same proposal again. ``problem`` and ``plan`` are what it was made of, for questions about it.
    """

    at: datetime
    assignments: tuple[Assignment, ...]
    unassigned: tuple[Left, ...]
    kept: tuple[Assignment, ...]
    cost_fen: int
    record: PlanRecord
    problem: Problem | None = field(default=None, repr=False, compare=False)
    plan: Plan = field(default=Plan(), repr=False, compare=False)

    @property
    def proven(self) -> bool:
        """Whether no plan is cheaper."""
        return self.record.recipe.by is Method.PROOF


class Refused(NamedTuple):
    """A delivery that was not assigned."""

    delivery_id: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of an accepted proposal."""

    done: tuple[str, ...]
    refused: tuple[Refused, ...]


@dataclass(frozen=True, slots=True)
class Why:
    """Why a delivery is where the plan has it, and what it would mean for each guide."""

    guide: str
    reasons: tuple[Reason, ...]
    options: tuple[Option, ...]
    ways: tuple[Reason, ...] = ()


def propose(
    counter: Counter,
    planner: Planner,
    now: datetime | None = None,
    *,
    most_waiting: int = -1,
    recipe: Recipe | None = None,
    better: Callable[[Proposal], None] | None = None,
    stopped: Callable[[], bool] = never,
) -> Proposal:
    """Plan what waits; what was promised to a guide or is in custody stays there.

    Args:
        counter: the counter.
        planner: who plans.
        now: the instant, the counter's clock where not given.
        most_waiting: how many of what waits are looked at, the most urgent ones; all where it is negative.
        recipe: how a plan of this moment was made before, to make it again; None to look for the best.
        better: told every proposal on this thread as it is found: the first at once, better ones after it, at last the
            one that is proven. The last is given back, too.
        stopped: asked on this thread again and again; once True, the best proposal so far is given back.
    """
    seen = situation(counter, now or counter.clock.now(), most_waiting=most_waiting)
    seen = replace(seen, problem=replace(seen.problem, recipe=recipe))

    def told(plan: Plan) -> Proposal:
        return proposal_of(seen, plan, PlanRecord(seen.problem.now, plan.recipe, most_waiting))

    def tell(plan: Plan) -> None:
        if better is not None:
            better(told(plan))

    return told(best_plan(planner, seen.problem, better=tell, stopped=stopped))


def proposal_of(seen: Situation, plan: Plan, record: PlanRecord) -> Proposal:
    """A plan in words of the counter, with how it was made."""
    found = _assignments(seen, plan)
    stops = {stop.id: stop for stop in seen.problem.stops}
    left = [Left(item.stop, item.reasons, ways) for item, ways in _ways(seen.problem, plan)]
    stuck = [
        Assignment(item.delivery_id, stops[item.delivery_id].guide, None, item.reasons, 0)
        for item in left
        if stops[item.delivery_id].committed
    ]
    return Proposal(
        at=seen.problem.now,
        assignments=tuple(item for item in found if not stops[item.delivery_id].committed),
        unassigned=tuple(item for item in left if not stops[item.delivery_id].committed),
        kept=(*(item for item in found if stops[item.delivery_id].committed), *stuck),
        cost_fen=plan.cost_li // LI_PER_FEN,
        record=record,
        problem=seen.problem,
        plan=plan,
    )


def _ways(problem: Problem, plan: Plan) -> Iterator[tuple[Unassigned, tuple[Reason, ...]]]:
    """What would make the first of what is left possible; a hopeless day needs no thousand answers."""
    stops = {stop.id: stop for stop in reversed(problem.stops)}
    for number, item in enumerate(plan.unassigned):
        asked = number * len(problem.vehicles) < MOST_WAYS
        yield item, remedies.ways(problem, plan.routes, stops[item.stop], asking=asked)


def _assignments(seen: Situation, plan: Plan) -> Sequence[Assignment]:
    """What the routes say, in the order of arrival."""
    problem = seen.problem
    why = reasons_of(problem, plan)
    guides = {vehicle.id: vehicle.guide for vehicle in problem.vehicles}
    visits = sorted(
        ((visit.begin_s, visit.stop, guides[route.vehicle]) for route in plan.routes for visit in route.visits
         if not visit.pickup),
    )  # fmt: skip
    return [
        Assignment(stop, guide, problem.at(begin_s), why[stop], seen.deliveries[stop].assignments)
        for begin_s, stop, guide in visits
    ]


def apply(counter: Counter, actor: Actor, proposal: Proposal) -> Applied:
    """Assign what is still as the proposal saw it; what changed meanwhile is refused, each by itself."""
    done: list[str] = []
    refused: list[Refused] = []
    with counter.transaction(actor) as tx:
        for item in proposal.assignments:
            decided = tx.run(assigning(item, proposal))
            if isinstance(decided, Refusal):
                refused.append(Refused(item.delivery_id, decided))
            else:
                done.append(item.delivery_id)
    return Applied(tuple(done), tuple(refused))


def take(counter: Counter, actor: Actor, item: Assignment, proposal: Proposal) -> Result:
    """Assign one delivery as a proposal says.

    Refusals: ``unknown_delivery``, ``stale_base``, ``not_assignable``, ``unknown_guide``, ``guide_of_other_store``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(assigning(item, proposal))


def assigning(item: Assignment, proposal: Proposal) -> AssignDelivery:
    """The command that follows a proposal."""
    record = proposal.record
    made = record.recipe
    return AssignDelivery(
        item.delivery_id, item.guide, item.base, item.eta, seed=made.seed, steps=made.steps, plan=record
    )


def assign(
    counter: Counter,
    actor: Actor,
    delivery_id: str,
    guide: str,
    *,
    base: int | None = None,
    eta: datetime | None = None,
) -> Result:
    """Make a guide responsible by hand, wherever the delivery goes and whatever the plan says.

    Args:
        counter: the counter.
        actor: who decides.
        delivery_id: the delivery.
        guide: the guide's code.
        base: the count of assignments that the person saw; None takes the present one.
        eta: when the guide should arrive, where somebody worked it out.

    Refusals: ``unknown_delivery``, ``stale_base``, ``not_assignable``, ``unknown_guide``, ``guide_of_other_store``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(AssignDelivery(delivery_id, guide, _base(tx, delivery_id, base), eta))


def unassign(counter: Counter, actor: Actor, delivery_id: str, *, base: int | None = None) -> Result:
    """Take the guide off again.

    Refusals: ``unknown_delivery``, ``stale_base``, ``not_assignable``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(UnassignDelivery(delivery_id, _base(tx, delivery_id, base)))


def _base(tx: Transaction, delivery_id: str, base: int | None) -> int:
    delivery = tx.get(Delivery, delivery_id)
    return delivery.assignments if base is None and delivery else base or 0


def alternatives(counter: Counter, planner: Planner, delivery_id: str, now: datetime | None = None) -> Why | None:
    """Why a delivery is where it is, and each guide with arrival and cost, or why not; the best first.

    What is in custody has no alternatives. None for a delivery that is not to be planned.
    """
    seen = situation(counter, now or counter.clock.now())
    stop = next((stop for stop in seen.problem.stops if stop.id == delivery_id), None)
    if stop is None:
        return None
    plan = best_plan(planner, seen.problem)
    left = next((item.reasons for item in plan.unassigned if item.stop == delivery_id), ())
    vehicle = plan.vehicle_of().get(delivery_id, "")
    reasons = reasons_of(seen.problem, plan).get(delivery_id, left)
    options = () if stop.held else options_of(seen.problem, plan.routes, stop)
    guide = vehicle.rpartition("/")[0] or stop.guide
    ways = remedies.ways(seen.problem, plan.routes, stop) if left else ()
    return Why(guide, reasons, (*options, *(() if stop.held else _off_shift(counter, seen.problem))), ways)


def why_of(proposal: Proposal, delivery_id: str) -> Why | None:
    """The same as `alternatives` from a proposal that is there, without planning; guides off shift are not named.

    None for a delivery that is not to be planned.
    """
    problem, plan = proposal.problem, proposal.plan
    stop = next((stop for stop in problem.stops if stop.id == delivery_id), None) if problem else None
    if problem is None or stop is None:
        return None
    left = next((item.reasons for item in plan.unassigned if item.stop == delivery_id), ())
    known = (*proposal.assignments, *proposal.kept)
    reasons = next((item.reasons for item in known if item.delivery_id == delivery_id), left)
    guide = plan.vehicle_of().get(delivery_id, "").rpartition("/")[0] or stop.guide
    options = () if stop.held else options_of(problem, plan.routes, stop)
    return Why(guide, reasons, options, remedies.ways(problem, plan.routes, stop) if left else ())


def _off_shift(counter: Counter, problem: Problem) -> tuple[Option, ...]:
    working = {vehicle.guide for vehicle in problem.vehicles}
    return tuple(
        Option(guide.id, obstacle=Reason("guide_not_on_shift", {"guide": guide.id}))
        for guide in guides_here(counter)
        if guide.active and guide.id not in working
    )
