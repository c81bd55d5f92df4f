"""The dispatch board over the demo day: assigning, proposals and their undo, by keys and by dragging."""

from dataclasses import replace
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.dispatch import Reason
from storeapp.domain.moment import Window
from storeapp.domain.order import UNCONFIRMED_STOCK
from storeapp.i18n import LANGUAGES, Translator
from storeapp.services.dispatch import Assignment
from storeapp.services.queries import Column
from tests.ui.demo import NOON
from ui.kit.cards import BlockKind, Urgency
from ui.pages.board_read import Proposed
from ui.pages.board_words import FILTERS, BoardWords, fits, lanes, span
from ui.pages.order_words import card_number, urgency


@pytest.fixture
def page(window, qtbot, settled):
    window.go("board")
    found = window.page("board")
    qtbot.waitUntil(lambda: found.plan.proposed.proposal is not None)
    qtbot.waitUntil(lambda: not found._turns.waiting)
    qtbot.waitUntil(lambda: found.picked() is not None)
    settled()
    return found


@pytest.fixture
def waiting(page):
    """A delivery that waits, with the keys on it."""
    row = page._seen.board.waiting[-1]
    page.columns.select(row.id)
    return row


@pytest.fixture
def proposed(page):
    """A delivery with a proposal, with the keys on it."""
    item = page.plan.proposed.proposal.assignments[0]
    page.columns.select(item.delivery_id)
    return item


def state_of(page, delivery):
    return page._rows[delivery].state


def press(qtbot, page, column, key):
    qtbot.keyClick(page.columns.panel(column).list, key)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_board_opens_in_every_language_with_all_states(page, language):
    assert page.title() == Translator(language).text("page.board")
    assert all(panel.list.cards for panel in page.columns.panels)
    assert page.keys()


def test_no_card_shows_a_person_in_clear(page):
    for panel in page.columns.panels:
        for card in panel.list.cards:
            assert "13800138" not in repr(card)
            assert not card.customer or "*" in card.customer


def test_a_digit_assigns_and_undo_takes_it_back(page, waiting, window, qtbot):
    press(qtbot, page, "waiting", Qt.Key.Key_2)
    qtbot.waitUntil(lambda: state_of(page, waiting.id) is DeliveryState.ASSIGNED)
    assert page._rows[waiting.id].guide == page._guides()[1].id
    qtbot.waitUntil(lambda: window.desk.undo is not None)
    window.desk.take_back()
    qtbot.waitUntil(lambda: state_of(page, waiting.id) is DeliveryState.WAITING)


def test_enter_accepts_the_proposal_with_its_time(page, proposed, window, qtbot):
    press(qtbot, page, "waiting", Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: state_of(page, proposed.delivery_id) is DeliveryState.ASSIGNED)
    row = page._rows[proposed.delivery_id]
    assert (row.guide, row.eta) == (proposed.guide, proposed.eta)


def test_delete_takes_back_and_undo_gives_it_back(page, window, qtbot):
    row = page._seen.board.assigned[0]
    page.columns.select(row.id)
    press(qtbot, page, "assigned", Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: state_of(page, row.id) is DeliveryState.WAITING)
    qtbot.waitUntil(lambda: window.desk.undo is not None)
    window.desk.take_back()
    qtbot.waitUntil(lambda: page._rows[row.id].guide == row.guide)


def test_dropping_on_a_lane_assigns_and_on_the_waiting_column_takes_back(page, waiting, qtbot):
    guide = page._guides()[0].id
    page.day.lanes.dropped.emit(waiting.id, guide)
    qtbot.waitUntil(lambda: page._rows[waiting.id].guide == guide)
    page.columns.unassign_requested.emit(waiting.id)
    qtbot.waitUntil(lambda: page._rows[waiting.id].guide == "")


def test_a_delivery_goes_before_others_step_by_step_and_back(page, waiting, window, qtbot):
    def card():
        return next(card for card in page.columns.panel("waiting").list.cards if card.id == waiting.id)

    for step in (1, 2, 0, 1):
        assert window.actions.trigger("board.priority")
        qtbot.waitUntil(lambda step=step: page._rows[waiting.id].priority == step)
        qtbot.waitUntil(lambda step=step: card().priority == step)
        assert bool(card().priority_name) == bool(step)
    window.desk.take_back()
    qtbot.waitUntil(lambda: page._rows[waiting.id].priority == 0)


def test_goods_that_another_counter_may_have_promised_are_marked_in_every_column(page, window):
    row = replace(page._seen.board.assigned[0], needs=(UNCONFIRMED_STOCK,))
    card = page._say.card(row, page._seen.now)
    assert card.unsure
    assert window.desk.words.text("board.unconfirmed") in card.goods
    assert not page._say.card(replace(row, state=DeliveryState.DELIVERED), page._seen.now).unsure


def test_priority_is_for_what_somebody_still_chooses_for(page, window):
    page.columns.select(page._seen.board.out[0].id)
    assert not window.actions.trigger("board.priority")


def test_reassigning_can_be_taken_back_to_the_first_guide(page, window, qtbot):
    row = page._seen.board.assigned[0]
    other = next(guide.id for guide in page._guides() if guide.id != row.guide)
    page.columns.assign_requested.emit(row.id, other)
    qtbot.waitUntil(lambda: page._rows[row.id].guide == other)
    qtbot.waitUntil(lambda: window.desk.undo is not None)
    window.desk.take_back()
    qtbot.waitUntil(lambda: page._rows[row.id].guide == row.guide)


def test_an_assignment_that_somebody_else_changed_is_refused(page, waiting, window, qtbot, settled):
    stale = replace(waiting, assignments=waiting.assignments + 5)
    page.acts.assign(stale, page._guides()[0].id, "x")
    settled()
    assert state_of(page, waiting.id) is DeliveryState.WAITING
    said = window.shell._top.message.said()[0]
    assert said.level == "failed"


def test_accept_all_assigns_everything_and_undo_takes_it_back(page, window, qtbot, settled):
    wanted = {item.delivery_id for item in page.plan.proposed.proposal.assignments}
    window.actions.trigger("board.all")
    qtbot.waitUntil(lambda: all(state_of(page, each) is DeliveryState.ASSIGNED for each in wanted))
    qtbot.waitUntil(lambda: window.desk.undo is not None)
    window.desk.take_back()
    qtbot.waitUntil(lambda: all(state_of(page, each) is DeliveryState.WAITING for each in wanted))
    settled()


def test_the_board_is_planned_anew_after_an_assignment(page, proposed, qtbot):
    first = page.plan.proposed
    press(qtbot, page, "waiting", Qt.Key.Key_1)
    qtbot.waitUntil(lambda: page.plan.proposed is not first)
    assert proposed.delivery_id not in page.plan.proposed.assignments


def test_one_selection_is_drawn_in_all_zones(page, proposed, qtbot):
    assert page.day.lanes._selected == proposed.delivery_id
    assert page.why._title.text()
    page.day.lanes.picked.emit(page._seen.board.out[0].id)
    assert page.columns.selected_id() == page._seen.board.out[0].id
    assert not page.columns.panel("waiting").list.currentIndex().isValid()


def test_a_returned_delivery_goes_out_again(page, window, qtbot):
    row = next(row for row in page._seen.board.back if row.state is DeliveryState.RETURNED)
    page.columns.select(row.id)
    window.actions.trigger("board.retry")
    qtbot.waitUntil(lambda: state_of(page, row.id) is DeliveryState.WAITING)


def test_splitting_is_undone(page, waiting, window, qtbot):
    page.orders._split(waiting, 3, undo=True)
    qtbot.waitUntil(lambda: window.desk.undo is not None)
    window.desk.take_back()
    qtbot.waitUntil(lambda: window.desk.undo is None)


def test_cancelling_asks_first(page, waiting, window, qtbot):
    window.actions.trigger("board.cancel")
    form = next(child for child in page.findChildren(QDialog) if child.isVisible())
    form.accept()
    qtbot.waitUntil(lambda: state_of(page, waiting.id) is DeliveryState.CANCELLED)


def test_p_prints_the_slip(page, waiting, window, qtbot, monkeypatch):
    from PySide6.QtPrintSupport import QPrinterInfo

    monkeypatch.setattr("ui.printing.QPrinterInfo.defaultPrinter", QPrinterInfo)
    press(qtbot, page, "waiting", Qt.Key.Key_P)
    qtbot.waitUntil(lambda: bool(list(window.desk.papers.glob("*.pdf"))))


def test_all_slips_of_a_guide_are_printed(page, window, qtbot, monkeypatch):
    from PySide6.QtPrintSupport import QPrinterInfo

    monkeypatch.setattr("ui.printing.QPrinterInfo.defaultPrinter", QPrinterInfo)
    row = page._seen.board.assigned[0]
    same = [each for each in page._seen.board.assigned if each.guide == row.guide]
    page.columns.select(row.id)
    window.actions.trigger("board.print_guide")
    qtbot.waitUntil(lambda: len(list(window.desk.papers.glob("*.pdf"))) == len(same))


def test_a_filter_narrows_what_waits(page, qtbot):
    page.waiting.filter.choose("short")
    page.waiting.filter.chosen.emit("short")
    qtbot.waitUntil(lambda: not page._turns.waiting)
    shown = page.columns.panel("waiting").list.cards
    assert 0 < len(shown) < len(page._seen.board.waiting)
    assert all("short_stock" in page._rows[card.id].needs for card in shown)


def test_what_is_scanned_is_selected_although_its_card_is_only_being_drawn_and_another_plan_comes(page, qtbot):
    row = page._seen.board.out[0]
    page.columns.set_cards({})
    page._draw()
    page._turns._take()
    page.take_scan(row.order_no)
    qtbot.waitUntil(lambda: page._wanted == row.id or page.columns.selected_id() == row.id)
    page._draw_plan()
    qtbot.waitUntil(lambda: page.columns.selected_id() == row.id)
    assert page.columns.guide_ids == tuple(guide.id for guide in page._seen.guides)


def test_a_subject_that_is_not_on_the_board_does_not_take_the_selection_later(page, window, qtbot):
    chosen = page._seen.board.waiting[0].id
    page.columns.select(chosen)
    page.show_subject("nothing-1")
    with qtbot.waitSignal(page.columns.changed):
        pass
    qtbot.waitUntil(lambda: not page._turns.waiting)
    assert page._wanted == ""
    assert page.columns.selected_id() == chosen


def test_a_subject_is_selected(page, window, qtbot):
    row = page._seen.board.out[0]
    window.go("board", row.id)
    qtbot.waitUntil(lambda: page.columns.selected_id() == row.id)


def test_why_names_reasons_and_why_not(page):
    words = BoardWords(Translator("zh_CN"))
    late = next(row for row in page._seen.board.waiting if row.id in page.plan.proposed.left)
    title, reasons = words.why(late, page._seen, page.plan.proposed)
    assert title
    assert reasons
    assert not any(good for _, good in reasons)


@pytest.mark.parametrize("kept", FILTERS)
def test_every_filter_can_be_asked(page, kept):
    assert all(isinstance(fits(row, kept, NOON), bool) for row in page._seen.board.waiting)


def test_urgency_follows_the_promise(page):
    row = replace(page._seen.board.waiting[0], needs=())
    end = row.window.end
    assert urgency(row, end) is Urgency.LATE
    assert urgency(row, end - timedelta(minutes=20)) is Urgency.SOON
    assert urgency(row, end - timedelta(hours=2)) is Urgency.CALM
    assert urgency(replace(row, needs=("short_stock",)), end - timedelta(hours=2)) is Urgency.BLOCKED
    assert urgency(replace(row, state=DeliveryState.CANCELLED), end) is Urgency.OFF


def test_lanes_show_when_a_guide_helps_out_elsewhere(page):
    seen, guide = page._seen, page._guides()[0]
    hours = Window(NOON + timedelta(hours=1), NOON + timedelta(hours=3))
    lent = replace(seen, guides=(replace(guide, away=(("HH", hours),)), *seen.guides[1:]))
    first, second = lanes(BoardWords(Translator("en")), lent, Proposed(None, {}))[:2]
    (away,) = [block for block in first.blocks if block.kind is BlockKind.AWAY]
    assert (away.label, away.end_min - away.start_min, away.delivery_id) == ("at HH", 120, "")
    assert all(block.kind is not BlockKind.AWAY for block in second.blocks)


def test_lanes_show_proposals_dashed_and_never_hide_a_block(page):
    waiting = page._seen.board.waiting[:2]
    guide = page._guides()[0].id
    items = {row.id: Assignment(row.id, guide, NOON, (Reason("free", {}),), 0) for row in waiting}
    lane = lanes(BoardWords(Translator("en")), page._seen, Proposed(None, items))[0]
    blocks = [block for block in lane.blocks if block.kind is BlockKind.PROPOSAL]
    assert len(blocks) == 2
    assert all(one.end_min <= two.start_min for one, two in zip(lane.blocks, lane.blocks[1:], strict=False))


def test_the_lanes_span_stays_within_the_day():
    for hour in range(24):
        first, last = span(NOON.replace(hour=hour))
        assert 0 <= first < last <= 24 * 60


def test_numbers_are_short_enough_to_call():
    assert card_number("#1042") == "1042"
    assert card_number("3717952400200000681") == "0681"
    assert card_number("T000055") == "0055"


def test_a_scanned_number_selects_its_delivery(page, window, qtbot):
    row = page._seen.board.waiting[3]
    assert page.take_scan(row.order_no)
    qtbot.waitUntil(lambda: page.columns.selected_id() == row.id)


def test_a_number_that_is_not_known_is_told(page, window, qtbot):
    page.take_scan("NOBODY-KNOWS")
    said = window.shell._top.message.said
    qtbot.waitUntil(lambda: bool(said()) and "NOBODY-KNOWS" in said()[0].text)


def test_a_low_chance_of_being_on_time_is_told_on_the_card_and_beside_the_arrival(page):
    proposal = page.plan.proposed
    item = next(iter(proposal.assignments.values()))
    row = page._rows[item.delivery_id]
    sure = replace(proposal, chances={})
    unsure = replace(proposal, chances={row.id: 0.527})
    words = BoardWords(Translator("en"))
    told = Translator("en").text("board.chance", n=52)
    (card,) = [card for card in words.column(Column.WAITING, page._seen, unsure, "all") if card.id == row.id]
    assert card.proposal.reason.startswith(f"{told} · ")
    assert any(text.startswith(f"{told} · ") and not good for text, good in words.why(row, page._seen, unsure)[1])
    assert not any(told in text for text, _ in words.why(row, page._seen, sure)[1])
    kept = page._seen.board.assigned[0]
    (card,) = [
        card for card in words.column(Column.ASSIGNED, page._seen, replace(proposal, chances={kept.id: 0.1}), "all")
        if card.id == kept.id
    ]  # fmt: skip
    assert card.progress.startswith(Translator("en").text("board.chance", n=10))
