import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget
from shiboken6 import isValid

from storeapp.i18n import Translator
from ui.kit.actions import Action, ActionRegistry, UnsafeShortcut
from ui.kit.finder import Found
from ui.kit.frame import RailButton, RailEntry, SyncState
from ui.kit.messages import Level, MessageLine
from ui.kit.shell import MainShell
from ui.kit.shortcuts import ShortcutSheet


class NotePage(QWidget):
    def __init__(self, name):
        super().__init__()
        self.name, self.shown = name, 0

    def title(self):
        return self.name

    def keys(self):
        return [("Enter", "Open")]

    def on_shown(self):
        self.shown += 1


@pytest.fixture
def words():
    return Translator("en")


@pytest.fixture
def actions(qtbot, words):
    return ActionRegistry(words)


@pytest.fixture
def shell(qtbot, words, actions):
    made = MainShell(words, actions, title="storeapp")
    qtbot.addWidget(made)
    made.pages = [NotePage(name) for name in ("One", "Two", "Three")]
    for page in made.pages:
        made.add_page(RailEntry(page.name, "bell", page.name, page.name), page)
    made.show_page("One")
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    return made


def test_function_keys_change_pages(qtbot, shell):
    qtbot.keyClick(shell, Qt.Key.Key_F2)
    assert shell.current_page() == "Two"
    assert [page.shown for page in shell.pages] == [1, 1, 0]
    assert [button.isChecked() for button in shell.findChildren(RailButton)] == [False, True, False]


def test_a_rail_button_changes_pages(qtbot, shell):
    button = shell.findChildren(RailButton)[2]
    with qtbot.waitSignal(shell.page_shown) as shown:
        button.click()
    assert shown.args == ["Three"]


def test_messages_stay_and_offer_undo(qtbot, shell):
    shell.say(Level.DONE, "Assigned 2289", undoable=True)
    shell.say(Level.FAILED, "Slip expired at 13:05")
    line = shell.findChild(MessageLine)
    assert [message.text for message in line.said()] == ["Slip expired at 13:05", "Assigned 2289"]
    assert line.isVisible()
    assert not line._undo.isVisible()
    shell.say(Level.DONE, "Assigned 2290", undoable=True)
    with qtbot.waitSignal(shell.undo_requested):
        line._undo.click()


def test_earlier_messages_open_and_close(qtbot, shell):
    shell.say(Level.WARN, "Two rows need attention")
    line = shell.findChild(MessageLine)
    qtbot.mouseClick(line, Qt.MouseButton.LeftButton)
    assert line._list.isVisible()
    qtbot.keyClick(line._list, Qt.Key.Key_Escape)
    assert line._list is None


@pytest.mark.parametrize("state", SyncState)
def test_every_sync_state_has_words(shell, state):
    shell.show_sync(state, 12)
    assert shell._top._sync.text()


def test_progress_covers_no_keys_and_goes_away(shell):
    shell.show_progress("Rebuilding", 40, 100)
    assert shell._progress.isVisible()
    assert shell._progress.geometry().bottom() < shell._foot.mapTo(shell, shell._foot.rect().topLeft()).y()
    shell.end_progress()
    assert not shell._progress.isVisible()


def test_ctrl_k_goes_to_the_search_and_escape_leaves_it(qtbot, shell, actions):
    actions.trigger("kit.find")
    assert shell.finder.hasFocus()
    qtbot.keyClick(shell.finder, Qt.Key.Key_Escape)
    assert not shell.finder.hasFocus()


def test_the_search_finds_actions_and_runs_them(qtbot, shell, actions):
    ran = []
    actions.add(Action("t.undo", "kit.undo", lambda: ran.append(1), shortcut="Ctrl+Z"), shell)
    shell.finder.setFocus()
    qtbot.keyClicks(shell.finder, "und")
    assert [found.text for found in shell.finder.results()] == ["Undo"]
    qtbot.keyClick(shell.finder, Qt.Key.Key_Return)
    assert ran == [1]
    assert shell.finder.text() == ""


def test_records_come_first_and_late_answers_are_dropped(qtbot, shell):
    shell.finder.setFocus()
    with qtbot.waitSignal(shell.finder.searched) as asked:
        qtbot.keyClicks(shell.finder, "2")
    assert asked.args == ["2"]
    qtbot.keyClicks(shell.finder, "29")
    shell.finder.show_records("2", [Found("late", "late")])
    assert shell.finder.results() == ()
    shell.finder.show_records("229", [Found("d1", "2291"), Found("d2", "2292")])
    qtbot.keyClick(shell.finder, Qt.Key.Key_Down)
    with qtbot.waitSignal(shell.finder.chosen) as chosen:
        qtbot.keyClick(shell.finder, Qt.Key.Key_Return)
    assert chosen.args == ["d2"]


def test_a_question_mark_opens_the_sheet_of_keys(qtbot, shell):
    qtbot.keyClick(shell, "?")
    sheet = shell.findChild(ShortcutSheet)
    assert sheet.isVisible()
    sheet.close()


@pytest.mark.parametrize("shortcut", ["1", "A", "Shift+A", "Return", "Tab", "Space", "Shift+Enter", "?"])
def test_shortcuts_that_a_scanner_would_press_are_refused(shell, actions, shortcut):
    with pytest.raises(UnsafeShortcut):
        actions.add(Action("t.bad", "kit.undo", lambda: None, shortcut=shortcut), shell)


def test_an_action_is_registered_once_and_goes_with_its_owner(qtbot, shell, actions):
    page = QWidget(shell)
    actions.add(Action("t.page", "kit.undo", lambda: None, shortcut="F10"), page)
    with pytest.raises(ValueError, match="twice"):
        actions.add(Action("t.page", "kit.undo", lambda: None), page)
    page.deleteLater()
    qtbot.waitUntil(lambda: not isValid(page))
    assert "t.page" not in [action.id for action in actions.all()]


def test_buttons_menus_and_hints_come_from_the_registry(qtbot, shell, actions):
    allowed, ran = [], []
    action = Action(
        "t.x", "kit.undo", lambda: ran.append(1), icon="undo", shortcut="Ctrl+Z", enabled=lambda: bool(allowed)
    )
    bound = actions.add(action, shell)
    button = actions.button("t.x")
    qtbot.addWidget(button)
    assert not button.isEnabled()
    assert actions.hints(["t.x"]) == []
    assert not actions.trigger("t.x")
    allowed.append(1)
    actions.refresh()
    assert button.isEnabled()
    assert actions.hints(["t.x"]) == [("Ctrl Z", "Undo")]
    button.click()
    menu = actions.menu(["t.x"], shell)
    assert menu.actions() == [bound]
    assert ran == [1]
    assert bound.shortcut() == QKeySequence("Ctrl+Z")


def test_typing_a_question_mark_in_a_field_opens_nothing(qtbot, shell):
    field = QLineEdit(shell.pages[0])
    field.show()
    qtbot.keyClick(field, "?")
    assert field.text() == "?"
    assert shell.findChild(ShortcutSheet) is None
