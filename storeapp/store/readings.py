"""Which rows an unconfirmed command looked at: when one of them changes, the command may mean something else.

What a command changed stands in ``touch``; here is the rest, such as the delivery that a discrepancy was opened over.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from sqlite_utils import Database

from storeapp.codec import decode_command
from storeapp.domain.kernel import Context, Event, WatchedDraft
from storeapp.domain.rules.registry import decide_in, evolve
from storeapp.domain.workspace import Workspace
from storeapp.store.journal import Entry

_log = logging.getLogger(__name__)
INCARNATION, FORMER, FORMER_LAST = "incarnation", "former_incarnation", "former_last"
"""What the identity calls the numbering in force, the one before, and the last command that was made in that."""


def incarnation_of(entry: Entry, identity: Mapping[str, str]) -> str:
    """The numbering in which a command was made: its promises came out of the share of that one."""
    former = entry.n <= int(identity.get(FORMER_LAST, "0"))
    return (former and identity.get(FORMER, "")) or identity.get(INCARNATION, "")


def context_of(entry: Entry, *, device: str, incarnation: str) -> Context:
    """The context in which a command was made, for deciding it again."""
    return Context(
        now=entry.at,
        command_id=entry.id,
        store=entry.store,
        device=device,
        actor=entry.actor,
        role=entry.role,
        incarnation=incarnation,
        final=False,
    )


Pair = tuple[str, str]
"""The kind and id of a state."""


def only_read(read: Set[Pair], events: Iterable[Event]) -> set[Pair]:
    """What a command looked at and did not change."""
    return {*read} - {(event.OF.KIND, event.id) for event in events}


def read_by(work: Workspace, entry: Entry, events: Iterable[Event], identity: Mapping[str, str]) -> set[Pair]:
    """What a command of the journal would look at now, for a cache that was not there when it was saved."""
    context = context_of(entry, device=identity.get("device", ""), incarnation=incarnation_of(entry, identity))
    draft = WatchedDraft(work, evolve)
    try:
        decide_in(draft, decode_command(entry.kind, entry.body), context)
    except Exception as error:
        # Its events count all the same; the hub decides it anew.
        _log.warning("command %d of kind %s is not decided here: %s", entry.n, entry.kind, type(error).__name__)
    return only_read(draft.read, events)


def note(db: Database, readings: Iterable[tuple[int, Iterable[Pair]]]) -> None:
    """Remember what unconfirmed commands looked at; call in a transaction of the cache."""
    rows: Sequence[Any] = [(n, *key) for n, keys in readings for key in keys]
    if rows:
        db.conn.executemany("INSERT OR IGNORE INTO reading (n, kind, id) VALUES (?, ?, ?)", rows)
