import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester

from ui.kit.paged_model import CACHED_PAGES, PAGE_ROWS, Cell, CellStyle, Column, PagedModel, SortOrder, TaskProvider
from ui.kit.table_view import TableView
from ui.kit.worker import Tasks


class HeldProvider:
    """Answers when the test says so."""

    def __init__(self, count):
        self.ids = [f"id{n}" for n in range(count)]
        self.orders, self.asked_rows, self.waiting = [], [], []

    def load_ids(self, order, done, failed):
        self.orders.append(order)
        ids = list(self.ids)
        self.waiting.append(lambda: done(ids))

    def load_rows(self, ids, done, failed):
        self.asked_rows.append(list(ids))
        self.waiting.append(lambda: done([f"row {row_id}" for row_id in ids]))
        self.fail = failed

    def answer(self):
        while self.waiting:
            self.waiting.pop(0)()


COLUMNS = [
    Column("name", "Name", lambda row: Cell(row)),
    Column("state", "State", lambda row: Cell("late", icon="warning", tone="danger"), CellStyle.CHIP, 90, False),
]


@pytest.fixture
def provider():
    return HeldProvider(1000)


@pytest.fixture
def model(qapp, provider):
    made = PagedModel(provider, COLUMNS)
    made.tester = QAbstractItemModelTester(made, QAbstractItemModelTester.FailureReportingMode.Fatal)
    made.refresh()
    provider.answer()
    return made


def text(model, row, column=0):
    return model.data(model.index(row, column))


def test_a_row_is_a_placeholder_until_its_page_is_here(model, provider):
    assert text(model, 450) == "…"
    provider.answer()
    assert text(model, 450) == "row id450"
    assert text(model, 599) == "row id599"


def test_a_page_is_asked_for_once(model, provider):
    provider.asked_rows.clear()
    for row in range(600, 640):
        text(model, row)
    provider.answer()
    assert provider.asked_rows == [[f"id{n}" for n in range(600, 800)]]


def test_scrolling_past_pages_asks_for_the_latest_only(qapp, model, provider):
    provider.answer()
    provider.asked_rows.clear()
    for page in range(5):
        text(model, page * PAGE_ROWS)
    provider.answer()
    assert len(provider.asked_rows) <= 4
    assert provider.asked_rows[1][0] == "id800"


def test_few_pages_are_kept(qapp):
    provider = HeldProvider(PAGE_ROWS * (CACHED_PAGES + 5))
    model = PagedModel(provider, COLUMNS)
    model.refresh()
    provider.answer()
    for page in range(CACHED_PAGES + 5):
        model.row(page * PAGE_ROWS)
        provider.answer()
    assert len(model._pages) == CACHED_PAGES


def test_a_refresh_keeps_showing_what_it_knows(model, provider):
    text(model, 0)
    provider.answer()
    provider.ids.insert(0, "new")
    model.refresh()
    assert text(model, 0) == "row id0"
    provider.waiting.pop(0)()
    assert (text(model, 0), text(model, 1)) == ("…", "row id0")


def test_an_unchanged_list_is_not_reset(qtbot, model, provider):
    text(model, 0)
    provider.answer()
    provider.asked_rows.clear()
    with qtbot.assertNotEmitted(model.modelReset):
        model.refresh()
        provider.answer()
    text(model, 0)
    provider.answer()
    assert provider.asked_rows


def test_answers_to_an_older_question_are_dropped(model, provider):
    model.refresh()
    late = provider.waiting.pop(0)
    provider.ids = ["only"]
    model.refresh()
    provider.answer()
    late()
    assert model.rowCount() == 1


def test_sorting_is_the_providers_work(model, provider):
    model.sort(0, Qt.SortOrder.DescendingOrder)
    model.sort(1)
    assert provider.orders == [None, SortOrder("name", descending=True)]


def test_a_failure_is_told_once(qtbot, model, provider):
    text(model, 300)
    with qtbot.waitSignal(model.failed):
        provider.fail(OSError("gone"))
    provider.waiting.clear()
    provider.asked_rows.clear()
    text(model, 300)
    assert provider.asked_rows == []


def test_the_selection_follows_its_id(qtbot, model, provider):
    view = TableView(model, name="rows", empty="none")
    qtbot.addWidget(view)
    view.resize(400, 300)
    view.show()
    view.selectRow(3)
    assert view.picked_id() == "id3"
    provider.ids.insert(0, "new")
    model.refresh()
    provider.answer()
    assert (view.currentIndex().row(), view.picked_id()) == (4, "id3")
    provider.ids.remove("id3")
    model.refresh()
    provider.answer()
    assert view.picked_id() is None


def test_enter_opens_the_picked_row(qtbot, model, provider):
    view = TableView(model, name="rows")
    qtbot.addWidget(view)
    view.pick("id7")
    with qtbot.waitSignal(view.opened) as opened:
        qtbot.keyClick(view, Qt.Key.Key_Return)
    assert opened.args == ["id7"]


def test_clicking_a_title_sorts_and_clicking_again_turns_round(qtbot, model, provider):
    view = TableView(model, name="rows")
    qtbot.addWidget(view)
    view._sort(0)
    view._sort(0)
    assert provider.orders[1:] == [SortOrder("name"), SortOrder("name", descending=True)]


def test_plain_functions_serve_a_model_from_the_database_thread(qtbot, qapp):
    tasks = Tasks()
    provider = TaskProvider(tasks, ids=lambda order: ["a", "b"], rows=lambda ids: [i.upper() for i in ids])
    model = PagedModel(provider, COLUMNS)
    with qtbot.waitSignal(model.loaded):
        model.refresh()
    qtbot.waitUntil(lambda: text(model, 1) == "B")
    tasks.shutdown()
