"""What the page of a day reads and writes beside the screen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import store_day
from storeapp.domain.people import Staff
from storeapp.domain.statement import DayTotals
from storeapp.services.counter import Actor, Counter
from storeapp.services.day import DayReport, close_day, day_report
from storeapp.services.day_papers import day_csv
from storeapp.services.forgetting import forget_due
from storeapp.services.queries import guide_names, order_rows
from ui.pages.report_words import LeftRow

_MOST_LEFT = 300


@dataclass(frozen=True, slots=True)
class DayRead:
    """A day with what its rows are shown with."""

    report: DayReport
    left: tuple[LeftRow, ...]
    names: Mapping[str, str]
    now: datetime


def read_day(counter: Counter, day: date | None) -> DayRead:
    """Read a day; call on the database thread."""
    report = day_report(counter, day)
    names = guide_names(counter)
    held = {out.delivery_id: out for out in report.in_custody}
    ids = [*held, *(each for each in report.open_deliveries if each not in held)][:_MOST_LEFT]
    left = [
        LeftRow(order.id, order, names.get(held[order.id].guide, "") if order.id in held else order.guide_name,
                held[order.id].parcels if order.id in held else 0)
        for order in order_rows(counter, ids) if order is not None
    ]  # fmt: skip
    staff = {each.id: each.name for each in counter.cache.every(Staff)}
    return DayRead(report, tuple(left), {**names, **staff}, counter.clock.now())


def _is_past(report: DayReport, now: datetime) -> bool:
    return report.day < store_day(now)


def shown_totals(report: DayReport, now: datetime) -> DayTotals:
    """The figures of a day: of one in the past those it was closed with, for what was open then is over by now."""
    if report.closed is not None and not has_changed(report, report.closed.totals, now) and _is_past(report, now):
        return report.closed.totals
    return report.totals


def has_changed(report: DayReport, closed: DayTotals, now: datetime) -> bool:
    """Whether something happened that the closing did not know; of a past day only what is final counts."""
    if _is_past(report, now):
        return _final(report.totals) != _final(closed)
    return report.totals != closed


def _final(totals: DayTotals) -> tuple[int, ...]:
    return totals.delivered, totals.on_time, totals.cancelled, totals.earnings_fen


def close(counter: Counter, actor: Actor, day: date | None) -> DayReport | Refusal:
    """Close a day; whom nobody needs to know any more is forgotten."""
    report = close_day(counter, actor, day)
    if not isinstance(report, Refusal):
        forget_due(counter)
    return report


def save_csv(report: DayReport, folder: Path) -> Path:
    """Write the day's table beside the printed papers; with a mark at its start so that Excel reads it as UTF-8."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"day-{report.day.isoformat()}.csv"
    path.write_bytes(day_csv(report).encode("utf-8-sig"))
    return path
