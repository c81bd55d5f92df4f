from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storeapp.domain.delivery import DeliveryState, Proof
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.kernel import Refusal
from storeapp.domain.rules.closing import ReportException
from storeapp.domain.rules.custody import Deliver, HandOver, ReturnDelivery
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.statement import StoreDay
from storeapp.domain.stock import StockItem
from storeapp.services.counter import Counter
from storeapp.services.day import DayReport, close_day, day_report
from tests.services.store_day import MANAGER, STAFF, in_state, move_clock, open_counter

DAY = date(2026, 11, 21)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="12:00")
    yield opened
    opened.close()


def run(counter: Counter, *commands: object) -> None:
    with counter.transaction(MANAGER) as tx:
        for command in commands:
            tx.must(command)  # type: ignore[arg-type] # any command


def deliver(counter: Counter, key: str, guide: str) -> None:
    run(counter, HandOver(key, 1, guide, Proof.TOKEN), Deliver(key, Proof.PICKUP_CODE))


def of(report: DayReport, guide: str) -> tuple[int, int]:
    (row,) = [row for row in report.guides if row.guide == guide]
    return row.deliveries, row.earnings_fen


def test_a_quiet_day_has_every_order_open(counter: Counter) -> None:
    report = day_report(counter)
    assert (report.day, report.totals.orders, report.totals.open, report.totals.delivered) == (DAY, 67, 67, 0)
    assert {row.guide for row in report.guides} == {"G01", "G04", "G07", "G10"}


def test_deliveries_are_paid_to_who_brought_them(counter: Counter) -> None:
    first, second, third = in_state(counter, DeliveryState.WAITING)[:3]
    deliver(counter, first, "G01")
    deliver(counter, second, "G01")
    deliver(counter, third, "G04")
    report = day_report(counter)
    assert of(report, "G01")[0] == 2
    assert of(report, "G04")[0] == 1
    assert report.guides[0].guide == "G01"
    assert (report.totals.delivered, report.totals.open) == (3, 64)


def test_cancelled_orders_and_exceptions_are_counted(counter: Counter) -> None:
    first, second = in_state(counter, DeliveryState.WAITING)[:2]
    run(counter, CancelOrder(first.removesuffix("-1"), "x"), ReportException(second, ExceptionKind.LATE))
    report = day_report(counter)
    assert (report.totals.cancelled, report.totals.exceptions, report.totals.orders) == (1, 1, 67)
    assert [case.kind for case in report.exceptions] == [ExceptionKind.LATE]


def test_counts_of_the_day_show_by_how_much_the_book_was_wrong(counter: Counter) -> None:
    before = {item.sku: item.on_hand for item in counter.cache.every(StockItem)}
    run(counter, CountStock("XH", "BL-001", before["BL-001"] - 2), CountStock("XH", "BL-002", before["BL-002"]))
    (difference,) = day_report(counter).differences
    assert (difference.sku, difference.difference, difference.on_hand) == ("BL-001", -2, before["BL-001"] - 2)


def test_closing_keeps_the_figures_and_lists_what_is_still_out(counter: Counter) -> None:
    first, second = in_state(counter, DeliveryState.WAITING)[:2]
    deliver(counter, first, "G01")
    run(counter, HandOver(second, 1, "G07", Proof.TOKEN))
    report = close_day(counter, MANAGER)
    assert isinstance(report, DayReport)
    assert [(item.delivery_id, item.guide, item.parcels) for item in report.in_custody] == [(second, "G07", 1)]
    kept = counter.cache.get(StoreDay, "XH/2026-11-21")
    assert kept is not None
    assert (kept.totals, kept.closed_by, report.closed) == (report.totals, "manager", kept)


def test_a_day_can_be_closed_again_after_a_late_fact(counter: Counter) -> None:
    close_day(counter, MANAGER)
    deliver(counter, in_state(counter, DeliveryState.WAITING)[0], "G01")
    again = close_day(counter, MANAGER)
    assert isinstance(again, DayReport)
    assert again.closed is not None
    assert (again.closed.closings, again.closed.totals.delivered) == (2, 1)


def test_only_a_manager_closes_and_never_a_day_to_come(counter: Counter) -> None:
    refused = (close_day(counter, STAFF), close_day(counter, MANAGER, date(2026, 11, 22)))
    assert [refusal.code for refusal in refused if isinstance(refusal, Refusal)] == ["manager_only", "day_in_future"]


def test_a_day_ends_at_midnight_of_the_store(counter: Counter) -> None:
    move_clock(counter, "23:59")
    deliver(counter, in_state(counter, DeliveryState.WAITING)[0], "G10")
    assert day_report(counter, date(2026, 11, 20)).totals.delivered == 0
    assert day_report(counter, DAY).totals.delivered == 1
    assert day_report(counter, date(2026, 11, 22)).totals.delivered == 0


steps = st.lists(
    st.tuples(st.sampled_from(("deliver", "return", "hand_over")), st.integers(0, 5), st.sampled_from(("G01", "G04"))),
    max_size=14,
)


@settings(max_examples=10)
@given(steps)
def test_earnings_are_the_sum_of_their_lines_whatever_happened(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int, str]]
) -> None:
    counter = open_counter(tmp_path_factory.mktemp("day"), at="12:00")
    try:
        keys = in_state(counter, DeliveryState.WAITING)[:6]
        for what, number, guide in steps:
            commands = {
                "deliver": Deliver(keys[number], Proof.STAFF),
                "return": ReturnDelivery(keys[number], "refused"),
                "hand_over": HandOver(keys[number], 1, guide, Proof.TOKEN),
            }
            run(counter, commands[what])
        report = day_report(counter)
        rates = counter.policy.rate_fen
        lines = [earning for row in report.guides for earning in row.earnings]
        assert report.totals.earnings_fen == sum(rates[earning.mode] for earning in lines)
        assert len({earning.delivery_id for earning in lines}) == len(lines)
        assert {earning.delivery_id for earning in lines} <= set(in_state(counter, DeliveryState.DELIVERED))
        assert report.totals.orders == report.totals.open + report.totals.delivered + report.totals.cancelled
    finally:
        counter.close()
