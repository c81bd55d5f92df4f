"""Every UI test runs offscreen with a theme applied, and fails on anything that Qt complains about."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def applied_look(request):
    if "qtbot" not in request.fixturenames and "qapp" not in request.fixturenames:
        return None
    from ui.kit.style import apply
    from ui.kit.tokens import load_theme

    return apply(request.getfixturevalue("qapp"), load_theme("light"))
