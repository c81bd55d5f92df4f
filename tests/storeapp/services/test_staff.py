import pytest

from storeapp.domain.words import Role
from storeapp.services import staff
from storeapp.services.counter import Actor
from tests.storeapp.services.desk import CLERK, MANAGER, Store, granted, refused

PIN = "258036"


def test_the_first_manager_chooses_a_pin_once(store: Store):
    assert refused(staff.sign_in(store.counter, "manager", PIN)) == "pin_not_set"
    assert granted(staff.choose_first_pin(store.counter, "manager", PIN)) == MANAGER
    assert refused(staff.choose_first_pin(store.counter, "manager", "951357")) == "manager_only"
    assert granted(staff.sign_in(store.counter, "manager", PIN)) == MANAGER
    assert (staff.SIGNED_IN, "manager") in store.audit()


def test_a_clerk_never_chooses_the_first_pin(store: Store):
    store.hire()
    assert refused(staff.choose_first_pin(store.counter, CLERK.id, PIN)) == "manager_only"
    assert refused(staff.choose_first_pin(store.counter, "nobody", PIN)) == "unknown_staff"


def test_wrong_pins_count_down_to_a_lock(store: Store):
    granted(staff.choose_first_pin(store.counter, "manager", PIN))
    answers = [staff.sign_in(store.counter, "manager", "000001") for _ in range(6)]
    assert [refused(answer) for answer in answers] == ["pin_wrong"] * 5 + ["pin_locked"]
    assert refused(staff.sign_in(store.counter, "nobody", PIN)) == "pin_wrong"
    store.later(minutes=2)
    granted(staff.sign_in(store.counter, "manager", PIN))


@pytest.mark.parametrize(("pin", "code"), [("12", "pin_format"), ("1234", "pin_simple")])
def test_weak_pins_are_refused(store: Store, pin: str, code: str):
    assert refused(staff.set_pin(store.counter, MANAGER, "manager", pin)) == code
    assert not staff.has_pin(store.counter, "manager")


def test_pins_are_set_by_their_owner_or_a_manager(store: Store):
    store.hire()
    assert staff.set_pin(store.counter, MANAGER, CLERK.id, PIN) is None
    assert staff.set_pin(store.counter, CLERK, CLERK.id, "951357") is None
    assert refused(staff.set_pin(store.counter, CLERK, "manager", PIN)) == "manager_only"
    assert refused(staff.set_pin(store.counter, MANAGER, "nobody", PIN)) == "unknown_staff"


def test_staff_are_entered_changed_and_ended_by_managers(store: Store):
    assert refused(staff.register(store.counter, CLERK, "x", name="x", role=Role.STAFF)) == "manager_only"
    assert refused(staff.register(store.counter, MANAGER, " ", name="x", role=Role.STAFF)) == "bad_staff"
    store.hire()
    granted(staff.register(store.counter, MANAGER, CLERK.id, name="新名字", role=Role.STAFF))
    staff.set_pin(store.counter, MANAGER, CLERK.id, PIN)
    granted(staff.end(store.counter, MANAGER, CLERK.id))
    assert refused(staff.sign_in(store.counter, CLERK.id, PIN)) == "pin_wrong"
    assert refused(staff.actor_of(store.counter, CLERK.id)) == "unknown_staff"
    assert refused(staff.end(store.counter, MANAGER, "nobody")) == "unknown_staff"
    assert [(person.id, person.active) for person in staff.staff_rows(store.counter)] == [
        ("manager", True),
        (CLERK.id, False),
    ]


def test_the_last_manager_stays_one(store: Store):
    assert refused(staff.end(store.counter, MANAGER, "manager")) == "last_manager"
    answer = staff.register(store.counter, MANAGER, "manager", name="m", role=Role.STAFF)
    assert refused(answer) == "last_manager"
    store.hire(Actor("second", Role.MANAGER))
    granted(staff.end(store.counter, MANAGER, "manager"))
