import json
from dataclasses import fields
from pathlib import Path

import pytest

from storeapp.config import FILE, BadSettings, Settings, default_home, language_of, load_settings, save_settings


def test_a_home_without_settings_has_the_defaults(tmp_path: Path):
    assert load_settings(tmp_path) == Settings()


def test_every_setting_says_what_it_is_about():
    assert all(each.metadata["about"] for each in fields(Settings))


def test_settings_come_back_as_they_were_kept(tmp_path: Path):
    chosen = Settings(language="en", theme="dark", slip_width_mm=58, printer="票据", sounds=False)
    save_settings(tmp_path, chosen)
    assert load_settings(tmp_path) == chosen


def test_what_a_newer_program_wrote_is_left_out(tmp_path: Path):
    (tmp_path / FILE).write_text('{"language": "en", "hologram": true}')
    assert load_settings(tmp_path) == Settings(language="en")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"language": "fr"}', '{"slip_width_mm": "80"}', '{"sounds": 1}'])
def test_bad_settings_are_told_and_not_guessed(tmp_path: Path, text: str):
    (tmp_path / FILE).write_text(text)
    with pytest.raises(BadSettings) as caught:
        load_settings(tmp_path)
    assert caught.value.data["field"] in {"", *json.loads(text or "[]")} if text != "{" else True


def test_the_environment_names_home_and_language(tmp_path: Path):
    assert default_home({"STOREAPP_HOME": str(tmp_path)}) == tmp_path
    assert default_home({}).name == "storeapp"
    assert language_of(Settings(), {"STOREAPP_LANG": "en"}) == "en"
    assert language_of(Settings(language="en"), {"STOREAPP_LANG": "fr"}) == "en"
