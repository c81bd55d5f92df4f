"""Makes a counter ready for its first day: the store from its tables, and a manager who can sign in."""

from dataclasses import dataclass, field
from pathlib import Path

from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Role
from storeapp.services import staff
from storeapp.services.clock import Clock
from storeapp.services.counter import SYSTEM, Counter, Refused
from storeapp.services.setup import SetUp, StoreTables, set_up
from storeapp.store.pins import pin_weakness


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstStart:
    """What a person answers at the first start."""

    tables: StoreTables = field(repr=False)
    store: str
    manager: str
    pin: str = field(repr=False)
    passphrase: str | None = field(repr=False)


def start_first(path: Path, answers: FirstStart, *, clock: Clock) -> SetUp | Refusal:
    """Make the home, and give the manager a name and a PIN.

    Refusals, with nothing made: ``pin_format``, ``pin_simple``, ``bad_staff``.

    Raises:
        UnknownStore, FileExistsError, VaultError: as `set_up` does.
    """
    weakness = pin_weakness(answers.pin)
    if weakness is not None:
        return Refusal(weakness.value)
    if not answers.manager.strip():
        return Refusal("bad_staff")
    made = set_up(path, store=answers.store, tables_of=answers.tables, clock=clock, passphrase=answers.passphrase)
    counter = made.home.open()
    try:
        _enter_manager(counter, answers)
    finally:
        counter.close()
    return made


def _enter_manager(counter: Counter, answers: FirstStart) -> None:
    done = staff.register(counter, SYSTEM, staff.FIRST_MANAGER, name=answers.manager.strip(), role=Role.MANAGER)
    result = done if isinstance(done, Refusal) else staff.choose_first_pin(counter, staff.FIRST_MANAGER, answers.pin)
    if isinstance(result, Refusal):
        raise Refused(result)
