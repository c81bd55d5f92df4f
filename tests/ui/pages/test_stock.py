"""The stock page over the demo day, with a scanner's keys."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit

from storeapp.services.stock import movements, stock_rows

SERUM, CREAM = "BL-001", "BL-002"
BARCODES = {SERUM: "6901234500004", CREAM: "6901234500370"}


@pytest.fixture
def page(window, settled):
    window.go("stock")
    settled()
    return window.page("stock")


@pytest.fixture
def read(window, settled):
    """Reads from the counter behind the window."""

    def ask(call):
        found = []
        window.backend.read(call, done=found.append)
        settled()
        return found[0]

    return ask


def on_hand(read, sku):
    return next(row.on_hand for row in read(stock_rows) if row.sku == sku)


def scan(page, settled, sku):
    page.desk.scanner.scanned.emit(BARCODES[sku])
    settled()


def focused_field(page):
    field = page.window().focusWidget()
    assert isinstance(field, QLineEdit)
    return field


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_page_shows_every_shelf(page):
    assert page._model.rowCount() == 15
    assert page._detail._name.text()


def test_typing_narrows_the_list(page, qtbot):
    qtbot.keyClicks(page._find, "BL-00")
    assert page._model.rowCount() == 9


def test_the_filter_names_how_many_shelves_are_short(page):
    page._filter._buttons["short"].click()
    shown = page._model.rowCount()
    assert shown > 0
    assert page._filter._buttons["short"].text().endswith(str(shown))


def test_a_scan_shows_the_article(page, settled):
    scan(page, settled, CREAM)
    assert page._table.picked_id() == CREAM
    assert page._detail._codes.text().startswith(CREAM)


def test_receiving_takes_scan_number_enter(page, qtbot, read, settled):
    before = on_hand(read, CREAM)
    page.desk.actions.trigger("stock.receive")
    scan(page, settled, CREAM)
    field = focused_field(page)
    qtbot.keyClicks(field, "12")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settled()
    assert on_hand(read, CREAM) == before + 12


def test_the_same_scan_again_is_one_more_and_another_article_saves_it(page, read, settled):
    before = on_hand(read, CREAM)
    page.desk.actions.trigger("stock.receive")
    for sku in (CREAM, CREAM, CREAM, SERUM):
        scan(page, settled, sku)
    assert on_hand(read, CREAM) == before + 3
    assert page._works["receive"]._row.sku == SERUM


def test_undo_books_the_opposite(page, qtbot, read, settled, window):
    before = on_hand(read, CREAM)
    page.desk.actions.trigger("stock.sell")
    scan(page, settled, CREAM)
    qtbot.keyClick(focused_field(page), Qt.Key.Key_Return)
    settled()
    assert on_hand(read, CREAM) == before - 1
    window.actions.refresh()
    window.actions.trigger("app.undo")
    settled()
    assert on_hand(read, CREAM) == before
    assert read(lambda counter: movements(counter, CREAM))[0].reference == "undone"


def test_an_adjustment_keeps_its_reason(page, qtbot, read, settled):
    page.desk.actions.trigger("stock.adjust")
    scan(page, settled, CREAM)
    field = focused_field(page)
    qtbot.keyClicks(field, "-2")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    settled()
    newest = read(lambda counter: movements(counter, CREAM))[0]
    assert (newest.quantity, newest.reference) == (-2, "damaged")


def test_an_unknown_code_is_named(page, settled):
    page.desk.actions.trigger("stock.receive")
    page.desk.scanner.scanned.emit("4000000000000")
    settled()
    assert "4000000000000" in page._works["receive"]._error.text()


def test_a_count_goes_from_bin_to_bin_and_shows_differences(page, qtbot, read, settled):
    page.desk.actions.trigger("stock.count")
    first = page._count._sku
    expected = on_hand(read, first)
    qtbot.keyClicks(page._count._number, str(expected + 1))
    qtbot.keyClick(page._count._number, Qt.Key.Key_Return)
    settled()
    assert on_hand(read, first) == expected + 1
    assert page._count._sku != first
    assert "1/15" in page._count._share.text()
    page._count.ask(first)
    assert "1" in page._count._result.text()


def test_scanning_in_a_count_saves_the_number_that_stands_there(page, qtbot, read, settled):
    page.desk.actions.trigger("stock.count")
    scan(page, settled, CREAM)
    qtbot.keyClicks(page._count._number, "3")
    scan(page, settled, SERUM)
    assert on_hand(read, CREAM) == 3
    assert page._count._sku == SERUM


def test_arrows_walk_and_escape_ends_the_count(page, qtbot):
    page.desk.actions.trigger("stock.count")
    first = page._count._sku
    qtbot.keyClick(page._count._number, Qt.Key.Key_Down)
    assert page._count._sku != first
    qtbot.keyClick(page._count._number, Qt.Key.Key_Up)
    assert page._count._sku == first
    qtbot.keyClick(page._count._number, Qt.Key.Key_Escape)
    assert page._side.currentWidget() is page._detail


def test_the_page_comes_to_a_shelf_by_the_id_of_its_item(page, settled):
    page.show_subject("XH/BL-005")
    settled()
    assert page._detail._codes.text().startswith("BL-005")
