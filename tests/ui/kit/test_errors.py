import sys
import threading

import pytest
from PySide6.QtGui import QGuiApplication

from storeapp.i18n import Translator
from ui.kit.errors import ErrorDoor
from ui.kit.parts import Button


@pytest.fixture
def door(qtbot):
    made = ErrorDoor(Translator("en"), parent_of=lambda: None)
    yield made
    made.uninstall()
    if made.dialog():
        made.dialog().accept()


def test_an_unhandled_error_of_a_thread_is_shown_with_details(qtbot, door):
    door.install()
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: door.dialog() is not None)
    assert "ZeroDivisionError" in door.dialog().details()


def test_details_can_be_copied(qtbot, door):
    door.report(ValueError("bad state"))
    qtbot.waitUntil(lambda: door.dialog() is not None)
    next(b for b in door.dialog().findChildren(Button) if b.text() == "Copy details").click()
    assert "bad state" in QGuiApplication.clipboard().text()


def test_a_flood_of_errors_opens_one_dialog(qtbot, door):
    for number in range(5):
        door.report(ValueError(str(number)))
    qtbot.waitUntil(lambda: door.dialog() is not None)
    assert "ValueError: 0" in door.dialog().details()
    door.dialog().accept()
    assert door.dialog() is None


def test_hooks_are_given_back(door):
    door.install()
    door.uninstall()
    assert sys.excepthook is sys.__excepthook__
