"""Commands that wait for a person of the hub: parked ones, and those of counters that were turned away.

What the person decides is a command of the hub's own: decided by the same rules, kept, and told to the counters.
"""

import re
from dataclasses import dataclass, field
from uuid import uuid4

import msgspec
import sqlalchemy as sa

from hub import holding
from hub.admission import is_id
from hub.core import Hub
from hub.decisions import decide_own
from hub.devices import check_store
from hub.problems import HubProblem
from hub.quarantine import REVOKED
from hub.states import States, write
from hub.tables import parked, state
from storeapp.codec import decode_state, encode
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.feeds import store_feed
from storeapp.domain.held import Cause, CommandHeld, HeldCommand, Resolution
from storeapp.domain.kernel import Command, Data
from storeapp.domain.rules.closing import ResolveException
from storeapp.domain.rules.held import ResolveHeld
from storeapp.domain.words import Role
from storeapp.domain.workspace import Workspace
from sync.protocol.messages import Result, ResultStatus, WireCommand, refusal

LISTED = 500
_CODE = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One command that nobody has decided; its content is not told, because it may be about a person.

    ``root`` is the command that it waits with, empty where it is a matter of its own.
    """

    id: str
    device: str
    store: str
    kind: str
    code: str
    at: str
    root: str = ""
    subject: str = ""
    actor: str = ""
    data: Data = field(default_factory=dict)


def listed(hub: Hub, *, store: str = "") -> list[Waiting]:
    """The oldest of what waits, of one store or of all, each matter with what follows it.

    Raises:
        HubProblem: ``unknown_store``.
    """
    columns = (parked.c.id, parked.c.device, parked.c.store, parked.c.kind, parked.c.code, parked.c.at, state.c.body)
    held = sa.and_(state.c.kind == HeldCommand.KIND, state.c.id == parked.c.id)
    query = sa.select(*columns).outerjoin(state, held).order_by(parked.c.at, parked.c.id).limit(LISTED)
    if store:
        check_store(hub, store)
        query = query.where(parked.c.store == store)
    with hub.db.reading() as connection:
        rows = [_waiting(*row) for row in connection.execute(query)]
    known = {row.id for row in rows}
    matters = {row.id: number for number, row in enumerate(rows)}
    return sorted(rows, key=lambda row: (matters[row.root if row.root in known else row.id], bool(row.root)))


def _waiting(command_id: str, device: str, store: str, kind: str, code: str, at: str, body: bytes | None) -> Waiting:
    held = decode_state(HeldCommand.KIND, body) if body else None
    if not isinstance(held, HeldCommand):
        return Waiting(command_id, device, store, kind, code, at)
    return Waiting(command_id, device, store, kind, held.code, at, held.root, held.subject, held.actor, held.data)


def open_cases(hub: Hub, *, store: str = "") -> list[ExceptionCase]:
    """The open questions of a store or of all, the newest first: nothing in them is about a customer.

    Raises:
        HubProblem: ``unknown_store``.
    """
    query = sa.select(state.c.body).where(state.c.kind == ExceptionCase.KIND)
    if store:
        check_store(hub, store)
        query = query.where(state.c.feed == store_feed(store))
    with hub.db.reading() as connection:
        found = [decode_state(ExceptionCase.KIND, body) for body in connection.scalars(query) if body]
    cases = [case for case in found if isinstance(case, ExceptionCase) and case.open]
    return sorted(cases, key=lambda case: (case.opened_at, case.id), reverse=True)[:LISTED]


def count(hub: Hub) -> int:
    """How many wait."""
    with hub.db.reading() as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(parked)) or 0


def retry(hub: Hub, command_id: str, *, by: str) -> Result:
    """Decide a command again, as if its counter had sent it now, and what follows it; it may wait on.

    Raises:
        HubProblem: ``not_waiting``, ``not_resolved``.
    """
    store = _store_of(hub, command_id)
    _, again = resolve(hub, store, ResolveHeld(command_id, Resolution.RETRY), by=by)
    return next(result for result in again if result.id == command_id)


def discard(hub: Hub, command_id: str, *, by: str) -> None:
    """Let a command be, with what follows it and cannot stand alone; that it was there is not forgotten.

    Raises:
        HubProblem: ``not_waiting``, ``not_resolved``.
    """
    resolve(hub, _store_of(hub, command_id), ResolveHeld(command_id, Resolution.DISCARD), by=by)


def resolve_case(hub: Hub, case_id: str, resolution: str, *, by: str) -> Result:
    """Say what was decided about an open question of a store.

    Raises:
        HubProblem: ``not_waiting``, ``not_resolved``.
    """
    if not is_id(case_id) or not _CODE.fullmatch(resolution):
        raise HubProblem("not_waiting" if _CODE.fullmatch(resolution) else "malformed_request")
    query = sa.select(state.c.body).where(state.c.kind == ExceptionCase.KIND, state.c.id == case_id)
    with hub.db.reading() as connection:
        found = [decode_state(ExceptionCase.KIND, body) for body in connection.scalars(query) if body]
    case = next((each for each in found if isinstance(each, ExceptionCase) and each.open), None)
    if case is None:
        raise HubProblem("not_waiting")
    return resolve(hub, case.store, ResolveException(case_id, resolution), by=by)[0]


def _store_of(hub: Hub, command_id: str) -> str:
    """The store of a command that waits; one that an older hub had put aside becomes a matter now."""
    if not is_id(command_id):
        raise HubProblem("not_waiting")
    matter = sa.and_(state.c.kind == HeldCommand.KIND, state.c.id == parked.c.id)
    query = sa.select(parked.c.store, parked.c.code, state.c.body).select_from(sa.outerjoin(parked, state, matter))
    with hub.db.reading() as connection:
        row = connection.execute(query.where(parked.c.id == command_id)).first()
    if row is None:
        raise HubProblem("not_waiting")
    if not row.body:
        _adopt(hub, command_id, row.store, row.code)
    return str(row.store)


def _adopt(hub: Hub, command_id: str, store: str, code: str) -> None:
    feed = store_feed(store)
    with hub.db.writing() as connection:
        locked = hub.db.lock_heads(connection, [feed])
        states = States(hub.db, connection, store=store)
        work = Workspace(states)
        for each in holding.waiting(hub.db, connection, [command_id]):
            cause = Cause.QUARANTINED if code == REVOKED else Cause.PARKED
            one = holding.held(each.command, each.sender, cause=cause, problem=refusal(code or "handler_failed"))
            work.replay([CommandHeld(one.id, one)])
        write(hub.db, connection, states.changes(work.dirty), locked)
    hub.bell.ring([feed])


def resolve(hub: Hub, store: str, command: Command, *, by: str) -> tuple[Result, list[Result]]:
    """Decide a command of the hub's own people; returns its result, and those of what was decided again with it.

    Raises:
        HubProblem: ``not_resolved``, with the rule's reason.
    """
    wire = WireCommand(
        seq=1,
        id=str(uuid4()),
        kind=command.KIND,
        at=hub.now(),
        actor=by,
        role=Role.MANAGER.value,
        store=store,
        body=msgspec.Raw(encode(command)),
    )
    result, again = decide_own(hub, store, wire)
    if result.status is not ResultStatus.APPLIED:
        code = result.problem.code if result.problem else result.status.value
        raise HubProblem("not_resolved", reason=code)
    return result, again
