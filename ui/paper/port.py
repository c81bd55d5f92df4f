"""Papers for programs without a window: the command line gets this painter from the composition root.

Qt is imported only when something is painted, so that a machine without its libraries can run every other command.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from storeapp.domain.paper import BadgeContent, Media, RunSheetContent, SlipContent
from storeapp.i18n import Translator
from storeapp.services.ports import PaperUnavailable

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication

    from ui.paper.papers import Paper

ENDINGS = (".pdf", ".png")
BADGE_MEDIA = (Media.CARD, Media.A6, Media.ROLL_80, Media.ROLL_58)
RUN_SHEET_MEDIA = (Media.A4, Media.ROLL_80, Media.ROLL_58)


class Painter:
    """The ``PaperPainter`` of this program; it makes a Qt application of its own where none runs."""

    def __init__(self) -> None:
        self._application: QCoreApplication | None = None

    def slip(self, content: SlipContent, *, out: Path, width_mm: int, language: str) -> None:
        """Paint a slip for roll paper, 80 or 58 mm wide."""
        self._make_ready(out)
        from ui.paper.papers import ROLLS, slip_paper

        media = ROLLS.get(width_mm)
        if media is None:
            raise ValueError("a slip is 80 or 58 mm wide")
        _write(slip_paper(content, Translator(language), media=media), out)

    def badge(self, content: BadgeContent, *, out: Path, media: Media, language: str) -> None:
        """Paint a badge for a card, an A6 sheet or a roll."""
        _check_media(media, BADGE_MEDIA)
        self._make_ready(out)
        from ui.paper.papers import badge_paper

        _write(badge_paper(content, Translator(language), media=media), out)

    def run_sheet(self, content: RunSheetContent, *, out: Path, media: Media, language: str) -> None:
        """Paint a run sheet for A4 pages or a roll."""
        _check_media(media, RUN_SHEET_MEDIA)
        self._make_ready(out)
        from ui.paper.papers import run_sheet_paper

        _write(run_sheet_paper(content, Translator(language), media=media), out)

    def _make_ready(self, out: Path) -> None:
        if out.suffix.lower() not in ENDINGS:
            raise ValueError("a paper is written as .pdf or .png")
        try:
            from PySide6.QtGui import QGuiApplication
        except ImportError as missing:
            raise PaperUnavailable("paper.no_graphics") from missing
        # A painter needs no screen, and Qt ends the whole process when it is sent to a display that is not there.
        self._application = QGuiApplication.instance() or QGuiApplication(["storeapp", "-platform", "offscreen"])
        from ui.paper.surface import has_chinese_font

        if not has_chinese_font():
            raise PaperUnavailable("paper.no_font")


def _check_media(media: Media, possible: tuple[Media, ...]) -> None:
    if media not in possible:
        raise ValueError(f"this paper is not printed on {media}")


def _write(paper: Paper, out: Path) -> None:
    from ui.paper.outputs import to_pdf, to_png

    try:
        (to_pdf if out.suffix.lower() == ".pdf" else to_png)(paper, out)
    except OSError as failed:
        raise PaperUnavailable("paper.not_written") from failed
