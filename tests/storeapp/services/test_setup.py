"""Setting up a counter, also after a try that was cut off."""

from pathlib import Path
from typing import Any

import pytest

from storeapp.services import setup
from storeapp.services.home import KEYS, Home, create_home
from storeapp.services.setup import set_up
from storeapp.store.keys import Keys
from tests.support.counters import PASSPHRASE, TestClock, again, stand_alone, tables


class PowerCut(BaseException):
    pass


def cut(*_: Any, **__: Any) -> None:
    raise PowerCut


@pytest.mark.parametrize("step", ["create_home", "identify", "enter_tables"])
@pytest.mark.parametrize("after", [False, True])
def test_a_set_up_that_was_cut_off_can_be_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, *, after: bool
) -> None:
    original = getattr(setup, step)

    def cut_after(*args: Any, **kwargs: Any) -> None:
        original(*args, **kwargs)
        raise PowerCut

    with monkeypatch.context() as patch:
        patch.setattr(setup, step, cut_after if after else cut)
        with pytest.raises(PowerCut):
            stand_alone(tmp_path / "home", passphrase=PASSPHRASE)
    if step == "enter_tables" and after:
        with pytest.raises(FileExistsError):
            stand_alone(tmp_path / "home", passphrase=PASSPHRASE)
        return
    counter = stand_alone(tmp_path / "home", passphrase="another passphrase")
    assert counter.journal.last() > 0
    assert counter.privacy.available
    counter.close()


def test_a_counter_in_use_is_never_set_up_over(tmp_path: Path) -> None:
    counter = stand_alone(tmp_path / "home", passphrase=PASSPHRASE)
    with pytest.raises(FileExistsError):
        set_up(tmp_path / "home", store="XH", tables_of=tables(), clock=TestClock(), passphrase=PASSPHRASE)
    assert again(counter).journal.last() == counter.journal.last()
    counter.close()


def test_keys_of_people_without_their_journal_are_not_written_over(tmp_path: Path) -> None:
    home = create_home(tmp_path / "home", clock=TestClock(), environ={}, passphrase=PASSPHRASE).home
    keys = Keys.open(home.path / KEYS, home.root)
    keys.new_keys(["order"], now=TestClock().now())
    keys.close()
    with pytest.raises(FileExistsError):
        create_home(home.path, clock=TestClock(), environ={}, passphrase="another passphrase")
    unlocked = Home(home.path).unlock(environ={}, passphrase=PASSPHRASE)
    assert unlocked.locked is None
