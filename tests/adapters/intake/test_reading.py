"""Any file gives orders or coded errors, and the same orders whatever the encoding."""

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from storeapp.adapters.intake import FileFormat, Intake, read_bytes, read_file
from storeapp.adapters.intake.codes import FILE_ERRORS, NEEDS, ROW_ERRORS, SKIPS
from storeapp.adapters.intake.limits import FILE_BYTES
from storeapp.domain.words import Platform

DEMO = Path(__file__).parents[3] / "resources" / "demo"
FORMATS = {
    "orders-weixin-shop.json": FileFormat.WEIXIN_SHOP,
    "orders-shopify.csv": FileFormat.SHOPIFY,
    "orders-woocommerce.json": FileFormat.WOOCOMMERCE,
    "orders-table.csv": FileFormat.TABLE_CSV,
}


def table_rows() -> list[list[str]]:
    with (DEMO / "orders-table.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def as_csv(rows: list[list[str]], delimiter: str = ",") -> str:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue()


def as_workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("订单")
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def only_code(intake: Intake) -> str:
    assert intake.orders == ()
    (error,) = intake.errors
    return error.code


def assert_known_codes(intake: Intake) -> None:
    assert {error.code for error in intake.errors} <= FILE_ERRORS | ROW_ERRORS
    assert {error.code for error in intake.skipped} <= SKIPS
    assert {need for order in intake.orders for need in order.needs} <= NEEDS


@pytest.mark.parametrize(("name", "file_format"), FORMATS.items())
def test_each_demo_file_is_recognised_whole(name: str, file_format: FileFormat) -> None:
    intake = read_file(DEMO / name)
    assert (intake.format, len(intake.orders), intake.errors, intake.skipped) == (file_format, 20, (), ())


def test_the_demo_day_has_eighty_orders_with_a_contact_each() -> None:
    orders = [order for name in FORMATS for order in read_file(DEMO / name).orders]
    assert len({(order.platform, order.order_no) for order in orders}) == 80
    assert all(order.person.name and order.person.address and len(order.person.phone) == 11 for order in orders)


def test_the_later_shop_file_has_one_of_each_change() -> None:
    first = {order.order_no: order for order in read_file(DEMO / "orders-weixin-shop.json").orders}
    later = read_file(DEMO / "orders-weixin-shop-later.json")
    again = [order for order in later.orders if order.order_no in first]
    new = [order for order in later.orders if order.order_no not in first]
    assert later.errors == ()
    assert sum(order.cancelled for order in later.orders) == 1
    assert sum(order.person == first[order.order_no].person and not order.cancelled for order in again) == 1
    assert sum(order.person.address != first[order.order_no].person.address for order in again) == 1
    assert sorted("phone_masked" in order.needs for order in new) == [False, True]
    assert [order.person.phone for order in new if "phone_masked" in order.needs] == [""]


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_changes_nothing(name: str, encoding: str) -> None:
    text = (DEMO / name).read_text("utf-8")
    plain, other = read_bytes(name, text.encode()), read_bytes(name, text.encode(encoding))
    assert (other.orders, other.errors, other.encoding) == (plain.orders, (), encoding)


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_the_delimiter_changes_nothing(delimiter: str) -> None:
    rows = table_rows()
    assert read_bytes("a", as_csv(rows, delimiter).encode()).orders == read_bytes("a", as_csv(rows).encode()).orders


def test_a_workbook_gives_the_same_orders_as_csv() -> None:
    rows = table_rows()
    numbers = {rows[0].index(column) for column in ("phone", "lat", "lng", "quantity", "price_fen")}
    typed: list[list[object]] = [
        [float(cell) if number in numbers and cell else cell for number, cell in enumerate(row)] for row in rows[1:]
    ]
    plain = read_bytes("a.csv", as_csv(rows).encode())
    for cells in (rows[1:], typed):
        intake = read_bytes("a.xlsx", as_workbook([rows[0], *cells]))
        assert (intake.format, intake.orders, intake.errors) == (FileFormat.TABLE_XLSX, plain.orders, ())


def test_the_name_of_the_file_decides_nothing() -> None:
    data = (DEMO / "orders-woocommerce.json").read_bytes()
    assert read_bytes("orders.csv", data).format is FileFormat.WOOCOMMERCE


def test_errors_name_the_file_without_its_folder() -> None:
    (error,) = read_bytes("C:\\Users\\somebody\\orders.csv", b"").errors
    assert error.file == "orders.csv"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b" \r\n\t", "file_empty"),
        (b"\xef\xbb\xbf", "file_empty"),
        (b"[]", "file_empty"),
        (b"hello", "file_unrecognised"),
        (b'{"a": 1}', "file_unrecognised"),
        (b"[1, null, []]", "file_unrecognised"),
        (b'[{"order_detail"', "json_malformed"),
        (b"[" * 200_000, "json_too_deep"),
        (b'{"errcode": 40001, "errmsg": "no"}', "api_error"),
        (b"\xff\xff\xff", "file_encoding"),
        ("[{'a': '订单订单'".encode()[:-2], "file_encoding"),
        (b"PK\x03\x04nonsense", "workbook_damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "file_old_workbook"),
        (b" " * (FILE_BYTES + 1), "file_too_large"),
        (b"order_no,sku\n1,2", "column_missing"),
        (b"order_no,sku,sku\n1,2,3", "column_repeated"),
        ("order_no,订单号,created_at,sku,quantity,price_fen\n".encode(), "column_repeated"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_coded_error(data: bytes, code: str) -> None:
    assert only_code(read_bytes("x", data)) == code


def test_a_workbook_that_unpacks_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storeapp.adapters.intake.limits.UNPACKED_BYTES", 100)
    assert only_code(read_bytes("x", as_workbook([["order_no"]]))) == "file_too_large"


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storeapp.adapters.intake.limits.ROWS", 5)
    assert only_code(read_bytes("x", (DEMO / "orders-table.csv").read_bytes())) == "file_too_many_rows"


def test_an_order_number_rounded_by_a_spreadsheet_is_refused() -> None:
    head = ["order_no", "created_at", "sku", "quantity", "price_fen"]
    data = as_workbook([head, [371795229460000123, "2026-11-21 10:00", "BL-001", 1, 100]])
    assert only_code(read_bytes("x", data)) == "number_rounded"


def test_date_cells_of_a_workbook_are_the_wall_clock_of_the_store() -> None:
    head = ["order_no", "created_at", "sku", "quantity", "price_fen"]
    cells = ["T1", datetime(2026, 11, 21, 10, 0), "BL-001", 1, 100]  # noqa: DTZ001 - a workbook knows no zones
    (order,) = read_bytes("x", as_workbook([head, cells])).orders
    assert order.created_at == datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def test_json_from_one_file_may_mix_shops_and_strangers() -> None:
    shop = json.loads((DEMO / "orders-weixin-shop.json").read_text("utf-8"))
    woo = json.loads((DEMO / "orders-woocommerce.json").read_text("utf-8"))
    intake = read_bytes("x", json.dumps([shop[0], {"a": 1}, woo[0]]).encode())
    assert [order.platform for order in intake.orders] == [Platform.WEIXIN_SHOP, Platform.WOOCOMMERCE]
    assert [(error.row, error.code) for error in intake.errors] == [(2, "order_unrecognised")]


@given(st.binary(max_size=300))
def test_arbitrary_bytes_never_raise(data: bytes) -> None:
    assert_known_codes(read_bytes("x", data))


WORKBOOK = as_workbook([*table_rows()[:4]])


@given(st.sampled_from([*FORMATS, "orders.xlsx"]), st.data())
def test_damaged_files_never_raise(name: str, data: st.DataObject) -> None:
    sound = (DEMO / name).read_bytes() if name in FORMATS else WORKBOOK
    at = data.draw(st.integers(0, len(sound)))
    patch = data.draw(st.binary(max_size=8))
    cut = data.draw(st.booleans())
    damaged = sound[:at] + patch + (b"" if cut else sound[at + len(patch) :])
    assert_known_codes(read_bytes(name, damaged))
