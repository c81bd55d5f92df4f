"""The settings of maps and ways: a key that nothing shows again, a service that is tried, a road map that is read."""

import pytest

from storeapp.domain.words import Role, TravelMode
from storeapp.services import maps, roads
from storeapp.services.counter import Actor
from storeapp.services.ports import MapFailed, MapWay
from tests.support.osm import grid
from ui.pages.act_dialog import ActDialog

KEY = "TESTS-ONLY0-KEY00"


class StillMaps:
    """Answers any question, or fails with a code."""

    most_pairs = 50

    def __init__(self):
        self.failing, self.asked = "", []

    def __call__(self, access):
        assert access.key == KEY
        return self

    def matrix(self, mode, origins, places, /):
        if self.failing:
            raise MapFailed(self.failing)
        self.asked.append(mode)
        return [[MapWay(1200, 900) for _ in places] for _ in origins]


@pytest.fixture
def service(window):
    window.desk.maps = StillMaps()
    return window.desk.maps


@pytest.fixture
def section(window, service, settled):
    window.go("settings")
    window.go("settings", "travel")
    settled()
    return window.page("settings").sections["travel"]


def give_key(section, settled, key=KEY):
    section.ask_key()
    dialog = section.window().findChildren(ActDialog)[-1]
    dialog.form.set_value("key", key)
    dialog.accept()
    settled()
    return dialog


@pytest.fixture
def read(window, settled):
    def ask(call):
        found = []
        window.backend.read(call, done=found.append)
        settled()
        return found[0]

    return ask


def test_a_key_is_kept_tried_at_once_and_never_shown(section, service, settled, read):
    assert not section.try_button.isEnabled()
    give_key(section, settled)
    assert read(maps.access_of).key == KEY
    assert service.asked == [TravelMode.WALK]
    assert KEY not in section.standing["maps"].words.text()
    assert "1" in section.standing["maps"].words.text()
    section.ask_key()
    dialog = section.window().findChildren(ActDialog)[-1]
    assert dialog.form.values() == {"key": "", "signing": ""}
    dialog.reject()


def test_an_empty_key_is_told_under_its_field(section, settled):
    dialog = give_key(section, settled, key="  ")
    assert dialog.form.error("key")
    dialog.reject()


@pytest.mark.parametrize(("code", "words"), [("map_key", "不认这个 Key"), ("map_offline", "连不上")])
def test_what_is_wrong_with_the_service_stands_beside_it(section, service, settled, code, words):
    service.failing = code
    give_key(section, settled)
    assert words in section.standing["maps"].words.text()
    service.failing = ""
    section.try_key()
    settled()
    assert words not in section.standing["maps"].words.text()


def test_letting_go_of_the_key_can_be_taken_back(section, window, settled, read):
    give_key(section, settled)
    section.let_go()
    settled()
    assert read(maps.access_of) is None
    window.desk.take_back()
    settled()
    assert read(maps.access_of).key == KEY


def test_a_road_map_is_imported_removed_and_taken_up_again(section, window, settled, read, tmp_path):
    section.import_roads(grid(20).save(tmp_path / "town.osm"))
    assert not section.import_button.isEnabled()
    settled()
    assert section.import_button.isEnabled()
    assert "8 公里" in section.standing["roads"].words.text()
    section.remove_roads()
    settled()
    assert not read(roads.has_roads)
    window.desk.take_back()
    settled()
    assert read(roads.has_roads)


def test_a_file_that_is_no_extract_is_named(section, window, settled, tmp_path):
    bad = tmp_path / "bad.osm"
    bad.write_text("no map", "utf-8")
    section.import_roads(bad)
    settled()
    assert "OpenStreetMap" in window.shell._top.message.said()[0].text
    section.import_roads(tmp_path / "missing.osm")
    settled()
    assert section.import_button.isEnabled()


def test_staff_look_and_change_nothing(section, window, settled):
    window.session.sign_in(Actor("xu", Role.STAFF), "小许")
    settled()
    buttons = (section.key_button, section.off_button, section.import_button, section.remove_button)
    assert not any(button.isEnabled() for button in buttons)
    assert section.radius.spin.isReadOnly()
