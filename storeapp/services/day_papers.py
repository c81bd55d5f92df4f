"""The end of a day for people who were not there: a paper to sign, and a table for the office."""

import csv
import io
from collections.abc import Iterator

from msgspec.structs import asdict

from storeapp.domain.catalogue import Store
from storeapp.domain.delivery import Delivery
from storeapp.domain.order import Order
from storeapp.domain.paper import CountedShelf, DayCloseContent, GuideLabel, GuideTotals, StillOut
from storeapp.domain.people import Staff
from storeapp.services.counter import Counter
from storeapp.services.day import DayReport
from storeapp.services.queries import guide_names

COLUMNS = ("day", "section", "code", "measure", "value")


def day_content(counter: Counter, report: DayReport) -> DayCloseContent:
    """What stands on the paper of a day."""
    store = counter.cache.get(Store, counter.store)
    closed = report.closed
    by = counter.cache.get(Staff, closed.closed_by) if closed else None
    return DayCloseContent(
        store_name=store.name if store else counter.store,
        day=report.day,
        totals=report.totals,
        guides=tuple(
            GuideTotals(GuideLabel(row.guide, row.name), row.deliveries, row.on_time, row.earnings_fen, row.paid_by)
            for row in report.guides
        ),
        out=tuple(_still_out(counter, report)),
        counted=tuple(CountedShelf(row.name, row.sku, row.difference, row.on_hand) for row in report.counted),
        printed_at=counter.clock.now(),
        closed_at=closed.closed_at if closed else None,
        closed_by=by.name if by else closed.closed_by if closed else "",
        closings=closed.closings if closed else 0,
    )


def _still_out(counter: Counter, report: DayReport) -> Iterator[StillOut]:
    deliveries = counter.cache.many(Delivery, [held.delivery_id for held in report.in_custody])
    orders = counter.cache.many(Order, [delivery.order_id for delivery in deliveries.values()])
    names = guide_names(counter)
    for held in report.in_custody:
        number = orders[deliveries[held.delivery_id].order_id].order_no
        yield StillOut(number, names.get(held.guide, held.guide), held.parcels)


def day_csv(report: DayReport) -> str:
    """One figure a line, with codes instead of names: nothing in it is about a person by name."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows((report.day.isoformat(), *line) for line in _lines(report))
    return text.getvalue()


def _lines(report: DayReport) -> Iterator[tuple[str, str, str, int]]:
    for measure, value in asdict(report.totals).items():
        yield "store", "", measure, value
    for guide in report.guides:
        yield "guide", guide.guide, "deliveries", guide.deliveries
        yield "guide", guide.guide, "on_time", guide.on_time
        yield "guide", guide.guide, "earnings_fen", guide.earnings_fen
    for held in report.in_custody:
        yield "in_custody", held.guide, "parcels", held.parcels
    for shelf in report.counted:
        yield "count", shelf.sku, "difference", shelf.difference
        yield "count", shelf.sku, "on_hand", shelf.on_hand
