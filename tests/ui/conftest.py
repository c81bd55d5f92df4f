"""Every UI test runs offscreen in the light theme."""

import gc
import os
import shutil

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def collected_on_this_thread():
    """No thread of a test may collect another's widgets; see ``ui.kit.collector``."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


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


@pytest.fixture(scope="session")
def demo_day(tmp_path_factory):
    """A home in the middle of the demo day; made once, never opened by a test."""
    from tests.ui.demo import make_home

    return make_home(tmp_path_factory.mktemp("demo") / "home").path


@pytest.fixture
def demo_home(demo_day, tmp_path):
    """A copy of the demo home for one test."""
    from tests.ui.demo import again

    shutil.copytree(demo_day, tmp_path / "home")
    return again(tmp_path / "home")


@pytest.fixture
def open_window(qtbot, qapp, demo_home, tmp_path):
    """Opens the window with some pages and a manager signed in: ``open_window(entries, language)``."""
    from storeapp.i18n import Translator
    from tests.ui.demo import MANAGER
    from ui.backend import Backend
    from ui.kit.worker import Tasks
    from ui.window import Window

    opened = []

    def build(entries, language="zh_CN"):
        tasks = Tasks()
        failures = []
        tasks.crashed.connect(failures.append)
        window = Window(qapp, Backend(tasks, demo_home.open), Translator(language), papers=tmp_path)
        window.session.sign_in(MANAGER, "manager")
        window.add_pages(entries)
        window.shell.show()
        opened.append((window, tasks, failures))
        return window

    yield build
    for window, tasks, failures in opened:
        qtbot.waitUntil(lambda tasks=tasks: tasks.pending() == 0)
        window.close()
        assert not failures


@pytest.fixture
def language():
    """The window's language; parametrize it with ``indirect=False`` to open the window in several."""
    return "zh_CN"


@pytest.fixture
def window(qapp, qtbot, demo_home, language):
    """The real window over the demo home, with the manager signed in and everything read."""
    from tests.ui.demo import MANAGER
    from ui.run import make_window

    made = make_window(qapp, demo_home, language=language)
    crashes = []
    made.backend.tasks.crashed.connect(crashes.append)
    made.session.sign_in(MANAGER, "manager")
    made.start()
    settle(qtbot, made)
    yield made
    settle(qtbot, made)
    made.close()
    assert not crashes, f"tasks failed: {crashes}"


@pytest.fixture
def desk(window):
    """What the window's pages get."""
    return window.desk


def settle(qtbot, window):
    """Wait until nothing is at work behind the window."""
    qtbot.waitUntil(lambda: window.backend.tasks.pending() == 0)


@pytest.fixture
def settled(qtbot, window):
    """A function that waits until nothing is at work behind the window."""
    return lambda: settle(qtbot, window)
