from datetime import UTC, datetime
from pathlib import Path

import pytest

from storeapp.adapters.vault import Custody
from storeapp.adapters.vault_errors import NoKeySource, PassphraseShort, RecoveryMistyped
from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Role
from storeapp.services import rootkey, staff
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor
from storeapp.services.first_start import FirstStart, start_first
from storeapp.services.home import Home
from storeapp.services.setup import SetUp, read_tables
from storeapp.services.staff import FIRST_MANAGER

DEMO = Path(__file__).parents[3] / "resources" / "demo"
CLOCK = FixedClock(datetime(2026, 11, 21, 1, tzinfo=UTC))
PASSPHRASE = "correct-horse"


def answers(*, pin: str = "2580", manager: str = "周店长", passphrase: str = PASSPHRASE) -> FirstStart:
    return FirstStart(tables=read_tables(DEMO), store="XH", manager=manager, pin=pin, passphrase=passphrase)


@pytest.fixture
def made(tmp_path: Path) -> SetUp:
    result = start_first(tmp_path / "home", answers(), clock=CLOCK)
    assert isinstance(result, SetUp)
    return result


def again(made: SetUp) -> Home:
    return Home(made.home.path, CLOCK)


def test_the_manager_can_sign_in_at_once(made: SetUp) -> None:
    counter = made.home.open()
    assert isinstance(staff.sign_in(counter, FIRST_MANAGER, "2580"), Actor)
    assert staff.staff_rows(counter)[0].name == "周店长"
    counter.close()


@pytest.mark.parametrize(("given", "code"), [({"pin": "1234"}, "pin_simple"), ({"manager": " "}, "bad_staff")])
def test_a_bad_answer_makes_nothing(tmp_path: Path, given: dict[str, str], code: str) -> None:
    assert start_first(tmp_path / "home", answers(**given), clock=CLOCK) == Refusal(code)
    assert not (tmp_path / "home").exists()


def test_the_recovery_key_opens_a_home_whose_passphrase_is_lost(made: SetUp) -> None:
    home = again(made)
    rootkey.recover(home, made.recovery_key, passphrase="another-horse")
    assert home.root == made.home.root
    assert again(made).unlock(environ={}, passphrase="another-horse").root == made.home.root


def test_a_mistyped_recovery_key_changes_nothing(made: SetUp) -> None:
    home = again(made)
    with pytest.raises(RecoveryMistyped):
        rootkey.recover(home, made.recovery_key[:-1], passphrase="another-horse")
    assert home.root is None


def test_the_passphrase_changes_and_stands_in_the_audit_chain(made: SetUp) -> None:
    counter = made.home.open()
    actor = staff.actor_of(counter, FIRST_MANAGER)
    assert isinstance(actor, Actor)
    with pytest.raises(PassphraseShort):
        rootkey.change_passphrase(counter, actor, made.home, "short")
    rootkey.change_passphrase(counter, actor, made.home, "another-horse")
    assert counter.journal.audit_entries()[-1][3] == rootkey.MOVED
    counter.close()
    assert again(made).unlock(environ={}, passphrase="another-horse").root == made.home.root
    assert rootkey.custody(made.home) is Custody.PASSPHRASE


def test_a_new_recovery_key_replaces_the_old_one(made: SetUp) -> None:
    counter = made.home.open()
    actor = staff.actor_of(counter, FIRST_MANAGER)
    assert isinstance(actor, Actor)
    new = rootkey.renew_recovery(counter, actor, made.home)
    counter.close()
    assert new != made.recovery_key
    rootkey.recover(again(made), new, passphrase="another-horse")


def test_without_a_root_key_there_is_nothing_to_change(made: SetUp) -> None:
    counter = again(made).open()
    with pytest.raises(NoKeySource):
        rootkey.renew_recovery(counter, Actor("x", Role.MANAGER), again(made))
    counter.close()
