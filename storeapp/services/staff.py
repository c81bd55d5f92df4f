"""Staff: who may sign in at the counter, with which PIN and which role."""

import secrets

from msgspec.structs import replace

from storeapp.domain.kernel import Event, Refusal
from storeapp.domain.people import Staff
from storeapp.domain.rules.people import RegisterStaff
from storeapp.domain.words import Role
from storeapp.services.counter import SYSTEM, Actor, Counter, Transaction
from storeapp.store.pins import PinAnswer, PinResult, pin_weakness

Result = tuple[Event, ...] | Refusal

FIRST_MANAGER = "manager"
"""The id of the person who is there from the start and lets the others in."""

SIGNED_IN = "staff.signed_in"
PIN_SET = "staff.pin_set"


def ensure_manager(counter: Counter) -> None:
    """Enter the first manager where the store has nobody at all, such as at the first counter of a new store."""
    if not staff_rows(counter):
        with counter.transaction(SYSTEM) as tx:
            tx.must(RegisterStaff(Staff(FIRST_MANAGER, FIRST_MANAGER, Role.MANAGER, counter.store)))


def staff_rows(counter: Counter) -> list[Staff]:
    """The staff of this store, the active ones first."""
    mine = [person for person in counter.cache.every(Staff) if person.store == counter.store]
    return sorted(mine, key=lambda person: (not person.active, person.id))


def has_pin(counter: Counter, staff: str) -> bool:
    """Whether a person has chosen a PIN at this counter."""
    return counter.keys.pins.has(staff)


def actor_of(counter: Counter, staff: str) -> Actor | Refusal:
    """The person as an actor, without a PIN, for whoever has the machine's account and so the files anyway.

    Refusals: ``unknown_staff``.
    """
    person = counter.cache.get(Staff, staff)
    if person is None or not person.active or person.store != counter.store:
        return Refusal("unknown_staff")
    return Actor(person.id, person.role)


def sign_in(counter: Counter, staff: str, pin: str) -> Actor | Refusal:
    """Sign in with a PIN.

    Refusals: ``pin_not_set`` (the person must choose one first), ``pin_wrong``, ``pin_locked``.
    """
    actor = actor_of(counter, staff)
    if isinstance(actor, Actor) and not has_pin(counter, staff):
        return Refusal("pin_not_set")
    # An unknown person costs as much time as a wrong PIN, so nobody can try names.
    answer = counter.keys.pins.verify(staff, pin, now=counter.clock.now())
    if answer.answer is not PinAnswer.OK or isinstance(actor, Refusal):
        return _refused(answer)
    with counter.transaction(actor) as tx:
        tx.audit(SIGNED_IN, staff)
    return actor


def _refused(answer: PinResult) -> Refusal:
    """Why not; ``until`` is there as soon as the person must wait, so with the wrong PIN that led to it, too."""
    until = {"until": answer.locked_until.isoformat()} if answer.locked_until is not None else {}
    if answer.answer is PinAnswer.LOCKED:
        return Refusal("pin_locked", until)
    return Refusal("pin_wrong", {"tries": answer.tries_left, **until})


def choose_first_pin(counter: Counter, staff: str, pin: str) -> Actor | Refusal:
    """Let a person without a PIN choose one; only a manager may, and only while no manager has one.

    Refusals: ``unknown_staff``, ``manager_only``, ``pin_format``, ``pin_simple``.
    """
    actor = actor_of(counter, staff)
    if isinstance(actor, Refusal):
        return actor
    managers = [person.id for person in staff_rows(counter) if person.active and person.role is Role.MANAGER]
    if actor.role is not Role.MANAGER or any(has_pin(counter, manager) for manager in managers):
        return Refusal("manager_only")
    return _set_pin(counter, actor, staff, pin) or actor


def set_pin(counter: Counter, actor: Actor, staff: str, pin: str) -> Refusal | None:
    """Give a person a new PIN: oneself, or anybody as a manager.

    Refusals: ``manager_only``, ``unknown_staff``, ``pin_format``, ``pin_simple``.
    """
    if actor.id != staff and actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    person = actor_of(counter, staff)
    return person if isinstance(person, Refusal) else _set_pin(counter, actor, staff, pin)


def _set_pin(counter: Counter, actor: Actor, staff: str, pin: str) -> Refusal | None:
    weakness = counter.keys.pins.set(staff, pin)
    if weakness is not None:
        return Refusal(weakness.value)
    with counter.transaction(actor) as tx:
        tx.audit(PIN_SET, staff)
    return None


def register(counter: Counter, actor: Actor, staff: str, *, name: str, role: Role) -> Result:
    """Enter a person, or change name and role.

    Refusals: ``manager_only``, ``bad_staff``, ``last_manager``.
    """
    if not staff.strip() or not name.strip():
        return Refusal("bad_staff")
    return _change(counter, actor, Staff(staff.strip(), name.strip(), role, counter.store))


def hire(counter: Counter, actor: Actor, *, name: str, role: Role, pin: str) -> str | Refusal:
    """Enter a new person with a PIN; returns the id.

    Refusals: ``manager_only``, ``bad_staff``, ``pin_format``, ``pin_simple``.
    """
    weakness = pin_weakness(pin)
    if weakness is not None:
        return Refusal(weakness.value)
    new = f"staff-{secrets.token_hex(3)}"
    done = register(counter, actor, new, name=name, role=role)
    if isinstance(done, Refusal):
        return done
    return set_pin(counter, actor, new, pin) or new


def end(counter: Counter, actor: Actor, staff: str) -> Result:
    """Let a person sign in no longer, and take the PIN away.

    Refusals: ``manager_only``, ``unknown_staff``, ``last_manager``.
    """
    person = counter.cache.get(Staff, staff)
    if person is None or person.store != counter.store:
        return Refusal("unknown_staff")
    done = _change(counter, actor, replace(person, active=False))
    if not isinstance(done, Refusal):
        counter.keys.pins.remove(staff)
    return done


def _change(counter: Counter, actor: Actor, person: Staff) -> Result:
    if actor.role is not Role.MANAGER:
        return Refusal("manager_only")
    with counter.transaction(actor) as tx:
        if not _leaves_a_manager(counter, tx, person):
            return Refusal("last_manager")
        return tx.run(RegisterStaff(person))


def _leaves_a_manager(counter: Counter, tx: Transaction, changed: Staff) -> bool:
    if changed.active and changed.role is Role.MANAGER:
        return True
    others = (tx.get(Staff, person.id) for person in staff_rows(counter) if person.id != changed.id)
    return any(person and person.active and person.role is Role.MANAGER for person in others)
