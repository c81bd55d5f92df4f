"""The plain table: what a store types or exports from anything else, as CSV or workbook, one row per article.

Columns, in any order, under English or Chinese headers; the rows of an order repeat its number, and what they
repeat besides must agree. A moment without an offset is the store's wall clock. Amounts are fen (``price_fen``)
or yuan (``price_yuan``). Coordinates are WGS-84 unless the column ``datum`` says ``gcj02``.
"""

from collections.abc import Sequence

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.contact import person_of, phone_of
from storeapp.adapters.intake.fields import (
    BadField,
    amount_fen,
    amount_yuan,
    identifier,
    moment,
    position,
    quantity,
    text,
    window,
)
from storeapp.adapters.intake.grouping import Group, numbered, read_groups
from storeapp.adapters.intake.modes import mode_of_code
from storeapp.adapters.intake.result import Collector, FileRefused, NotAnOrder
from storeapp.adapters.intake.sheet import Row, Sheet
from storeapp.domain.incoming import IncomingLine, IncomingOrder, Person
from storeapp.domain.moment import STORE_ZONE, Window
from storeapp.domain.place import Datum
from storeapp.domain.words import Platform

ORDER_FIELD = "order_no"
HEADERS: dict[str, tuple[str, ...]] = {
    "order_no": ("订单号", "订单编号"),
    "store": ("门店", "门店编码"),
    "created_at": ("下单时间", "创建时间"),
    "updated_at": ("更新时间",),
    "status": ("状态", "订单状态"),
    "mode": ("配送方式", "履约方式"),
    "window_start": ("送达开始", "最早送达"),
    "window_end": ("送达截止", "最晚送达"),
    "customer": ("收货人", "客户", "姓名"),
    "phone": ("电话", "手机", "手机号", "联系电话"),
    "address": ("地址", "收货地址"),
    "lat": ("纬度",),
    "lng": ("经度",),
    "datum": ("坐标系",),
    "sku": ("商品编码", "货号", "SKU"),
    "title": ("商品名称", "商品"),
    "quantity": ("数量", "件数"),
    "price_fen": ("单价（分）", "单价(分)"),
    "price_yuan": ("单价", "单价（元）", "单价(元)"),
    "note": ("备注", "客户备注"),
}
"""Columns and the Chinese headers that mean the same."""
_REQUIRED = ("order_no", "created_at", "sku", "quantity")
_PER_LINE = frozenset({"sku", "title", "quantity", "price_fen", "price_yuan"})
_NAMES = {alias: name for name, aliases in HEADERS.items() for alias in (name, *aliases)}
_OPEN = {"", "paid", "已付款", "待发货"}
_UNPAID = {"unpaid", "pending", "未付款", "待付款"}
_CANCELLED = {"cancelled", "canceled", "refunded", "已取消", "已退款"}


def recognises(columns: Sequence[str]) -> bool:
    """Whether a header is meant as this table, be it complete or not."""
    names = {_NAMES.get(column, "") for column in columns}
    return "order_no" in names and bool(names & {"sku", "quantity"})


def read_sheet(sheet: Sheet, collector: Collector) -> None:
    """Read all orders of a table.

    Raises:
        FileRefused: a required column is missing, or one is there twice.
    """
    spelled = _spellings(sheet.columns)
    groups: dict[str, Group] = {}
    seen: set[tuple[str, ...]] = set()
    for order_no, row in numbered(sheet.rows, collector, spelled[ORDER_FIELD]):
        group = groups.setdefault(order_no, Group(order_no, []))
        group.rows.append(_named(row, spelled, seen))
    read_groups(tuple(groups.values()), collector, order_field=ORDER_FIELD, read_line=_line, assemble=_order)


def _spellings(columns: Sequence[str]) -> dict[str, str]:
    """Our name of each column to the header as written."""
    spelled: dict[str, str] = {}
    for column in columns:
        name = _NAMES.get(column)
        if name in spelled:
            raise FileRefused("column_repeated", row=1, field=column)
        if name is not None:
            spelled[name] = column
    for name in _REQUIRED:
        if name not in spelled:
            raise FileRefused("column_missing", row=1, field=name)
    if "price_fen" not in spelled and "price_yuan" not in spelled:
        raise FileRefused("column_missing", row=1, field="price_fen")
    return spelled


def _named(row: Row, spelled: dict[str, str], seen: set[tuple[str, ...]]) -> Row:
    """The row under our names; a row that repeats another sign by sign may be a slip of the hand, so it is broken."""
    cells = {name: row.cells.get(column, "").strip(" ") for name, column in spelled.items()}
    content = tuple(cells.values())
    broken = row.broken or ("row_repeated" if content in seen else "")
    seen.add(content)
    return Row(row.row, cells, broken)


def _line(row: Row) -> IncomingLine:
    cells = row.cells
    title = text(cells.get("title"), "title", limits.TITLE_CHARS)
    in_fen = bool(cells.get("price_fen")) or "price_yuan" not in cells
    return IncomingLine(
        sku=identifier(cells["sku"], "sku", required=not title),
        quantity=quantity(cells["quantity"], "quantity"),
        price_fen=amount_fen(cells["price_fen"], "price_fen")
        if in_fen
        else amount_yuan(cells["price_yuan"], "price_yuan"),
        title=title,
    )


def _order(order_no: str, rows: Sequence[Row], lines: tuple[IncomingLine, ...]) -> IncomingOrder:
    cells = _agreed(rows)
    cancelled = _is_cancelled(cells.get("status", ""))
    person, needs = _person(cells)
    mode = mode_of_code(cells.get("mode"), "mode")
    updated = cells.get("updated_at")
    flags = {"mode_assumed": mode is None, "sku_missing": any(not line.sku for line in lines)}
    return IncomingOrder(
        platform=Platform.TABLE,
        order_no=order_no,
        cancelled=cancelled,
        created_at=moment(cells["created_at"], "created_at", zone=STORE_ZONE),
        updated_at=moment(updated, "updated_at", zone=STORE_ZONE) if updated else None,
        lines=lines,
        person=person,
        store=identifier(cells.get("store"), "store", required=False) or None,
        mode=mode,
        window=_window(cells),
        needs=() if cancelled else (*needs, *(code for code, raised in flags.items() if raised)),
        row=rows[0].row,
    )


def _agreed(rows: Sequence[Row]) -> dict[str, str]:
    """The cells of the order; later rows may leave them blank but not contradict them.

    Raises:
        BadField: two rows of one order differ.
    """
    cells = dict(rows[0].cells)
    for row in rows[1:]:
        for name, value in row.cells.items():
            if name not in _PER_LINE and value and value != cells[name]:
                raise BadField(name, "rows_disagree")
    return cells


def _is_cancelled(status: str) -> bool:
    status = status.casefold()
    if status in _UNPAID:
        raise NotAnOrder("status", "order_not_paid")
    if status not in _OPEN and status not in _CANCELLED:
        raise BadField("status", "status_unknown")
    return status in _CANCELLED


def _window(cells: dict[str, str]) -> Window | None:
    start, end = cells.get("window_start", ""), cells.get("window_end", "")
    if not start and not end:
        return None
    if not (start and end):
        raise BadField("window_end" if start else "window_start", "window_incomplete")
    return window(
        moment(start, "window_start", zone=STORE_ZONE), moment(end, "window_end", zone=STORE_ZONE), "window_end"
    )


def _person(cells: dict[str, str]) -> tuple[Person, tuple[str, ...]]:
    datum = cells.get("datum", "").casefold() or Datum.WGS84
    if datum not in set(Datum):
        raise BadField("datum", "datum_unknown")
    return person_of(
        name=text(cells.get("customer"), "customer", limits.NAME_CHARS),
        phone=phone_of((text(cells.get("phone"), "phone", limits.CODE_CHARS),)),
        address=text(cells.get("address"), "address", limits.ADDRESS_CHARS),
        note=text(cells.get("note"), "note", limits.NOTE_CHARS),
        position=position(cells.get("lat"), cells.get("lng"), lat_field="lat", lng_field="lng", datum=Datum(datum)),
    )
