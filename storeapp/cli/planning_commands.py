"""Commands about who should deliver what: plan, plan again, ask why and what if, pin and ban, rescue, set the rules."""

import argparse
from dataclasses import asdict

from storeapp.cli.output import Exit, Reply, clock_text, table
from storeapp.cli.parser import Commands, UsageError
from storeapp.cli.reason_rows import coded
from storeapp.cli.session import Session
from storeapp.domain.dispatch import LI_PER_FEN, Limits, Planner, Reason
from storeapp.domain.kernel import Refusal
from storeapp.domain.recipe import Method, Recipe
from storeapp.domain.verdict import Verdict
from storeapp.services import dispatch, queries, rescue, wishes
from storeapp.services.dispatch import Applied, Proposal
from storeapp.services.outcomes import is_reason
from storeapp.services.policy import BOUNDS, change_policy, names, number
from storeapp.services.reasons import ReasonWords
from storeapp.services.replanning import Replan, accept, board, replan
from storeapp.services.risk import plan_chances

MOST_COUNT = 2**31 - 1
PROOF_S = 5.0
"""How long a command looks for a proof that its plan is the cheapest."""


def register(commands: Commands) -> None:
    """Add the commands of this area."""
    command = commands.add("dispatch", plan)
    command.add_argument("--waiting", type=int, default=-1, metavar="N")
    _add_recipe(command)
    command = commands.add("replan", plan_again)
    command.add_argument("--out", default="", metavar="GUIDE")
    _add_recipe(command)
    commands.add("why", why).add_argument("delivery")
    command = commands.add("what-if", what_if)
    command.add_argument("delivery")
    command.add_argument("guide")
    _register_wishes(commands)
    command = commands.add("rescue", take_over, keyless=True)
    command.add_argument("giver", metavar="GIVER")
    command.add_argument("taker", metavar="TAKER")
    command.add_argument("--reason", metavar="CODE")
    command.add_argument("--delivery", action="append", default=[], metavar="DELIVERY")
    commands.add("policy", rules, keyless=True).add_argument("changes", nargs="*", type=_change, metavar="NAME=N")


def _add_recipe(command: argparse.ArgumentParser) -> None:
    """How a plan was made before, to make it again; by itself a seed names another search of the usual length."""
    command.add_argument("--apply", action="store_true")
    command.add_argument("--seed", type=_count, metavar="N")
    command.add_argument("--steps", type=_count, metavar="N")
    command.add_argument("--method", choices=[each.value for each in Method if each is not Method.REGION])
    command.add_argument("--inserted", type=_count, metavar="N")


def _count(text: str) -> int:
    """A whole number from nought to what the solver takes for a seed.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not (text.isascii() and text.isdecimal()) or int(text) > MOST_COUNT:
        raise argparse.ArgumentTypeError("not a whole number")
    return int(text)


def _recipe(args: argparse.Namespace) -> Recipe | None:
    """The recipe that was asked for; None where the plan is to be as good as the clock allows.

    Raises:
        UsageError: a method without the steps that make it what it is.
    """
    method = Method(args.method) if args.method else None
    if method is None and args.steps is None:
        if args.inserted is not None:
            raise UsageError("--inserted needs --method")
        return None
    if args.steps is None and method is not Method.INSERTION:
        raise UsageError("--method needs --steps")
    seed = Limits().seed if args.seed is None else args.seed
    return Recipe(method or Method.SEARCH, seed, args.steps or 0, args.inserted)


def _register_wishes(commands: Commands) -> None:
    for name, run in (("pin-to", pin), ("ban", ban), ("unban", unban)):
        command = commands.add(name, run, keyless=True)
        command.add_argument("delivery")
        command.add_argument("guide")
    commands.add("unpin", unpin, keyless=True).add_argument("delivery")
    command = commands.add("priority", prioritise, keyless=True)
    command.add_argument("delivery")
    command.add_argument("priority", type=int, metavar="N")


def _planner(seed: int | None = None) -> Planner:
    # Imported late: the solver takes longer to load than most commands to run.
    from storeapp.adapters.pyvrp_planner import PyvrpPlanner

    return PyvrpPlanner(Limits(seed=Limits().seed if seed is None else seed, prove_s=PROOF_S))


# -- plans


def plan(session: Session) -> Reply:
    """Propose who delivers what, and assign it where that is wanted."""
    counter, args = session.counter, session.args
    proposal = dispatch.propose(counter, _planner(args.seed), most_waiting=args.waiting, recipe=_recipe(args))
    applied = dispatch.apply(counter, session.actor, proposal) if session.args.apply else None
    return _planned(session, proposal, _proposal(session, proposal), applied)


def plan_again(session: Session) -> Reply | Refusal:
    """Propose what should change of what was told, such as where a guide drops out."""
    counter, out = session.counter, session.args.out
    if out and out not in queries.guide_names(counter):
        return Refusal("unknown_guide", {"guide": out})
    found = replan(counter, _planner(session.args.seed), out=out, recipe=_recipe(session.args))
    applied = accept(counter, session.actor, found) if session.args.apply else None
    data = _proposal(session, found.proposal) | {"changes": [asdict(change) for change in found.changes]}
    return _planned(session, found.proposal, data, applied, _changes(session, found))


def _changes(session: Session, found: Replan) -> list[tuple[str, ...]]:
    """Number, guide before and after, and when it was told to arrive and would now."""
    rows = queries.order_rows(session.counter, [change.stop for change in found.changes])
    numbers = {row.id: row.order_no for row in rows if row is not None}
    return [
        (
            numbers.get(each.stop, each.stop),
            each.before,
            each.after,
            *(clock_text(at) if at else "" for at in (each.told, each.eta)),
        )
        for each in found.changes
    ]


def _planned(
    session: Session,
    proposal: Proposal,
    data: dict[str, object],
    applied: Applied | None,
    changes: list[tuple[str, ...]] | None = None,
) -> Reply:
    refused = list(applied.refused) if applied else []
    data["refused"] = [{"delivery_id": each.delivery_id, "code": each.refusal.code} for each in refused]
    data["applied"] = applied is not None
    words, numbers = session.words, _numbers(session, proposal)
    lines = [(numbers[a.delivery_id], a.guide, clock_text(a.eta)) for a in proposal.assignments]
    left = [(numbers[item.delivery_id], "", words.text("cli.not_planned")) for item in proposal.unassigned]
    return Reply(data, (), Exit.REFUSED if refused else Exit.DONE, table([*(changes or []), *lines, *left]))


def _numbers(session: Session, proposal: Proposal) -> dict[str, str]:
    ids = [item.delivery_id for item in (*proposal.assignments, *proposal.kept)]
    ids += [item.delivery_id for item in proposal.unassigned]
    rows = queries.order_rows(session.counter, ids)
    return {row.id: row.order_no for row in rows if row is not None}


def _told(words: ReasonWords, reasons: tuple[Reason, ...]) -> list[dict[str, object]]:
    return [coded(words, reason) for reason in reasons]


def _percent(chance: float | None) -> int | None:
    return None if chance is None else int(100 * chance)


def _proposal(session: Session, proposal: Proposal) -> dict[str, object]:
    known = queries.guide_names(session.counter)
    words = ReasonWords(session.words, guides=known, orders=_numbers(session, proposal))
    problem, made = proposal.problem, proposal.record.recipe
    chances = plan_chances(session.counter, problem, proposal.plan) if problem else {}

    def taken(items: tuple[dispatch.Assignment, ...]) -> list[dict[str, object]]:
        return [
            {
                "delivery_id": item.delivery_id,
                "guide": item.guide,
                "eta": item.eta,
                "chance_percent": _percent(chances.get(item.delivery_id)),
                "reasons": _told(words, item.reasons),
            }
            for item in items
        ]

    return {
        "assignments": taken(proposal.assignments),
        "unassigned": [
            {"delivery_id": item.delivery_id, "reasons": _told(words, item.reasons), "ways": _told(words, item.ways)}
            for item in proposal.unassigned
        ],
        "kept": taken(proposal.kept),
        "cost_fen": proposal.cost_fen,
        "planned_at": proposal.record.at,
        "method": made.by.value,
        "seed": made.seed,
        "steps": made.steps,
        "inserted": made.inserted,
        "proven": proposal.proven,
    }


def why(session: Session) -> Reply | Refusal:
    """Say why a delivery is where the plan has it, what each guide would mean, and what would make it possible."""
    delivery = session.delivery(session.args.delivery)
    found = dispatch.alternatives(session.counter, _planner(), delivery)
    if found is None:
        return Refusal("not_assignable", {"state": str(session.state_of(delivery)["state"])})
    known = queries.guide_names(session.counter)
    rows = queries.order_rows(session.counter, [str(r.data["after"]) for r in found.reasons if "after" in r.data])
    words = ReasonWords(session.words, guides=known, orders={row.id: row.order_no for row in rows if row is not None})
    options = [
        {
            "guide": option.guide,
            "cost_fen": option.cost_li // LI_PER_FEN,
            "extra_m": option.extra_m,
            "eta": option.eta,
            "obstacle": coded(words, option.obstacle) if option.obstacle else None,
        }
        for option in found.options
    ]
    data: dict[str, object] = {
        "delivery_id": delivery,
        "guide": found.guide,
        "reasons": _told(words, found.reasons),
        "ways": _told(words, found.ways),
        "options": options,
    }
    lines = [words.text(reason) for reason in (*found.reasons, *found.ways)]
    rest = [
        (known.get(o.guide, o.guide), clock_text(o.eta), words.text(o.obstacle) if o.obstacle else "")
        for o in found.options
    ]
    return Reply(data, tuple(lines), rows=table(rest))


def what_if(session: Session) -> Reply | Refusal:
    """Say what it would mean to give a delivery to a guide."""
    args, counter = session.args, session.counter
    delivery = session.delivery(args.delivery)
    shown = board(counter, _planner())
    found, cause = shown.what_if(delivery, args.guide), shown.untried(delivery, args.guide)
    if found is None:
        return _cannot_try(cause)
    words = ReasonWords(session.words, guides=queries.guide_names(counter))
    data = {
        "delivery_id": delivery,
        "guide": found.guide,
        "cost_fen": found.cost_li // LI_PER_FEN,
        "extra_m": found.extra_m,
        "late_s": found.late_s,
        "overtime_s": found.overtime_s,
        "delays": [asdict(delay) for delay in found.delays],
        "obstacle": _told(words, (found.obstacle,))[0] if found.obstacle else None,
    }
    lines = (words.text(found.obstacle),) if found.obstacle else ()
    return Reply(data, lines, rows=table([(name, value) for name, value in data.items() if isinstance(value, int)]))


def _cannot_try(cause: Reason | None) -> Refusal:
    match cause:
        case Reason("in_custody", data):
            return Refusal("cannot_try_in_custody", {"guide": data["guide"]})
        case Reason("guide_not_on_shift", data):
            return Refusal("cannot_try_guide_not_on_shift", {"guide": data["guide"]})
        case Reason("no_position"):
            return Refusal("cannot_try_no_position")
        case _:
            return Refusal("cannot_try_not_to_plan")


# -- wishes


def pin(session: Session) -> Reply | Refusal:
    """Plan a delivery for one guide only."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, wishes.pin(session.counter, session.actor, delivery, session.args.guide))


def unpin(session: Session) -> Reply | Refusal:
    """Plan a delivery for anybody again."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, wishes.pin(session.counter, session.actor, delivery, ""))


def ban(session: Session) -> Reply | Refusal:
    """Never plan a guide for a delivery."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, wishes.ban(session.counter, session.actor, delivery, session.args.guide))


def unban(session: Session) -> Reply | Refusal:
    """Let a guide be planned for a delivery again."""
    args = session.args
    delivery = session.delivery(args.delivery)
    return session.done(delivery, wishes.ban(session.counter, session.actor, delivery, args.guide, lifted=True))


def prioritise(session: Session) -> Reply | Refusal:
    """Put a delivery before others."""
    delivery = session.delivery(session.args.delivery)
    return session.done(delivery, wishes.prioritise(session.counter, session.actor, delivery, session.args.priority))


def take_over(session: Session) -> Reply | Refusal:
    """Save that a guide took parcels over from another: by both badges, or as a manager with a reason."""
    args, counter = session.args, session.counter
    only = [session.delivery(each) for each in args.delivery]
    if args.reason is not None:
        if not is_reason(args.reason):
            return Refusal("bad_reason")
        found: object = rescue.record_rescue(
            counter, session.actor, args.giver, args.taker, reason=args.reason, only=only
        )
    else:
        found = rescue.rescue(counter, session.actor, args.giver, args.taker, only=only)
    if isinstance(found, Refusal):
        return found
    if isinstance(found, rescue.Rescued):
        data: dict[str, object] = {"giver": found.giver, "guide": found.guide, "deliveries": list(found.deliveries)}
        return Reply(data | {"verdict": Verdict.OK.value}, (session.words.text("cli.done"),))
    verdict = getattr(found, "verdict", Verdict.MALFORMED)
    line = session.words.text(f"verdict.{verdict}.title")
    return Reply({"verdict": verdict.value, "deliveries": []}, (line,), Exit.REFUSED)


# -- rules


def _change(text: str) -> tuple[str, int]:
    """A rule and its new number.

    Raises:
        ArgumentTypeError: it is none.
    """
    name, _, number = text.partition("=")
    if name.partition(".")[0] not in BOUNDS or not number.removeprefix("-").isdecimal():
        raise argparse.ArgumentTypeError("not a rule with a whole number")
    return name, int(number)


def rules(session: Session) -> Reply | Refusal:
    """List the store's rules, or change some; those by mode are named like ``rate_fen.instant``."""
    if session.args.changes:
        try:
            done = change_policy(session.counter, session.actor, dict(session.args.changes))
        except ValueError as error:
            raise UsageError(str(error)) from error
        if isinstance(done, Refusal):
            return done
    policy = session.counter.policy
    found = {name: getattr(policy, name) for name in BOUNDS}
    return Reply({"policy": found}, rows=table([(name, number(policy, name)) for name in names()]))
