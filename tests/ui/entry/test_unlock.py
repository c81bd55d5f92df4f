import pytest

from storeapp.services import rootkey
from storeapp.services.clock import FixedClock
from storeapp.services.counter import SYSTEM
from storeapp.services.home import Home
from tests.ui.demo import MANAGER, NOON, PASSPHRASE
from ui.pages.order_words import customer
from ui.run import make_window


@pytest.fixture
def locked(demo_home, monkeypatch):
    """The demo home as it is found after a restart: nobody has typed the passphrase."""
    monkeypatch.delenv("STOREAPP_PASSPHRASE", raising=False)
    counter = demo_home.open()
    recovery_key = rootkey.renew_recovery(counter, SYSTEM, demo_home)
    counter.close()
    return Home(demo_home.path, FixedClock(NOON)), recovery_key


@pytest.fixture
def window(qapp, qtbot, locked):
    made = make_window(qapp, locked[0], language="zh_CN")
    made.session.sign_in(MANAGER, "manager")
    made.start()
    qtbot.waitUntil(lambda: made._locksmith.dialog is not None)
    yield made
    qtbot.waitUntil(lambda: made.backend.tasks.pending() == 0)
    made.close()


def available(qtbot, window):
    found = []
    window.backend.read(lambda counter: counter.privacy.available, done=found.append)
    qtbot.waitUntil(lambda: bool(found))
    return found[0]


def test_the_passphrase_opens_peoples_data(qtbot, window, settled):
    dialog = window._locksmith.dialog
    dialog.passphrase.set_value("passphrase", PASSPHRASE)
    dialog.try_open()
    settled()
    assert window._locksmith.dialog is None
    assert not window.shell._top.privacy.isVisible()
    assert available(qtbot, window)


def test_a_finished_order_is_locked_and_not_erased_while_the_keys_are_closed(window, settled):
    window._locksmith.dialog.reject()
    settled()
    done = window.page("board")._seen.board.done
    assert {customer(window.desk.words, row) for row in done} == {"已锁"}


def test_the_question_comes_back_by_a_key(qtbot, window):
    window._locksmith.dialog.reject()
    assert window._locksmith.dialog is None
    assert window.actions.trigger("app.unlock")
    assert window._locksmith.dialog is not None


def test_a_wrong_passphrase_is_named_and_asked_again(qtbot, window, settled):
    dialog = window._locksmith.dialog
    dialog.passphrase.set_value("passphrase", "wrong-horse")
    dialog.try_open()
    settled()
    assert "口令不对" in dialog.passphrase.error("passphrase")


def test_going_on_without_shows_a_chip_that_asks_again(qtbot, window, settled):
    window._locksmith.dialog.reject()
    assert window.shell._top.privacy.isVisible()
    assert not available(qtbot, window)
    window.shell._top.privacy.pressed.emit()
    assert window._locksmith.dialog is not None


def test_the_recovery_key_sets_a_new_passphrase(qtbot, window, locked, settled):
    dialog = window._locksmith.dialog
    dialog.choose("recovery")
    for key, value in (("key", locked[1]), ("new", "another-horse"), ("again", "another-horse")):
        dialog.recovery.set_value(key, value)
    dialog.try_open()
    settled()
    assert available(qtbot, window)
    assert Home(locked[0].path).unlock(environ={}, passphrase="another-horse").root is not None


def test_a_mistyped_recovery_key_is_named(window, locked, settled):
    dialog = window._locksmith.dialog
    dialog.choose("recovery")
    dialog.recovery.set_value("key", locked[1][:-1])
    dialog.try_open()
    settled()
    assert "错字" in dialog.recovery.error("key")
