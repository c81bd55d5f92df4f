"""Forgets customers whose orders are over: the key is destroyed, so no copy of the ciphertext can be read again."""

from datetime import timedelta

from storeapp.domain.order import Order, OrderStatus
from storeapp.domain.rules.orders import ForgetOrder
from storeapp.services.counter import SYSTEM, Counter, Transaction
from storeapp.services.demand import LOOK_BACK, note_demand
from storeapp.services.experience import note_legs
from storeapp.store import lists

BATCH = 500


def forget_due(counter: Counter) -> int:
    """Forget the customers of orders that ended longer ago than the policy's grace; returns how many.

    It needs neither the root key nor the hub: what has not been sent yet is sent later without the person.

    Raises:
        StoreError: the rest is forgotten at the next call.
    """
    # Where orders went and how long that took is kept, coarsely, before nobody knows any more.
    note_demand(counter)
    note_legs(counter, since=LOOK_BACK)
    forgotten = 0
    while done := _forget_batch(counter):
        forgotten += done
    counter.cache.scrub()
    return forgotten


def _forget_batch(counter: Counter) -> int:
    with counter.transaction(SYSTEM) as tx:
        before = tx.now - timedelta(hours=counter.policy.forget_after_hours)
        due = lists.due_for_forgetting(counter.cache.db, closed_before=before, limit=BATCH)
        over = [order for order in due if _is_over(tx, order)]
        # Keys go first: if the commit fails, the orders are still due, and the next call finishes the work.
        counter.privacy.forget(over)
        for order in over:
            tx.must(ForgetOrder(order))
        return len(over)


def _is_over(tx: Transaction, order: str) -> bool:
    known = tx.get(Order, order)
    return known is not None and known.status is not OrderStatus.OPEN
