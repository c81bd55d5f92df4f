"""Brings content, layout and media together: a paper is what any output can ask for its pages."""

from collections.abc import Callable
from dataclasses import dataclass

from storeapp.domain.paper import BadgeContent, DayCloseContent, Media, RunSheetContent, SlipContent
from storeapp.i18n import Translator
from ui.paper.badge import BadgeLayout
from ui.paper.blocks import sliced
from ui.paper.day_close import DayCloseLayout
from ui.paper.marks import Block
from ui.paper.run_sheet import RunSheetLayout
from ui.paper.slip import SlipLayout
from ui.paper.surface import Surface


@dataclass(frozen=True, slots=True)
class Geometry:
    """A paper's size and its unprintable or blank margins in millimetres; a roll has no height of its own."""

    width_mm: float
    height_mm: float | None
    side_mm: float
    end_mm: float

    @property
    def printable_mm(self) -> float:
        """Width between the side margins."""
        return self.width_mm - 2 * self.side_mm


GEOMETRY = {
    Media.ROLL_80: Geometry(80, None, 4, 1),
    Media.ROLL_58: Geometry(58, None, 5, 1),
    Media.A4: Geometry(210, 297, 12, 12),
    Media.A6: Geometry(105, 148, 6, 8),
    Media.CARD: Geometry(86, 54, 3, 3),
}
ROLLS = {80: Media.ROLL_80, 58: Media.ROLL_58}
"""Roll widths in millimetres."""


@dataclass(frozen=True, slots=True)
class Paper:
    """One thing to print; ``pages`` lays it out for a device's printable dots."""

    media: Media
    pages: Callable[[Surface], list[Block]]

    @property
    def geometry(self) -> Geometry:
        """Size and margins of its media."""
        return GEOMETRY[self.media]


def slip_paper(content: SlipContent, words: Translator, *, media: Media = Media.ROLL_80) -> Paper:
    """A slip for a roll."""
    return Paper(media, lambda surface: _cut(SlipLayout(content, surface, words).block(), surface))


def badge_paper(content: BadgeContent, words: Translator, *, media: Media = Media.CARD) -> Paper:
    """A badge for a card, an A6 sheet or a roll."""
    return Paper(media, lambda surface: [BadgeLayout(content, surface, words, media=media).block()])


def run_sheet_paper(content: RunSheetContent, words: Translator, *, media: Media = Media.A4) -> Paper:
    """A run sheet for A4 pages or a roll."""
    return Paper(media, lambda surface: RunSheetLayout(content, surface, words).pages())


def day_close_paper(content: DayCloseContent, words: Translator, *, media: Media = Media.A4) -> Paper:
    """A day's figures for A4 pages or a roll."""
    return Paper(media, lambda surface: DayCloseLayout(content, surface, words).pages())


def _cut(block: Block, surface: Surface) -> list[Block]:
    """In pages where an office printer has no endless paper."""
    return [block] if surface.height is None else sliced(block, surface.height)
