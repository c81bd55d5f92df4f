"""What the desk shows beside a verdict: who carries what, what was handed over today; and how to take that back."""

from dataclasses import dataclass

from storeapp.codec import decode_command
from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.moment import Window, store_day
from storeapp.domain.rules.custody import HandOver, ReturnDelivery
from storeapp.domain.rules.deliveries import AssignDelivery, RetryDelivery
from storeapp.domain.words import TravelMode
from storeapp.services.counter import Actor, Counter
from storeapp.services.lending import guide_here, hours_on
from storeapp.services.queries import order_rows, today_until
from storeapp.services.rows import OrderRow
from storeapp.services.slips import OUT, carried_by
from storeapp.store import lists
from storeapp.store.lists import OrderFilter

TAKEN_BACK = "undone"
"""Why goods came back that were handed over by mistake a moment ago."""


@dataclass(frozen=True, slots=True)
class GuideAtDesk:
    """A guide whose badge was scanned: what lies ready and what is carried."""

    id: str
    name: str
    mode: TravelMode
    window: Window | None
    assigned: tuple[OrderRow, ...]
    carried: tuple[OrderRow, ...]


def guide_at_desk(counter: Counter, guide: str) -> GuideAtDesk | None:
    """What a guide may take now, the most urgent first, and what the guide holds, in the order of the run."""
    known = guide_here(counter.cache, guide, counter.store)
    if known is None:
        return None
    day = store_day(counter.clock.now())
    wanted = OrderFilter(guide=guide, states=(DeliveryState.ASSIGNED,), sort="window_end", descending=False)
    ready = lists.delivery_ids(counter.cache.db, wanted, hashes=())
    return GuideAtDesk(
        id=known.id,
        name=known.name,
        mode=known.mode,
        window=hours_on(counter, known, day),
        assigned=_rows(counter, ready),
        carried=_rows(counter, [delivery.id for delivery in carried_by(counter, guide)]),
    )


def deliveries_out(counter: Counter) -> tuple[OrderRow, ...]:
    """Everything that has left and is not over, the most urgent first."""
    states = (*OUT, DeliveryState.WITH_COURIER, DeliveryState.AT_PICKUP_POINT)
    return _listed(counter, states)


def deliveries_in(counter: Counter) -> tuple[OrderRow, ...]:
    """Everything that lies in the store to go out, the most urgent first."""
    return _listed(counter, (DeliveryState.ASSIGNED, DeliveryState.WAITING, DeliveryState.RETURNED))


def _listed(counter: Counter, states: tuple[DeliveryState, ...]) -> tuple[OrderRow, ...]:
    wanted = OrderFilter(states=states, sort="window_end", descending=False, limit=200)
    return _rows(counter, lists.delivery_ids(counter.cache.db, wanted, hashes=()))


def _rows(counter: Counter, ids: list[str]) -> tuple[OrderRow, ...]:
    return tuple(row for row in order_rows(counter, ids) if row is not None)


def handed_over_today(counter: Counter) -> int:
    """How many parcels were handed over at this counter since midnight, without those that were taken back."""
    start, _ = today_until(counter)
    out: set[tuple[str, int]] = set()
    for entry in counter.journal.since(start, {HandOver.KIND, ReturnDelivery.KIND}):
        match decode_command(entry.kind, entry.body):
            case HandOver() as handed:
                out.add((handed.delivery_id, handed.parcel))
            case ReturnDelivery(reason=reason) as back if reason == TAKEN_BACK:
                out = {(delivery, parcel) for delivery, parcel in out if delivery != back.delivery_id}
            case _:
                continue
    return len(out)


def take_back(counter: Counter, actor: Actor, delivery_id: str) -> tuple[Event, ...] | Refusal:
    """Undo a handoff of a moment ago: the goods lie in the store again, for the same guide at the same time.

    The slip is used up and must be printed anew.

    Refusals: ``unknown_delivery``, ``not_in_custody``.
    """
    with counter.transaction(actor) as tx:
        before = tx.get(Delivery, delivery_id)
        if before is None:
            return Refusal("unknown_delivery")
        if before.state is not DeliveryState.IN_CUSTODY:
            return Refusal("not_in_custody", {"state": before.state.value})
        done = tx.must(ReturnDelivery(delivery_id, TAKEN_BACK))
        tx.run(RetryDelivery(delivery_id))
        again = tx.get(Delivery, delivery_id)
        if again is not None and again.state is DeliveryState.WAITING and before.guide:
            tx.run(AssignDelivery(delivery_id, before.guide, again.assignments, before.eta))
        return done
