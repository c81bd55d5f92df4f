"""Commands that a rule refused to the counters of a store, until a person has taken note of them.

Mostly that is the store itself; where it does not, people of the hub can let the refusal stand, too.
"""

from datetime import UTC
from typing import NamedTuple

import sqlalchemy as sa

from hub.admission import is_id
from hub.core import Hub
from hub.devices import check_store
from hub.problems import HubProblem
from hub.tables import state
from hub.waiting import LISTED, Waiting, resolve
from storeapp.codec import decode_state
from storeapp.domain.feeds import store_feed
from storeapp.domain.held import Cause, HeldCommand, Resolution
from storeapp.domain.rules.held import ResolveHeld


class Refusals(NamedTuple):
    """The newest of what was refused, each matter followed by what fell with it, and how much is not among them."""

    rows: list[Waiting]
    more: int


def listed(hub: Hub, store: str) -> Refusals:
    """What was refused to a store and nobody has looked at.

    Raises:
        HubProblem: ``unknown_store``.
    """
    check_store(hub, store)
    mine = sa.and_(state.c.kind == HeldCommand.KIND, state.c.feed == store_feed(store))
    with hub.db.reading() as connection:
        found = [_refused(body) for body in connection.scalars(sa.select(state.c.body).where(mine))]
    matters = {held.id: held for held in found if held is not None}
    following: dict[str, list[HeldCommand]] = {}
    for held in sorted(matters.values(), key=lambda held: (held.at, held.id)):
        following.setdefault(held.root if held.root in matters else held.id, []).append(held)
    roots = sorted(following, key=lambda root: (matters[root].at, root), reverse=True)
    rows: list[HeldCommand] = []
    for root in roots:
        # Whole matters only: a person decides about all of one at once.
        if rows and len(rows) + len(following[root]) > LISTED:
            break
        rows += sorted(following[root], key=lambda held: held.id != root)
    return Refusals([_waiting(held) for held in rows], len(matters) - len(rows))


def accept(hub: Hub, command_id: str, *, by: str) -> str:
    """Let a refusal stand, with those that fell with it; returns the store.

    Raises:
        HubProblem: ``not_waiting``, ``not_resolved``.
    """
    held = _find(hub, command_id) if is_id(command_id) else None
    if held is None:
        raise HubProblem("not_waiting")
    resolve(hub, held.store, ResolveHeld(command_id, Resolution.ACCEPT), by=by)
    return held.store


def _find(hub: Hub, command_id: str) -> HeldCommand | None:
    query = sa.select(state.c.body).where(state.c.kind == HeldCommand.KIND, state.c.id == command_id)
    with hub.db.reading() as connection:
        return next((held for body in connection.scalars(query) if (held := _refused(body)) is not None), None)


def _refused(body: bytes) -> HeldCommand | None:
    held = decode_state(HeldCommand.KIND, body) if body else None
    return held if isinstance(held, HeldCommand) and held.open and held.cause is Cause.REFUSED else None


def _waiting(held: HeldCommand) -> Waiting:
    at = held.at.astimezone(UTC).isoformat()
    about = (held.root, held.subject, held.actor, held.data)
    return Waiting(held.id, held.device, held.store, held.kind, held.code, at, *about)
