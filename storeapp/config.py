"""Where a counter's home lies, and the settings of this machine with their defaults; the store's numbers are policy."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from platformdirs import user_data_path

HOME_VARIABLE = "STOREAPP_HOME"
LANGUAGE_VARIABLE = "STOREAPP_LANG"
FILE = "settings.json"
LANGUAGES = ("zh_CN", "en")
THEMES = ("system", "light", "dark", "contrast")


class BadSettings(Exception):
    """The settings file cannot be used; ``field`` names the setting, empty where the file is no JSON object."""

    code = "settings_bad"

    def __init__(self, field: str = "") -> None:
        super().__init__(self.code)
        self.data = {"field": field}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What somebody may choose for this machine; every field carries its meaning and its choices."""

    language: str = field(default="zh_CN", metadata={"about": "language of screens and papers", "choices": LANGUAGES})
    theme: str = field(default="system", metadata={"about": "colours of the window", "choices": THEMES})
    slip_width_mm: int = field(default=80, metadata={"about": "width of the slip printer's roll", "choices": (58, 80)})
    printer: str = field(default="", metadata={"about": "name of the slip printer; empty: ask", "choices": ()})
    sounds: bool = field(default=True, metadata={"about": "a tone for every scan", "choices": ()})


def default_home(environ: Mapping[str, str] | None = None) -> Path:
    """The home folder where none is named: of the environment, else where this system keeps a user's data."""
    chosen = (os.environ if environ is None else environ).get(HOME_VARIABLE)
    return Path(chosen) if chosen else user_data_path("storeapp", appauthor=False)


def load_settings(home: Path) -> Settings:
    """The settings of a home; what is not stated there has its default, and what a newer program wrote is left out.

    Raises:
        BadSettings: the file is damaged, or a value is not one of its choices.
    """
    path = home / FILE
    if not path.exists():
        return Settings()
    try:
        stated = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise BadSettings from error
    if not isinstance(stated, dict):
        raise BadSettings
    known = {each.name: stated[each.name] for each in fields(Settings) if each.name in stated}
    return _checked(known)


def _checked(stated: dict[str, str | int | bool]) -> Settings:
    for each in fields(Settings):
        value = stated.get(each.name, each.default)
        choices = each.metadata["choices"]
        if type(value) is not type(each.default) or (choices and value not in choices):
            raise BadSettings(each.name)
    return Settings(**stated)  # type: ignore[arg-type]  # every value was checked against its field above


def save_settings(home: Path, settings: Settings) -> None:
    """Keep the settings, whole or not at all.

    Raises:
        OSError: the file cannot be written.
    """
    draft = home / f"{FILE}.new"
    draft.write_text(json.dumps(asdict(settings), ensure_ascii=False, indent=2) + "\n", "utf-8")
    draft.replace(home / FILE)


def language_of(settings: Settings, environ: Mapping[str, str] | None = None) -> str:
    """The language to speak where the command line names none."""
    chosen = (os.environ if environ is None else environ).get(LANGUAGE_VARIABLE, "")
    return chosen if chosen in LANGUAGES else settings.language
