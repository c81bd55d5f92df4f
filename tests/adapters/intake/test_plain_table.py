"""The plain table: headers in two languages, rows that agree, and nothing guessed."""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storeapp.adapters.intake import Intake, read_bytes
from storeapp.adapters.intake.plain_table import HEADERS
from storeapp.domain.incoming import IncomingOrder
from storeapp.domain.place import Datum, Position
from storeapp.domain.words import Mode

ROW = {
    "order_no": "T1",
    "store": "XH",
    "created_at": "2026-11-21T13:44:00+08:00",
    "mode": "instant",
    "window_start": "2026-11-21T14:00:00+08:00",
    "window_end": "2026-11-21T16:00:00+08:00",
    "customer": "陈娜",
    "phone": "13800138012",
    "address": "上海市徐汇区肇嘉浜路573弄10号1404室",
    "lat": "31.199083",
    "lng": "121.45082",
    "sku": "BL-013",
    "quantity": "1",
    "price_fen": "42300",
    "note": "",
}


def read(*rows: dict[str, str]) -> Intake:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, {column: None for row in rows for column in row}, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return read_bytes("table.csv", stream.getvalue().encode())


def only(**change: str) -> IncomingOrder:
    intake = read(ROW | change)
    assert intake.errors == ()
    (order,) = intake.orders
    return order


def test_chinese_headers_mean_the_same() -> None:
    chinese = {HEADERS[column][0]: value for column, value in ROW.items()}
    assert read(chinese).orders == read(ROW).orders


def test_amounts_may_be_yuan() -> None:
    row = {column: value for column, value in ROW.items() if column != "price_fen"} | {"单价": "423.00"}
    assert read(row).orders == read(ROW).orders


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("quantity", "2.5", "not_whole_number"),
        ("quantity", "２", "not_whole_number"),
        ("quantity", "", "missing"),
        ("quantity", "0", "out_of_range"),
        ("price_fen", "-1", "not_whole_number"),
        ("price_fen", "99999999999", "out_of_range"),
        ("created_at", "yesterday", "not_moment"),
        ("created_at", "2026-11-21", "not_moment"),
        ("created_at", "", "missing"),
        ("mode", "drone", "mode_unknown"),
        ("window_end", "", "window_incomplete"),
        ("window_start", "", "window_incomplete"),
        ("window_end", "2026-11-21T13:00:00+08:00", "window_reversed"),
        ("lat", "north", "not_coordinate"),
        ("lat", "91", "out_of_range"),
        ("lng", "NaN", "not_coordinate"),
        ("sku", "", "missing"),
        ("order_no", "", "missing"),
        ("order_no", "3.71795E+17", "number_rounded"),
        ("customer", "x" * 101, "too_long"),
        ("status", "odd", "status_unknown"),
        ("datum", "bd09", "datum_unknown"),
    ],
)
def test_a_wrong_cell_is_reported_and_stops_no_other_row(field: str, value: str, expected: str) -> None:
    intake = read(ROW | {"order_no": "T0"}, ROW | {field: value}, ROW | {"order_no": "T2"})
    assert [(error.file, error.row, error.field, error.code) for error in intake.errors] == [
        ("table.csv", 3, field, expected)
    ]
    assert [order.order_no for order in intake.orders] == ["T0", "T2"]


def test_errors_never_repeat_the_value() -> None:
    (error,) = read(ROW | {"lat": "13800138012"}).errors
    assert "13800138012" not in repr(error)


@pytest.mark.parametrize(("lat", "lng"), [("", ""), ("31.2", ""), ("", "121.4"), ("0", "0")])
def test_a_missing_coordinate_is_flagged(lat: str, lng: str) -> None:
    order = only(lat=lat, lng=lng)
    assert (order.person.position, "no_position" in order.needs) == (None, True)


def test_the_datum_may_be_stated() -> None:
    assert only(datum="GCJ02").person.position == Position(31.199083, 121.45082, Datum.GCJ02)


def test_a_moment_without_offset_is_the_wall_clock_of_the_store() -> None:
    assert only(created_at="2026/11/21 9:05").created_at == datetime(2026, 11, 21, 1, 5, tzinfo=UTC)


def test_blank_mode_and_window_are_left_to_the_store() -> None:
    order = only(mode="", window_start="", window_end="", store="")
    assert (order.mode, order.window, order.store, order.needs) == (None, None, None, ("mode_assumed",))
    assert only(mode="自提点").mode is Mode.PICKUP_POINT


def test_rows_of_one_order_may_leave_blank_what_the_first_says() -> None:
    second = {"order_no": "T1", "sku": "BL-001", "quantity": "2", "price_fen": "100"}
    (order,) = read(ROW, ROW | {"order_no": "T2"}, second).orders[:1]
    assert [line.sku for line in order.lines] == ["BL-013", "BL-001"]


def test_rows_of_one_order_that_disagree_are_refused() -> None:
    intake = read(ROW, ROW | {"sku": "BL-001", "phone": "13800138013"})
    assert intake.orders == ()
    assert [(error.row, error.field, error.code) for error in intake.errors] == [(2, "phone", "rows_disagree")]


def test_a_row_repeated_exactly_is_not_counted_twice() -> None:
    intake = read(ROW, ROW)
    assert (intake.orders, [error.code for error in intake.errors]) == ((), ["row_repeated"])


def test_statuses_of_a_table_are_understood() -> None:
    assert only(status="已取消").cancelled
    assert [entry.code for entry in read(ROW | {"status": "待付款"}).skipped] == ["order_not_paid"]


def test_a_note_may_hold_line_breaks() -> None:
    assert only(note='请放"门卫"\n谢谢').person.note == '请放"门卫" 谢谢'


def test_a_row_cut_off_is_an_error() -> None:
    data = "order_no,created_at,sku,quantity,price_fen\nT1,2026-11-21 10:00,A,1,5\nT2,2026-11-21 10:00,A,1"
    intake = read_bytes("x", data.encode())
    assert [order.order_no for order in intake.orders] == ["T1"]
    assert [(error.row, error.code) for error in intake.errors] == [(3, "row_cells")]


def test_an_order_with_a_broken_row_is_left_out_whole() -> None:
    data = "order_no,created_at,sku,quantity,price_fen\nT1,2026-11-21 10:00,A,1,5\nT1,2026-11-21 10:00,B"
    intake = read_bytes("x", data.encode())
    assert (intake.orders, [error.row for error in intake.errors]) == ((), [3])


def test_endless_unclosed_quotes_end_in_one_error() -> None:
    head = "order_no,created_at,sku,quantity,price_fen\n"
    intake = read_bytes("x", (head + 'T1,"a"b\n' * 1000).encode())
    assert [error.code for error in intake.errors] == ["csv_malformed"]


def test_every_column_and_header_is_documented() -> None:
    page = (Path(__file__).parents[3] / "docs" / "order-files.md").read_text("utf-8")
    headers = {header for column, aliases in HEADERS.items() for header in (f"`{column}`", *aliases)}
    assert {header for header in headers if header not in page} == set()
