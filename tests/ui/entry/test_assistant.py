import shutil

import pytest
from PySide6.QtCore import Qt

from storeapp.config import load_settings
from storeapp.services import staff
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Actor
from tests.ui.demo import DEMO, NOON
from ui.entry.assistant import Assistant
from ui.kit.worker import Tasks


@pytest.fixture
def tasks(qtbot):
    made = Tasks()
    yield made
    assert made.shutdown()


@pytest.fixture(params=["zh_CN", "en"])
def assistant(request, qtbot, tasks, tmp_path):
    made = Assistant(tmp_path / "home", clock=FixedClock(NOON), language=request.param, tasks=tasks)
    qtbot.addWidget(made)
    made.show()
    finish(qtbot, tasks)
    made.manager.show_keyring(available=False)
    return made


def finish(qtbot, tasks):
    qtbot.waitUntil(lambda: tasks.pending() == 0)


def answer(qtbot, tasks, assistant, **given):
    assistant.forward()
    assistant.store.use(DEMO)
    finish(qtbot, tasks)
    assistant.forward()
    for key, value in ({"name": "周店长", "pin": "2580", "again": "2580"} | given).items():
        form = assistant.manager.secret if key == "passphrase" else assistant.manager.form
        form.set_value(key, value)
    assistant.forward()
    finish(qtbot, tasks)


def test_four_steps_make_a_counter(qtbot, tasks, assistant):
    answer(qtbot, tasks, assistant, passphrase="correct-horse")
    assert not assistant._next.isEnabled()
    assistant._stack.currentWidget().promise.setChecked(True)
    qtbot.mouseClick(assistant._next, Qt.MouseButton.LeftButton)
    assert assistant.result() == assistant.DialogCode.Accepted
    counter = assistant.home.open()
    assert isinstance(staff.sign_in(counter, "manager", "2580"), Actor)
    assert counter.privacy.available
    counter.close()
    assert load_settings(assistant.home.path).language == assistant.language


def test_the_recovery_key_is_not_left_by_accident(qtbot, tasks, assistant):
    answer(qtbot, tasks, assistant, passphrase="correct-horse")
    qtbot.keyClick(assistant, Qt.Key.Key_Escape)
    assert assistant.isVisible()


def test_without_a_passphrase_no_personal_data_is_kept(qtbot, tasks, assistant):
    answer(qtbot, tasks, assistant)
    assert assistant.result() == assistant.DialogCode.Accepted
    assert assistant.home.root is None


@pytest.mark.parametrize(
    ("given", "field"),
    [({"pin": "1234", "again": "1234"}, "pin"), ({"again": "2581"}, "again"), ({"name": ""}, "name")],
)
def test_a_bad_answer_is_named_beside_its_field(qtbot, tasks, assistant, given, field):
    answer(qtbot, tasks, assistant, **given)
    assert assistant.manager.form.error(field)
    assert assistant.home is None


def test_a_short_passphrase_is_refused(qtbot, tasks, assistant):
    answer(qtbot, tasks, assistant, passphrase="short")
    assert assistant.manager.secret.error("passphrase")


def test_a_folder_without_stores_leads_nowhere(qtbot, tasks, assistant, tmp_path):
    folder = tmp_path / "tables"
    folder.mkdir()
    shutil.copy(DEMO / "skus.csv", folder)
    assistant.forward()
    assistant.forward()
    assert assistant.store.form.error("folder")
    assistant.store.use(folder)
    finish(qtbot, tasks)
    assistant.forward()
    assert assistant.store.form.error("folder")
    assert assistant._stack.currentIndex() == 1


def test_another_language_is_spoken_at_once(qtbot, assistant):
    other = "en" if assistant.language == "zh_CN" else "zh_CN"
    assistant.welcome.spoken.emit(other)
    assert assistant.language == other
