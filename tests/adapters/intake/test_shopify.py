"""Shopify's export: rows of one order, statuses, modes and digital goods."""

import csv
import io
from pathlib import Path

import pytest

from storeapp.adapters.intake import Intake, read_bytes
from storeapp.domain.incoming import IncomingOrder
from storeapp.domain.words import Mode

Rows = list[dict[str, str]]


@pytest.fixture
def rows() -> Rows:
    with (Path(__file__).parents[3] / "resources" / "demo" / "orders-shopify.csv").open(
        encoding="utf-8", newline=""
    ) as stream:
        return list(csv.DictReader(stream))[:4]


def read(rows: Rows) -> Intake:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, {column: None for row in rows for column in row}, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return read_bytes("shopify.csv", stream.getvalue().encode())


def first(rows: Rows) -> IncomingOrder:
    return read(rows).orders[0]


def code(rows: Rows) -> tuple[int, str, str]:
    intake = read(rows)
    (entry,) = intake.errors or intake.skipped
    return entry.row, entry.field, entry.code


def test_further_rows_belong_to_the_order_above(rows: Rows) -> None:
    order = first(rows)
    assert [(line.sku, line.quantity, line.price_fen) for line in order.lines] == [
        ("BL-008", 3, 9800),
        ("BL-012", 2, 4000),
    ]


def test_the_contact_is_cleaned(rows: Rows) -> None:
    rows[0]["Shipping Phone"] = "'+86 138-0013-8019"
    assert first(rows).person.phone == "13800138019"


@pytest.mark.parametrize(
    ("method", "mode"),
    [
        ("Local delivery", Mode.INSTANT),
        ("Scheduled delivery", Mode.SCHEDULED),
        ("Pickup point", Mode.PICKUP_POINT),
        ("Standard", None),
        ("", None),
    ],
)
def test_the_shipping_method_names_the_mode(rows: Rows, method: str, mode: Mode | None) -> None:
    rows[0]["Shipping Method"] = method
    order = first(rows)
    assert (order.mode, "mode_assumed" in order.needs) == (mode, mode is None)


@pytest.mark.parametrize(
    "change", [{"Financial Status": "refunded"}, {"Financial Status": "voided"}, {"Cancelled at": "x"}]
)
def test_cancelled_orders_are_cancelled(rows: Rows, change: dict[str, str]) -> None:
    rows[0] |= change
    assert first(rows).cancelled


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"Financial Status": "pending"}, "Financial Status", "order_not_paid"),
        ({"Financial Status": "partially_paid"}, "Financial Status", "order_not_paid"),
        ({"Financial Status": "odd"}, "Financial Status", "status_unknown"),
        ({"Fulfillment Status": "fulfilled"}, "Fulfillment Status", "order_fulfilled"),
        ({"Currency": "USD"}, "Currency", "currency_not_cny"),
        ({"Created at": "2026-11-21 09:04:00"}, "Created at", "moment_without_offset"),
        ({"Lineitem price": "-1"}, "Lineitem price", "out_of_range"),
        ({"Lineitem quantity": "1.5"}, "Lineitem quantity", "not_whole_number"),
        ({"Lineitem requires shipping": "maybe"}, "Lineitem requires shipping", "not_true_or_false"),
        ({"Name": ""}, "Name", "missing"),
    ],
)
def test_what_is_no_order_is_reported_at_its_row(rows: Rows, change: dict[str, str], field: str, expected: str) -> None:
    rows[2] |= change
    assert code(rows) == (4, field, expected)
    assert len(read(rows).orders) == 2


def test_digital_goods_are_left_out(rows: Rows) -> None:
    rows[1]["Lineitem requires shipping"] = "false"
    assert [line.sku for line in first(rows).lines] == ["BL-008"]


def test_an_order_of_digital_goods_only_is_skipped(rows: Rows) -> None:
    rows[2]["Lineitem requires shipping"] = "false"
    assert code(rows)[2] == "order_digital"


@pytest.mark.parametrize(
    ("change", "need"),
    [
        ({"Financial Status": "partially_refunded"}, "partly_refunded"),
        ({"Financial Status": "authorized"}, "payment_authorized"),
        ({"Fulfillment Status": "partial", "Lineitem fulfillment status": "fulfilled"}, "partly_shipped"),
    ],
)
def test_an_unusual_state_is_flagged(rows: Rows, change: dict[str, str], need: str) -> None:
    rows[0] |= change
    assert need in first(rows).needs


def test_articles_already_sent_are_left_out(rows: Rows) -> None:
    rows[0] |= {"Fulfillment Status": "partial", "Lineitem fulfillment status": "fulfilled"}
    assert [line.sku for line in first(rows).lines] == ["BL-012"]


def test_a_bad_further_row_spoils_its_order_only(rows: Rows) -> None:
    rows[1]["Lineitem quantity"] = "abc"
    assert code(rows) == (3, "Lineitem quantity", "not_whole_number")
    assert [order.order_no for order in read(rows).orders] == ["#1006", "#1010"]


def test_the_same_order_twice_counts_once(rows: Rows) -> None:
    intake = read([*rows, *rows])
    assert (len(intake.orders), intake.errors) == (3, ())
