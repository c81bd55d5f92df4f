"""Keeps what two stores know of one guide alike: a badge at the store that borrows, and pay at the store that pays.

A rule changes the states of one store only. What follows from that in another store's feed happens here, in the same
transaction, under the heads of both feeds: the copy of a lent guide follows the guide, and the guide's own statement
follows what was earned elsewhere.
"""

from functools import partial

from msgspec.structs import replace

from hub.states import States
from storeapp.domain.kernel import Draft, Event, Key
from storeapp.domain.lending import Away, GuideLent, LentGuide, copy_of, lent_id
from storeapp.domain.people import Guide
from storeapp.domain.statement import EarnedElsewhere, Elsewhere, Statement, statement_id
from storeapp.domain.workspace import Workspace

KIND = "hub.lent"
"""What the log of events calls what was done here."""


def settle_batch(states: States, work: Workspace) -> list[Event]:
    """Bring in order what a batch has changed of guides and of guests' pay; nothing where it has changed neither."""
    dirty = list(work.dirty)
    guides = [key.id for key in dirty if key.kind == Guide.KIND]
    states.prefetch(Key(Away.KIND, guide) for guide in guides)
    done: list[Event] = []
    for guide in guides:
        done += work.perform(partial(_copy, guide=guide))
    for key in dirty:
        statement = work.get(Statement, key.id) if key.kind == Statement.KIND else None
        if statement is not None and statement.guide_store:
            done += work.perform(partial(_tell, statement=statement))
    return done


def _copy(draft: Draft, *, guide: str) -> None:
    known, away = draft.get(Guide, guide), draft.get(Away, guide)
    if known is None or away is None:
        return
    for store in sorted({loan.store for loan in away.loans}):
        lent = draft.get(LentGuide, lent_id(guide, store))
        if lent is not None and lent.guide != copy_of(known):
            draft.emit(GuideLent(lent.id, replace(lent, guide=copy_of(known))))


def _tell(draft: Draft, *, statement: Statement) -> None:
    own = statement_id(statement.guide, statement.day)
    told = Elsewhere(statement.store, statement.earnings)
    known = draft.get(Statement, own)
    if told.earnings or (known is not None and any(each.store == told.store for each in known.elsewhere)):
        draft.emit(EarnedElsewhere(own, statement.guide, statement.guide_store, statement.day, told))
