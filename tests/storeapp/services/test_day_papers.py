"""A day on paper and as a table: figures and codes, never a customer."""

import csv
import io
from datetime import timedelta

from storeapp.domain.moment import store_day
from storeapp.domain.paper import CountedShelf
from storeapp.services.day import close_day, day_report
from storeapp.services.day_papers import COLUMNS, day_content, day_csv
from storeapp.services.stock import count
from tests.storeapp.services.desk import MANAGER, PERSON, Store, granted


def test_the_paper_names_who_closed_the_day_and_what_was_counted(store: Store) -> None:
    store.assigned("C1")
    store.clock.moment += timedelta(minutes=1)
    granted(count(store.counter, MANAGER, "BL-001", 17))
    close_day(store.counter, MANAGER)
    content = day_content(store.counter, day_report(store.counter))
    assert (content.store_name, content.closings, content.closed_at) == ("徐家汇店", 1, store.clock.now())
    assert content.counted == (CountedShelf("香水1", "BL-001", -3, 17),)
    assert [row.guide.code for row in content.guides] == ["G01", "G02"]


def test_the_table_has_a_figure_a_line_and_no_names(store: Store) -> None:
    store.assigned("C1")
    text = day_csv(day_report(store.counter))
    rows = list(csv.reader(io.StringIO(text)))
    assert tuple(rows[0]) == COLUMNS
    assert ["2026-11-21", "store", "", "open", "1"] in rows
    assert PERSON.name not in text
    assert "赵艳芳" not in text


def test_a_past_day_knows_nothing_of_orders_that_came_later(store: Store) -> None:
    store.assigned("C1")
    today = store_day(store.clock.now())
    assert day_report(store.counter, today).totals.open == 1
    assert day_report(store.counter, today - timedelta(days=1)).totals.open == 0
