from datetime import timedelta

import pytest
from msgspec.structs import replace

from storeapp.domain.delivery import DeliveryState, Holder
from storeapp.domain.order import OrderLine, OrderStatus
from storeapp.domain.rules.orders import CancelOrder, CorrectOrder, ForgetOrder, RescheduleOrder, ReserveOrder
from storeapp.domain.rules.stock import CountStock, MoveStock
from storeapp.domain.stock import Movement
from storeapp.domain.words import Mode
from tests.storeapp.world import (
    AFTERNOON,
    STORE,
    World,
    a_delivery,
    a_placed,
    a_store,
    an_order,
    line,
    placing,
)

EVENING = replace(AFTERNOON, start=AFTERNOON.end, end=AFTERNOON.end + timedelta(hours=2))


def reserved(world: World, number: str = "1") -> list[int]:
    return [x.reserved for x in world.order(number).lines]


def test_a_new_order_reserves_its_goods_and_waits() -> None:
    world = a_placed(line("A", 2), A=5)
    assert world.stock() == (5, 2)
    assert reserved(world) == [2]
    assert world.state() is DeliveryState.WAITING


def test_short_stock_is_promised_as_far_as_it_goes_and_flagged() -> None:
    world = a_placed(line("A", 3), A=2)
    assert (world.stock(), reserved(world), world.order().needs) == ((2, 2), [2], ("short_stock",))


def test_an_unknown_article_is_flagged_once() -> None:
    world = a_placed(line("X"), line("X"))
    assert world.order().needs == ("sku_unknown", "short_stock")


def test_two_lines_of_one_article_share_its_stock() -> None:
    world = a_placed(line("A", 2), line("A", 2), A=3)
    assert reserved(world) == [2, 1]


def test_the_load_counts_pieces_and_grams() -> None:
    delivery = a_placed(line("A", 2), line("X"), A=3).delivery()
    assert (delivery.pieces, delivery.weight_g) == (3, 400)


def test_placing_the_same_again_changes_nothing() -> None:
    world = a_placed()
    assert world.must(placing()) == ()


def test_a_revised_order_promises_its_new_goods() -> None:
    world = a_placed(line("A", 2), A=5, B=5)
    world.must(placing("1", line("B", 3), revise=True))
    assert (world.stock("A"), world.stock("B"), reserved(world)) == ((5, 0), (5, 3), [3])


def test_an_older_revision_is_passed_over() -> None:
    world = a_store(A=5)
    world.must(placing("1", line("A"), updated_at=AFTERNOON.end))
    assert world.must(placing("1", line("A", 4), updated_at=AFTERNOON.start, revise=True)) == ()


def test_a_new_promise_keeps_the_reservation() -> None:
    world = a_placed(line("A", 2), A=5)
    world.must(RescheduleOrder(an_order(), Mode.SCHEDULED, EVENING))
    assert (world.stock(), reserved(world)) == ((5, 2), [2])
    assert (world.delivery().window, world.delivery().mode) == (EVENING, Mode.SCHEDULED)
    world.check()


def test_a_new_promise_does_not_lose_goods_to_a_later_order() -> None:
    world = a_placed(line("A", 2), A=3)
    world.must(placing("2", line("A", 1)))
    world.must(CountStock(STORE, "A", 2))
    world.must(RescheduleOrder(an_order(), Mode.SCHEDULED, EVENING))
    assert reserved(world) == [2]


def test_a_new_promise_settles_what_was_doubtful_about_the_old_one() -> None:
    world = a_store(A=5)
    world.must(placing("1", needs=("window_passed", "phone_missing", "mode_assumed", "window_default")))
    world.must(RescheduleOrder(an_order(), Mode.SCHEDULED, EVENING))
    assert world.order().needs == ("phone_missing",)


def test_a_correction_replaces_people_and_goods() -> None:
    world = a_placed(line("A", 2), A=5, B=5)
    world.must(CorrectOrder(an_order(), "other", False, ("no_position",), (line("B"),)))
    order = world.order()
    assert (order.sealed, order.located, order.needs, order.lines[0].sku) == ("other", False, ("no_position",), "B")
    assert (world.stock("A"), world.stock("B")) == ((5, 0), (5, 1))


def test_a_correction_without_goods_keeps_them() -> None:
    world = a_placed(line("A", 2), A=5)
    world.must(CorrectOrder(an_order(), "other", True, ()))
    assert (world.stock(), reserved(world)) == ((5, 2), [2])


def test_a_change_on_the_way_asks_a_person_and_leaves_the_goods_alone() -> None:
    world = a_placed(line("A", 2), A=5, B=5)
    world.hand_over("G1")
    world.must(placing("1", line("B", 4), revise=True))
    assert world.cases() == ["changed_in_custody"]
    assert (world.stock("A"), world.stock("B"), world.delivery().pieces) == ((3, 0), (5, 0), 2)


def test_what_comes_back_is_what_left_whatever_was_changed_on_the_way() -> None:
    world = a_placed(line("A", 2), A=5, B=5)
    world.hand_over("G1")
    world.must(placing("1", line("B", 4), revise=True))
    world.give_back("changed")
    assert (world.stock("A"), world.stock("B")) == ((5, 0), (5, 4))
    assert world.delivery().pieces == 4


def test_a_cancellation_before_custody_frees_the_goods() -> None:
    world = a_placed(line("A", 2), A=5)
    world.assign("G1")
    world.cancel()
    assert (world.stock(), world.state()) == ((5, 0), DeliveryState.CANCELLED)
    assert (world.order().status, world.order().cancel_reason) == (OrderStatus.CANCELLED, "customer")
    assert (world.delivery().guide, world.delivery().on_time) == ("", None)


def test_a_platform_may_cancel_again_and_staff_may_not() -> None:
    world = a_placed()
    world.cancel()
    assert world.must(CancelOrder(an_order(), "again", by_platform=True)) == ()
    assert world.refused(CancelOrder(an_order(), "again")) == "order_closed"


@pytest.mark.parametrize("by_platform", [True, False])
def test_a_cancellation_in_custody_recalls_once(by_platform: bool) -> None:
    world = a_placed()
    world.hand_over("G1")
    world.cancel(by_platform=by_platform)
    assert world.must(CancelOrder(an_order(), "again", by_platform)) == ()
    assert (world.cases(), world.order().status) == (["recall"], OrderStatus.OPEN)


@pytest.mark.parametrize("holder", [Holder.COURIER, Holder.PICKUP_POINT])
def test_what_lies_elsewhere_is_recalled_too(holder: Holder) -> None:
    world = a_placed()
    world.pass_on(holder)
    world.cancel()
    assert world.cases() == ["recall"]


def test_a_failed_delivery_is_recalled_too() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.fail("customer")
    world.cancel()
    assert world.cases() == ["recall"]


def test_a_returned_delivery_is_cancelled_at_once() -> None:
    world = a_placed(line("A", 2), A=5)
    world.hand_over("G1")
    world.give_back("customer")
    world.cancel()
    assert (world.stock(), world.state()) == ((5, 0), DeliveryState.CANCELLED)


def test_a_recall_ends_when_the_goods_are_back() -> None:
    world = a_placed(line("A", 2), A=5)
    world.hand_over("G1")
    world.cancel()
    world.give_back("")
    assert (world.cases(), world.stock(), world.state()) == ([], (5, 0), DeliveryState.CANCELLED)


def test_a_recall_that_came_too_late_is_a_discrepancy() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.cancel()
    world.deliver()
    assert (world.cases(), world.order().status) == (["delivered_despite_recall"], OrderStatus.COMPLETED)


def test_a_refund_after_delivery_is_noted_once() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.deliver()
    world.cancel(by_platform=True)
    assert world.must(CancelOrder(an_order(), "again", by_platform=True)) == ()
    assert (world.cases(), world.order().status) == (["refunded_after_delivery"], OrderStatus.COMPLETED)


def test_staff_cannot_cancel_what_was_delivered() -> None:
    world = a_placed()
    world.deliver()
    assert world.refused(CancelOrder(an_order(), "late")) == "already_delivered"


def test_new_stock_is_promised_to_who_waits_for_it() -> None:
    world = a_placed(line("A", 3), A=1)
    world.must(MoveStock(STORE, "A", Movement.RECEIVED, 5))
    world.must(ReserveOrder(an_order()))
    assert (world.stock(), world.order().needs) == ((6, 3), ())


def test_nothing_is_promised_to_what_has_left() -> None:
    world = a_placed(line("A", 3), A=1)
    world.hand_over("G1")
    world.must(CountStock(STORE, "A", 5))
    assert world.must(ReserveOrder(an_order())) == ()


def test_only_a_closed_order_is_forgotten() -> None:
    world = a_placed()
    assert world.must(ForgetOrder(an_order())) == ()
    world.cancel()
    world.must(ForgetOrder(an_order()))
    assert (world.order().sealed, world.order().located) == ("", False)


@pytest.mark.parametrize(
    "command",
    [
        CorrectOrder("nobody", "", False, ()),
        RescheduleOrder("nobody", Mode.INSTANT, AFTERNOON),
        CancelOrder("nobody", ""),
        ReserveOrder("nobody"),
    ],
)
def test_an_intent_about_an_unknown_order_is_refused(command: CancelOrder) -> None:
    assert a_store().refused(command) == "unknown_order"


def test_fewer_than_no_pieces_cannot_be_said() -> None:
    with pytest.raises(ValueError, match="pieces"):
        OrderLine("A", -1, 0)


def test_the_same_order_has_the_same_ids_everywhere() -> None:
    assert a_delivery("7") == f"{an_order('7')}-1"
    assert an_order("7") != an_order("8")
