"""The orders page over the demo day: what it lists, what it shows of one, and what it asks and does."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.order import Order
from storeapp.domain.place import Position
from storeapp.i18n import LANGUAGES, Translator
from storeapp.services.addresses import known_buildings
from storeapp.services.queries import board, order_detail
from storeapp.store.lists import OrderFilter
from tests.ui.demo import DEMO, MANAGER, NOON
from ui.kit.paged_model import SortOrder
from ui.pages.order_forms import Goods, goods_text, read_goods, window_of
from ui.pages.order_import import ImportDialog
from ui.pages.order_locate import LocateDialog, read_position
from ui.pages.order_table import filter_of
from ui.pages.order_words import needs_cell, short_number, time_left
from ui.pages.window_offers import WindowOffers


@pytest.fixture
def page(window, qtbot, settled):
    window.go("orders")
    found = window.page("orders")
    qtbot.waitUntil(lambda: found.picked() is not None)
    qtbot.waitUntil(lambda: not found.panel._head.isHidden())
    settled()
    return found


@pytest.fixture
def pick(page, qtbot, settled):
    """Picks a delivery in the table and waits for its detail."""

    def go(delivery_id):
        page.show_subject(delivery_id)
        qtbot.waitUntil(lambda: page.picked() is not None and page.picked().id == delivery_id)
        qtbot.waitUntil(lambda: page.panel._detail is not None and page.panel._detail.row.id == delivery_id)
        settled()

    return go


@pytest.fixture
def look_at(window, qtbot):
    """Reads something from the counter."""

    def read(call):
        answers = []
        window.backend.read(call, done=answers.append)
        qtbot.waitUntil(lambda: bool(answers))
        return answers[0]

    return read


def dialog(qtbot, kind=QDialog):
    found = []

    def there():
        found[:] = [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]
        return bool(found)

    qtbot.waitUntil(there)
    return found[0]


def texts(widget):
    return [label.text() for label in widget.findChildren(QLabel)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_in_every_language_and_lists_open_orders(page, language):
    assert page.list.model.rowCount() > 20
    assert page.title() == Translator(language).text("page.orders")
    assert page.picked().state not in {DeliveryState.DELIVERED, DeliveryState.CANCELLED}


def test_the_list_shows_no_clear_name_phone_or_address(page):
    row = page.picked()
    shown = [page.list.model.index(0, column).data() for column in range(page.list.model.columnCount())]
    assert "*" in row.person.name
    assert not any("13800138" in text for text in [*shown, *texts(page.panel)])


def test_search_waits_for_a_pause_and_finds_one_number(page, qtbot):
    number = page.list.model.row(3).order_no
    before = page.list.model.rowCount()
    page.list.search.setText(number)
    assert page.list.model.rowCount() == before
    qtbot.waitUntil(lambda: page.list.model.rowCount() == 1)
    assert page.list.model.row(0) is None or page.list.model.row(0).order_no == number


def test_a_filter_by_state_shows_that_state_only(page, qtbot, settled):
    page.list.states.choose("out")
    page.list.states.chosen.emit("out")
    qtbot.waitUntil(lambda: page.picked() is not None and page.picked().state is DeliveryState.IN_CUSTODY)


@pytest.mark.parametrize(
    ("state", "need", "wanted"),
    [
        ("open", "", OrderFilter(open_only=True)),
        ("waiting", "", OrderFilter(states=(DeliveryState.WAITING,))),
        ("all", "any", OrderFilter(needing=True)),
        ("all", "no_position", OrderFilter(needs="no_position")),
    ],
)
def test_filters_ask_the_store(state, need, wanted):
    assert filter_of(state, need, "", None) == wanted
    assert filter_of(state, need, "x", SortOrder("guide", True)) == replace(
        wanted, text="x", sort="guide", descending=True
    )


def test_revealing_shows_the_customer_and_hides_on_leaving(page, window, qtbot):
    window.actions.trigger("orders.reveal")
    qtbot.waitUntil(page.panel.reveals)
    assert any("13800138" in text for text in texts(page.panel))
    page.hide()
    assert not page.panel.reveals()
    assert not any("13800138" in text for text in texts(page.panel))
    page.show()


def test_revealed_data_hides_when_another_order_is_picked(page, window, qtbot, settled):
    window.actions.trigger("orders.code")
    qtbot.waitUntil(page.panel.reveals)
    page.list.table.selectRow(2)
    qtbot.waitUntil(lambda: not page.panel.reveals())


def test_a_reveal_is_noted_in_the_audit_chain(page, window, qtbot, look_at):
    window.actions.trigger("orders.reveal")
    qtbot.waitUntil(page.panel.reveals)
    order = page.picked().order_id
    assert look_at(
        lambda counter: counter.journal.audited("person.revealed", order, since=NOON - timedelta(hours=1)) == 1
    )


def test_correcting_saves_what_was_typed(page, pick, window, qtbot, look_at):
    row = page.picked()
    window.actions.trigger("orders.correct")
    form = dialog(qtbot)
    form.form.set_value("name", "林小满")
    form.form.set_value("goods", "BL-002 x 3")
    form.accept()
    qtbot.waitUntil(lambda: page.picked() is not None and page.picked().pieces == 3)
    order = look_at(lambda counter: counter.cache.get(Order, row.order_id))
    person = look_at(lambda counter: counter.privacy.person(order.id, order.sealed))
    assert person.name == "林小满"
    assert [(line.sku, line.quantity) for line in order.lines] == [("BL-002", 3)]


def test_goods_that_cannot_be_read_keep_the_form_open(page, window, qtbot):
    window.actions.trigger("orders.correct")
    form = dialog(qtbot)
    form.form.set_value("goods", "BL-002 x 0")
    form.accept()
    assert form.isVisible()
    assert "BL-002" in form.form.error("goods")
    form.close()


def test_rescheduling_can_be_taken_back(page, window, qtbot, look_at):
    row = page.picked()
    window.actions.trigger("orders.reschedule")
    form = dialog(qtbot)
    form.form.set_value("end", form.values()["end"].replace(hour=23, minute=0))
    form.accept()
    qtbot.waitUntil(lambda: window.desk.undo is not None)
    window.desk.take_back()
    qtbot.waitUntil(lambda: look_at(lambda c: c.cache.get(Order, row.order_id)).window == row.window)


def test_a_window_that_suits_fills_the_form_of_rescheduling(page, window, qtbot):
    window.actions.trigger("orders.reschedule")
    form = dialog(qtbot)
    offers = form.findChild(WindowOffers)
    qtbot.waitUntil(lambda: bool(offers.buttons) or "…" not in offers.remark.text(), timeout=60_000)
    assert offers.buttons, offers.remark.text()
    assert sum(button.property("primary") == "true" for button in offers.buttons) == 1
    offers.buttons[-1].click()
    assert window_of(form.values()) == offers.offers[-1].window
    assert form.values()["mode"] == "scheduled"
    form.close()


def test_windows_of_a_new_order_need_an_address_that_is_known(page, window, qtbot, look_at):
    window.actions.trigger("orders.new")
    form = dialog(qtbot)
    offers = form.findChild(WindowOffers)
    assert offers.buttons == []
    offers.ask_button.click()
    qtbot.waitUntil(offers.ask_button.isEnabled, timeout=60_000)
    assert offers.remark.text() == window.desk.words.text("refusal.place_unknown")
    row = look_at(known_buildings)[0]
    form.form.set_value("address", f"{row.city}{row.district}{row.street}{row.lane}")
    offers.ask_button.click()
    qtbot.waitUntil(offers.ask_button.isEnabled, timeout=60_000)
    assert offers.remark.text() != window.desk.words.text("refusal.place_unknown")
    form.close()


def test_cancelling_asks_for_a_reason_and_ends_the_order(page, window, qtbot, look_at):
    row = page.picked()
    window.actions.trigger("orders.cancel")
    form = dialog(qtbot)
    form.form.set_value("reason", "out_of_stock")
    form.accept()
    qtbot.waitUntil(lambda: look_at(lambda c: c.cache.get(Order, row.order_id)).cancel_reason == "out_of_stock")


def test_an_order_is_located_from_the_address_book(page, pick, window, qtbot, look_at):
    lost = next(row for row in look_at(board).waiting if "no_position" in row.needs and row.person.known)
    pick(lost.id)
    window.actions.trigger("orders.locate")
    asked = dialog(qtbot, LocateDialog)
    asked.search.clear()
    qtbot.waitUntil(lambda: asked.list.model().rowCount() > 1)
    asked.list.selectRow(0)
    asked.accept()
    qtbot.waitUntil(lambda: look_at(lambda c: order_detail(c, lost.id)).row.located)


def test_coordinates_that_are_none_are_named(page, window, qtbot):
    window.actions.trigger("orders.locate")
    asked = dialog(qtbot, LocateDialog)
    asked.coordinates.setText("91, 200")
    asked.accept()
    assert asked.isVisible()
    asked.coordinates.setText("31.2, 121.4")
    asked.accept()
    assert asked.position == Position(31.2, 121.4)


def test_a_typed_order_is_taken_on_and_shown(page, window, qtbot):
    page.new.type_in()
    form = dialog(qtbot)
    for key, value in {"name": "何小姐", "phone": "13800138042", "address": "上海市徐汇区衡山路170弄3号501室"}.items():
        form.form.set_value(key, value)
    form.form.set_value("goods", "bl-003 x 2\nBL-001")
    form.form.set_value("order_no", "HAND-1")
    form.accept()
    qtbot.waitUntil(lambda: page.picked() is not None and page.picked().order_no == "HAND-1")
    assert page.picked().pieces == 3
    assert page.picked().located


def test_a_pasted_chat_fills_the_form(page, window, qtbot):
    page.new.paste()
    chat = dialog(qtbot)
    chat.text.setPlainText("收件人：王敏\n电话：13800138001\n地址：上海市徐汇区衡山路170弄3号501室\nBL-003 x2")
    chat.accept()
    qtbot.waitUntil(lambda: not chat.isVisible())
    form = dialog(qtbot)
    assert form.values()["phone"] == "13800138001"
    assert form.values()["goods"] == "BL-003 x 2"
    form.close()


def test_files_are_tried_before_they_are_imported(page, window, qtbot, settled, tmp_path, look_at):
    bad = tmp_path / "odd.csv"
    bad.write_text("a,b\n1,2\n", "utf-8")
    before = len(look_at(board).waiting)
    page.new.import_files([DEMO / "orders-weixin-shop-later.json", bad])
    asked = dialog(qtbot, ImportDialog)
    qtbot.waitUntil(asked._accept.isEnabled)
    assert len(look_at(board).waiting) == before
    asked._accept.click()
    qtbot.waitUntil(lambda: not asked._accept.isVisible())
    settled()
    assert len(look_at(board).waiting) > before
    asked.close()


def test_dropped_files_that_may_be_orders_are_taken(page, window, qtbot):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(DEMO / "orders-shopify.csv")), QUrl.fromLocalFile("/nowhere/picture.png")])
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    with qtbot.waitSignal(window._drops.dropped) as dropped:
        window._drops.eventFilter(window.shell, event)
    assert dropped.args == [[DEMO / "orders-shopify.csv"]]
    dialog(qtbot, ImportDialog).close()


def test_a_slip_is_printed_and_the_next_one_replaces_it(page, window, qtbot, tmp_path, monkeypatch):
    from PySide6.QtPrintSupport import QPrinterInfo

    monkeypatch.setattr("ui.printing.QPrinterInfo.defaultPrinter", QPrinterInfo)
    printed = window.desk.papers
    window.actions.trigger("orders.print")
    qtbot.waitUntil(lambda: printed.exists() and len(list(printed.glob("*.pdf"))) == 1)
    window.actions.trigger("orders.print")
    qtbot.waitUntil(lambda: len(list(printed.glob("*.pdf"))) == 2)
    qtbot.waitUntil(lambda: "1" in window.shell._top.message.said()[0].text)
    assert not any("13800138" in path.name for path in printed.iterdir())


def test_goods_are_read_back_as_they_are_written():
    goods = [Goods("BL-003", 2), Goods("BL-001", 1)]
    assert read_goods(goods_text(goods)) == goods
    assert read_goods("BL-003 2\nBL-001") == goods
    assert read_goods("BL-003 x 0") == "BL-003 x 0"


@pytest.mark.parametrize("text", ["", "31.2", "91, 0", "31.2, 121.4, 5", "上海"])
def test_what_is_no_position_is_none(text):
    assert read_position(text) is None


def test_words_for_numbers_needs_and_times(page):
    words, row = Translator("en"), page.picked()
    assert short_number("3717952400200000681") == "…00000681"
    assert short_number("T000003") == "T000003"
    assert needs_cell(words, replace(row, needs=("window_default",))).text == ""
    assert needs_cell(words, replace(row, needs=("no_position", "short_stock"))).text.endswith("+1")
    assert "late" in time_left(words, row.window.start, row.window.end)


def test_nobody_signed_in_is_asked_first(page, window, qtbot, settled):
    window.session.sign_out()
    window.actions.trigger("orders.reveal")
    settled()
    assert not page.panel.reveals()
    for each in QApplication.topLevelWidgets():
        if isinstance(each, QDialog):
            each.close()
    window.session.sign_in(MANAGER, "manager")


def test_every_need_says_what_to_do():
    folder = Path("resources/translations")
    for language in LANGUAGES:
        words = Translator(language)
        needs = [code for code in words._texts if code.startswith("need.")]
        assert folder.exists()
        assert all(words.has(code.replace("need.", "fix.", 1)) for code in needs)


def test_a_scanned_number_is_searched(page, qtbot):
    number = page.list.model.row(4).order_no
    assert page.take_scan(number)
    qtbot.waitUntil(lambda: page.list.model.rowCount() == 1)
