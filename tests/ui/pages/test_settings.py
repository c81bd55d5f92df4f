"""The settings page over the demo day."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QScrollArea

from storeapp.config import load_settings
from storeapp.domain.area import Cell
from storeapp.domain.catalogue import Policy
from storeapp.domain.words import Mode, Role
from storeapp.services import staff
from storeapp.services.area import area_of
from storeapp.services.counter import Actor
from storeapp.services.home import Home
from storeapp.services.policy import change_policy, names
from tests.ui.demo import MANAGER
from ui.kit.style import look

SECTIONS = ("machine", "printing", "staff", "policy", "dispatch", "area", "travel", "data", "about")


@pytest.fixture
def page(window, settled):
    window.go("settings")
    settled()
    return window.page("settings")


@pytest.fixture
def section(page, settled):
    def show(name):
        page.show_subject(name)
        settled()
        return page.sections[name]

    return show


@pytest.fixture
def read(window, settled):
    def ask(call):
        found = []
        window.backend.read(call, done=found.append)
        settled()
        return found[0]

    return ask


@pytest.fixture
def as_staff(window):
    window.session.sign_in(Actor("xu", Role.STAFF), "小许")


def answer(window, **given):
    dialog = QApplication.activeModalWidget() or window.shell.findChildren(_act_dialog())[-1]
    for key, value in given.items():
        dialog.form.set_value(key, value)
    dialog.accept()
    return dialog


def _act_dialog():
    from ui.pages.act_dialog import ActDialog

    return ActDialog


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("name", SECTIONS)
def test_every_section_opens(section, name):
    assert section(name).isVisible()


def test_a_theme_changes_at_once_and_is_kept(section, window, demo_home, settled):
    section("machine").themes._buttons["contrast"].click()
    settled()
    assert look().theme.name == "contrast"
    assert load_settings(demo_home.path).theme == "contrast"


def test_sounds_and_language_are_kept(section, demo_home, settled):
    machine = section("machine")
    machine.sounds.setChecked(False)
    machine.languages._buttons["en"].click()
    settled()
    kept = load_settings(demo_home.path)
    assert (kept.sounds, kept.language) == (False, "en")


def test_the_roll_changes_the_sample_and_the_test_slip_is_saved_without_a_printer(section, window, settled):
    printing = section("printing")
    before = printing.preview.sizeHint()
    printing.widths._buttons["58"].click()
    assert printing.preview.sizeHint() != before
    printing.print_sample()
    settled()
    assert (window.desk.papers / "test-slip.pdf").stat().st_size > 1000


def test_a_person_is_added_and_can_sign_in(section, window, settled, read):
    section("staff").add.click()
    answer(window, name="小许", role="staff", pin="1470", again="1470")
    settled()
    person = next(row for row in read(staff.staff_rows) if row.name == "小许")
    assert isinstance(read(lambda counter: staff.sign_in(counter, person.id, "1470")), Actor)


def test_a_weak_pin_is_named_in_the_form(section, window, settled):
    section("staff").add.click()
    dialog = answer(window, name="小许", role="staff", pin="1111", again="1111")
    assert "太好猜" in dialog.form.error("pin")
    dialog.reject()


def test_ending_can_be_undone(section, window, settled, read):
    window.backend.act(lambda counter, actor: staff.register(counter, actor, "xu", name="小许", role=Role.STAFF))
    people = section("staff")
    person = next(row for row, _ in people.rows if row.id == "xu")
    people.end(person)
    settled()
    assert not next(row for row in read(staff.staff_rows) if row.id == "xu").active
    window.desk.take_back()
    settled()
    assert next(row for row in read(staff.staff_rows) if row.id == "xu").active


def test_the_last_manager_stays(section, window, settled, read):
    people = section("staff")
    people.end(next(row for row, _ in people.rows if row.id == MANAGER.id))
    settled()
    assert read(staff.staff_rows)[0].active


def test_a_manager_changes_the_rules_and_takes_it_back(section, window, settled, read):
    policy = section("policy")
    assert not policy.save_button.isEnabled()
    policy.rows["pay"].field("rate_fen.instant").set_value(850)
    assert "1" in policy.unsaved.text()
    policy.save()
    settled()
    assert read(lambda counter: counter.policy.rate_fen[Mode.INSTANT]) == 850
    assert not policy.save_button.isEnabled()
    window.desk.take_back()
    settled()
    assert read(lambda counter: counter.policy.rate_fen[Mode.INSTANT]) == 800
    assert policy.rows["pay"].field("rate_fen.instant").value() == 800


def test_every_number_of_the_rules_can_be_set(section):
    shown = [key for name in ("policy", "dispatch") for rows in section(name).rows.values() for key in rows.values()]
    assert sorted(shown) == sorted(names())


def test_saving_one_number_rounds_no_other(section, settled, read):
    policy = section("policy")
    policy.rows["pay"].field("courier_fen").set_value(1234)
    policy.save()
    settled()
    policy.rows["papers"].field("slip_hours").set_value(12)
    policy.save()
    settled()
    assert read(lambda counter: (counter.policy.courier_fen, counter.policy.slip_hours)) == (1234, 12)


@pytest.mark.parametrize(("language", "bounds"), [("zh_CN", "要在 200 到 30000 米之间"), ("en", "30000")])
def test_a_number_out_of_its_bounds_is_told_under_it_and_not_saved(section, settled, read, bounds):
    rules = section("dispatch")
    field = rules.rows["guides"].field("radius_m")
    field.set_value(50)
    assert bounds.replace(" ", "") in field.error().replace(" ", "")
    rules.save()
    settled()
    assert read(lambda counter: counter.policy.radius_m) == 5000
    assert field.spin.hasFocus()


def test_saving_scrolls_to_the_number_that_is_wrong(section, page, settled):
    rules = section("dispatch")
    area = next(each for each in page.findChildren(QScrollArea) if each.isVisible())
    rules.rows["guides"].field("radius_m").set_value(50)
    area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    before = area.verticalScrollBar().value()
    rules.save()
    assert area.verticalScrollBar().value() < before


def test_squares_that_nobody_reaches_are_told_by_lines_too(section, settled, qtbot):
    area = section("area")
    drawn(area, qtbot)
    assert not any(square.hatched for square in area.field._squares.values())
    area.form.set_value("reach_minutes", 5)
    qtbot.waitUntil(lambda: any(square.hatched for square in area.field._squares.values()), timeout=30_000)


def test_what_is_typed_stays_when_somebody_else_changes_a_rule(section, window, settled):
    rules = section("dispatch")
    rules.rows["guides"].field("most_stops").set_value(9)
    window.backend.act(lambda counter, actor: change_policy(counter, actor, {"radius_m": 4000}))
    settled()
    assert rules.rows["guides"].field("most_stops").value() == 9
    assert rules.rows["guides"].field("radius_m").value() == 4000
    rules.drop()
    assert rules.rows["guides"].field("most_stops").value() == 0


def test_all_defaults_are_filled_in_and_saved_like_any_change(section, window, settled, read):
    window.backend.act(lambda counter, actor: change_policy(counter, actor, {"radius_m": 4000, "plan_ms": 300}))
    settled()
    rules = section("dispatch")
    rules.defaults_button.click()
    assert read(lambda counter: counter.policy.radius_m) == 4000
    rules.save()
    settled()
    assert read(lambda counter: counter.policy) == Policy()


def test_staff_may_only_read_the_rules(section, as_staff, settled, read):
    policy = section("policy")
    field = policy.rows["pay"].field("rate_fen.instant")
    assert field.spin.isReadOnly()
    field.set_value(900)
    assert not policy.save_button.isEnabled()
    policy.save()
    settled()
    assert read(lambda counter: counter.policy.rate_fen[Mode.INSTANT]) == 800


def test_a_backup_is_made_in_the_chosen_folder(section, demo_home, settled, tmp_path):
    section("data").back_up(demo_home, tmp_path / "stick")
    settled()
    assert (tmp_path / "stick" / "manifest.json").exists()


def test_the_passphrase_is_changed(section, window, demo_home, settled):
    section("data").ask_passphrase(demo_home)
    answer(window, new="another-horse", again="another-horse")
    settled()
    assert Home(demo_home.path).unlock(environ={}, passphrase="another-horse").root == demo_home.root


def test_a_new_recovery_key_is_shown_until_it_is_kept(section, window, demo_home, settled):
    data = section("data")
    data.renew(demo_home)
    settled()
    assert data.dialog is not None, window.shell._top.message.said()
    data.dialog.reject()
    assert data.dialog.isVisible()
    data.dialog.sheet.promise.setChecked(True)
    data.dialog.accept()
    assert not data.dialog.isVisible()


def drawn(area, qtbot):
    qtbot.waitUntil(lambda: bool(area.field._squares), timeout=30_000)


def test_a_manager_draws_an_area_saves_it_and_takes_it_back(section, window, settled, read, qtbot):
    area = section("area")
    drawn(area, qtbot)
    area.form.set_value("radius_m", 3000)
    area.field.setFocus()
    qtbot.keyClick(area.field, Qt.Key.Key_Up)
    qtbot.keyClick(area.field, Qt.Key.Key_Space)
    settled()
    assert area.field.cursor_at == (1, 0)
    assert area.field._squares[1, 0].chosen
    area.save()
    settled()
    (rule,) = read(area_of).rules
    assert (rule.version, rule.radius_m, rule.cells) == (1, 3000, (Cell(1, 0),))
    window.desk.take_back()
    settled()
    back = read(area_of).rules[-1]
    assert (back.version, back.radius_m, back.cells) == (2, 0, ())


def test_squares_are_chosen_with_the_mouse_and_told_in_words(section, settled, qtbot):
    area = section("area")
    drawn(area, qtbot)
    spot = area.field.box((2, 3)).center().toPoint()
    qtbot.mouseClick(area.field, Qt.MouseButton.LeftButton, pos=spot)
    settled()
    assert Cell(2, 3) in area.rule().cells
    assert "1.8" in area.pointed.text()
    assert "500" in area.field.accessibleName()
    area.clear_button.click()
    settled()
    assert area.rule().cells == ()


def test_a_rule_is_tried_on_the_last_days(section, settled, qtbot):
    area = section("area")
    drawn(area, qtbot)
    area.try_it()
    qtbot.waitUntil(lambda: "…" not in area.result.text() and bool(area.result.text()), timeout=60_000)
    assert "30" in area.result.text()


def test_staff_look_at_the_area_but_change_nothing(section, as_staff, settled, qtbot):
    area = section("area")
    drawn(area, qtbot)
    assert not area.save_button.isEnabled()
    qtbot.keyClick(area.field, Qt.Key.Key_Space)
    assert area.rule().cells == ()
