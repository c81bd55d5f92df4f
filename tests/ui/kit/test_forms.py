from datetime import datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

from storeapp.i18n import Translator
from ui.kit.forms import Form, FormDialog

WHEN = datetime(2026, 11, 22, 14, 40)  # noqa: DTZ001 - the form shows the store's clock


@pytest.fixture
def form(qtbot):
    made = Form()
    qtbot.addWidget(made)
    made.add_text("name", "Name", value="Ms Zhou")
    made.add_code("pin", "PIN", secret=True)
    made.add_number("count", "Items", value=2, unit="pcs")
    made.add_choice("mode", "Mode", choices=[("a", "One"), ("b", "Two")], value="b")
    made.add_moment("when", "When", value=WHEN)
    made.add_note("note", "Note", value="desk")
    return made


@pytest.fixture
def dialog(qtbot, form):
    def check(values):
        return {} if values["pin"] else {"pin": "Type your PIN"}

    made = FormDialog(Translator("en"), form, title="Sign in", accept="Sign in", check=check)
    qtbot.addWidget(made)
    made.show()
    return made


def test_values_are_read_by_key(form):
    form.set_value("count", 5)
    form.set_value("mode", "a")
    assert form.values() == {"name": "Ms Zhou", "pin": "", "count": 5, "mode": "a", "when": WHEN, "note": "desk"}


def test_every_field_has_a_label_and_an_accessible_name(form):
    buddies = {caption.buddy() for caption in form.findChildren(QLabel) if caption.buddy()}
    fields = {form.field(key) for key in form.values()}
    assert buddies == fields
    assert all(field.accessibleName() for field in fields)


def test_enter_accepts_only_when_all_is_well(qtbot, dialog, form):
    qtbot.keyClick(form.field("name"), Qt.Key.Key_Return)
    assert dialog.isVisible()
    assert form.error("pin") == "Type your PIN"
    assert form.field("pin").accessibleDescription() == "Type your PIN"
    form.set_value("pin", "1357")
    with qtbot.waitSignal(dialog.accepted):
        qtbot.keyClick(form.field("pin"), Qt.Key.Key_Return)
    assert form.error("pin") == ""


def test_enter_in_a_note_is_a_new_line(qtbot, dialog, form):
    note = form.field("note")
    note.setFocus()
    qtbot.keyClick(note, Qt.Key.Key_Return)
    assert "\n" in note.toPlainText()
    assert dialog.isVisible()


def test_escape_cancels(qtbot, dialog):
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def test_a_dialog_has_room_for_a_remark_of_many_lines(qtbot):
    short = Form()
    short.add_choice("reason", "Reason", choices=[("a", "One")])
    made = FormDialog(Translator("en"), short, title="Take over", accept="Record")
    qtbot.addWidget(made)
    made.add_remark("Words that go on and on until they need several lines. " * 6)
    made.add_part(QLabel("A part between the form and the buttons"))
    made.show()
    (remark,) = (each for each in made.findChildren(QLabel) if each.text().startswith("Words"))
    assert remark.height() >= remark.heightForWidth(remark.width())
