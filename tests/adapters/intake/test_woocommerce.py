"""WooCommerce orders: statuses, exact prices, meta and contacts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storeapp.adapters.intake import Intake, read_bytes
from storeapp.domain.incoming import IncomingOrder
from storeapp.domain.words import Mode

DEMO = (Path(__file__).parents[3] / "resources" / "demo" / "orders-woocommerce.json").read_text("utf-8")


@pytest.fixture
def woo() -> Any:
    return json.loads(DEMO)[0]


def read(document: object) -> Intake:
    return read_bytes("woo.json", json.dumps(document).encode())


def only(document: object) -> IncomingOrder:
    (order,) = read(document).orders
    return order


def code(document: object) -> tuple[str, str]:
    intake = read(document)
    (entry,) = intake.errors or intake.skipped
    return entry.field, entry.code


def test_an_order_is_read_whole(woo: Any) -> None:
    order = only(woo)
    assert (order.order_no, order.mode, order.person.name) == ("4702", Mode.INSTANT, "林超")
    assert order.created_at == datetime(2026, 11, 21, 7, 52, tzinfo=UTC)
    assert order.window is not None
    assert order.window.end == datetime(2026, 11, 21, 8, 52, tzinfo=UTC)


@pytest.mark.parametrize("status", ["cancelled", "refunded", "failed", "trash", "wc-cancelled"])
def test_cancelled_statuses_cancel(woo: Any, status: str) -> None:
    assert only(woo | {"status": status}).cancelled


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("pending", "order_not_paid"),
        ("on-hold", "order_not_paid"),
        ("checkout-draft", "order_not_paid"),
        ("completed", "order_fulfilled"),
        ("preparing", "status_unknown"),
        ("", "missing"),
    ],
)
def test_other_statuses_are_no_orders(woo: Any, status: str, expected: str) -> None:
    assert code(woo | {"status": status}) == ("status", expected)


def test_a_total_that_does_not_divide_stays_exact(woo: Any) -> None:
    woo["line_items"][0] |= {"quantity": 3, "total": "100.00", "total_tax": "0.01"}
    lines = only(woo).lines
    assert [(line.quantity, line.price_fen) for line in lines] == [(1, 3333), (2, 3334)]
    assert sum(line.quantity * line.price_fen for line in lines) == 10_001


@pytest.mark.parametrize(
    ("change", "field", "expected"),
    [
        ({"total": "-1.00"}, "total", "out_of_range"),
        ({"total": "1e3"}, "total", "not_amount"),
        ({"total": "1.005"}, "total", "not_amount"),
        ({"quantity": 2.5}, "quantity", "not_whole_number"),
        ({"quantity": "abc"}, "quantity", "not_whole_number"),
        ({"sku": None, "name": ""}, "sku", "missing"),
        ({"sku": "A\x00B"}, "sku", "control_sign"),
        ({"sku": "A" * 65}, "sku", "too_long"),
    ],
)
def test_a_wrong_item_is_an_error(woo: Any, change: dict[str, object], field: str, expected: str) -> None:
    woo["line_items"][0].update(change)
    assert code(woo) == (field, expected)


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("_delivery_mode", "drone", "mode_unknown"),
        ("_delivery_window", "soon", "not_window"),
        ("_delivery_window", "2026-11-21T15:52:00/2026-11-21T16:52:00", "moment_without_offset"),
        ("_delivery_window", "2026-11-21T17:52:00+08:00/2026-11-21T16:52:00+08:00", "window_reversed"),
        ("_delivery_window", "2026-02-30T17:52:00Z/2026-11-21T16:52:00Z", "not_moment"),
    ],
)
def test_wrong_meta_is_an_error(woo: Any, key: str, value: str, expected: str) -> None:
    for entry in woo["meta_data"]:
        if entry["key"] == key:
            entry["value"] = value
    assert code(woo) == (key, expected)


def test_without_meta_the_mode_is_left_to_the_store(woo: Any) -> None:
    order = only(woo | {"meta_data": []})
    assert (order.mode, order.window) == (None, None)
    assert "mode_assumed" in order.needs


def test_a_refund_is_flagged_since_it_names_no_pieces(woo: Any) -> None:
    assert "partly_refunded" in only(woo | {"refunds": [{"id": 1, "total": "-10.00"}]}).needs


def test_another_currency_is_refused(woo: Any) -> None:
    assert code(woo | {"currency": "USD"}) == ("currency", "currency_not_cny")


def test_the_billing_contact_stands_in(woo: Any) -> None:
    blank = dict.fromkeys(woo["shipping"], "")
    assert only(woo | {"shipping": blank}).person == only(woo).person


def test_a_foreign_name_is_written_in_its_order(woo: Any) -> None:
    woo["shipping"] |= {"first_name": "Ada", "last_name": "King"}
    assert only(woo).person.name == "Ada King"
