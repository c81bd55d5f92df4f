"""A guide takes over from another at the desk: by scans as fast as a scanner's, by a manager's word, and what fails."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from storeapp.domain.delivery import DeliveryState, Proof
from storeapp.domain.words import Role
from storeapp.services import attention
from storeapp.services.counter import Actor
from storeapp.services.custody_desk import guide_at_desk
from tests.ui.pages.desk_day import GUIDE, OTHER, read_by_scanner
from ui.kit.cards import VerdictKind

LANGUAGES = ("zh_CN", "en")


@pytest.fixture
def carried(day):
    """What `GUIDE` holds."""
    ids = [row.id for row in day.run(lambda counter: guide_at_desk(counter, GUIDE)).carried]
    assert ids
    return ids


@pytest.fixture
def begun(day, carried):
    assert day.window.actions.trigger("handoff.rescue")
    day.settle()
    return day


def holder(day, delivery):
    return day.delivery(delivery).parcels[0].custodian


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_says_what_to_scan_next(begun, language):
    first = begun.page.verdict.card()
    assert (first.kind, begun.page.rescue.active) == (VerdictKind.IDLE, True)
    second = begun.scan(begun.badge(GUIDE).qr_text)
    assert second.kind is VerdictKind.IDLE
    assert second.reason != first.reason
    assert "赵艳芳" in second.reason
    assert begun.page.guide.title.text() == "赵艳芳"


def test_two_badges_move_everything_and_ctrl_z_takes_it_back(begun, carried):
    giver, taker = begun.badge(GUIDE), begun.badge(OTHER)
    begun.scan(giver.qr_text)
    card = begun.scan(taker.qr_text)
    assert card.kind is VerdictKind.PASSED
    assert "赵艳芳" in card.reason
    assert {holder(begun, each).holder_id for each in carried} == {OTHER}
    assert holder(begun, carried[0]).proof is Proof.TOKEN
    assert not begun.page.rescue.active
    assert begun.page.log.scans()[0].kind is VerdictKind.PASSED
    begun.window.desk.take_back()
    begun.settle()
    assert {holder(begun, each).holder_id for each in carried} == {GUIDE}


def test_badges_read_faster_than_they_are_saved_keep_their_order(begun, carried):
    giver, taker = begun.badge(GUIDE), begun.badge(OTHER)
    begun.to_the_front()
    handle = begun.window.shell.windowHandle()
    read_by_scanner(handle, giver.qr_text)
    read_by_scanner(handle, taker.qr_text)
    begun.settle()
    assert {holder(begun, each).holder_id for each in carried} == {OTHER}


def test_a_slip_says_which_parcel_is_meant(begun, carried):
    delivery = begun.ready(GUIDE)
    slip = begun.slip(delivery)
    begun.page.leave()
    begun.scan(begun.badge(GUIDE).qr_text)
    assert begun.scan(slip.qr_text).kind is VerdictKind.PASSED
    begun.window.actions.trigger("handoff.rescue")
    begun.settle()
    assert "赵艳芳" in begun.scan(slip.qr_text).reason
    begun.scan(begun.badge(GUIDE).qr_text)
    assert begun.scan(begun.badge(OTHER).qr_text).kind is VerdictKind.PASSED
    assert holder(begun, delivery).holder_id == OTHER
    assert {holder(begun, each).holder_id for each in carried} == {GUIDE}


@pytest.mark.parametrize(
    ("scans", "words"),
    [(("giver", "giver"), "赵艳芳"), (("ready slip",), "不在导购手上"), (("6901234567892",), "")],
)
def test_what_fails_is_named_and_nothing_moves(begun, carried, scans, words):
    texts = {
        "giver": lambda: begun.badge(GUIDE).qr_text,
        "ready slip": lambda: begun.slip(begun.ready(GUIDE)).qr_text,
    }
    read = {name: texts[name]() if name in texts else name for name in dict.fromkeys(scans)}
    for name in scans:
        card = begun.scan(read[name])
    assert card.kind in {VerdictKind.HOLD, VerdictKind.STOP}
    assert words in card.reason
    assert "G0" not in card.reason
    assert card.action
    assert begun.page.rescue.active
    assert {holder(begun, each).holder_id for each in carried} == {GUIDE}


def test_who_holds_nothing_cannot_give(begun, carried):
    giver, taker = begun.badge(GUIDE), begun.badge(OTHER)
    begun.scan(giver.qr_text)
    begun.scan(taker.qr_text)
    begun.window.actions.trigger("handoff.rescue")
    begun.settle()
    card = begun.scan(giver.qr_text)
    assert card.kind is VerdictKind.HOLD
    assert "赵艳芳手上没有可转交的货" in card.reason


def test_escape_ends_it_and_scans_hand_out_again(begun, carried):
    begun.scan(begun.badge(GUIDE).qr_text)
    begun.qtbot.keyClick(begun.page, Qt.Key.Key_Escape)
    assert not begun.page.rescue.active
    begun.scan(begun.badge(OTHER).qr_text)
    assert {holder(begun, each).holder_id for each in carried} == {GUIDE}


def test_after_half_a_minute_the_givers_badge_counts_no_more(begun, carried):
    begun.scan(begun.badge(GUIDE).qr_text)
    begun.page._idle.timeout.emit()
    begun.scan(begun.badge(OTHER).qr_text)
    assert {holder(begun, each).holder_id for each in carried} == {GUIDE}


def test_locking_the_window_ends_it(begun, carried):
    begun.scan(begun.badge(GUIDE).qr_text)
    begun.window.session.sign_out()
    assert not begun.page.rescue.active


def asked_for_a_manager(day):
    day.window.actions.trigger("handoff.record")
    day.qtbot.waitUntil(lambda: isinstance(QApplication.activeModalWidget(), QDialog))
    return QApplication.activeModalWidget()


def test_a_managers_word_moves_it_and_leaves_a_discrepancy(begun, carried):
    before = len(begun.run(attention.attention_rows))
    begun.scan(begun.badge(GUIDE).qr_text)
    asked = asked_for_a_manager(begun)
    assert asked.form.values()["giver"] == GUIDE
    asked.form.set_value("taker", OTHER)
    asked.form.set_value("reason", "met")
    asked.accept()
    begun.settle()
    assert begun.page.verdict.card().kind is VerdictKind.PASSED
    assert {holder(begun, each).holder_id for each in carried} == {OTHER}
    assert len(begun.run(attention.attention_rows)) > before


def test_a_manager_who_names_one_guide_twice_is_told_so(begun, carried):
    begun.scan(begun.badge(GUIDE).qr_text)
    asked = asked_for_a_manager(begun)
    asked.form.set_value("taker", GUIDE)
    asked.accept()
    begun.settle()
    assert "赵艳芳" in asked.form.error("taker")
    asked.reject()


def test_staff_need_a_managers_pin(begun, carried):
    begun.window.session.sign_in(Actor("xu", Role.STAFF), "小许")
    asked = asked_for_a_manager(begun)
    asked.form.set_value("giver", GUIDE)
    asked.form.set_value("taker", OTHER)
    asked.form.set_value("pin", "0000")
    asked.accept()
    begun.settle()
    assert asked.form.error("pin")
    assert begun.delivery(carried[0]).state is not DeliveryState.DELIVERED
    assert holder(begun, carried[0]).holder_id == GUIDE
    asked.reject()
