"""The command line's painter works without a screen and says clearly when it cannot."""

import os
import subprocess
import sys

import pytest

from storeapp.domain.paper import Media
from storeapp.i18n import LANGUAGES, Translator
from storeapp.services.ports import PaperPainter, PaperUnavailable
from tests.ui.paper import samples
from ui.paper import surface
from ui.paper.port import Painter

ALONE = """
from pathlib import Path
import sys
from tests.ui.paper import samples
from ui.paper.port import Painter
assert "PySide6" not in sys.modules
painter = Painter()
for place in (1, 2):
    painter.slip(samples.slip(), out=Path(sys.argv[place]), width_mm=58, language="en")
"""


def test_a_program_without_a_screen_writes_slips(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name not in {"DISPLAY", "QT_QPA_PLATFORM"}}
    environment |= {"PYTHONPATH": os.pathsep.join(sys.path), "DISPLAY": ":77"}
    files = [tmp_path / "slip.pdf", tmp_path / "slip.png"]
    command = [sys.executable, "-c", ALONE, *map(str, files)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert files[0].read_bytes().startswith(b"%PDF")
    assert files[1].read_bytes().startswith(b"\x89PNG")


def test_every_paper_is_written(tmp_path):
    painter: PaperPainter = Painter()
    painter.badge(samples.badge(), out=tmp_path / "badge.PDF", media=Media.A6, language="zh_CN")
    painter.run_sheet(samples.run_sheet(), out=tmp_path / "run.png", media=Media.ROLL_80, language="zh_CN")
    assert {path.name for path in tmp_path.iterdir()} == {"badge.PDF", "run.png"}


def test_an_unknown_ending_width_or_media_is_refused(tmp_path):
    painter = Painter()
    with pytest.raises(ValueError, match=r"\.pdf or \.png"):
        painter.slip(samples.slip(), out=tmp_path / "slip.txt", width_mm=80, language="en")
    with pytest.raises(ValueError, match="80 or 58"):
        painter.slip(samples.slip(), out=tmp_path / "slip.pdf", width_mm=70, language="en")
    with pytest.raises(ValueError, match="not printed on"):
        painter.badge(samples.badge(), out=tmp_path / "badge.pdf", media=Media.A4, language="en")
    with pytest.raises(ValueError, match="not printed on"):
        painter.run_sheet(samples.run_sheet(), out=tmp_path / "run.pdf", media=Media.CARD, language="en")


def test_a_file_that_cannot_be_written_is_the_environments_failure(tmp_path):
    with pytest.raises(PaperUnavailable) as failed:
        Painter().slip(samples.slip(), out=tmp_path / "nowhere" / "slip.pdf", width_mm=80, language="en")
    assert failed.value.code == "paper.not_written"


def test_a_machine_without_a_chinese_font_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(surface, "has_chinese_font", lambda: False)
    with pytest.raises(PaperUnavailable) as failed:
        Painter().slip(samples.slip(), out=tmp_path / "slip.pdf", width_mm=80, language="en")
    assert failed.value.code == "paper.no_font"


def test_a_machine_without_graphics_libraries_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PySide6.QtGui", None)
    with pytest.raises(PaperUnavailable) as failed:
        Painter().slip(samples.slip(), out=tmp_path / "slip.pdf", width_mm=80, language="en")
    assert failed.value.code == "paper.no_graphics"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_failure_has_words(language):
    words = Translator(language)
    assert all(words.has(code) for code in ("paper.no_graphics", "paper.no_font", "paper.not_written"))
