"""What the desk shows beside a verdict, and the undo of a handoff."""

from datetime import timedelta

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.stock import StockItem, stock_id
from storeapp.domain.token import TokenKind
from storeapp.domain.verdict import Verdict
from storeapp.services import custody_desk, handoff, outcomes
from tests.storeapp.services.desk import CLERK, MANAGER, NOW, Store, granted, present, refused


def hand_over(store: Store, number: str = "C1") -> str:
    delivery = store.assigned(number)
    badge, slip = store.badge(), store.slip(delivery)
    assert granted(handoff.scan(store.counter, CLERK, badge.token, slip.token)).saved
    return delivery


def test_a_guide_at_the_desk_has_what_lies_ready_and_what_is_carried(store: Store):
    carried, ready = hand_over(store, "C1"), store.assigned("C2")
    shown = present(custody_desk.guide_at_desk(store.counter, "G01"))
    assert [row.id for row in shown.assigned] == [ready]
    assert [row.id for row in shown.carried] == [carried]
    assert shown.window is not None
    assert custody_desk.guide_at_desk(store.counter, "G99") is None


def test_lists_of_what_is_out_and_what_is_in(store: Store):
    carried, ready = hand_over(store, "C1"), store.assigned("C2")
    assert [row.id for row in custody_desk.deliveries_out(store.counter)] == [carried]
    assert [row.id for row in custody_desk.deliveries_in(store.counter)] == [ready]


def test_todays_handoffs_are_counted_and_yesterdays_are_not(store: Store):
    hand_over(store)
    assert custody_desk.handed_over_today(store.counter) == 1
    store.clock.moment = NOW + timedelta(days=1)
    assert custody_desk.handed_over_today(store.counter) == 0


def test_a_handoff_that_was_taken_back_is_not_counted(store: Store):
    delivery = hand_over(store)
    hand_over(store, "C2")
    granted(custody_desk.take_back(store.counter, CLERK, delivery))
    assert custody_desk.handed_over_today(store.counter) == 1


def test_a_handoff_taken_back_lies_ready_for_the_same_guide_under_a_new_slip(store: Store):
    delivery = store.assigned()
    badge, slip = store.badge(), store.slip(delivery)
    handoff.scan(store.counter, CLERK, badge.token, slip.token)
    granted(custody_desk.take_back(store.counter, CLERK, delivery))
    back = store.delivery(delivery)
    assert (back.state, back.guide) == (DeliveryState.ASSIGNED, "G01")
    item = present(store.counter.cache.get(StockItem, stock_id("XH", "BL-001")))
    assert (item.on_hand, item.reserved) == (20, 1)
    again = granted(handoff.scan(store.counter, CLERK, badge.token, slip.token))
    assert again.verdict is Verdict.ALREADY_USED
    fresh = store.slip(delivery)
    assert granted(handoff.scan(store.counter, CLERK, badge.token, fresh.token)).saved


def test_what_lies_in_the_store_or_was_delivered_is_not_taken_back(store: Store):
    assert refused(custody_desk.take_back(store.counter, CLERK, store.assigned("C2"))) == "not_in_custody"
    delivery = hand_over(store)
    code = granted(outcomes.reveal_code(store.counter, MANAGER, store.order(delivery).id))
    granted(outcomes.deliver(store.counter, CLERK, delivery, code))
    assert refused(custody_desk.take_back(store.counter, CLERK, delivery)) == "not_in_custody"
    assert refused(custody_desk.take_back(store.counter, CLERK, "nothing")) == "unknown_delivery"


def test_a_badge_alone_says_who_it_is_and_a_slip_alone_moves_nothing(store: Store):
    delivery = store.assigned()
    badge, slip = store.badge(), store.slip(delivery)
    who = granted(handoff.look(store.counter, CLERK, badge.token))
    assert (who.verdict, who.paper, who.guide.code, who.saved) == (Verdict.OK, TokenKind.BADGE, "G01", False)
    what = granted(handoff.look(store.counter, CLERK, slip.token))
    assert (what.verdict, what.paper, what.delivery_id, what.saved) == (Verdict.OK, TokenKind.SLIP, delivery, False)
    assert store.delivery(delivery).state is DeliveryState.ASSIGNED


def test_a_short_code_alone_says_which_paper_it_stands_on(store: Store):
    badge, slip = store.badge(), store.slip(store.assigned())
    assert granted(handoff.look(store.counter, CLERK, badge.short_code)).paper is TokenKind.BADGE
    assert granted(handoff.look(store.counter, CLERK, slip.short_code)).paper is TokenKind.SLIP
    assert refused(handoff.look(store.counter, CLERK, "00000-00000")) == "unknown_short_code"


def test_an_old_badge_alone_is_told_at_once(store: Store):
    old = store.badge()
    store.badge()
    assert granted(handoff.look(store.counter, CLERK, old.token)).verdict is Verdict.SUPERSEDED


def test_a_text_that_is_no_paper_reads_as_a_bad_slip(store: Store):
    assert granted(handoff.look(store.counter, CLERK, "6901234500001")).verdict is Verdict.MALFORMED
