from datetime import timedelta

import pytest
from msgspec.structs import replace

from storeapp.domain.catalogue import Policy
from storeapp.domain.delivery import DeliveryState, Holder, Proof
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.kernel import Command
from storeapp.domain.order import OrderStatus
from storeapp.domain.rules.closing import ReportException, ResolveException
from storeapp.domain.rules.custody import Deliver, FailDelivery, HandOver, PassOn, ReturnDelivery
from storeapp.domain.rules.deliveries import RetryDelivery
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.people import SetPolicy
from storeapp.domain.rules.stock import CountStock
from storeapp.domain.statement import Statement
from storeapp.domain.words import Mode
from tests.storeapp.world import AFTERNOON, STORE, World, a_delivery, a_placed, a_store, an_order, line

BOTH = line("A", 4)


def two_parcels() -> World:
    world = a_placed(BOTH, A=10)
    world.split(2)
    return world


def test_a_handoff_moves_custody_and_takes_the_goods_off_the_stock() -> None:
    world = a_placed(BOTH, A=10)
    world.assign("G1")
    world.hand_over("G1")
    assert (world.stock(), world.state(), world.cases()) == ((6, 0), DeliveryState.IN_CUSTODY, [])
    assert world.delivery().handed_over_at == world.now


def test_a_delivered_order_is_done_and_paid() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.deliver()
    assert (world.state(), world.order().status) == (DeliveryState.DELIVERED, OrderStatus.COMPLETED)
    assert (world.earned(), world.delivery().on_time) == ({"G1": 1}, True)


def test_the_policy_of_the_day_sets_the_pay() -> None:
    world = a_placed()
    world.must(SetPolicy(replace(Policy(), rate_fen={Mode.INSTANT: 900})))
    world.hand_over("G1")
    world.now = AFTERNOON.end + timedelta(minutes=1)
    world.deliver()
    [earning] = world.every(Statement)[0].earnings
    assert (earning.amount_fen, earning.on_time, earning.at) == (900, False, world.now)


def test_a_mode_that_the_policy_does_not_rate_pays_nothing() -> None:
    world = a_placed()
    world.must(SetPolicy(replace(Policy(), rate_fen={})))
    world.hand_over("G1")
    world.deliver()
    assert world.every(Statement)[0].total_fen == 0


def test_nobody_is_paid_where_nobody_brought_it() -> None:
    world = a_placed()
    world.deliver()
    assert (world.earned(), world.cases()) == ({}, ["delivered_without_custody"])


def test_without_a_handoff_the_assigned_guide_is_paid_and_a_person_is_asked() -> None:
    world = a_placed(BOTH, A=10)
    world.assign("G2")
    world.deliver()
    assert (world.earned(), world.cases(), world.stock()) == ({"G2": 1}, ["delivered_without_custody"], (6, 0))


def test_delivered_twice_is_paid_once() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.deliver()
    world.deliver()
    assert (world.earned(), world.cases()) == ({"G1": 1}, ["delivered_twice"])


def test_a_handoff_to_another_guide_stands_and_is_asked_about() -> None:
    world = a_placed()
    world.assign("G1")
    world.hand_over("G2")
    assert (world.delivery().guide, world.cases()) == ("G2", ["other_guide_took_it"])


def test_a_second_handoff_to_another_guide_continues_the_chain() -> None:
    world = a_placed(BOTH, A=10)
    world.hand_over("G1")
    world.hand_over("G2")
    chain = [link.holder_id for link in world.delivery().parcels[0].chain]
    assert (chain, world.stock()) == ([STORE, "G1", "G2"], (6, 0))
    assert world.cases() == ["handed_over_twice", "other_guide_took_it"]


def test_a_second_handoff_to_the_same_guide_adds_no_link() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.hand_over("G1")
    assert (len(world.delivery().parcels[0].chain), world.cases()) == (2, ["handed_over_twice"])


def test_a_handoff_that_arrives_after_the_delivery_does_not_undo_it() -> None:
    world = a_placed()
    world.deliver()
    world.hand_over("G1")
    assert (world.state(), world.cases()) == (
        DeliveryState.DELIVERED,
        ["delivered_without_custody", "handed_over_twice"],
    )


def test_a_recorded_fact_leaves_its_reason() -> None:
    world = a_placed()
    world.must(HandOver(a_delivery(), 1, "G1", Proof.STAFF, verdict="expired", reason="slip too old"))
    assert world.cases() == ["recorded_by_staff"]


@pytest.mark.parametrize(
    "command",
    [
        HandOver("nobody", 1, "G1", Proof.TOKEN),
        Deliver("nobody", Proof.STAFF),
        FailDelivery("nobody", "refused"),
        ReturnDelivery("nobody", "refused"),
        PassOn("nobody", Holder.COURIER, "c"),
    ],
)
def test_a_fact_about_an_unknown_delivery_is_kept_as_a_discrepancy(command: Command) -> None:
    world = a_store()
    world.must(command)
    assert world.cases() == ["unknown_delivery"]


@pytest.mark.parametrize(
    "command",
    [
        HandOver(a_delivery(), 7, "G1", Proof.TOKEN),
        Deliver(a_delivery(), Proof.STAFF, 7),
        FailDelivery(a_delivery(), "refused", parcel=7),
        ReturnDelivery(a_delivery(), "refused", parcel=7),
        PassOn(a_delivery(), Holder.COURIER, "c", parcel=7),
    ],
)
def test_a_fact_about_an_unknown_parcel_is_kept_as_a_discrepancy(command: Command) -> None:
    world = a_placed()
    world.must(command)
    assert (world.cases(), world.state()) == (["unknown_parcel"], DeliveryState.WAITING)


def test_a_cancelled_order_that_leaves_all_the_same_is_open_again() -> None:
    world = a_placed(BOTH, A=10)
    world.cancel()
    world.hand_over("G1")
    assert (world.order().status, world.state(), world.stock()) == (
        OrderStatus.OPEN,
        DeliveryState.IN_CUSTODY,
        (6, 0),
    )
    assert world.cases() == ["left_though_closed"]


# Failing and coming back


def test_a_failed_attempt_leaves_the_parcel_with_the_guide() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.fail("unreachable")
    assert (world.state(), world.cases()) == (DeliveryState.FAILED, ["unreachable"])
    world.fail("unreachable", returning=True)
    assert (world.state(), world.cases()) == (DeliveryState.RETURNING, ["unreachable"])


def test_a_failed_attempt_may_still_succeed() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.fail("unreachable")
    world.deliver()
    assert world.state() is DeliveryState.DELIVERED


def test_a_failure_without_custody_is_a_discrepancy() -> None:
    world = a_placed()
    world.fail("customer")
    assert world.cases() == ["failed_without_custody"]


def test_a_problem_that_comes_back_after_it_was_settled_is_asked_again() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.fail("refused")
    world.must(ResolveException(f"{a_delivery()}/refused/0", "called"))
    world.fail("refused")
    assert world.cases() == ["refused"]


def test_a_return_brings_the_goods_back_and_promises_them_again() -> None:
    world = a_placed(BOTH, A=10)
    world.hand_over("G1")
    world.give_back("refused")
    assert (world.stock(), world.state(), world.cases()) == ((10, 4), DeliveryState.RETURNED, ["refused"])
    assert world.delivery().guide == ""


def test_a_return_without_a_reason_still_waits_for_a_decision() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.give_back("")
    assert world.state() is DeliveryState.RETURNED


def test_damaged_goods_are_written_off_and_missed() -> None:
    world = a_placed(BOTH, A=5)
    world.hand_over("G1")
    world.give_back("damaged")
    assert (world.stock(), world.order().needs, world.cases()) == ((1, 1), ("short_stock",), ["damaged"])


def test_a_return_of_what_never_left_is_a_discrepancy() -> None:
    world = a_placed(BOTH, A=10)
    world.give_back("customer")
    assert (world.cases(), world.stock()) == (["returned_without_custody"], (10, 4))


def test_a_return_after_delivery_reopens_the_order_and_takes_the_pay_back() -> None:
    world = a_placed(BOTH, A=10)
    world.hand_over("G1")
    world.deliver()
    world.give_back("customer")
    assert (world.order().status, world.earned(), world.stock()) == (OrderStatus.OPEN, {}, (10, 4))
    assert world.cases() == ["returned_after_delivery"]


def test_the_pay_is_taken_from_who_got_it_on_the_day_it_was_given() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G2", 2)
    world.deliver(2)
    world.deliver(1)
    assert (world.earned(), world.delivery().guide) == ({"G1": 1}, "G2")
    world.now += timedelta(days=2)
    world.give_back("customer")
    assert world.earned() == {}


def test_the_second_try_is_paid_once() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.deliver()
    world.give_back("customer")
    world.must(RetryDelivery(a_delivery()))
    world.hand_over("G2")
    world.deliver()
    assert world.earned() == {"G2": 1}


# Several parcels


def test_the_goods_leave_the_stock_once_with_the_first_parcel() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    assert world.stock() == (6, 0)
    world.hand_over("G1", 2)
    assert world.stock() == (6, 0)


def test_delivered_means_the_parcels_that_are_out() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.deliver()
    holders = [parcel.custodian.holder for parcel in world.delivery().parcels]
    assert (holders, world.state()) == ([Holder.CUSTOMER, Holder.STORE], DeliveryState.PARTLY_DELIVERED)
    assert (world.earned(), world.cases()) == ({}, [])


def test_with_the_last_parcel_the_order_is_done() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.deliver(1)
    assert world.order().status is OrderStatus.OPEN
    world.deliver(2)
    assert (world.order().status, world.earned()) == (OrderStatus.COMPLETED, {"G1": 1})


def test_the_goods_come_back_with_the_last_parcel() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.give_back("customer", parcel=1)
    assert (world.stock(), world.state()) == ((6, 0), DeliveryState.IN_CUSTODY)
    world.give_back("customer", parcel=2)
    assert (world.stock(), world.state()) == ((10, 4), DeliveryState.RETURNED)


def test_the_goods_come_back_with_the_only_parcel_that_left() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.give_back("customer")
    assert (world.stock(), world.state()) == ((10, 4), DeliveryState.RETURNED)


def test_one_damaged_parcel_of_two_does_not_write_off_the_other() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.give_back("damaged", parcel=1)
    world.give_back("customer", parcel=2)
    assert (world.stock(), world.cases()) == ((10, 4), ["damaged"])


def test_a_return_leaves_alone_what_the_customer_kept() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.deliver(1)
    world.give_back("refused")
    holders = [parcel.custodian.holder for parcel in world.delivery().parcels]
    assert holders == [Holder.CUSTOMER, Holder.STORE]
    assert (world.state(), world.stock()) == (DeliveryState.PARTLY_DELIVERED, (6, 0))
    assert world.cases() == ["partly_returned", "refused"]


def test_when_the_rest_is_cancelled_the_order_is_done_with_what_arrived() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.deliver(1)
    arrived = world.now
    world.give_back("refused")
    world.now = AFTERNOON.end + timedelta(hours=3)
    world.cancel()
    assert (world.state(), world.order().status) == (DeliveryState.DELIVERED, OrderStatus.COMPLETED)
    assert (world.delivery().finished_at, world.delivery().on_time, world.earned()) == (arrived, True, {"G1": 1})
    world.check()


def test_a_recall_of_the_rest_ends_when_it_is_back() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.hand_over("G1", 2)
    world.deliver(1)
    world.cancel()
    world.give_back("")
    assert (world.state(), world.cases()) == (DeliveryState.DELIVERED, ["partly_returned"])


def test_a_rest_that_leaves_after_all_takes_the_pay_back_until_it_arrives() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.deliver()
    world.cancel()
    assert world.earned() == {"G1": 1}
    world.hand_over("G2", 2)
    assert (world.state(), world.earned()) == (DeliveryState.PARTLY_DELIVERED, {})
    world.deliver()
    assert (world.state(), world.earned()) == (DeliveryState.DELIVERED, {"G2": 1})
    world.check()


def test_the_rest_was_cancelled_and_then_the_customer_brings_back_the_first() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.deliver()
    world.cancel()
    world.give_back("customer")
    assert (world.state(), world.order().status, world.stock()) == (
        DeliveryState.CANCELLED,
        OrderStatus.CANCELLED,
        (10, 0),
    )


# Pickup points and couriers


def test_what_is_fetched_at_the_pickup_point_is_collected() -> None:
    world = a_placed(BOTH, A=10)
    world.hand_over("G1")
    world.pass_on(Holder.PICKUP_POINT)
    assert world.state() is DeliveryState.AT_PICKUP_POINT
    world.deliver()
    assert (world.state(), world.earned(), world.stock()) == (DeliveryState.COLLECTED, {"G1": 1}, (6, 0))


def test_what_came_back_from_the_point_and_was_brought_is_delivered() -> None:
    world = a_placed()
    world.pass_on(Holder.PICKUP_POINT)
    world.give_back("customer")
    world.must(RetryDelivery(a_delivery()))
    world.hand_over("G1")
    world.deliver()
    assert world.state() is DeliveryState.DELIVERED


def test_a_courier_takes_it_from_the_store() -> None:
    world = a_placed(BOTH, A=10)
    world.pass_on(Holder.COURIER)
    assert (world.state(), world.stock(), world.cases()) == (DeliveryState.WITH_COURIER, (6, 0), [])


def test_passing_on_what_is_out_leaves_the_rest_in_the_store() -> None:
    world = two_parcels()
    world.hand_over("G1", 1)
    world.pass_on(Holder.PICKUP_POINT)
    holders = [parcel.custodian.holder for parcel in world.delivery().parcels]
    assert holders == [Holder.PICKUP_POINT, Holder.STORE]


def test_passing_on_to_where_it_is_adds_no_link() -> None:
    world = a_placed()
    world.pass_on(Holder.COURIER)
    world.pass_on(Holder.COURIER)
    assert (len(world.delivery().parcels[0].chain), world.cases()) == (2, ["passed_on_twice"])


def test_passing_on_what_the_customer_has_is_a_discrepancy() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.deliver()
    world.pass_on(Holder.COURIER)
    assert (world.state(), world.cases()) == (DeliveryState.DELIVERED, ["passed_on_twice"])


@pytest.mark.parametrize("holder", [Holder.STORE, Holder.GUIDE, Holder.CUSTOMER])
def test_passing_on_is_no_way_around_the_other_facts(holder: Holder) -> None:
    with pytest.raises(ValueError, match="courier"):
        PassOn(a_delivery(), holder, "x")


# Stock that was not there


def test_a_handoff_of_goods_that_were_not_there_stands_and_asks_for_a_count() -> None:
    world = a_placed(BOTH, A=1)
    world.hand_over("G1")
    assert (world.stock(), world.cases()) == ((-3, 0), ["stock_below_zero"])
    world.must(CountStock(STORE, "A", 0))
    assert (world.stock(), world.cases()) == ((0, 0), [])


def test_a_report_about_anything_is_kept() -> None:
    world = a_store()
    world.must(ReportException("nobody", ExceptionKind.LATE))
    assert world.cases() == ["late"]


def test_cancelling_twice_during_a_recall_keeps_the_order_open() -> None:
    world = a_placed()
    world.hand_over("G1")
    world.cancel()
    world.must(CancelOrder(an_order(), "again"))
    assert world.order().status is OrderStatus.OPEN
