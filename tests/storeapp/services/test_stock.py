"""Stock at the counter: what arrives, leaves and is counted."""

from datetime import timedelta

from storeapp.domain.moment import store_day
from storeapp.services import stock
from storeapp.services.rows import Shelf
from tests.storeapp.services.desk import MANAGER, Store, granted, refused


def shelf(store: Store, sku: str = "BL-001") -> tuple[int, int]:
    row = next(row for row in stock.stock_rows(store.counter) if row.sku == sku)
    return row.on_hand, row.reserved


def test_pieces_that_arrive_are_promised_to_who_was_short(store: Store) -> None:
    delivery = store.place(sku="BL-003", quantity=2)
    assert "short_stock" in store.order(delivery).needs
    granted(stock.receive(store.counter, MANAGER, "BL-003", 5))
    assert "short_stock" not in store.order(delivery).needs
    assert shelf(store, "BL-003") == (5, 2)


def test_a_count_squares_the_book_and_is_a_movement(store: Store) -> None:
    granted(stock.count(store.counter, MANAGER, "BL-001", 17))
    assert shelf(store) == (17, 0)
    newest = stock.movements(store.counter, "BL-001")[0]
    assert (newest.movement, newest.quantity, newest.actor) == ("counted", -3, "manager")


def test_a_sale_may_go_below_zero_and_asks_for_a_count(store: Store) -> None:
    from storeapp.services.attention import attention_rows

    granted(stock.sell(store.counter, MANAGER, "BL-001", 25))
    assert shelf(store) == (-5, 0)
    assert [row.code for row in attention_rows(store.counter)] == ["stock_below_zero"]
    granted(stock.count(store.counter, MANAGER, "BL-001", 2))
    assert attention_rows(store.counter) == []


def test_an_adjustment_has_a_reason(store: Store) -> None:
    assert refused(stock.adjust(store.counter, MANAGER, "BL-001", -2, " ")) == "reason_missing"
    granted(stock.adjust(store.counter, MANAGER, "BL-001", -2, "tester"))
    assert shelf(store) == (18, 0)
    assert stock.movements(store.counter, "BL-001")[0].reference == "tester"


def test_what_makes_no_sense_is_refused(store: Store) -> None:
    assert refused(stock.receive(store.counter, MANAGER, "none", 1)) == "sku_unknown"
    assert refused(stock.receive(store.counter, MANAGER, "BL-001", 0)) == "bad_quantity"
    assert refused(stock.count(store.counter, MANAGER, "BL-001", -1)) == "bad_quantity"
    assert refused(stock.count(store.counter, MANAGER, "none", 1)) == "sku_unknown"
    assert shelf(store) == (20, 0)


def test_a_barcode_or_a_code_in_any_case_finds_the_article(store: Store) -> None:
    assert stock.find_sku(store.counter, "6901234500001") == "BL-001"
    assert stock.find_sku(store.counter, " bl-002 ") == "BL-002"
    assert stock.find_sku(store.counter, "none") is None


def test_rows_are_found_by_every_text_they_show(store: Store) -> None:
    for text in ("BL-001", "6901234500001", "香水1", "A1"):
        assert [row.sku for row in stock.stock_rows(store.counter, text)] == ["BL-001"]


def test_a_shelf_says_what_orders_wait_for_and_how_it_stands(store: Store) -> None:
    store.place(sku="BL-003", quantity=2)
    rows = {row.sku: row for row in stock.stock_rows(store.counter)}
    assert (rows["BL-003"].missing, rows["BL-003"].shelf) == (2, Shelf.SHORT)
    assert rows["BL-001"].shelf is Shelf.FINE


def test_the_first_table_is_no_count(store: Store) -> None:
    store.clock.moment += timedelta(minutes=1)
    granted(stock.count(store.counter, MANAGER, "BL-001", 17))
    counted = {row.sku: row.counted_at for row in stock.stock_rows(store.counter)}
    assert counted == {"BL-001": store.clock.now(), "BL-002": None, "BL-003": None}
    day = store_day(store.clock.now())
    assert [(row.sku, row.difference) for row in stock.counted_on(store.counter, day)] == [("BL-001", -3)]
    assert stock.counted_on(store.counter, day + timedelta(days=1)) == []
