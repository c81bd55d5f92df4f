"""What was told moves only when somebody accepts it: the re-plan as a difference, a guide who drops out, wishes."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog

from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.domain.replan import Change
from storeapp.i18n import LANGUAGES
from storeapp.services.dispatch import Assignment
from storeapp.services.replanning import Replan
from ui.kit.parts import Button
from ui.pages.act_dialog import ActDialog

WAIT_MS = 30_000


@pytest.fixture
def page(window, qtbot):
    window.go("board")
    found = window.page("board")
    qtbot.waitUntil(lambda: found.plan.proposed.proposal is not None and found.plan.settled, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not found._turns.waiting, timeout=WAIT_MS)
    return found


@pytest.fixture
def offer(page):
    """A re-plan in which an assigned delivery goes to another guide."""
    row = page._seen.board.assigned[0]
    other = next(guide.id for guide in page._guides() if guide.id != row.guide)
    proposal = page.plan.proposed.proposal
    item = Assignment(row.id, other, row.window.end, proposal.assignments[0].reasons, row.assignments)
    moved = (Change(row.id, row.guide, other),)
    plan = Replan(replace(proposal, assignments=(item,)), moved, {row.id: row.assignments})
    page.changes.forget()
    page.changes._offer, page.changes.saved_fen = plan, 840
    page.changes.offered.emit()
    return row, other


def known(window, qtbot, delivery):
    found = []
    window.backend.read(lambda counter: counter.cache.get(Delivery, delivery), done=found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    return found[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_replan_is_shown_as_a_difference_and_moves_nothing(page, offer, window, qtbot, language):
    row, _ = offer
    assert page.day.plan._offer.isVisible()
    assert "¥8.40" in page.day.plan._offer.text()
    window.actions.trigger("board.replan")
    dialog = page.changes.dialog
    lines = dialog.list.rows
    assert any(line.key == row.id and "→" in line.text for line in lines)
    assert "¥8.40" in dialog.summary.text()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: page.changes.dialog is None, timeout=WAIT_MS)
    assert page._rows[row.id].guide == row.guide
    assert page.changes.moves == 1


def test_an_accepted_replan_moves_what_was_told(page, offer, window, qtbot):
    row, other = offer
    window.actions.trigger("board.replan")
    page.changes.dialog.accept_button.click()
    qtbot.waitUntil(lambda: page._rows[row.id].guide == other, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: page.changes._offer is None, timeout=WAIT_MS)


def test_a_changed_board_takes_the_offer_away(page, offer, qtbot):
    proposal = page.plan.proposed.proposal
    item = proposal.assignments[0]
    page.acts.accept(page._rows[item.delivery_id], item, "x", proposal)
    qtbot.waitUntil(lambda: not page.day.plan._offer.isVisible(), timeout=WAIT_MS)


def test_a_guide_who_drops_out_is_replaced_and_the_parcels_are_handed_over(page, window, qtbot, settled):
    guide = next(each for each in page._guides() if each.in_custody and each.assigned)
    held = [row.id for row in page._seen.board.out if row.guide == guide.id]
    page._drop_out(guide.id)
    qtbot.waitUntil(lambda: page.changes.dialog is not None, timeout=WAIT_MS)
    shown = page.changes.dialog
    handed = [change for change in page.changes.plan.changes if change.rescue and change.after]
    assert {change.stop for change in handed} <= set(held)
    qtbot.waitUntil(lambda: not next(g for g in page._guides() if g.id == guide.id).on_shift, timeout=WAIT_MS)
    shown.accept_button.click()
    told = [change for change in page.changes.plan.changes if not change.rescue]
    qtbot.waitUntil(lambda: all(page._rows[c.stop].guide == c.after for c in told), timeout=WAIT_MS)
    if handed:
        record(page, qtbot)
        qtbot.waitUntil(lambda: all(page._rows[c.stop].guide == c.after for c in handed), timeout=WAIT_MS)
    settled()


def test_a_handover_that_is_not_recorded_yet_leads_to_the_desk(page, window, qtbot, settled):
    guide = next(each for each in page._guides() if each.in_custody)
    seen = page._seen
    handover = Change(next(row.id for row in seen.board.out if row.guide == guide.id), guide.id, "G02", rescue=True)
    page.changes._ask_handover(guide, (handover,))
    qtbot.waitUntil(lambda: bool(asked(page)), timeout=WAIT_MS)
    next(each for each in asked(page)[0].findChildren(Button) if "扫" in each.text()).click()
    settled()
    assert window.shell.current_page() == "handoff"
    assert window.page("handoff").rescue.active


def record(page, qtbot):
    """The person says that both guides have met."""
    qtbot.waitUntil(lambda: bool(asked(page)), timeout=WAIT_MS)
    asked(page)[0].form.set_value("reason", "met")
    asked(page)[0].accept()


def asked(page):
    return [child for child in page.findChildren(QDialog) if isinstance(child, ActDialog) and child.isVisible()]


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_delivers_names_every_guide_with_cost_or_obstacle(page, window, qtbot, language):
    item = page.plan.proposed.proposal.assignments[0]
    page.columns.select(item.delivery_id)
    window.actions.trigger("board.who")
    dialog = page.who.dialog
    qtbot.waitUntil(lambda: bool(dialog.list.rows), timeout=WAIT_MS)
    guides = [line for line in dialog.list.rows if line.key]
    assert {line.key for line in guides} == set(page.columns.guide_ids)
    assert guides[0].end.startswith("¥")
    assert all(line.detail for line in guides)


def test_what_nobody_takes_says_what_would_make_it_possible(page, window, qtbot):
    left = next(item for item in page.plan.proposed.proposal.unassigned if item.reasons[0].code == "window_passed")
    page.columns.select(left.delivery_id)
    window.actions.trigger("board.who")
    dialog = page.who.dialog
    qtbot.waitUntil(lambda: bool(dialog.list.rows), timeout=WAIT_MS)
    assert dialog.list.rows[0].text == "为什么没有建议"
    assert any(line.heading and line.text == "怎样才能送" for line in dialog.list.rows)


def test_a_pin_is_obeyed_and_can_be_taken_back(page, window, qtbot):
    item = page.plan.proposed.proposal.assignments[0]
    page.columns.select(item.delivery_id)
    window.actions.trigger("board.who")
    dialog = page.who.dialog
    qtbot.waitUntil(lambda: bool(dialog.list.rows), timeout=WAIT_MS)
    at = [line.key for line in dialog.list.rows].index(item.guide)
    dialog.list.setCurrentIndex(dialog.list.model().index(at, 0))
    dialog.pin_button.click()
    qtbot.waitUntil(lambda: known(window, qtbot, item.delivery_id).pinned == item.guide, timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: "pinned_here" in {reason.code for reason in page.plan.proposed.reasons(item.delivery_id)},
        timeout=WAIT_MS,
    )
    qtbot.waitUntil(lambda: window.desk.undo is not None, timeout=WAIT_MS)
    window.desk.take_back()
    qtbot.waitUntil(lambda: known(window, qtbot, item.delivery_id).pinned == "", timeout=WAIT_MS)


def test_a_ban_keeps_the_guide_out_of_the_plan(page, window, qtbot):
    item = page.plan.proposed.proposal.assignments[0]
    page.columns.select(item.delivery_id)
    window.actions.trigger("board.who")
    dialog = page.who.dialog
    qtbot.waitUntil(lambda: bool(dialog.list.rows), timeout=WAIT_MS)
    at = [line.key for line in dialog.list.rows].index(item.guide)
    dialog.list.setCurrentIndex(dialog.list.model().index(at, 0))
    dialog.ban_button.click()
    qtbot.waitUntil(lambda: known(window, qtbot, item.delivery_id).banned == (item.guide,), timeout=WAIT_MS)
    guide = item.guide
    qtbot.waitUntil(
        lambda: (
            page.plan.settled and getattr(page.plan.proposed.assignments.get(item.delivery_id), "guide", "") != guide
        ),
        timeout=WAIT_MS,
    )
    assert page._rows[item.delivery_id].state is DeliveryState.WAITING
