"""The handoff page over the demo home."""

import pytest
from PySide6.QtGui import QGuiApplication


@pytest.fixture
def day(window, qtbot, demo_home):
    from tests.ui.pages.desk_day import HandoffDay

    window.go("handoff")
    window.shell.activateWindow()
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is window.shell.windowHandle())
    made = HandoffDay(window, qtbot, demo_home)
    made.settle()
    return made
