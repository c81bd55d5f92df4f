"""What a layout may know of the device: its dots, and how letters look on it."""

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF

DOTS_PER_MM = 8
"""Of a 203 dpi thermal head, which images imitate."""
THERMAL_DPI = 203

FAMILIES = ("Noto Sans CJK SC", "Microsoft YaHei UI", "PingFang SC", "Source Han Sans SC", "WenQuanYi Micro Hei")

ASCENT, LINE = 1.0, 1.26
"""Share of the letter size above the baseline, and the height of a line: room for accents and descenders."""


@dataclass(frozen=True, slots=True)
class Surface:
    """The printable part of a device; ``height`` is None on a roll, where the content decides it."""

    width: int
    height: int | None
    dpi: float
    narrow: bool = False
    """A 58 mm roll, which takes smaller letters and a finer grid."""

    def dots(self, length_mm: float) -> int:
        """A length in whole dots, at least one."""
        return max(1, round(length_mm * self.dpi / 25.4))

    def sized(self, wide_mm: float, narrow_mm: float) -> int:
        """A letter size in dots, by the paper's width."""
        return self.dots(narrow_mm if self.narrow else wide_mm)


@lru_cache(maxsize=256)
def font_of(size: int, *, bold: bool = False) -> QFont:
    """A font of so many dots, unhinted, so that every device sets lines to the same width."""
    font = QFont(list(FAMILIES))
    font.setPixelSize(size)
    font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    font.setStyleStrategy(QFont.StyleStrategy.PreferAntialias)
    return font


@lru_cache(maxsize=256)
def metrics_of(size: int, *, bold: bool = False) -> QFontMetricsF:
    """Widths for ``font_of`` in dots."""
    return QFontMetricsF(font_of(size, bold=bold))


def text_width(words: str, size: int, *, bold: bool = False) -> int:
    """Dots that a line needs, rounded up."""
    return math.ceil(metrics_of(size, bold=bold).horizontalAdvance(words))


def has_chinese_font() -> bool:
    """Whether any installed font can write simplified Chinese."""
    return bool(QFontDatabase.families(QFontDatabase.WritingSystem.SimplifiedChinese))
