"""A counter speaks for its own store: what would change another store's states is not done, whatever a body names.

No honest counter comes here, because it has only its own store's states, but for an order number that two stores use.
"""

from storeapp.domain.delivery import Delivery
from storeapp.domain.kernel import Command, Context, Draft, Refusal
from storeapp.domain.people import Guide
from storeapp.domain.rules.common import discrepancy
from storeapp.domain.statement import Statement

OTHER_STORE = "other_store"


def other_store(draft: Draft, store: str) -> str:
    """The other store whose states a command has changed; empty for none."""
    for key, state in draft.changed.items():
        theirs = getattr(state, "store", store)
        # A guide who has changed stores today is paid on one statement.
        if theirs != store and key.kind != Statement.KIND and not _leaves(draft, state, store):
            return str(theirs)
    return ""


def _leaves(draft: Draft, state: object, store: str) -> bool:
    """Whether a guide of ours goes to another store."""
    before = draft.before(Guide, state.id) if isinstance(state, Guide) else None
    return before is not None and before.store == store


def told_elsewhere(draft: Draft, ctx: Context, command: Command) -> Refusal | None:
    """A fact about a delivery has happened, and a person is asked; the other store's delivery stays as it is."""
    subject = getattr(command, "delivery_id", None)
    theirs = draft.before(Delivery, subject) if command.FACT and isinstance(subject, str) else None
    if theirs is None:
        return Refusal(OTHER_STORE, {"store": ctx.store})
    discrepancy(draft, ctx, "order_of_other_store", subject=theirs.id, data={"store": theirs.store})
    return None
