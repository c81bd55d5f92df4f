"""WooCommerce orders as REST v3 gives them: GET /wp-json/wc/v3/orders.

``date_created_gmt`` carries no offset and is UTC. Delivery mode and window are the meta ``_delivery_mode`` and
``_delivery_window`` (two ISO moments with offsets, parted by ``/``). A refund states amounts, not pieces.
"""

from collections.abc import Mapping
from datetime import UTC

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.contact import join_address, person_of, phone_of
from storeapp.adapters.intake.documents import part, parts
from storeapp.adapters.intake.fields import (
    BadField,
    amount_yuan,
    has_han,
    identifier,
    moment,
    quantity,
    text,
    window,
)
from storeapp.adapters.intake.modes import mode_of_code
from storeapp.adapters.intake.result import NotAnOrder
from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.moment import Window
from storeapp.domain.words import Platform

ORDER_FIELD = "number"
_SKIPS = {
    "pending": "order_not_paid",
    "on-hold": "order_not_paid",
    "checkout-draft": "order_not_paid",
    "auto-draft": "order_not_paid",
    "completed": "order_fulfilled",
}
_CANCELLED = {"cancelled", "refunded", "failed", "trash"}
_OPEN = {"processing"}


def recognises(order: Mapping[str, object]) -> bool:
    """Whether an object is such an order."""
    return "line_items" in order and ("order_key" in order or "number" in order)


def read_order(order: Mapping[str, object], row: int) -> IncomingOrder:
    """One order.

    Raises:
        BadField: a value that would have to be guessed.
        NotAnOrder: unpaid or already sent.
    """
    order_no = identifier(order.get(ORDER_FIELD), ORDER_FIELD)
    cancelled = _status(order) in _CANCELLED
    if order.get("currency") != "CNY":
        raise BadField("currency", "currency_not_cny" if order.get("currency") else "missing")
    lines = _lines(order)
    person, needs = _person(order)
    meta = _meta(order)
    mode = mode_of_code(meta.get("_delivery_mode"), "_delivery_mode")
    flags = {
        "mode_assumed": mode is None,
        "sku_missing": any(not line.sku for line in lines),
        "partly_refunded": bool(parts(order, "refunds")),
    }
    updated = order.get("date_modified_gmt")
    return IncomingOrder(
        platform=Platform.WOOCOMMERCE,
        order_no=order_no,
        cancelled=cancelled,
        created_at=moment(order.get("date_created_gmt"), "date_created_gmt", zone=UTC),
        updated_at=None if updated is None else moment(updated, "date_modified_gmt", zone=UTC),
        lines=lines,
        person=person,
        mode=mode,
        window=_window(meta.get("_delivery_window")),
        needs=() if cancelled else (*needs, *(code for code, raised in flags.items() if raised)),
        row=row,
    )


def _status(order: Mapping[str, object]) -> str:
    status = order.get("status")
    if not isinstance(status, str) or not status:
        raise BadField("status", "missing")
    status = status.removeprefix("wc-")
    if status in _SKIPS:
        raise NotAnOrder("status", _SKIPS[status])
    if status not in _CANCELLED | _OPEN:
        raise BadField("status", "status_unknown")
    return status


def _lines(order: Mapping[str, object]) -> tuple[IncomingLine, ...]:
    items = parts(order, "line_items")
    if not items:
        raise BadField("line_items", "missing")
    if len(items) > limits.LINES_OF_ORDER:
        raise BadField("line_items", "too_many_lines")
    return tuple(line for item in items for line in _item_lines(item))


def _item_lines(item: Mapping[str, object]) -> tuple[IncomingLine, ...]:
    """An item's lines: two where its total does not divide by its pieces, so that the sum stays exact."""
    title = text(item.get("name"), "name", limits.TITLE_CHARS)
    sku = identifier(item.get("sku"), "sku", required=not title)
    pieces = quantity(item.get("quantity"), "quantity")
    tax = item.get("total_tax")
    total = amount_yuan(item.get("total"), "total") + (0 if tax is None else amount_yuan(tax, "total_tax"))
    price, dearer = divmod(total, pieces)
    shares = ((pieces - dearer, price), (dearer, price + 1))
    return tuple(IncomingLine(sku, count, each, title) for count, each in shares if count)


def _meta(order: Mapping[str, object]) -> dict[str, object]:
    return {key: entry.get("value") for entry in parts(order, "meta_data") if isinstance(key := entry.get("key"), str)}


def _window(value: object) -> Window | None:
    field = "_delivery_window"
    if value is None or value == "":
        return None
    if not isinstance(value, str) or value.count("/") != 1:
        raise BadField(field, "not_window")
    start, end = value.split("/")
    return window(moment(start, field, zone=None), moment(end, field, zone=None), field)


def _person(order: Mapping[str, object]) -> tuple[Person, tuple[str, ...]]:
    billing, shipping = part(order, "billing"), part(order, "shipping")
    place = shipping if shipping.get("address_1") else billing
    state, city, first, second = (
        text(place.get(field), field, limits.ADDRESS_CHARS) for field in ("state", "city", "address_1", "address_2")
    )
    return person_of(
        name=_name(shipping) or _name(billing),
        phone=phone_of([text(side.get("phone"), "phone", limits.CODE_CHARS) for side in (shipping, billing)]),
        address=join_address((state if has_han(state) else "", city), first + second) if first else "",
        note=text(order.get("customer_note"), "customer_note", limits.NOTE_CHARS),
    )


def _name(side: Mapping[str, object]) -> str:
    first, last = (text(side.get(field), field, limits.NAME_CHARS) for field in ("first_name", "last_name"))
    return last + first if has_han(last + first) else f"{first} {last}".strip()
