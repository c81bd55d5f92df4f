"""WeChat Shop orders: envelopes, statuses, refunds and hidden contacts."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storeapp.adapters.intake import Intake, read_bytes
from storeapp.domain.incoming import IncomingOrder

DEMO = json.loads((Path(__file__).parents[3] / "resources" / "demo" / "orders-weixin-shop.json").read_text("utf-8"))


@pytest.fixture
def shop_order() -> Any:
    return json.loads(json.dumps(DEMO[0]))


def read(document: object) -> Intake:
    return read_bytes("shop.json", json.dumps(document).encode())


def only(document: object) -> IncomingOrder:
    intake = read(document)
    assert (intake.errors, intake.skipped) == ((), ())
    (order,) = intake.orders
    return order


def code(document: object) -> tuple[str, str]:
    intake = read(document)
    (entry,) = intake.errors or intake.skipped
    return entry.field, entry.code


def contact(order: Any) -> Any:
    return order["order_detail"]["delivery_info"]["address_info"]


@pytest.mark.parametrize(
    "wrap",
    [
        lambda order: order,
        lambda order: [order],
        lambda order: {"errcode": 0, "errmsg": "ok", "order": order},
        lambda order: {"orders": [order]},
        lambda order: {"errcode": 0, "order_list": [order]},
        lambda order: [{"errcode": 0, "order": order}],
    ],
)
def test_every_envelope_holds_the_same_order(shop_order: Any, wrap: Any) -> None:
    assert only(wrap(shop_order)) == only(shop_order)


def test_numbers_may_be_written_as_text_and_long_ids_as_numbers(shop_order: Any) -> None:
    expected = only(shop_order)
    shop_order["order_id"] = int(shop_order["order_id"])
    shop_order["create_time"] = str(shop_order["create_time"])
    assert only(shop_order) == expected


@pytest.mark.parametrize("status", [190, 200, 250])
def test_cancelled_statuses_cancel_and_need_nothing(shop_order: Any, status: int) -> None:
    shop_order["status"] = status
    order = only(shop_order)
    assert (order.cancelled, order.needs) == (True, ())


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (10, "order_not_paid"),
        (12, "order_not_ready"),
        (13, "order_not_ready"),
        (30, "order_fulfilled"),
        (100, "order_fulfilled"),
        (77, "status_unknown"),
        (None, "missing"),
    ],
)
def test_other_statuses_are_no_orders(shop_order: Any, status: int | None, expected: str) -> None:
    shop_order["status"] = status
    assert code(shop_order) == ("status", expected)


def test_a_finished_refund_takes_pieces_away(shop_order: Any) -> None:
    products = shop_order["order_detail"]["product_infos"]
    products[0]["finish_aftersale_sku_cnt"] = 1
    products[1]["finish_aftersale_sku_cnt"] = products[1]["sku_cnt"]
    order = only(shop_order)
    assert [(line.sku, line.quantity) for line in order.lines] == [("BL-001", 1), ("BL-015", 3)]
    assert "partly_refunded" in order.needs


def test_an_order_refunded_whole_is_cancelled(shop_order: Any) -> None:
    for product in shop_order["order_detail"]["product_infos"]:
        product["finish_aftersale_sku_cnt"] = product["sku_cnt"]
    order = only(shop_order)
    assert order.cancelled
    assert len(order.lines) == 3


def test_more_refunded_than_sold_is_an_error(shop_order: Any) -> None:
    shop_order["order_detail"]["product_infos"][0]["finish_aftersale_sku_cnt"] = 99
    assert code(shop_order) == ("finish_aftersale_sku_cnt", "out_of_range")


def test_a_virtual_number_keeps_its_extension_and_expiry(shop_order: Any) -> None:
    contact(shop_order).update(
        tel_number="138****8000",
        tel_number_ext_info={
            "real_tel_number": "138****8000",
            "virtual_tel_number": "13800138001-1234",
            "virtual_tel_expire_time": 1795229460,
        },
    )
    order = only(shop_order)
    assert (order.person.phone, order.person.phone_extension) == ("13800138001", "1234")
    assert order.person.phone_until == datetime.fromtimestamp(1795229460, UTC)
    assert "phone_virtual" in order.needs


@pytest.mark.parametrize(
    ("change", "need"),
    [
        ({"tel_number": "138****8000"}, "phone_masked"),
        ({"tel_number": ""}, "phone_missing"),
        ({"tel_number": "12"}, "phone_invalid"),
        ({"user_name": "林**"}, "name_masked"),
        ({"user_name": ""}, "name_missing"),
        ({"detail_info": "****"}, "address_masked"),
        ({"detail_info": ""}, "address_missing"),
    ],
)
def test_a_gap_in_the_contact_is_accepted_and_flagged(shop_order: Any, change: dict[str, str], need: str) -> None:
    contact(shop_order).update(change)
    assert need in only(shop_order).needs


@pytest.mark.parametrize(
    "detail", ["衡山路170弄8号801室", "徐汇区衡山路170弄8号801室", "上海市徐汇区衡山路170弄8号801室"]
)
def test_the_address_names_each_area_once(shop_order: Any, detail: str) -> None:
    contact(shop_order)["detail_info"] = detail
    assert only(shop_order).person.address == "上海市徐汇区衡山路170弄8号801室"


def test_a_virtual_delivery_is_no_delivery(shop_order: Any) -> None:
    shop_order["order_detail"]["delivery_info"]["deliver_method"] = 1
    assert code(shop_order) == ("deliver_method", "order_digital")


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("sku_cnt", "2.5", "not_whole_number"),
        ("sku_cnt", 2.5, "not_whole_number"),
        ("sku_cnt", "２", "not_whole_number"),
        ("sku_cnt", 0, "out_of_range"),
        ("sku_cnt", None, "missing"),
        ("sale_price", -1, "not_whole_number"),
        ("sale_price", float("nan"), "not_whole_number"),
        ("sale_price", 10**30, "not_whole_number"),
    ],
)
def test_a_wrong_number_is_an_error_of_its_order(shop_order: Any, field: str, value: object, expected: str) -> None:
    shop_order["order_detail"]["product_infos"][1][field] = value
    intake = read([DEMO[1], shop_order, DEMO[2]])
    assert [(error.row, error.field, error.code) for error in intake.errors] == [(2, field, expected)]
    assert [order.row for order in intake.orders] == [1, 3]


def test_an_article_without_code_is_flagged_where_it_has_a_title(shop_order: Any) -> None:
    shop_order["order_detail"]["product_infos"][0]["sku_code"] = ""
    order = only(shop_order)
    assert (order.lines[0].sku, "sku_missing" in order.needs) == ("", True)


def test_of_two_states_of_one_order_the_later_counts(shop_order: Any) -> None:
    later = json.loads(json.dumps(shop_order)) | {"status": 200, "update_time": shop_order["update_time"] + 1}
    for document in ([shop_order, later], [later, shop_order], [later, later]):
        assert only(document).cancelled


def test_two_states_of_one_order_at_one_time_are_both_refused(shop_order: Any) -> None:
    other = json.loads(json.dumps(shop_order)) | {"status": 200}
    intake = read([shop_order, other, shop_order])
    assert intake.orders == ()
    assert [(error.row, error.code) for error in intake.errors] == [(row, "order_repeated") for row in (1, 2, 3)]


def test_signs_that_nobody_sees_are_taken_out(shop_order: Any) -> None:
    shop_order["order_detail"]["ext_info"]["customer_notes"] = "请\u202e放\x00门卫\ud800\n谢谢"
    assert only(shop_order).person.note == "请 放 门卫 谢谢"
