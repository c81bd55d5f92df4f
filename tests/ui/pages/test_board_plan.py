"""Plans stream onto the board: at once, then better, calmly, until they are proven or somebody has enough."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from storeapp.domain.delivery import DeliveryState
from storeapp.i18n import LANGUAGES
from tests.ui.pages.step_planner import StepPlanner

WAIT_MS = 30_000


@pytest.fixture
def planner(monkeypatch):
    made = StepPlanner()
    monkeypatch.setattr("storeapp.adapters.planner_process.ProcessPlanner", lambda _limits: made)
    return made


@pytest.fixture
def page(planner, window, qtbot):
    window.go("board")
    found = window.page("board")
    qtbot.waitUntil(lambda: found.plan.proposed.proposal is not None and not found._turns.waiting, timeout=WAIT_MS)
    yield found
    planner.end()


@pytest.fixture(autouse=True)
def ended(planner):
    yield
    planner.end()


@pytest.fixture
def settled(planner, window, qtbot):
    """The planner works all the time here."""
    return lambda: qtbot.waitUntil(lambda: not window.backend.tasks.pending(), timeout=WAIT_MS)


@pytest.fixture
def window(planner, qapp, qtbot, demo_home, language):
    from tests.ui.demo import MANAGER
    from ui.run import make_window

    made = make_window(qapp, demo_home, language=language)
    crashes = []
    made.backend.tasks.crashed.connect(crashes.append)
    made.session.sign_in(MANAGER, "manager")
    made.start()
    yield made
    made.close()
    assert planner.closed
    assert not crashes


def bar(page):
    return page.day.plan


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plan_is_there_at_once_and_better_ones_follow(page, planner, window, qtbot, language):
    text = window.desk.words.text
    assert page.plan.running
    assert bar(page)._state.text() == text("board.plan.running")
    assert bar(page)._stop.isVisible()
    first = page.plan.proposed.proposal.cost_fen
    planner.step()
    qtbot.waitUntil(lambda: page.plan.proposed.proposal.cost_fen < first, timeout=WAIT_MS)
    assert page.plan.proposed.saved_fen == 100
    qtbot.waitUntil(lambda: "¥1.00" in bar(page)._text.text(), timeout=WAIT_MS)
    planner.end()
    qtbot.waitUntil(lambda: page.plan.proposed.proposal.proven, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bar(page)._state.text() == text("board.plan.proven"), timeout=WAIT_MS)
    assert not bar(page)._stop.isVisible()


def test_escape_stops_the_search_and_keeps_the_best_plan(page, planner, qtbot):
    planner.step()
    qtbot.waitUntil(lambda: page.plan.proposed.saved_fen == 100, timeout=WAIT_MS)
    page.window().activateWindow()
    QTest.keyClick(page.columns.panel("waiting").list, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: planner.stopped == 1, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: page.plan._search is None, timeout=WAIT_MS)
    assert page.plan.proposed.saved_fen == 100
    assert bar(page)._state.text() == "已停止优化"
    assert planner.asked == 1


def test_a_change_ends_the_search_and_begins_another(page, planner, qtbot):
    item = page.plan.proposed.proposal.assignments[0]
    page.columns.select(item.delivery_id)
    QTest.keyClick(page.columns.panel("waiting").list, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page._rows[item.delivery_id].state is DeliveryState.ASSIGNED, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: planner.asked == 2, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: item.delivery_id not in page.plan.proposed.assignments, timeout=WAIT_MS)


def test_better_plans_move_no_card(page, planner, qtbot):
    cards = page.columns.panel("waiting").list
    resets = []
    cards.model().modelReset.connect(lambda: resets.append(1))
    tops = [cards.visualRect(cards.model().index(row)).y() for row in range(len(cards.cards))]
    planner.step()
    qtbot.waitUntil(lambda: page.plan.proposed.saved_fen == 100 and not page._turns.waiting, timeout=WAIT_MS)
    assert not resets
    assert [cards.visualRect(cards.model().index(row)).y() for row in range(len(cards.cards))] == tops


def test_nothing_changes_while_a_card_is_in_hand(page, planner, qtbot):
    page.columns.panel("waiting").list.dragging.emit(True)
    planner.step()
    qtbot.waitUntil(lambda: page.plan._latest is not None, timeout=WAIT_MS)
    qtbot.wait(1)
    assert page.plan.proposed.saved_fen == 0
    page.columns.panel("waiting").list.dragging.emit(False)
    assert page.plan.proposed.saved_fen == 100
