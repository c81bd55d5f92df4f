"""What this window remembers between two starts: typed, in the home folder, each with its default."""

import os
from pathlib import Path

import msgspec

FILE = "window.json"
LANGUAGE_NAMES = {"zh_CN": "简体中文", "en": "English"}
THEMES = ("system", "light", "dark", "contrast")
SLIP_WIDTHS_MM = (80, 58)


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One counter's choices; nothing in here is personal or secret.

    Attributes:
        language: of the window and of what it prints.
        theme: a theme's name, or ``system`` for what the computer uses.
        sounds: whether scans are heard.
        slip_width_mm: of the roll in the slip printer.
        printer: the slip printer's name; empty for the system's default one.
    """

    language: str = "zh_CN"
    theme: str = "system"
    sounds: bool = True
    slip_width_mm: int = 80
    printer: str = ""


def load_settings(home: Path) -> Settings:
    """Read the settings; what is missing, damaged or unknown here becomes the default."""
    try:
        found = msgspec.json.decode((home / FILE).read_bytes(), type=Settings)
    except (OSError, msgspec.MsgspecError):
        return Settings()
    return msgspec.structs.replace(
        found,
        language=found.language if found.language in LANGUAGE_NAMES else "zh_CN",
        theme=found.theme if found.theme in THEMES else "system",
        slip_width_mm=found.slip_width_mm if found.slip_width_mm in SLIP_WIDTHS_MM else 80,
    )


def save_settings(home: Path, settings: Settings) -> None:
    """Write the settings all or nothing.

    Raises:
        OSError: the folder cannot be written.
    """
    draft = home / f"{FILE}.new"
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(settings)))
    os.replace(draft, home / FILE)
