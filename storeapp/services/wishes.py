"""What staff ask of the planner: keep a delivery for a guide or from one, and put it before others."""

from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.rules.wishes import BanGuide, PinDelivery, PrioritiseDelivery
from storeapp.services.counter import Actor, Counter

Result = tuple[Event, ...] | Refusal


def pin(counter: Counter, actor: Actor, delivery_id: str, guide: str) -> Result:
    """Let only this guide be planned for the delivery; with an empty ``guide`` anybody again.

    A guide who is banned from it as well leaves it without anybody, and the plan says so.

    Refusals: ``unknown_delivery``, ``not_assignable``, ``unknown_guide``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(PinDelivery(delivery_id, guide))


def ban(counter: Counter, actor: Actor, delivery_id: str, guide: str, *, lifted: bool = False) -> Result:
    """Never plan this guide for the delivery; ``lifted`` takes that back.

    Refusals: ``unknown_delivery``, ``not_assignable``, ``unknown_guide``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(BanGuide(delivery_id, guide, lifted))


def prioritise(counter: Counter, actor: Actor, delivery_id: str, priority: int) -> Result:
    """Say how much more than others it must not be left: 0 for as others, 1, or 2 for the most.

    Refusals: ``unknown_delivery``, ``not_assignable``, ``bad_priority``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(PrioritiseDelivery(delivery_id, priority))
