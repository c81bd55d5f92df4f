"""What use-cases and the command line need from layers that they may not import."""

from pathlib import Path
from typing import Protocol

from storeapp.domain.paper import BadgeContent, Media, RunSheetContent, SlipContent


class PaperUnavailable(Exception):
    """This machine cannot paint papers now: its environment's failure, with a stable code and never a name in it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class PaperPainter(Protocol):
    """Writes papers to files; a file's ending, ``.pdf`` or ``.png``, decides its format.

    Every method raises ``PaperUnavailable`` with ``paper.no_graphics``, ``paper.no_font`` or ``paper.not_written``,
    and ``ValueError`` for an ending, width or media that a paper has not.
    """

    def slip(self, content: SlipContent, *, out: Path, width_mm: int, language: str) -> None:
        """Paint a slip for roll paper, 80 or 58 mm wide."""
        ...

    def badge(self, content: BadgeContent, *, out: Path, media: Media, language: str) -> None:
        """Paint a badge for a card, an A6 sheet or a roll."""
        ...

    def run_sheet(self, content: RunSheetContent, *, out: Path, media: Media, language: str) -> None:
        """Paint a run sheet for A4 pages or a roll."""
        ...
