"""Themes are data: this reads them, and keeps the sizes that all themes share."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from itertools import chain
from types import MappingProxyType
from typing import Final

THEME_NAMES: Final = ("light", "dark", "contrast")
MINIMUM_TEXT_CONTRAST: Final = 4.5
"""WCAG 2.2, success criterion 1.4.3 (AA, normal text)."""

GAP_XS, GAP_S, GAP_M, GAP_L, GAP_XL = 4, 8, 12, 16, 24
RADIUS_CHIP, RADIUS_CONTROL, RADIUS_CARD, RADIUS_PANEL = 4, 6, 8, 10
PX_CAPTION, PX_BODY, PX_STRONG, PX_TITLE, PX_DISPLAY, PX_VERDICT = 12, 13, 14, 16, 22, 168
ROW_PX, CONTROL_PX, DESK_CONTROL_PX = 36, 32, 44
RAIL_PX, BAR_PX, FOOT_PX = 64, 48, 32
FONT_FAMILIES: Final = (
    "Microsoft YaHei UI",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)
TONES: Final = ("accent", "ok", "warn", "danger", "idle")
"""What a colour may mean; each has ``<tone>`` for ink and ``<tone>_bg`` for its ground."""


@dataclass(frozen=True, slots=True)
class Theme:
    """One set of colours, ``#RRGGBB`` by token name."""

    name: str
    dark: bool
    colours: MappingProxyType[str, str]


def load_theme(name: str) -> Theme:
    """Read a theme from the product's data.

    Raises:
        ValueError: there is no theme of that name.
    """
    if name not in THEME_NAMES:
        raise ValueError(f"unknown theme {name}")
    data = json.loads(files("resources").joinpath("themes", f"{name}.json").read_text("utf-8"))
    return Theme(name, bool(data["dark"]), MappingProxyType(dict(data["colours"])))


def luminance(colour: str) -> float:
    """Relative luminance of ``#RRGGBB``, 0 to 1 (WCAG 2.2 definition)."""
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two colours, 1 to 21 (WCAG 2.2 definition)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def text_pairs() -> Iterator[tuple[str, str]]:
    """Every (ink, ground) pair of token names that the window writes text with."""
    inks = ("text", "text2", "text3", "accent", "ok", "warn", "danger")
    grounds = ("bg", "surface", "raised", "sunken")
    on_tones = ((ink, f"{tone}_bg") for tone in TONES for ink in ("text", "text2", tone))
    rail = (("rail_text", "rail"), ("rail_on", "rail"), ("rail_on", "rail_sel"))
    verdicts = ((f"verdict_{kind}_text", f"verdict_{kind}") for kind in ("pass", "hold", "stop", "idle"))
    maps = (("map_label", "map_land"), ("map_label", "map_block"))
    fixed = (("on_accent", "accent"), ("on_accent", "danger"), ("text3", "accent_bg"))
    return chain(((ink, ground) for ink in inks for ground in grounds), on_tones, rail, verdicts, maps, fixed)
