"""What becomes of a parcel that left: delivered with the customer's code, failed, passed on, or back at the counter."""

import contextlib
import hmac
import re
from datetime import timedelta

from storeapp.adapters.sealing import SealBroken
from storeapp.domain.catalogue import Building
from storeapp.domain.delivery import Delivery, DeliveryState, Holder, Proof
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.order import Order
from storeapp.domain.rules.custody import Deliver, FailDelivery, PassOn, ReturnDelivery
from storeapp.domain.rules.people import LocateBuilding
from storeapp.domain.words import Role
from storeapp.services.addresses import building_of
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.experience import observe

Result = tuple[Event, ...] | Refusal

WRONG_CODES = 5
CODE_PATIENCE = timedelta(minutes=10)
WRONG_CODE = "code.wrong"
CODE_REVEALED = "code.revealed"
_REASON = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)
_DONE = {DeliveryState.DELIVERED, DeliveryState.COLLECTED}
_AT_HOME = {DeliveryState.WAITING, DeliveryState.ASSIGNED, DeliveryState.RETURNED}


def reveal_code(counter: Counter, actor: Actor, order: str) -> str | Refusal:
    """The customer's pickup code; who saw it stands in the audit chain.

    Refusals: ``unknown_order``, ``code_unavailable``.
    """
    with counter.transaction(actor) as tx:
        known = tx.get(Order, order)
        if known is None:
            return Refusal("unknown_order")
        code = counter.privacy.pickup_code(known)
        if code is None:
            return Refusal("code_unavailable")
        tx.audit(CODE_REVEALED, order)
        return code


def deliver(counter: Counter, actor: Actor, delivery_id: str, code: str) -> Result:
    """The customer has the parcels and said the pickup code; the building is confirmed in the address book.

    Refusals: ``unknown_delivery``, ``delivery_cancelled``, ``already_delivered``, ``not_in_custody``,
    ``code_unavailable``, ``too_many_tries``, ``wrong_code``.
    """
    with counter.transaction(actor) as tx:
        refusal = _deliverable(tx, delivery_id) or _check_code(counter, tx, delivery_id, code)
        return refusal or _deliver(counter, tx, Deliver(delivery_id, Proof.PICKUP_CODE))


def deliver_without_code(counter: Counter, actor: Actor, delivery_id: str, reason: str) -> Result:
    """A manager states that the customer has the parcels; a discrepancy keeps the reason for others to see.

    Refusals: ``manager_only``, ``bad_reason``, ``unknown_delivery``, ``delivery_cancelled``,
    ``already_delivered``, ``not_in_custody``.
    """
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    if not is_reason(reason):
        return Refusal("bad_reason")
    with counter.transaction(actor) as tx:
        refusal = _deliverable(tx, delivery_id)
        return refusal or _deliver(counter, tx, Deliver(delivery_id, Proof.STAFF, reason=reason))


def is_reason(reason: str) -> bool:
    """Whether a reason is a code such as ``damaged``; free text could hold personal data."""
    return _REASON.fullmatch(reason) is not None


def _deliverable(tx: Transaction, delivery_id: str) -> Refusal | None:
    delivery = tx.get(Delivery, delivery_id)
    refusal = _not_over(delivery)
    if refusal is None and delivery is not None and delivery.state in _AT_HOME:
        return Refusal("not_in_custody", {"state": delivery.state.value})
    return refusal


def _not_over(delivery: Delivery | None) -> Refusal | None:
    if delivery is None:
        return Refusal("unknown_delivery")
    if delivery.state is DeliveryState.CANCELLED:
        return Refusal("delivery_cancelled")
    return Refusal("already_delivered") if delivery.state in _DONE else None


def _check_code(counter: Counter, tx: Transaction, delivery_id: str, code: str) -> Refusal | None:
    order = _order(tx, delivery_id)
    right = counter.privacy.pickup_code(order) if order else None
    if right is None:
        return Refusal("code_unavailable")
    tries = counter.journal.audited(WRONG_CODE, delivery_id, since=tx.now - CODE_PATIENCE)
    if tries >= WRONG_CODES:
        return Refusal("too_many_tries", {"minutes": CODE_PATIENCE // timedelta(minutes=1)})
    if not hmac.compare_digest(code.strip().encode(), right.encode()):
        tx.audit(WRONG_CODE, delivery_id)
        return Refusal("wrong_code", {"tries": WRONG_CODES - tries - 1})
    return None


def _order(tx: Transaction, delivery_id: str) -> Order | None:
    delivery = tx.get(Delivery, delivery_id)
    return tx.get(Order, delivery.order_id) if delivery else None


def _deliver(counter: Counter, tx: Transaction, command: Deliver) -> Result:
    order = _order(tx, command.delivery_id)
    done = tx.must(command)
    observe(counter, tx, command.delivery_id)
    if order is not None:
        # A broken seal is told wherever the person is shown; it must not undo a delivery.
        with contextlib.suppress(SealBroken):
            _confirm_building(counter, tx, order)
    return done


def _confirm_building(counter: Counter, tx: Transaction, order: Order) -> None:
    """What the courier reached is where the building stands: it is learned once, and confirmed ever after."""
    person = counter.privacy.person(order.id, order.sealed)
    building = building_of(person) if person else ""
    if person is None or person.position is None or not building:
        return
    known = tx.get(Building, building)
    tx.must(LocateBuilding(building, known.position if known else person.position))


def fail(counter: Counter, actor: Actor, delivery_id: str, reason: str, *, returning: bool = False) -> Result:
    """The customer did not take it; the guide still has it.

    Refusals: ``bad_reason``, ``unknown_delivery``, ``delivery_cancelled``, ``already_delivered``, ``not_in_custody``.
    """
    if not is_reason(reason):
        return Refusal("bad_reason")
    with counter.transaction(actor) as tx:
        refusal = _deliverable(tx, delivery_id)
        return refusal or tx.must(FailDelivery(delivery_id, reason, returning=returning))


def return_parcel(counter: Counter, actor: Actor, delivery_id: str, reason: str) -> Result:
    """The parcels are back at the counter.

    Refusals: ``bad_reason``, ``unknown_delivery``, ``delivery_cancelled``, ``already_delivered``, ``not_out``.
    """
    if not is_reason(reason):
        return Refusal("bad_reason")
    with counter.transaction(actor) as tx:
        delivery = tx.get(Delivery, delivery_id)
        refusal = _not_over(delivery)
        if refusal is None and delivery is not None and delivery.state in _AT_HOME:
            refusal = Refusal("not_out", {"state": delivery.state.value})
        return refusal or tx.must(ReturnDelivery(delivery_id, reason))


def pass_on(counter: Counter, actor: Actor, delivery_id: str, holder: Holder, holder_id: str) -> Result:
    """The parcels lie at a pickup point, or a third-party courier has them.

    Refusals: ``bad_holder``, ``unknown_delivery``, ``delivery_cancelled``, ``already_delivered``.
    """
    if holder not in {Holder.COURIER, Holder.PICKUP_POINT} or not holder_id.strip():
        return Refusal("bad_holder")
    with counter.transaction(actor) as tx:
        refusal = _not_over(tx.get(Delivery, delivery_id))
        return refusal or tx.must(PassOn(delivery_id, holder, holder_id.strip()))
