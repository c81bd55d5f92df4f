import pytest
from PySide6.QtCore import Qt

from storeapp.domain.words import Role
from storeapp.services import staff
from tests.ui.demo import MANAGER

PIN = "2580"


@pytest.fixture
def dialog(window, settled):
    """The sign-in dialog over a home whose manager has a PIN, and whose other clerk has none."""
    _prepare(window)
    settled()
    window.lock()
    settled()
    return window.door.dialog


def _prepare(window):
    window.backend.act(lambda counter, actor: staff.set_pin(counter, actor, MANAGER.id, PIN))
    window.backend.act(lambda counter, actor: staff.register(counter, actor, "xu", name="小许", role=Role.STAFF))


def type_pin(qtbot, dialog, pin):
    qtbot.keyClicks(dialog.pad.field, pin)
    qtbot.keyClick(dialog.pad.field, Qt.Key.Key_Return)


def test_the_right_pin_lets_in_and_goes_on(qtbot, window, dialog, settled):
    done = []
    window.desk.signed_in(lambda: done.append(window.session.actor))
    type_pin(qtbot, dialog, PIN)
    settled()
    assert done == [MANAGER]
    assert window.door.dialog is None


def test_giving_up_drops_what_was_wanted(qtbot, window, dialog, settled):
    done = []
    window.desk.signed_in(lambda: done.append(True))
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    window.lock()
    settled()
    type_pin(qtbot, window.door.dialog, PIN)
    settled()
    assert window.session.actor == MANAGER
    assert not done


def test_keys_to_touch_fill_the_same_field(qtbot, dialog):
    for key in dialog.pad.findChildren(type(dialog._enter)):
        if key.text() in ("2", "5"):
            qtbot.mouseClick(key, Qt.MouseButton.LeftButton)
    assert sorted(dialog.pad.pin()) == ["2", "5"]


def test_too_many_wrong_pins_say_how_long_to_wait(qtbot, dialog, settled):
    for _ in range(5):
        type_pin(qtbot, dialog, "9753")
        settled()
    assert "1:00" in dialog._said.text()
    assert not dialog.pad.isEnabled()


def test_a_person_without_a_pin_is_told_whom_to_ask(qtbot, dialog):
    qtbot.keyClick(dialog, Qt.Key.Key_Down)
    assert "店长" in dialog._said.text()


def test_the_first_manager_chooses_a_pin_twice(qtbot, window, settled):
    window.lock()
    settled()
    dialog = window.door.dialog
    type_pin(qtbot, dialog, PIN)
    type_pin(qtbot, dialog, "2581")
    assert "不一样" in dialog._said.text()
    type_pin(qtbot, dialog, PIN)
    type_pin(qtbot, dialog, PIN)
    settled()
    assert window.session.is_manager


def test_a_guessable_first_pin_is_refused(qtbot, window, settled):
    window.lock()
    settled()
    dialog = window.door.dialog
    type_pin(qtbot, dialog, "1234")
    type_pin(qtbot, dialog, "1234")
    settled()
    assert "太好猜" in dialog._said.text()


def test_nobody_is_signed_in_after_a_while_without_a_touch(qtbot, window):
    window.session._idle.start(1)
    with qtbot.waitSignal(window.session.signed_out):
        pass
    assert window.shell._top.person.text() == "登录"
