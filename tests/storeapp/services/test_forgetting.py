from storeapp.domain.order import Order
from storeapp.domain.rules.custody import ReturnDelivery
from storeapp.services import handoff, orders, outcomes
from storeapp.services.forgetting import forget_due
from storeapp.store import lists
from storeapp.store.lists import OrderFilter
from tests.storeapp.services.desk import CLERK, MANAGER, PERSON, Store, granted

GRACE_HOURS = 72


def delivered(store: Store, order_no: str) -> str:
    delivery = store.assigned(order_no)
    handoff.scan(store.counter, CLERK, store.badge().token, store.slip(delivery).token)
    code = granted(outcomes.reveal_code(store.counter, CLERK, store.order(delivery).id))
    granted(outcomes.deliver(store.counter, CLERK, delivery, code))
    return delivery


def every_byte(store: Store) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(store.home.path.iterdir()))


def wrapped_key(store: Store, order_id: str) -> bytes:
    [(wrapped,)] = store.counter.keys.db.execute(
        "SELECT wrapped FROM subject_key WHERE subject = ?", [order_id]
    ).fetchall()
    return bytes(wrapped)


def test_what_is_over_is_forgotten_after_the_grace_and_not_before(store: Store):
    done, cancelled, open_one = delivered(store, "C1"), store.place("C2"), store.place("C3")
    granted(orders.cancel(store.counter, MANAGER, store.order(cancelled).id, "customer"))
    store.later(hours=GRACE_HOURS)
    assert forget_due(store.counter) == 0
    store.later(minutes=1)
    assert forget_due(store.counter) == 2
    assert forget_due(store.counter) == 0
    assert [store.order(delivery).sealed == "" for delivery in (done, cancelled, open_one)] == [True, True, False]


def test_no_key_and_no_keyed_hash_stays_in_any_file(store: Store):
    delivery = store.place("C1")
    order = store.order(delivery)
    key, hashes = wrapped_key(store, order.id), store.counter.privacy.finder_hashes({order.id: PERSON})
    granted(orders.cancel(store.counter, MANAGER, order.id, "customer"))
    assert key in every_byte(store)
    assert all(value in every_byte(store) for value, _ in hashes)
    store.later(hours=GRACE_HOURS + 1)
    assert forget_due(store.counter) == 1
    left = every_byte(store)
    assert key not in left
    assert not any(value in left for value, _ in hashes)


def test_the_journal_keeps_only_what_nobody_can_read(store: Store):
    delivery = store.place("C1")
    order = store.order(delivery)
    granted(orders.cancel(store.counter, MANAGER, order.id, "customer"))
    store.later(hours=GRACE_HOURS + 1)
    forget_due(store.counter)
    assert order.sealed.encode() in every_byte(store)
    assert store.counter.privacy.person(order.id, order.sealed) is None
    assert not any(text.encode() in every_byte(store) for text in (PERSON.name, PERSON.phone, PERSON.note))
    assert store.counter.privacy.pickup_code(order) is None


def test_an_order_that_came_back_to_life_is_kept(store: Store):
    delivery = delivered(store, "C1")
    with store.counter.transaction(MANAGER) as tx:
        tx.must(ReturnDelivery(delivery, "damaged"))
    store.later(hours=GRACE_HOURS + 1)
    assert forget_due(store.counter) == 0
    assert store.counter.privacy.person(store.order(delivery).id, store.order(delivery).sealed) == PERSON


def test_the_forgotten_are_found_by_number_but_not_by_name(store: Store):
    delivery = store.place("C1")
    granted(orders.cancel(store.counter, MANAGER, store.order(delivery).id, "customer"))
    store.later(hours=GRACE_HOURS + 1)

    def found(text: str) -> list[str]:
        terms = store.counter.privacy.finder_terms(text)
        return lists.delivery_ids(store.counter.cache.db, OrderFilter(text=text), hashes=terms)

    assert found(PERSON.name) == [delivery]
    forget_due(store.counter)
    assert found(PERSON.name) == []
    assert found("C1") == [delivery]


def test_forgetting_works_with_the_keys_closed(store: Store):
    delivery = store.place("C1")
    granted(orders.cancel(store.counter, MANAGER, store.order(delivery).id, "customer"))
    store.later(hours=GRACE_HOURS + 1)
    store.home.root = None
    locked = store.opened_again()
    try:
        assert forget_due(locked) == 1
        assert all(order.sealed == "" for order in locked.cache.every(Order))
    finally:
        locked.close()
