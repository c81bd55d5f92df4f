"""Every UI test runs offscreen in the light theme."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def applied_look(request):
    if "qtbot" not in request.fixturenames and "qapp" not in request.fixturenames:
        return None
    from ui.kit.style import apply, look
    from ui.kit.tokens import load_theme

    app = request.getfixturevalue("qapp")
    try:
        current = look()
    except RuntimeError:
        return apply(app, load_theme("light"))
    return current if current.theme.name == "light" else apply(app, load_theme("light"))
