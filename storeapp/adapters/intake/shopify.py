"""Shopify's order export: an order's further articles are rows that repeat only its name.

Amounts are yuan. The export states refunds by amount only and knows no delivery window.
"""

from collections.abc import Sequence

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.contact import join_address, person_of, phone_of
from storeapp.adapters.intake.fields import BadField, amount_yuan, has_han, identifier, moment, quantity, text
from storeapp.adapters.intake.grouping import Group, numbered, read_groups
from storeapp.adapters.intake.modes import mode_of_method
from storeapp.adapters.intake.result import Collector, NotAnOrder
from storeapp.adapters.intake.sheet import Row, Sheet
from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.words import Platform

ORDER_FIELD = "Name"
COLUMNS = frozenset({"Name", "Financial Status", "Created at", "Lineitem quantity", "Lineitem price", "Lineitem sku"})
"""Columns without which the export cannot be read; together they tell it from every other table."""
_STATUS = "Financial Status"
_SKIPS = {
    "pending": "order_not_paid",
    "expired": "order_not_paid",
    "unpaid": "order_not_paid",
    "partially_paid": "order_not_paid",
}
_CANCELLED = {"refunded", "voided"}
_OPEN = {"paid": "", "partially_refunded": "partly_refunded", "authorized": "payment_authorized"}
"""Statuses that are delivered, with what a person should look at."""


def read_sheet(sheet: Sheet, collector: Collector) -> None:
    """Read all orders of an export."""
    groups: list[Group] = []
    for order_no, row in numbered(sheet.rows, collector, ORDER_FIELD):
        if groups and groups[-1].order_no == order_no and not row.cells.get(_STATUS, "").strip():
            groups[-1].rows.append(row)
        else:
            groups.append(Group(order_no, [row]))
    read_groups(groups, collector, order_field=ORDER_FIELD, read_line=_line, assemble=_order)


def _line(row: Row) -> IncomingLine | None:
    cells = row.cells
    shipped = cells.get("Lineitem requires shipping", "").strip().casefold()
    if shipped not in {"true", "false", ""}:
        raise BadField("Lineitem requires shipping", "not_true_or_false")
    title = text(cells.get("Lineitem name"), "Lineitem name", limits.TITLE_CHARS)
    line = IncomingLine(
        sku=identifier(cells.get("Lineitem sku"), "Lineitem sku", required=not title),
        quantity=quantity(cells.get("Lineitem quantity"), "Lineitem quantity"),
        price_fen=amount_yuan(cells.get("Lineitem price"), "Lineitem price"),
        title=title,
    )
    done = cells.get("Lineitem fulfillment status", "").strip().casefold() == "fulfilled"
    return None if shipped == "false" or done else line


def _order(order_no: str, rows: Sequence[Row], lines: tuple[IncomingLine, ...]) -> IncomingOrder:
    cells = rows[0].cells
    status = _status(cells)
    cancelled = status in _CANCELLED or bool(cells.get("Cancelled at", "").strip())
    fulfilment = cells.get("Fulfillment Status", "").strip().casefold()
    if not cancelled:
        _check_deliverable(lines, fulfilment, status)
    if cells.get("Currency", "").strip() not in {"CNY", ""}:
        raise BadField("Currency", "currency_not_cny")
    person, needs = _person(cells)
    mode = mode_of_method(cells.get("Shipping Method", ""))
    flags = {
        "mode_assumed": mode is None,
        "sku_missing": any(not line.sku for line in lines),
        "partly_shipped": fulfilment == "partial",
        _OPEN.get(status, ""): True,
    }
    return IncomingOrder(
        platform=Platform.SHOPIFY,
        order_no=order_no,
        cancelled=cancelled,
        created_at=moment(cells.get("Created at"), "Created at", zone=None),
        updated_at=None,
        lines=lines,
        person=person,
        mode=mode,
        needs=() if cancelled else (*needs, *(code for code, raised in flags.items() if code and raised)),
        row=rows[0].row,
    )


def _status(cells: dict[str, str]) -> str:
    status = cells.get(_STATUS, "").strip().casefold()
    if not status:
        raise BadField(_STATUS, "missing")
    if status not in _CANCELLED and status not in _OPEN and status not in _SKIPS:
        raise BadField(_STATUS, "status_unknown")
    return status


def _check_deliverable(lines: tuple[IncomingLine, ...], fulfilment: str, status: str) -> None:
    if status in _SKIPS:
        raise NotAnOrder(_STATUS, _SKIPS[status])
    if fulfilment == "fulfilled":
        raise NotAnOrder("Fulfillment Status", "order_fulfilled")
    if fulfilment not in {"", "unfulfilled", "partial"}:
        raise BadField("Fulfillment Status", "status_unknown")
    if not lines:
        raise NotAnOrder("Lineitem requires shipping", "order_digital")


def _person(cells: dict[str, str]) -> tuple[Person, tuple[str, ...]]:
    def cell(column: str, limit: int) -> str:
        return text(cells.get(column), column, limit)

    street = cell("Shipping Address1", limits.ADDRESS_CHARS) + cell("Shipping Address2", limits.ADDRESS_CHARS)
    street = street or cell("Shipping Street", limits.ADDRESS_CHARS)
    province = cell("Shipping Province Name", limits.NAME_CHARS)
    areas = (province if has_han(province) else "", cell("Shipping City", limits.ADDRESS_CHARS))
    return person_of(
        name=cell("Shipping Name", limits.NAME_CHARS) or cell("Billing Name", limits.NAME_CHARS),
        phone=phone_of((cell("Shipping Phone", limits.CODE_CHARS), cell("Billing Phone", limits.CODE_CHARS))),
        address=join_address(areas, street) if street else "",
        note=cell("Notes", limits.NOTE_CHARS),
    )
