"""Importing what shop platforms export: twice changes nothing, a change updates, a cancellation recalls."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from storeapp.domain.delivery import Delivery, DeliveryState, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.order import Order, OrderStatus, order_id
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.words import Platform
from storeapp.services import intake
from storeapp.services.addresses import load_book, locate
from storeapp.services.counter import Counter
from storeapp.services.home import CACHE
from storeapp.services.intake import ImportReport, import_orders, read_files
from storeapp.services.queries import order_ids
from storeapp.services.setup import read_tables
from storeapp.store.cache import reset
from storeapp.store.lists import OrderFilter
from tests.storeapp.services import desk
from tests.storeapp.services.desk import MANAGER, Store

DEMO = Path(__file__).parents[3] / "resources" / "demo"
FILES = ["orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv"]
CANCELLED_LATER = "371795229460000000"


@pytest.fixture(scope="module")
def demo_template(tmp_path_factory: pytest.TempPathFactory) -> desk.Template:
    return desk.make_template(tmp_path_factory.mktemp("demo") / "home", read_tables(DEMO))


@pytest.fixture
def demo(demo_template: desk.Template, tmp_path: Path) -> Iterator[Store]:
    opened = desk.open_copy(demo_template, tmp_path / "home")
    yield opened
    opened.counter.close()


def take(counter: Counter, *names: str, dry_run: bool = False) -> ImportReport:
    return import_orders(counter, MANAGER, read_files(DEMO / name for name in names), dry_run=dry_run)


def test_orders_of_other_stores_are_counted_and_the_rest_is_taken_on(demo: Store) -> None:
    report = take(demo.counter, *FILES)
    assert (report.orders, report.imported, report.other_store) == (80, 67, 13)
    assert report.errors == []


def test_importing_twice_changes_nothing(demo: Store) -> None:
    take(demo.counter, *FILES)
    last = demo.counter.journal.last()
    report = take(demo.counter, *FILES)
    assert (report.imported, report.updated, report.cancelled, report.unchanged) == (0, 0, 0, 67)
    assert demo.counter.journal.last() == last


def test_a_dry_run_tells_the_same_and_saves_nothing(demo: Store) -> None:
    report = take(demo.counter, *FILES, dry_run=True)
    assert (report.imported, report.other_store) == (67, 13)
    assert order_ids(demo.counter, OrderFilter()) == []
    assert demo.counter.keys.get_many([order_id(Platform.WEIXIN_SHOP, CANCELLED_LATER)]) == {}


def test_a_dry_run_of_two_files_counts_what_stands_in_both_once(demo: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "BATCH", 10)
    twice = take(demo.counter, "orders-shopify.csv", "orders-shopify.csv", dry_run=True)
    assert (twice.orders, twice.imported, twice.unchanged) == (40, 20, 20)
    names = (*FILES, "orders-weixin-shop-later.json")
    shown, done = take(demo.counter, *names, dry_run=True), take(demo.counter, *names)
    assert (shown.imported, shown.updated, shown.cancelled) == (done.imported, done.updated, done.cancelled)


def test_a_later_export_changes_cancels_flags_and_adds(demo: Store) -> None:
    take(demo.counter, *FILES)
    report = take(demo.counter, "orders-weixin-shop-later.json")
    assert (report.imported, report.updated, report.cancelled, report.unchanged) == (2, 1, 1, 1)
    masked = next(codes for number, codes in report.attention if number == "371795229460000080")
    assert "phone_masked" in masked
    cancelled = demo.counter.cache.get(Order, order_id(Platform.WEIXIN_SHOP, CANCELLED_LATER))
    assert cancelled is not None
    assert cancelled.status is OrderStatus.CANCELLED


def test_a_cancellation_after_custody_is_a_recall(demo: Store) -> None:
    take(demo.counter, *FILES)
    order = order_id(Platform.WEIXIN_SHOP, CANCELLED_LATER)
    with demo.counter.transaction(MANAGER) as tx:
        tx.must(HandOver(f"{order}-1", 1, "G01", Proof.TOKEN))
    report = take(demo.counter, "orders-weixin-shop-later.json")
    assert report.cancelled == 1
    assert ("recall",) in [codes for number, codes in report.attention if number == CANCELLED_LATER]
    delivery = demo.counter.cache.get(Delivery, f"{order}-1")
    assert delivery is not None
    assert (delivery.state, delivery.recalled) == (DeliveryState.IN_CUSTODY, True)
    case = demo.counter.cache.get(ExceptionCase, f"{order}-1/recall")
    assert case is not None
    assert case.open


def test_what_staff_corrected_survives_the_same_file(demo: Store) -> None:
    from dataclasses import replace

    from storeapp.services import orders

    take(demo.counter, "orders-weixin-shop.json")
    order = order_id(Platform.WEIXIN_SHOP, CANCELLED_LATER)
    known = desk.present(demo.counter.cache.get(Order, order))
    person = desk.present(demo.counter.privacy.person(order, known.sealed))
    desk.granted(orders.correct(demo.counter, MANAGER, order, person=replace(person, phone="13800138099")))
    assert take(demo.counter, "orders-weixin-shop.json").unchanged == 20
    after = desk.present(demo.counter.cache.get(Order, order))
    assert desk.present(demo.counter.privacy.person(order, after.sealed)).phone == "13800138099"


def test_an_order_that_was_cancelled_before_it_was_known_is_not_taken_on(demo: Store) -> None:
    report = take(demo.counter, "orders-weixin-shop-later.json")
    assert (report.imported, report.cancelled, report.unchanged) == (4, 0, 1)


def test_passed_windows_and_defaults_are_flagged(demo: Store) -> None:
    demo.later(hours=14)
    report = take(demo.counter, *FILES)
    codes = {code for _, found in report.attention for code in found}
    assert {"window_passed", "window_default", "mode_assumed", "no_position", "short_stock"} <= codes


def test_a_bad_row_stops_no_other_row(demo: Store, tmp_path: Path) -> None:
    orders = json.loads((DEMO / "orders-woocommerce.json").read_text("utf-8"))
    orders[3]["line_items"][0]["quantity"] = "2.5"
    file = tmp_path / "orders.json"
    file.write_text(json.dumps(orders, ensure_ascii=False), "utf-8")
    report = import_orders(demo.counter, MANAGER, read_files([file]))
    assert report.imported == 19
    assert [(error.row, error.code) for error in report.errors] == [(4, "not_whole_number")]


def test_people_are_found_by_name_street_and_phone_end_and_again_after_the_cache_is_lost(demo: Store) -> None:
    take(demo.counter, "orders-weixin-shop.json")
    found = order_ids(demo.counter, OrderFilter(text="8033"))
    assert found
    assert order_ids(demo.counter, OrderFilter(text="王娜")) == order_ids(demo.counter, OrderFilter(text="衡山路170弄"))
    demo.counter.close()
    reset(demo.counter.home / CACHE)
    demo.counter = demo.home.open()
    assert order_ids(demo.counter, OrderFilter(text="8033")) == []
    demo.counter.catch_up()
    assert order_ids(demo.counter, OrderFilter(text="8033")) == found


def test_seventy_of_the_eighty_orders_are_located(demo: Store) -> None:
    book = load_book(demo.counter)
    people = [order.person for intake in read_files(DEMO / name for name in FILES) for order in intake.orders]
    located = [person for person in people if person.position or locate(book, person)]
    assert len(people) == 80
    assert len(located) >= 70


def test_without_a_root_key_nothing_personal_is_kept(tmp_path: Path) -> None:
    from storeapp.services.clock import FixedClock
    from storeapp.services.home import Home

    template = desk.make_template(tmp_path / "home", read_tables(DEMO))
    counter = Home(template.path, FixedClock(desk.NOW)).open()
    try:
        report = take(counter, "orders-weixin-shop.json")
        assert report.imported == 20
        kept = counter.cache.every(Order)
        assert {order.sealed for order in kept} == {""}
        assert take(counter, "orders-weixin-shop.json").unchanged == 20
    finally:
        counter.close()
    raw = (template.path / "journal.db").read_bytes()
    assert "王娜".encode() not in raw
    assert b"13800138033" not in raw


def test_nothing_personal_lies_on_the_disk_in_clear(demo: Store) -> None:
    take(demo.counter, *FILES)
    for file in demo.counter.home.iterdir():
        raw = file.read_bytes()
        for personal in ("王娜", "13800138033", "8号801室", "请放门卫"):
            assert personal.encode() not in raw, file.name
