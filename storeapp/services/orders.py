"""Orders by hand: typed or pasted, corrected, located, rescheduled, cancelled, packed in several parcels."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.moment import Window, store_day
from storeapp.domain.order import Order, OrderLine, OrderStatus, order_id
from storeapp.domain.place import Position
from storeapp.domain.rules.deliveries import RetryDelivery, SplitDelivery
from storeapp.domain.rules.orders import CancelOrder, CorrectOrder, RescheduleOrder
from storeapp.domain.words import Mode, Platform
from storeapp.services.addresses import load_book, locate
from storeapp.services.counter import Actor, Counter, Transaction
from storeapp.services.intake import place_command

Result = tuple[Event, ...] | Refusal

_PERSON_NEEDS = {
    "name_missing": "name",
    "name_masked": "name",
    "phone_missing": "phone",
    "phone_masked": "phone",
    "phone_invalid": "phone",
    "phone_virtual": "phone",
    "address_missing": "address",
    "address_masked": "address",
    "address_change_pending": "address",
}
"""Which part of the person, once mended, answers which need."""


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What staff typed."""

    person: Person
    lines: tuple[IncomingLine, ...]
    mode: Mode = Mode.INSTANT
    window: Window | None = None
    order_no: str = ""


def new_number(counter: Counter) -> str:
    """A number for an order that no platform has numbered: day and 40 random bits, for no two counters to meet."""
    return f"C{store_day(counter.clock.now()):%y%m%d}-{secrets.token_hex(5).upper()}"


def place(counter: Counter, actor: Actor, order: NewOrder) -> str | Refusal:
    """Take a typed order on; returns its delivery id.

    Refusals: ``order_without_goods``, ``bad_quantity``, ``order_exists``.
    """
    refusal = _goods_refusal([(line.sku, line.quantity) for line in order.lines])
    if refusal is not None:
        return refusal
    number = order.order_no.strip() or new_number(counter)
    subject = order_id(Platform.COUNTER, number)
    with counter.transaction(actor) as tx:
        if tx.get(Order, subject) is not None:
            return Refusal("order_exists", {"order_no": number})
        key = counter.privacy.keys_for([subject], now=tx.now).get(subject)
        person = _located(counter, order.person)
        incoming = _incoming(order, number, now=tx.now)
        digest = counter.privacy.digest(incoming, key)
        tx.must(place_command(counter, incoming, person=person, key=key, digest=digest, now=tx.now))
        _add_to_index(counter, subject, person)
    return f"{subject}-1"


def _incoming(order: NewOrder, number: str, *, now: datetime) -> IncomingOrder:
    person = order.person
    missing = (("name_missing", person.name), ("phone_missing", person.phone), ("address_missing", person.address))
    return IncomingOrder(
        platform=Platform.COUNTER,
        order_no=number,
        cancelled=False,
        created_at=now,
        updated_at=now,
        lines=order.lines,
        person=person,
        mode=order.mode,
        window=order.window,
        needs=tuple(code for code, value in missing if not value),
    )


def _goods_refusal(lines: Sequence[tuple[str, int]]) -> Refusal | None:
    if not lines or not all(sku for sku, _ in lines):
        return Refusal("order_without_goods")
    return None if all(0 < quantity <= 9999 for _, quantity in lines) else Refusal("bad_quantity")


def _located(counter: Counter, person: Person) -> Person:
    return person if person.position else replace(person, position=locate(load_book(counter), person))


def _add_to_index(counter: Counter, subject: str, person: Person) -> None:
    """Let an order be found by its customer; before it is saved, because nobody makes up for it afterwards."""
    with counter.cache.writing():
        counter.cache.finder_add(counter.privacy.finder_hashes({subject: person}))


def _index(counter: Counter, subject: str, person: Person) -> None:
    """Let an order be found by this customer only."""
    with counter.cache.writing():
        counter.cache.finder_remove(subject)
        counter.cache.finder_add(counter.privacy.finder_hashes({subject: person}))


def correct(
    counter: Counter,
    actor: Actor,
    order: str,
    *,
    person: Person | None = None,
    lines: Sequence[OrderLine] | None = None,
) -> Result:
    """Mend the customer's data or the goods; a changed address is located anew.

    Refusals: ``unknown_order``, ``order_closed``, ``no_root_key``, ``order_without_goods``, ``bad_quantity``.
    """
    refusal = _goods_refusal([(line.sku, line.quantity) for line in lines]) if lines is not None else None
    if refusal is not None:
        return refusal
    with counter.transaction(actor) as tx:
        known = tx.get(Order, order)
        if known is None:
            return Refusal("unknown_order")
        before = counter.privacy.person(known.id, known.sealed)
        if before is None and person is not None and not counter.privacy.available:
            return Refusal("no_root_key")
        after = _mended(counter, before, person)
        result = tx.run(_correction(counter, tx, known, after, lines))
        named = after if not isinstance(result, Refusal) else None
        if named is not None:
            _add_to_index(counter, known.id, named)
    if named is not None:
        _index(counter, known.id, named)
    return result


def _mended(counter: Counter, before: Person | None, person: Person | None) -> Person | None:
    if person is None:
        return before
    moved = before is None or before.address != person.address
    return _located(counter, replace(person, position=None) if moved and person.position is None else person)


def _correction(
    counter: Counter, tx: Transaction, known: Order, person: Person | None, lines: Sequence[OrderLine] | None
) -> CorrectOrder:
    sealed, located = known.sealed, known.located
    needs = known.needs
    if person is not None:
        key = counter.privacy.keys_for([known.id], now=tx.now).get(known.id)
        sealed = counter.privacy.seal(person, key, subject=known.id)
        located = person.position is not None
        needs = _still(known.needs, person)
    return CorrectOrder(known.id, sealed, located, needs, tuple(lines) if lines is not None else None)


def _still(needs: Sequence[str], person: Person) -> tuple[str, ...]:
    """The needs that the mended person does not answer."""
    kept = [need for need in needs if not getattr(person, _PERSON_NEEDS.get(need, ""), "") and need != "no_position"]
    return (*kept, *(() if person.position else ("no_position",)))


def put_on_map(counter: Counter, actor: Actor, order: str, position: Position) -> Result:
    """Say by hand where an order goes.

    Refusals: ``unknown_order``, ``order_closed``, ``no_root_key``.
    """
    known = counter.cache.get(Order, order)
    person = counter.privacy.person(known.id, known.sealed) if known else None
    if known is None:
        return Refusal("unknown_order")
    if person is None:
        return Refusal("no_root_key" if known.status is OrderStatus.OPEN else "order_closed", {"status": known.status})
    return correct(counter, actor, order, person=replace(person, position=position))


def reschedule(counter: Counter, actor: Actor, order: str, window: Window, mode: Mode | None = None) -> Result:
    """Promise another window.

    Refusals: ``unknown_order``, ``order_closed``.
    """
    with counter.transaction(actor) as tx:
        known = tx.get(Order, order)
        if known is None:
            return Refusal("unknown_order")
        return tx.run(RescheduleOrder(order, mode or known.mode, window))


def cancel(counter: Counter, actor: Actor, order: str, reason: str) -> Result:
    """Call an order off; after custody it is recalled.

    Refusals: ``unknown_order``, ``order_closed``, ``already_delivered``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(CancelOrder(order, reason))


def retry(counter: Counter, actor: Actor, delivery: str) -> Result:
    """Let a returned delivery go out again.

    Refusals: ``unknown_delivery``, ``not_returned``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(RetryDelivery(delivery))


def split(counter: Counter, actor: Actor, delivery: str, parcels: int) -> Result:
    """Pack the goods in several parcels.

    Refusals: ``unknown_delivery``, ``parcel_count``, ``not_splittable``.
    """
    with counter.transaction(actor) as tx:
        return tx.run(SplitDelivery(delivery, parcels))


def reveal(counter: Counter, actor: Actor, order: str) -> Person | Refusal:
    """Show a customer in clear; who saw it stands in the audit chain.

    Refusals: ``unknown_order``, ``person_forgotten``, ``no_root_key``.
    """
    known = counter.cache.get(Order, order)
    if known is None:
        return Refusal("unknown_order")
    if not counter.privacy.available:
        return Refusal("no_root_key")
    person = counter.privacy.person(known.id, known.sealed)
    if person is None:
        return Refusal("person_forgotten")
    with counter.transaction(actor) as tx:
        tx.audit("person.revealed", known.id)
    return person
