"""Everything that waits for a person, in one list: exceptions, commands the hub refused, orders that lack something."""

import msgspec

from storeapp.codec import UnknownKind, decode_command
from storeapp.domain.delivery import Delivery
from storeapp.domain.exception import ExceptionCase, ExceptionKind
from storeapp.domain.kernel import Command, Event, Refusal
from storeapp.domain.order import REMARKS, Order
from storeapp.domain.rules.closing import AcceptRefusal, ReportException, ResolveException
from storeapp.services.counter import Actor, Counter
from storeapp.services.rows import AttentionRow
from storeapp.store import lists
from storeapp.store.journal import Entry, Status

Result = tuple[Event, ...] | Refusal
NEEDS_LIMIT = 200
LOST_RACE = "stale_base"
"""Two counters assigned one delivery; the hub saw the other one first."""


def attention_rows(counter: Counter) -> list[AttentionRow]:
    """What waits, the gravest first: what the hub refused, then exceptions, then what orders lack."""
    return [*_refused(counter), *_cases(counter), *_needs(counter)]


def _refused(counter: Counter) -> list[AttentionRow]:
    return [_refused_row(counter, entry) for entry in counter.journal.rejected()]


def _refused_row(counter: Counter, entry: Entry) -> AttentionRow:
    command = _command(entry)
    delivery_id = str(getattr(command, "delivery_id", ""))
    problem = msgspec.json.decode(entry.problem) if entry.problem else {}
    data: dict[str, str | int] = {"kind": entry.kind, "guide": str(getattr(command, "guide", ""))}
    told = dict(problem.get("data", {}))
    if problem.get("code") == LOST_RACE:
        # The guide whom the hub names is the other counter's.
        data["winner"] = told.pop("guide", "")
    data.update(told)
    return AttentionRow(
        id=entry.id,
        source="parked" if entry.status is Status.PARKED else "refused",
        code=str(problem.get("code", "unknown")),
        at=entry.at,
        subject=delivery_id or str(getattr(command, "order_id", "")),
        order_no=_order_no(counter, delivery_id),
        delivery_id=delivery_id,
        data=data,
        by=entry.actor,
    )


def _command(entry: Entry) -> Command | None:
    """What was asked, None where only a newer program could read it."""
    try:
        return decode_command(entry.kind, entry.body)
    except UnknownKind:
        return None


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


def accept_refusal(counter: Counter, actor: Actor, command_id: str) -> Result:
    """Say that the hub's refusal of a command was seen; it leaves the list.

    Refusals: ``unknown_command``.
    """
    if counter.journal.by_id(command_id) is None:
        return Refusal("unknown_command")
    with counter.transaction(actor) as tx:
        tx.audit("refusal.accepted", command_id)
        return tx.run(AcceptRefusal(command_id))
