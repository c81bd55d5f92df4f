"""WeChat Shop (微信小店) orders as its order-detail call answers them: /channels/ec/order/get.

Times are seconds since 1970, amounts fen. The shop has no delivery modes. Contacts may be hidden behind stars
until the shop decrypts them, or stand behind a virtual number with an extension and an expiry.
"""

from collections.abc import Mapping
from datetime import datetime

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.contact import join_address, person_of, phone_of
from storeapp.adapters.intake.documents import part, parts
from storeapp.adapters.intake.fields import BadField, amount_fen, epoch, identifier, text, whole
from storeapp.adapters.intake.result import NotAnOrder
from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.phone import PhoneState
from storeapp.domain.words import Platform

ORDER_FIELD = "order_id"
_SKIPS = {
    "10": "order_not_paid",
    "12": "order_not_ready",  # a gift that nobody has accepted yet
    "13": "order_not_ready",  # a group order that is not complete yet
    "30": "order_fulfilled",
    "100": "order_fulfilled",
}
_CANCELLED = {"190", "200", "250"}
_OPEN = {"20", "21"}
_AREAS = ("province_name", "city_name", "county_name")
_DIGITAL_DELIVERY = {"1", "3"}


def recognises(order: Mapping[str, object]) -> bool:
    """Whether an object is such an order."""
    return "order_detail" in order


def read_order(order: Mapping[str, object], row: int) -> IncomingOrder:
    """One order.

    Raises:
        BadField: a value that would have to be guessed.
        NotAnOrder: unpaid, already sent, or nothing to deliver.
    """
    order_no = identifier(order.get(ORDER_FIELD), ORDER_FIELD)
    status = _status(order)
    detail = part(order, "order_detail")
    delivery = part(detail, "delivery_info")
    if str(delivery.get("deliver_method")) in _DIGITAL_DELIVERY:
        raise NotAnOrder("deliver_method", "order_digital")
    lines, remaining, needs = _lines(detail)
    cancelled = status in _CANCELLED or not remaining
    person, contact_needs = _person(delivery, part(detail, "ext_info"))
    if status == "21":
        needs = (*needs, "partly_shipped")
    if delivery.get("address_under_review"):
        needs = (*needs, "address_change_pending")
    updated = order.get("update_time")
    return IncomingOrder(
        platform=Platform.WEIXIN_SHOP,
        order_no=order_no,
        cancelled=cancelled,
        created_at=epoch(order.get("create_time"), "create_time"),
        updated_at=None if updated is None else epoch(updated, "update_time"),
        lines=remaining or lines,
        person=person,
        needs=() if cancelled else (*contact_needs, "mode_assumed", *needs),
        row=row,
    )


def _status(order: Mapping[str, object]) -> str:
    status = order.get("status")
    if not isinstance(status, str):
        raise BadField("status", "missing")
    if status in _SKIPS:
        raise NotAnOrder("status", _SKIPS[status])
    if status not in _CANCELLED | _OPEN:
        raise BadField("status", "status_unknown")
    return status


_Lines = tuple[IncomingLine, ...]


def _lines(detail: Mapping[str, object]) -> tuple[_Lines, _Lines, tuple[str, ...]]:
    """All lines as sold, what is left of them after finished refunds, and the codes of what to look at."""
    products = parts(detail, "product_infos")
    if not products:
        raise BadField("product_infos", "missing")
    if len(products) > limits.LINES_OF_ORDER:
        raise BadField("product_infos", "too_many_lines")
    sold = tuple(_line(product) for product in products)
    refunded = [_count(product, "finish_aftersale_sku_cnt") for product in products]
    if any(back > line.quantity for back, line in zip(refunded, sold, strict=True)):
        raise BadField("finish_aftersale_sku_cnt", "out_of_range")
    left = tuple(_less(line, back) for back, line in zip(refunded, sold, strict=True) if back < line.quantity)
    flags = {
        "sku_missing": any(not line.sku for line in left),
        "partly_refunded": any(refunded),
        "aftersale_open": any(_count(product, "on_aftersale_sku_cnt") for product in products),
    }
    return sold, left, tuple(code for code, raised in flags.items() if raised)


def _line(product: Mapping[str, object]) -> IncomingLine:
    title = text(product.get("title"), "title", limits.TITLE_CHARS)
    return IncomingLine(
        sku=identifier(product.get("sku_code"), "sku_code", required=not title),
        quantity=whole(product.get("sku_cnt"), "sku_cnt", least=1, most=limits.QUANTITY),
        price_fen=amount_fen(product.get("sale_price"), "sale_price"),
        title=title,
    )


def _less(line: IncomingLine, pieces: int) -> IncomingLine:
    return IncomingLine(line.sku, line.quantity - pieces, line.price_fen, line.title)


def _count(product: Mapping[str, object], field: str) -> int:
    value = product.get(field)
    return 0 if value is None else whole(value, field, most=limits.QUANTITY)


def _person(delivery: Mapping[str, object], ext: Mapping[str, object]) -> tuple[Person, tuple[str, ...]]:
    info = part(delivery, "address_info")
    numbers = part(info, "tel_number_ext_info")
    own, virtual, real = (
        text(source.get(field), field, limits.CODE_CHARS)
        for source, field in ((info, "tel_number"), (numbers, "virtual_tel_number"), (numbers, "real_tel_number"))
    )
    phone, until = phone_of((own,)), None
    if phone.state is not PhoneState.USABLE:
        phone = phone_of((virtual, own, real))
        until = _expiry(numbers) if phone.state is PhoneState.USABLE and phone == phone_of((virtual,)) else None
    areas = [text(info.get(field), field, limits.NAME_CHARS) for field in _AREAS]
    places = [text(info.get(field), field, limits.ADDRESS_CHARS) for field in ("detail_info", "house_number")]
    return person_of(
        name=text(info.get("user_name"), "user_name", limits.NAME_CHARS),
        phone=phone,
        address=join_address(areas, line) if (line := "".join(places)) else "",
        note=text(ext.get("customer_notes"), "customer_notes", limits.NOTE_CHARS),
        phone_until=until,
    )


def _expiry(numbers: Mapping[str, object]) -> datetime | None:
    value = numbers.get("virtual_tel_expire_time")
    return None if value in (None, "0") else epoch(value, "virtual_tel_expire_time")
