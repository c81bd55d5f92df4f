"""The commands of this store that the hub did not apply: what waits about them, and what a person decides.

The store's feed tells of them, whichever counter they came from. Until it has been read so far, this counter's own
are known from the hub's answers in the journal.
"""

from collections.abc import Mapping

import msgspec

from storeapp.codec import UnknownKind, decode_command
from storeapp.domain.delivery import Delivery
from storeapp.domain.feeds import feeds_of
from storeapp.domain.held import CHOICES, Cause, HeldCommand, Resolution
from storeapp.domain.kernel import Command, Event, Refusal
from storeapp.domain.needs import subject_of
from storeapp.domain.order import Order, delivery_id
from storeapp.domain.rules.closing import AcceptRefusal
from storeapp.domain.rules.held import ResolveHeld
from storeapp.services.counter import Actor, Counter
from storeapp.services.rows import AttentionRow
from storeapp.store import lists
from storeapp.store.journal import Entry, Status

Result = tuple[Event, ...] | Refusal
LOST_RACE = "stale_base"
"""Two counters assigned one delivery; the hub saw the other one first."""
ACCEPTED = "refusal.accepted"
_AUDITED: Mapping[Resolution, str] = {
    Resolution.ACCEPT: ACCEPTED,
    Resolution.REDO: ACCEPTED,
    Resolution.RETRY: "held.retried",
    Resolution.DISCARD: "held.discarded",
}
_STANDS = (Resolution.ACCEPT, Resolution.REDO)


def count(counter: Counter) -> int:
    """How many matters wait."""
    return lists.count_open_held(counter.cache.db) + sum(not row.root for row in _untold_rows(counter))


def rows(counter: Counter) -> list[AttentionRow]:
    """All that waits, each matter followed by what hangs on it."""
    held = counter.cache.many(HeldCommand, lists.open_held(counter.cache.db))
    found = [_held_row(counter, each) for each in held.values()] + _untold_rows(counter)
    matters = {row.id: (row.at, row.id) for row in found if not row.root}
    return sorted(found, key=lambda row: (matters.get(row.root or row.id, (row.at, row.id)), bool(row.root), row.at))


def _held_row(counter: Counter, held: HeldCommand) -> AttentionRow:
    delivery = _delivery_of(counter, held.subject)
    return AttentionRow(
        id=held.id,
        source=held.cause.value,
        code=held.code,
        at=held.at,
        subject=held.subject,
        order_no=_order_no(counter, delivery),
        delivery_id=delivery,
        data={"kind": held.kind, **held.data},
        by=held.actor,
        device="" if held.device == counter.device else held.device,
        root=held.root,
        choices=_choices(held.cause),
    )


def _choices(cause: Cause) -> tuple[str, ...]:
    """What can be decided here; about a counter that was turned away, only people of the hub decide."""
    return () if cause is Cause.QUARANTINED else tuple(choice.value for choice in CHOICES[cause])


def _untold_rows(counter: Counter) -> list[AttentionRow]:
    cursors = {feed: counter.cache.cursor(feed) for feed in feeds_of(counter.identity.get("store", ""))}
    entries = counter.journal.rejected(cursors)
    known = {entry.id for entry in entries}
    return [_untold_row(counter, entry, known) for entry in entries]


def _untold_row(counter: Counter, entry: Entry, known: set[str]) -> AttentionRow:
    command = _command(entry)
    subject = subject_of(command) if command else ""
    delivery = _delivery_of(counter, subject)
    problem = msgspec.json.decode(entry.problem) if entry.problem else {}
    told = dict(problem.get("data", {}))
    root = str(told.get("command", ""))
    guide = getattr(command, "guide", "")
    data: dict[str, str | int] = {"kind": entry.kind, "guide": guide if isinstance(guide, str) else ""}
    if problem.get("code") == LOST_RACE:
        # The guide whom the hub names is the other counter's.
        data["winner"] = told.pop("guide", "")
    data.update(told)
    return AttentionRow(
        id=entry.id,
        source="parked" if entry.status is Status.PARKED else "refused",
        code=str(problem.get("code", "unknown")),
        at=entry.at,
        subject=subject,
        order_no=_order_no(counter, delivery),
        delivery_id=delivery,
        data=data,
        by=entry.actor,
        root=root if root in known else "",
        choices=tuple(choice.value for choice in _STANDS),
    )


def _command(entry: Entry) -> Command | None:
    """What was asked, None where only a newer program could read it."""
    try:
        return decode_command(entry.kind, entry.body)
    except UnknownKind:
        return None


def _delivery_of(counter: Counter, subject: str) -> str:
    """The delivery that a subject is, or that belongs to it; empty where there is none here."""
    names = (subject, delivery_id(subject)) if subject else ()
    return next((name for name in names if counter.cache.get(Delivery, name)), "")


def _order_no(counter: Counter, delivery: str) -> str:
    known = counter.cache.get(Delivery, delivery) if delivery else None
    order = counter.cache.get(Order, known.order_id) if known else None
    return order.order_no if order else ""


def resolve(counter: Counter, actor: Actor, command_id: str, resolution: Resolution) -> Result:
    """Decide about a command that waits, and about all that follow it.

    Refusals: ``unknown_command``, ``already_resolved``, ``follows_another``, ``hub_decides``, ``cannot_resolve_so``;
    ``not_told_yet`` where the hub has answered and its feed has not been read so far.
    """
    with counter.transaction(actor) as tx:
        if tx.get(HeldCommand, command_id) is not None:
            done = tx.run(ResolveHeld(command_id, resolution))
        elif counter.journal.by_id(command_id) is None:
            return Refusal("unknown_command")
        elif resolution in _STANDS:
            done = tx.run(AcceptRefusal(command_id))
        else:
            return Refusal("not_told_yet")
        if not isinstance(done, Refusal):
            for subject in dict.fromkeys((command_id, *(event.id for event in done))):
                tx.audit(_AUDITED[resolution], subject)
        return done


def heard(counter: Counter, told: list[HeldCommand]) -> dict[str, Status]:
    """What has become of this counter's own commands that had been put aside, as the feed now tells."""
    words = {"applied": Status.APPLIED, "refused": Status.REFUSED}
    return {each.id: words[each.outcome] for each in told if each.device == counter.device and each.outcome in words}
