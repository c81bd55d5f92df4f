"""The handoff desk is driven as at the counter: by a scanner's keys, and every verdict is explained on the screen."""

import json
from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit

from storeapp.adapters.signing import DeviceKey
from storeapp.domain import token
from storeapp.domain.delivery import DeliveryState
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.verdict import Verdict
from storeapp.domain.words import Role
from storeapp.services import guides, outcomes, staff
from storeapp.services.counter import Actor
from storeapp.services.home import device_key
from storeapp.store import lists
from tests.ui.demo import MANAGER
from tests.ui.pages.desk_day import GUIDE, OTHER, read_by_scanner
from ui.kit.cards import VerdictKind
from ui.kit.sounds import Sound

LANGUAGES = ("zh_CN", "en")
PIN = "2580"


class HeardSounds:
    """Remembers what would have been played."""

    muted, available = False, True

    def __init__(self):
        self.played = []

    def play(self, sound):
        self.played.append(sound)


def dialog():
    return QApplication.activeModalWidget()


def opened(day, action):
    """The dialog that an action opens."""
    day.window.actions.trigger(f"handoff.{action}")
    day.qtbot.waitUntil(lambda: isinstance(dialog(), QDialog))
    return dialog()


def answer(day, asked, **values):
    for key, value in values.items():
        asked.form.set_value(key, value)
    asked.accept()
    day.settle()


# -- badge and slip


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_opens_and_invites_to_scan(day, language):
    assert day.page.verdict.card().kind is VerdictKind.IDLE
    assert day.window.shell.current_page() == "handoff"


def test_badge_then_slip_hands_over(day):
    delivery = day.ready()
    badge, slip = day.badge(), day.slip(delivery)
    assert day.scan(badge.qr_text).kind is VerdictKind.IDLE
    assert "赵艳芳" in day.page.verdict.card().reason
    card = day.scan(slip.qr_text)
    assert card.kind is VerdictKind.PASSED
    assert "赵艳芳" in card.reason
    assert day.delivery(delivery).state is DeliveryState.IN_CUSTODY


def test_slip_then_badge_hands_over_too(day):
    delivery = day.ready()
    badge, slip = day.badge(), day.slip(delivery)
    waiting = day.scan(slip.qr_text)
    assert waiting.kind is VerdictKind.IDLE
    assert "有效" in waiting.reason
    assert day.page.goods.list.rows
    assert day.scan(badge.qr_text).kind is VerdictKind.PASSED


def test_several_slips_after_one_badge(day):
    first, second = day.ready(), day.ready()
    day.scan(day.badge().qr_text)
    for delivery in (first, second):
        assert day.scan(day.slip(delivery).qr_text).kind is VerdictKind.PASSED
    assert [scan.kind for scan in day.page.log.scans()] == [VerdictKind.PASSED] * 2


def test_another_badge_takes_the_place_of_the_one_before(day):
    delivery = day.ready(OTHER)
    day.scan(day.badge(GUIDE).qr_text)
    day.scan(day.badge(OTHER).qr_text)
    day.scan(day.slip(delivery).qr_text)
    assert day.delivery(delivery).parcels[0].custodian.holder_id == OTHER


def test_after_half_a_minute_the_badge_counts_no_more(day):
    day.scan(day.badge().qr_text)
    day.page._idle.timeout.emit()
    assert day.scan(day.slip(day.ready()).qr_text).kind is VerdictKind.IDLE
    assert day.page.verdict.card().who == "请扫导购工牌"


def test_a_refusal_stays_to_be_read_when_nobody_scans_any_more(day):
    day.scan(day.badge().qr_text)
    day.scan("not-a-paper")
    day.page._idle.timeout.emit()
    assert day.page.verdict.card().kind is VerdictKind.HOLD


def test_the_guide_panel_names_what_is_ready_and_what_is_carried(day):
    delivery = day.ready()
    day.scan(day.badge().qr_text)
    headings = [row.text for row in day.page.guide.list.rows if row.heading]
    assert headings == ["保管中", "待取"]
    day.scan(day.slip(delivery).qr_text)
    assert delivery in [row.key for row in day.page.guide.list.rows]


# -- the scanner, whatever has the focus


def test_a_scan_brings_the_desk_from_any_page_and_leaves_no_trace_in_a_field(day, qtbot):
    field = QLineEdit(day.window.shell)
    field.setGeometry(100, 100, 200, 40)
    field.show()
    field.setFocus()
    card = day.scan(day.badge().qr_text)
    assert card.kind is VerdictKind.IDLE
    assert "赵艳芳" in card.reason
    assert field.text() == ""


def test_full_width_digits_of_an_input_method_are_read(day):
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in day.badge().token)
    assert "赵艳芳" in day.scan(wide).reason


def test_the_verdict_asks_for_no_input_method_and_a_composition_changes_nothing(day):
    verdict = day.page.verdict
    verdict.setFocus()
    assert verdict.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is False
    event = QInputMethodEvent("nihao", [])
    event.setCommitString("你好")
    QApplication.sendEvent(verdict, event)
    assert verdict.card().kind is VerdictKind.IDLE


def test_a_scan_closes_a_question_of_the_desk_and_counts(day):
    badge = day.badge()
    asked = opened(day, "code")
    handle = asked.windowHandle()
    day.qtbot.waitUntil(lambda: QApplication.focusWindow() is handle)
    read_by_scanner(handle, badge.qr_text)
    day.settle()
    assert dialog() is None
    assert "赵艳芳" in day.page.verdict.card().reason


def test_scans_before_anybody_signed_in_are_asked_afterwards_in_their_order(day):
    delivery = day.ready()
    badge, slip = day.badge(), day.slip(delivery)
    day.window.session.sign_out()
    waiting = []
    day.window.desk.ask_who = waiting.append
    day.scan(badge.qr_text)
    day.scan(slip.qr_text)
    assert day.page.verdict.card().kind is VerdictKind.IDLE
    day.window.session.sign_in(MANAGER, "manager")
    for then in waiting:
        then()
    day.settle()
    assert day.page.verdict.card().kind is VerdictKind.PASSED


def test_an_unknown_code_on_another_page_is_told_and_moves_nobody(day):
    shown = []
    day.window.shell.say = lambda level, text, **_: shown.append(text)
    page = day.page
    page.take_scan = lambda _text: False
    day.window._on_scan("6901234500001")
    assert shown == ["没有认出这个码"]


# -- every verdict, in both languages


def _verdict(day):
    return day.page._last.result.verdict


def _superseded(day):
    delivery = day.ready()
    old = day.slip(delivery)
    day.slip(delivery)
    return old.qr_text


def _used(day):
    slip = day.slip(day.ready())
    day.scan(slip.qr_text)
    return slip.qr_text


def _expired(day):
    slip = day.slip(day.ready())
    day.later(hours=23)
    day.run(lambda counter: guides.revoke_badge(counter, MANAGER, OTHER))
    day.later(hours=23)
    day.run(lambda counter: guides.revoke_badge(counter, MANAGER, "G07"))
    day.later(hours=23)
    day.scan(day.badge().qr_text)
    return slip.qr_text


def _not_yet(day):
    delivery = day.ready()
    day.later(hours=2)
    slip = day.slip(delivery)
    day.later(hours=-2)
    return slip.qr_text


def _clock_back(day):
    slip = day.slip(day.ready())
    day.later(days=-3)
    return slip.qr_text


def _token(day, *, key_id=None, sign=None, slip_id=b"12345678"):
    def make(counter):
        key = device_key(counter)
        made = token.SlipToken(
            key_id=key_id or key.key_id, slip_id=slip_id, reprint=0, issued_at=_minute(day), ttl_hours=24
        )
        return token.issue(made, brand_id=counter.identity["brand"], sign=sign or key.sign)

    return day.run(make)


def _minute(day):
    return token.whole_minute(day.home.clock.moment)


def _forged(day):
    return _token(day, sign=DeviceKey(bytes(32)).sign)


def _unknown_key(day):
    other = DeviceKey(bytes(range(32)))
    return _token(day, key_id=other.key_id, sign=other.sign)


def _revoked(day):
    badge = day.badge(OTHER)
    day.run(lambda counter: guides.revoke_badge(counter, MANAGER, OTHER))
    return badge.qr_text


def _wrong_guide(day):
    return day.slip(day.ready(OTHER)).qr_text


def _wrong_store(day):
    def badge(counter):
        key = device_key(counter)
        made = token.BadgeToken(
            key_id=key.key_id, badge_id=b"elsewher", serial=0, issued_at=_minute(day), valid_days=30
        )
        return token.issue(made, brand_id=counter.identity["brand"], sign=key.sign)

    return day.run(badge)


def _wrong_kind(day):
    day.page.leave()
    day.scan(day.slip(day.ready()).qr_text)
    return day.slip(day.ready()).qr_text


def _malformed(_day):
    return "6901234500001"


CASES = {
    Verdict.ALREADY_USED: _used,
    Verdict.SUPERSEDED: _superseded,
    Verdict.EXPIRED: _expired,
    Verdict.NOT_YET: _not_yet,
    Verdict.CLOCK_BACK: _clock_back,
    Verdict.BAD_SIGNATURE: _forged,
    Verdict.UNKNOWN_KEY: _unknown_key,
    Verdict.REVOKED: _revoked,
    Verdict.WRONG_GUIDE: _wrong_guide,
    Verdict.WRONG_STORE: _wrong_store,
    Verdict.WRONG_KIND: _wrong_kind,
    Verdict.MALFORMED: _malformed,
}


def test_every_verdict_has_a_case():
    assert {*CASES, Verdict.OK} == set(Verdict)


@pytest.mark.parametrize("verdict", CASES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_is_reached_by_scanning_and_explained(day, verdict, language):
    day.scan(day.badge().qr_text)
    card = day.scan(CASES[verdict](day))
    assert _verdict(day) is verdict
    title = day.window.desk.words.text(f"verdict.{verdict}.title")
    assert card.reason.startswith(title)
    assert card.action
    assert card.kind is {"stop": VerdictKind.STOP, "hold": VerdictKind.HOLD}[day.page._last.result.result.severity]
    assert day.page.log.scans()[0].kind is card.kind


# -- by hand


def test_a_short_code_typed_by_hand_works_for_badge_and_slip(day):
    delivery = day.ready()
    badge, slip = day.badge(), day.slip(delivery)
    answer(day, opened(day, "code"), code=badge.short_code)
    assert "赵艳芳" in day.page.verdict.card().reason
    answer(day, opened(day, "code"), code=slip.short_code)
    assert day.page.verdict.card().kind is VerdictKind.PASSED


def test_the_short_code_of_another_badge_is_a_badge(day):
    day.scan(day.badge(GUIDE).qr_text)
    day.page.take_scan(day.badge(OTHER).short_code)
    day.settle()
    assert day.page._guide == OTHER


def test_an_unknown_short_code_is_explained(day):
    day.scan(day.badge().qr_text)
    day.page.take_scan("00000-00000")
    day.settle()
    card = day.page.verdict.card()
    assert (card.kind, card.reason) == (VerdictKind.HOLD, "本机不认识这个短码")
    assert card.action


def test_undo_brings_the_goods_back_for_the_same_guide(day):
    delivery = day.ready()
    day.scan(day.badge().qr_text)
    day.scan(day.slip(delivery).qr_text)
    day.window.actions.trigger("app.undo")
    day.settle()
    assert day.delivery(delivery).state is DeliveryState.ASSIGNED
    assert "撤销" in day.page.verdict.card().reason
    assert not day.window.actions.trigger("handoff.undo")


def test_a_manager_records_what_happened_in_spite_of_a_verdict(day):
    delivery = day.ready(OTHER)
    day.scan(day.badge().qr_text)
    day.scan(day.slip(delivery).qr_text)
    asked = opened(day, "record")
    assert asked.values()["delivery"] == delivery
    assert asked.values()["guide"] == GUIDE
    answer(day, asked, reason="guide_swapped")
    assert day.delivery(delivery).parcels[0].custodian.holder_id == GUIDE
    codes = day.run(lambda c: [c.cache.get(ExceptionCase, key).data for key in lists.open_cases(c.cache.db)])
    assert any({"verdict": "wrong_guide", "reason": "guide_swapped"}.items() <= data.items() for data in codes)


def test_staff_need_a_managers_pin_to_record(day):
    delivery = day.ready(OTHER)
    day.run(lambda counter: staff.choose_first_pin(counter, MANAGER.id, PIN))
    day.window.session.sign_in(Actor("clerk", Role.STAFF), "clerk")
    day.scan(day.badge().qr_text)
    day.scan(day.slip(delivery).qr_text)
    asked = opened(day, "record")
    answer(day, asked, reason="guide_swapped", pin="9999")
    assert "PIN" in asked.form.error("pin")
    assert day.delivery(delivery).state is DeliveryState.ASSIGNED
    answer(day, asked, pin=PIN)
    assert day.delivery(delivery).state is DeliveryState.IN_CUSTODY


def test_a_slip_without_a_print_on_record_needs_the_supervisor(day):
    from storeapp.domain.delivery import slip_id
    from storeapp.domain.short_code import short_code

    delivery = day.ready()
    day.scan(day.badge().qr_text)
    day.page.take_scan(short_code(bytes.fromhex(slip_id(delivery, 1, 0))))
    day.settle()
    assert day.page.verdict.card().kind is VerdictKind.HOLD
    day.window.actions.trigger("handoff.record")
    day.settle()
    assert day.delivery(delivery).state is DeliveryState.IN_CUSTODY


def test_the_customers_code_completes_the_delivery(day):
    delivery = day.ready()
    day.scan(day.badge().qr_text)
    day.scan(day.slip(delivery).qr_text)
    order = day.delivery(delivery).order_id
    code = day.run(lambda counter: outcomes.reveal_code(counter, MANAGER, order))
    asked = opened(day, "deliver")
    assert asked.values()["delivery"] == delivery
    answer(day, asked, code="x")
    assert "取件码" in asked.form.error("code")
    answer(day, asked, code=code)
    assert day.delivery(delivery).state is DeliveryState.DELIVERED


@pytest.mark.parametrize(
    ("where", "state"),
    [
        ("back", DeliveryState.RETURNED),
        ("kept", DeliveryState.FAILED),
        ("returning", DeliveryState.RETURNING),
    ],
)
def test_what_was_not_delivered_is_recorded_with_its_place_and_reason(day, where, state):
    delivery = day.ready()
    day.scan(day.badge().qr_text)
    day.scan(day.slip(delivery).qr_text)
    answer(day, opened(day, "return"), where=where, reason="unreachable")
    assert day.delivery(delivery).state is state


def test_goods_are_passed_on_to_a_pickup_point(day):
    delivery = day.ready()
    asked = opened(day, "pass_on")
    answer(day, asked, delivery=delivery, holder="pickup_point", name=" ")
    assert asked.form.error("name")
    answer(day, asked, name="门卫室")
    assert day.delivery(delivery).state is DeliveryState.AT_PICKUP_POINT


def test_the_run_sheet_is_shown_and_noted_in_the_audit_chain(day):
    delivery = day.ready()
    day.scan(day.badge().qr_text)
    day.scan(day.slip(delivery).qr_text)
    shown = opened(day, "run_sheet")
    order = day.delivery(delivery).order_id
    audit = day.run(lambda c: [(a, s) for _, _, _, a, s, _ in c.journal.audit_entries()])
    assert ("person.revealed", order) in audit
    shown.reject()


def test_each_verdict_has_its_sound_and_space_repeats_it(day):
    heard = HeardSounds()
    day.page.use_sounds(heard)
    delivery = day.ready()
    slip = day.slip(delivery)
    day.scan(day.badge().qr_text)
    for text in (slip.qr_text, slip.qr_text, "6901234500001"):
        day.scan(text)
    assert heard.played == [Sound.PASSED, Sound.STOP, Sound.HOLD]
    day.window.actions.trigger("handoff.again")
    day.settle()
    assert heard.played[-1] is Sound.HOLD


def test_nothing_personal_is_shown_in_clear(day):
    delivery = day.ready()
    day.scan(day.badge().qr_text)
    card = day.scan(day.slip(delivery).qr_text)
    person = day.run(lambda c: c.privacy.person(*_sealed(c, delivery)))
    shown = json.dumps([str(card), str(day.page.goods.list.rows), str(day.page.guide.list.rows)], ensure_ascii=False)
    assert person.phone
    assert person.phone not in shown
    assert person.name not in shown


def _sealed(counter, delivery):
    from storeapp.domain.delivery import Delivery
    from storeapp.domain.order import Order

    order = counter.cache.get(Order, counter.cache.get(Delivery, delivery).order_id)
    return order.id, order.sealed


def test_the_time_of_a_verdict_is_the_counters(day):
    day.later(minutes=3)
    card = day.scan("6901234500001")
    assert (day.home.clock.moment + timedelta(hours=8)).strftime("%H:%M") in card.scanned
