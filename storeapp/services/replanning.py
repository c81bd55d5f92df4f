"""Planning again at the counter: what would change of what people were told, and what a hand's move would mean."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from storeapp.adapters.insertion import told_plan
from storeapp.domain.dispatch import LI_PER_FEN, Plan, Planner, Problem, Reason, best_plan, never
from storeapp.domain.kernel import Refusal
from storeapp.domain.recipe import PlanRecord, Recipe
from storeapp.domain.replan import Change, changes, loosened, without
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.what_if import WhatIf, untried, what_if
from storeapp.services.counter import Actor, Counter
from storeapp.services.dispatch import Applied, Proposal, Refused, assigning, proposal_of
from storeapp.services.situation import Situation, situation


@dataclass(frozen=True, slots=True)
class Replan:
    """A proposal in which what was told may change.

    Attributes:
        proposal: only what is new or moves, and what nobody takes.
        changes: all that differs from what was told; a rescue needs a handover between two guides first, so accepting
            the plan leaves it out.
        bases: the count of assignments that was seen, by delivery.
    """

    proposal: Proposal
    changes: tuple[Change, ...]
    bases: dict[str, int]


def replan(
    counter: Counter,
    planner: Planner,
    now: datetime | None = None,
    *,
    out: str = "",
    recipe: Recipe | None = None,
    better: Callable[[Replan], None] | None = None,
    stopped: Callable[[], bool] = never,
) -> Replan:
    """Plan everything again that is not in custody; nothing changes that does not save its price.

    It begins from what people were told, put together without a search, so that it can be made again.

    Args:
        counter: the counter.
        planner: who plans.
        now: the instant, the counter's clock where not given.
        out: a guide who drops out, whose stops go to others.
        recipe: how such a plan of this moment was made before, to make it again; None to look for the best.
        better: told every plan as it is found, as `propose` does.
        stopped: once True, the best plan so far is given back.
    """
    seen = situation(counter, now or counter.clock.now())
    loose = loosened(seen.problem, told_plan(seen.problem), change_li=counter.policy.change_fen * LI_PER_FEN)
    loose = replace(without(loose, out) if out else loose, recipe=recipe)

    def told(plan: Plan) -> Replan:
        return _replan(seen, loose, plan, PlanRecord(loose.now, plan.recipe, again=True, out=out))

    def tell(plan: Plan) -> None:
        if better is not None:
            better(told(plan))

    return told(best_plan(planner, loose, better=tell, stopped=stopped))


def _replan(seen: Situation, loose: Problem, plan: Plan, record: PlanRecord) -> Replan:
    found = changes(seen.problem, loose, plan)
    whole = proposal_of(Situation(loose, seen.deliveries), plan, record)
    told = {stop.id for stop in seen.problem.stops if stop.committed}
    wanted = {change.stop for change in found if not change.rescue}
    news = tuple(item for item in whole.assignments if item.delivery_id in wanted or item.delivery_id not in told)
    bases = {key: job.assignments for key, job in seen.deliveries.items()}
    return Replan(replace(whole, assignments=news), found, bases)


def accept(counter: Counter, actor: Actor, plan: Replan) -> Applied:
    """Assign what is new or moves, and take guides off what nobody takes; what is as it was told stays untouched.

    What changed meanwhile is refused, each by itself.
    """
    done: list[str] = []
    refused: list[Refused] = []
    wanted: list[AssignDelivery | UnassignDelivery] = [
        assigning(item, plan.proposal) for item in plan.proposal.assignments
    ]
    wanted += [
        UnassignDelivery(change.stop, plan.bases[change.stop])
        for change in plan.changes
        if not change.after and not change.rescue
    ]
    with counter.transaction(actor) as tx:
        for command in wanted:
            decided = tx.run(command)
            if isinstance(decided, Refusal):
                refused.append(Refused(command.delivery_id, decided))
            else:
                done.append(command.delivery_id)
    return Applied(tuple(done), tuple(refused))


@dataclass(frozen=True, slots=True)
class Board:
    """A problem and its plan, kept while somebody drags deliveries about; asking it takes milliseconds."""

    problem: Problem
    plan: Plan

    def what_if(self, delivery_id: str, guide: str) -> WhatIf | None:
        """What it would mean to drop the delivery onto the guide; None where that cannot be."""
        return what_if(self.problem, self.plan, delivery_id, guide)

    def untried(self, delivery_id: str, guide: str) -> Reason | None:
        """Why that cannot be; None where it can."""
        return untried(self.problem, delivery_id, guide)


def board_of(proposal: Proposal) -> Board | None:
    """What a proposal plans, with everything that is not in custody free to be moved by hand."""
    if proposal.problem is None:
        return None
    return Board(loosened(proposal.problem, proposal.plan, change_li=0), proposal.plan)


def board(counter: Counter, planner: Planner, now: datetime | None = None) -> Board:
    """The situation as it stands, planned, with everything that is not in custody free to be moved by hand."""
    seen = situation(counter, now or counter.clock.now())
    plan = best_plan(planner, seen.problem)
    return Board(loosened(seen.problem, plan, change_li=0), plan)
