"""The handoff page over the demo home."""

import pytest


@pytest.fixture
def day(window, qtbot, demo_home):
    from tests.ui.pages.desk_day import HandoffDay

    window.go("handoff")
    made = HandoffDay(window, qtbot, demo_home)
    made.settle()
    made.to_the_front()
    return made
