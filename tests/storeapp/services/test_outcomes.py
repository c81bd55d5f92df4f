from dataclasses import replace

import pytest

from storeapp.domain.catalogue import Building
from storeapp.domain.delivery import DeliveryState, Holder, Proof
from storeapp.domain.exception import ExceptionCase
from storeapp.domain.order import OrderStatus
from storeapp.services import handoff, outcomes
from storeapp.services import orders as order_service
from tests.storeapp.services.desk import CLERK, MANAGER, PERSON, Store, granted, refused


def out(store: Store, order_no: str = "C1") -> str:
    delivery = store.assigned(order_no)
    handoff.scan(store.counter, CLERK, store.badge().token, store.slip(delivery).token)
    return delivery


def code_of(store: Store, delivery: str) -> str:
    return str(granted(outcomes.reveal_code(store.counter, CLERK, store.order(delivery).id)))


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_the_pickup_code_is_shown_to_whoever_is_on_record(store: Store):
    delivery = store.place()
    assert len(code_of(store, delivery)) == 6
    assert (outcomes.CODE_REVEALED, store.order(delivery).id) in store.audit()
    assert refused(outcomes.reveal_code(store.counter, CLERK, "nothing")) == "unknown_order"


def test_the_right_code_delivers_and_completes_the_order(store: Store):
    delivery = out(store)
    granted(outcomes.deliver(store.counter, CLERK, delivery, f" {code_of(store, delivery)} "))
    assert store.delivery(delivery).state is DeliveryState.DELIVERED
    assert store.delivery(delivery).parcels[0].custodian.proof is Proof.PICKUP_CODE
    assert store.order(delivery).status is OrderStatus.COMPLETED
    code = outcomes.deliver(store.counter, CLERK, delivery, "000000")
    assert refused(code) == "already_delivered"


def test_five_wrong_codes_lock_for_ten_minutes(store: Store):
    delivery = out(store)
    right = code_of(store, delivery)
    for _ in range(outcomes.WRONG_CODES):
        assert refused(outcomes.deliver(store.counter, CLERK, delivery, wrong(right))) == "wrong_code"
    assert refused(outcomes.deliver(store.counter, CLERK, delivery, right)) == "too_many_tries"
    store.later(minutes=11)
    granted(outcomes.deliver(store.counter, CLERK, delivery, right))


def test_wrong_codes_of_one_delivery_do_not_lock_another(store: Store):
    first, second = out(store, "C1"), out(store, "C2")
    for _ in range(outcomes.WRONG_CODES):
        outcomes.deliver(store.counter, CLERK, first, "x")
    granted(outcomes.deliver(store.counter, CLERK, second, code_of(store, second)))


def test_without_the_code_only_a_manager_with_a_reason_delivers(store: Store):
    delivery = out(store)
    assert refused(outcomes.deliver_without_code(store.counter, CLERK, delivery, "phone_dead")) == "manager_only"
    assert refused(outcomes.deliver_without_code(store.counter, MANAGER, delivery, "she 手机没电")) == "bad_reason"
    granted(outcomes.deliver_without_code(store.counter, MANAGER, delivery, "phone_dead"))
    assert {case.code for case in store.counter.cache.every(ExceptionCase)} == {"recorded_by_staff"}


def test_a_delivery_confirms_the_building_and_nothing_more(store: Store):
    first, second = out(store, "C1"), store.place("C2", replace(PERSON, name="孙欣"))
    granted(outcomes.deliver(store.counter, CLERK, first, code_of(store, first)))
    [building] = store.counter.cache.every(Building)
    assert building.id == "上海市|徐汇区|肇嘉浜路|573弄"
    assert building.confirmations == 0
    store.assign(second, "G01")
    handoff.scan(store.counter, CLERK, store.badge().token, store.slip(second).token)
    granted(outcomes.deliver(store.counter, CLERK, second, code_of(store, second)))
    [again] = store.counter.cache.every(Building)
    assert (again.position, again.confirmations) == (building.position, 1)


@pytest.mark.parametrize("act", [outcomes.fail, outcomes.return_parcel, outcomes.deliver])
def test_what_is_unknown_cancelled_or_at_home_has_no_outcome(store: Store, act):
    at_home = {outcomes.return_parcel: "not_out"}.get(act, "not_in_custody")
    delivery = store.assigned()
    assert refused(act(store.counter, MANAGER, "nothing", "damaged")) == "unknown_delivery"
    assert refused(act(store.counter, MANAGER, delivery, "damaged")) == at_home
    granted(order_service.cancel(store.counter, MANAGER, store.order(delivery).id, "customer"))
    assert refused(act(store.counter, MANAGER, delivery, "damaged")) == "delivery_cancelled"


def test_a_failed_parcel_comes_back_and_is_written_off_when_damaged(store: Store):
    delivery = out(store)
    assert refused(outcomes.fail(store.counter, CLERK, delivery, "张三不在")) == "bad_reason"
    granted(outcomes.fail(store.counter, CLERK, delivery, "damaged"))
    assert store.delivery(delivery).state is DeliveryState.FAILED
    granted(outcomes.fail(store.counter, CLERK, delivery, "damaged", returning=True))
    assert store.delivery(delivery).state is DeliveryState.RETURNING
    assert refused(outcomes.return_parcel(store.counter, CLERK, delivery, "")) == "bad_reason"
    granted(outcomes.return_parcel(store.counter, CLERK, delivery, "damaged"))
    assert store.delivery(delivery).state is DeliveryState.RETURNED
    assert {case.code for case in store.counter.cache.every(ExceptionCase)} == {"damaged"}


def test_a_courier_or_pickup_point_takes_over(store: Store):
    delivery = store.assigned()
    assert refused(outcomes.pass_on(store.counter, CLERK, delivery, Holder.GUIDE, "G01")) == "bad_holder"
    assert refused(outcomes.pass_on(store.counter, CLERK, delivery, Holder.COURIER, " ")) == "bad_holder"
    granted(outcomes.pass_on(store.counter, CLERK, delivery, Holder.COURIER, "SF"))
    assert store.delivery(delivery).state is DeliveryState.WITH_COURIER
    granted(outcomes.deliver(store.counter, CLERK, delivery, code_of(store, delivery)))
    assert refused(outcomes.pass_on(store.counter, CLERK, delivery, Holder.COURIER, "SF")) == "already_delivered"


def test_without_the_keys_no_code_is_known(store: Store):
    delivery = out(store)
    store.home.root = None
    locked = store.opened_again()
    try:
        assert refused(outcomes.reveal_code(locked, CLERK, store.order(delivery).id)) == "code_unavailable"
        assert refused(outcomes.deliver(locked, CLERK, delivery, "123456")) == "code_unavailable"
        granted(outcomes.deliver_without_code(locked, MANAGER, delivery, "keys_closed"))
    finally:
        locked.close()
