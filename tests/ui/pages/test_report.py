"""The page of a day over the demo day: figures, closing, earlier days, paper and table."""

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from PySide6.QtCore import QDate, Qt

from storeapp.domain.moment import store_day
from storeapp.domain.statement import StoreDay
from storeapp.domain.words import Role
from storeapp.services.counter import Actor
from storeapp.services.day import Arrival, day_report
from storeapp.services.stock import count
from tests.ui.demo import MANAGER, NOON
from ui.pages.paper_dialog import PaperDialog
from ui.pages.report_day import has_changed, shown_totals
from ui.pages.report_words import by_hour, share

DAY = store_day(NOON)


@pytest.fixture
def page(window, settled):
    window.go("report")
    settled()
    return window.page("report")


@pytest.fixture
def read(window, settled):
    """Reads from the counter behind the window."""

    def ask(call):
        found = []
        window.backend.read(call, done=found.append)
        settled()
        return found[0]

    return ask


def closed(read):
    return read(lambda c: c.cache.get(StoreDay, f"{c.store}/{DAY.isoformat()}"))


def shown(page, key):
    return page._figures[key].value()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_page_shows_the_figures_of_today(page, read):
    totals = read(day_report).totals
    assert totals.delivered
    assert shown(page, "delivered") == str(totals.delivered)
    assert shown(page, "on_time") == share(totals.on_time, totals.delivered)
    assert page._guides._model.rowCount() == len(read(day_report).guides)


def test_what_is_still_out_stands_above_what_waits(page):
    rows = page._read.left
    assert rows[0].parcels_out
    assert [bool(row.parcels_out) for row in rows] == sorted((bool(row.parcels_out) for row in rows), reverse=True)
    assert len(rows) == page._read.report.totals.open


def test_enter_on_an_order_goes_there(page, qtbot, window):
    page._left.table.setFocus()
    page._left.table.pick(page._read.left[0].id)
    qtbot.keyClick(page._left.table, Qt.Key.Key_Return)
    assert window.shell.current_page() == "orders"


def test_closing_asks_nothing_and_can_be_done_again(page, read, settled, window):
    for closings in (1, 2):
        window.actions.trigger("report.close")
        settled()
        assert closed(read).closings == closings
    assert page._standing.property("chip") == "ok"


def test_a_change_after_the_closing_is_told(page, read, settled, window):
    window.actions.trigger("report.close")
    settled()
    later = page._read
    page._show(type(later)(_with_more_orders(later.report), later.left, later.names, later.now))
    assert page._standing.property("chip") == "warn"


def _with_more_orders(report):
    return replace(report, totals=structs.replace(report.totals, orders=report.totals.orders + 1))


def test_a_past_day_keeps_the_figures_it_was_closed_with(page, settled, window):
    window.actions.trigger("report.close")
    settled()
    report, tomorrow = page._read.report, page._read.now + timedelta(days=1)
    later = replace(report, totals=structs.replace(report.totals, orders=1, open=0))
    assert not has_changed(later, report.closed.totals, tomorrow)
    assert shown_totals(later, tomorrow) == report.closed.totals
    delivered = replace(report, totals=structs.replace(report.totals, delivered=report.totals.delivered + 1))
    assert has_changed(delivered, report.closed.totals, tomorrow)


def test_only_a_manager_closes_the_day(page, read, settled, window):
    window.session.sign_in(Actor("xu", Role.STAFF), "clerk")
    window.actions.trigger("report.close")
    settled()
    assert closed(read) is None


def test_earlier_days_are_looked_up_and_today_is_the_last(page, settled, window):
    assert not page._next.isEnabled()
    window.actions.trigger("report.previous")
    settled()
    assert page._read.report.day == DAY - timedelta(days=1)
    assert page._next.isEnabled()
    page._date.setDate(QDate(2026, 11, 1))
    settled()
    assert page._read.report.day.day == 1
    window.actions.refresh()
    window.actions.trigger("report.today")
    settled()
    assert page._read.report.day == DAY


def test_counts_of_the_day_show_their_differences(page, settled, window, qtbot):
    window.backend.act(lambda counter, _actor: count(counter, MANAGER, "BL-005", 99))
    settled()
    assert page._counts._model.rowCount() == 1
    qtbot.waitUntil(lambda: page._counts._model.cell(0, 1) is not None)
    assert page._counts._model.cell(0, 1).tone == "warn"


def test_the_table_is_written_without_names(page, settled, window, desk):
    window.actions.trigger("report.csv")
    settled()
    text = (desk.papers / f"day-{DAY.isoformat()}.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))
    assert {row["section"] for row in rows} >= {"store", "guide", "in_custody"}
    assert not [name for name in page._read.names.values() if name in text]


def test_the_paper_can_be_looked_at_before_it_is_printed(page, settled, window, qtbot):
    window.actions.trigger("report.print")
    settled()
    (dialog,) = page.findChildren(PaperDialog)
    dialog.show_media("roll_80")
    dialog.save_pdf()
    settled()
    assert (page.desk.papers / f"day-{DAY.isoformat()}.pdf").stat().st_size > 1000


def test_hours_are_those_of_the_store():
    at = datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    counts, shares = by_hour([Arrival(at, True), Arrival(at, False), Arrival(at + timedelta(hours=2), True)])
    assert [(point.label, point.value) for point in counts] == [("09", 2), ("10", 0), ("11", 1)]
    assert [(point.label, point.value) for point in shares] == [("09", 50), ("11", 100)]
    assert by_hour([]) == ([], [])
