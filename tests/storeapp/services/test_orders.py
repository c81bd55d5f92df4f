"""Orders by hand: typed, corrected, located, rescheduled, cancelled, revealed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from storeapp.domain.delivery import DeliveryState
from storeapp.domain.incoming import IncomingLine, Person
from storeapp.domain.moment import Window
from storeapp.domain.order import OrderLine, OrderStatus
from storeapp.domain.place import Position
from storeapp.domain.words import Mode
from storeapp.services import orders
from storeapp.services.queries import order_ids
from storeapp.store.lists import OrderFilter
from tests.storeapp.services.desk import MANAGER, NOW, PERSON, Store, granted, present, refused

LINE = IncomingLine("BL-001", 2, 10000)


def typed(store: Store, **changes: object) -> object:
    order = orders.NewOrder(PERSON, (LINE,), order_no="C9")
    return orders.place(store.counter, MANAGER, replace(order, **changes))  # type: ignore[arg-type]


def test_a_typed_order_reserves_its_goods(store: Store) -> None:
    delivery = granted(typed(store))
    assert store.order(delivery).lines[0].reserved == 2
    assert store.delivery(delivery).state is DeliveryState.WAITING


def test_an_order_without_a_number_gets_one_of_its_own(store: Store) -> None:
    first, second = (granted(typed(store, order_no="")) for _ in range(2))
    numbers = {store.order(delivery).order_no for delivery in (first, second)}
    assert len(numbers) == 2
    assert all(number.startswith("C261121-") for number in numbers)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"lines": ()}, "order_without_goods"),
        ({"lines": (IncomingLine("", 1, 1),)}, "order_without_goods"),
        ({"lines": (IncomingLine("BL-001", 0, 1),)}, "bad_quantity"),
    ],
)
def test_goods_that_make_no_sense_are_refused(store: Store, changes: dict[str, object], code: str) -> None:
    assert refused(typed(store, **changes)) == code
    assert order_ids(store.counter, OrderFilter()) == []


def test_a_number_is_taken_once(store: Store) -> None:
    granted(typed(store))
    assert refused(typed(store)) == "order_exists"


def test_what_is_missing_is_flagged_and_answered_by_a_correction(store: Store) -> None:
    delivery = granted(typed(store, person=Person(name="陈小娜")))
    assert set(store.order(delivery).needs) == {"phone_missing", "address_missing", "no_position", "window_default"}
    granted(orders.correct(store.counter, MANAGER, store.order(delivery).id, person=PERSON))
    assert store.order(delivery).needs == ("window_default",)
    assert order_ids(store.counter, OrderFilter(text=PERSON.phone[-4:])) == [delivery]


def test_a_changed_address_loses_its_old_position(store: Store) -> None:
    delivery = store.place()
    moved = replace(PERSON, address="上海市徐汇区无名路1弄2号", position=None)
    granted(orders.correct(store.counter, MANAGER, store.order(delivery).id, person=moved))
    assert "no_position" in store.order(delivery).needs
    assert not store.order(delivery).located


def test_a_position_set_by_hand_locates_the_order(store: Store) -> None:
    delivery = store.place(person=replace(PERSON, position=None))
    granted(orders.put_on_map(store.counter, MANAGER, store.order(delivery).id, Position(31.2, 121.45)))
    assert store.order(delivery).located
    assert "no_position" not in store.order(delivery).needs


def test_corrected_goods_are_promised_anew(store: Store) -> None:
    delivery = store.place(quantity=3)
    order = store.order(delivery).id
    granted(orders.correct(store.counter, MANAGER, order, lines=[OrderLine("BL-002", 5, 10000)]))
    assert [(line.sku, line.reserved) for line in store.order(delivery).lines] == [("BL-002", 5)]
    assert refused(orders.correct(store.counter, MANAGER, order, lines=[OrderLine("BL-002", 0, 1)])) == "bad_quantity"


def test_another_window_is_promised(store: Store) -> None:
    delivery = store.place()
    window = Window(NOW + timedelta(hours=3), NOW + timedelta(hours=5))
    granted(orders.reschedule(store.counter, MANAGER, store.order(delivery).id, window, Mode.SCHEDULED))
    assert store.delivery(delivery).window == window
    assert store.order(delivery).needs == ()


def test_a_cancelled_order_frees_its_goods_and_is_over(store: Store) -> None:
    delivery = store.place(quantity=4)
    order = store.order(delivery).id
    granted(orders.cancel(store.counter, MANAGER, order, "customer"))
    assert store.order(delivery).status is OrderStatus.CANCELLED
    assert store.delivery(delivery).state is DeliveryState.CANCELLED
    assert refused(orders.cancel(store.counter, MANAGER, order, "customer")) == "order_closed"
    assert refused(orders.correct(store.counter, MANAGER, order, person=PERSON)) == "order_closed"


def test_a_revealed_customer_stands_in_the_audit_chain(store: Store) -> None:
    delivery = store.place()
    order = store.order(delivery).id
    assert orders.reveal(store.counter, MANAGER, order) == PERSON
    assert store.audit()[-1] == ("person.revealed", order)
    assert refused(orders.reveal(store.counter, MANAGER, "none")) == "unknown_order"


def test_unknown_orders_are_refused(store: Store) -> None:
    window = Window(NOW, NOW)
    for result in (
        orders.correct(store.counter, MANAGER, "none", person=PERSON),
        orders.put_on_map(store.counter, MANAGER, "none", Position(0, 0)),
        orders.reschedule(store.counter, MANAGER, "none", window),
        orders.cancel(store.counter, MANAGER, "none", "customer"),
    ):
        assert refused(result) == "unknown_order"
    assert refused(orders.retry(store.counter, MANAGER, "none")) == "unknown_delivery"
    assert refused(orders.split(store.counter, MANAGER, "none", 2)) == "unknown_delivery"


def test_split_goods_travel_in_parcels(store: Store) -> None:
    delivery = store.place()
    granted(orders.split(store.counter, MANAGER, delivery, 3))
    assert [parcel.number for parcel in store.delivery(delivery).parcels] == [1, 2, 3]
    assert present(store.delivery(delivery).parcel(2)).custodian.holder == "store"
