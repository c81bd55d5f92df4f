"""Everything that waits for a person, in one list: exceptions, commands the hub refused, orders that lack something."""

from storeapp.domain.delivery import Delivery
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.held import Resolution
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.order import REMARKS, Order
from storeapp.domain.rules.closing import ReportException, ResolveException
from storeapp.services import undone
from storeapp.services.counter import Actor, Counter
from storeapp.services.rows import AttentionRow
from storeapp.store import lists

Result = tuple[Event, ...] | Refusal
NEEDS_LIMIT = 200


def attention_rows(counter: Counter) -> list[AttentionRow]:
    """What waits, the gravest first: what the hub refused, then exceptions, then what orders lack."""
    return [*undone.rows(counter), *_cases(counter), *_needs(counter)]


def _order_no(counter: Counter, delivery_id: str) -> str:
    delivery = counter.cache.get(Delivery, delivery_id)
    order = counter.cache.get(Order, delivery.order_id) if delivery else None
    return order.order_no if order else ""


def _cases(counter: Counter) -> list[AttentionRow]:
    cases = counter.cache.many(ExceptionCase, lists.open_cases(counter.cache.db))
    rows = []
    for case in cases.values():
        order_no = _order_no(counter, case.subject)
        rows.append(
            AttentionRow(
                id=case.id,
                source="exception",
                code=case.code,
                at=case.opened_at,
                subject=case.subject,
                order_no=order_no,
                delivery_id=case.subject if order_no else "",
                data=dict(case.data),
                by=case.opened_by,
                device="" if case.opened_where in ("", counter.device) else case.opened_where,
            )
        )
    return sorted(rows, key=lambda row: (row.at, row.id))


def _needs(counter: Counter) -> list[AttentionRow]:
    deliveries = counter.cache.many(Delivery, lists.needing(counter.cache.db, limit=NEEDS_LIMIT))
    orders = counter.cache.many(Order, [delivery.order_id for delivery in deliveries.values()])
    rows = []
    for delivery in deliveries.values():
        order = orders[delivery.order_id]
        rows += [
            AttentionRow(
                id=f"{delivery.id}:{need}",
                source="needs",
                code=need,
                at=order.created_at,
                subject=delivery.id,
                order_no=order.order_no,
                delivery_id=delivery.id,
                data={},
            )
            for need in order.needs
            if need not in REMARKS
        ]
    return rows


def report(counter: Counter, actor: Actor, delivery: str, kind: ExceptionKind) -> Result:
    """Say that something is wrong with a delivery.

    Refusals: ``unknown_delivery``.
    """
    with counter.transaction(actor) as tx:
        if tx.get(Delivery, delivery) is None:
            return Refusal("unknown_delivery")
        return tx.run(ReportException(delivery, kind))


def resolve(counter: Counter, actor: Actor, exception_id: str, resolution: str) -> Result:
    """Say what was decided.

    Refusals: ``unknown_exception``, ``already_resolved``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(ResolveException(exception_id, resolution))


def decide(counter: Counter, actor: Actor, command_id: str, resolution: Resolution) -> Result:
    """Decide about a command that the hub did not apply, and about all that follow it: see `undone.resolve`."""
    return undone.resolve(counter, actor, command_id, resolution)


def decide_any(counter: Counter, actor: Actor, matter: str, resolution: str) -> Result:
    """Say what was decided about whatever has this id in the list.

    Refusals: those of `resolve` and `undone.resolve`, and ``bad_reason``.
    """
    if all(row.id != matter for row in undone.rows(counter)):
        return resolve(counter, actor, matter, resolution)
    if resolution not in set(Resolution):
        return Refusal("bad_reason")
    return undone.resolve(counter, actor, matter, Resolution(resolution))


def accept_refusal(counter: Counter, actor: Actor, command_id: str) -> Result:
    """Say that the hub's refusal of a command was seen and stands; it leaves the list.

    Refusals: ``unknown_command``, ``already_resolved``, ``follows_another``, ``cannot_resolve_so``.
    """
    return undone.resolve(counter, actor, command_id, Resolution.ACCEPT)
