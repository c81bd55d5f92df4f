"""Symbols have the sizes that the design promises."""

import pytest

from tests.ui.paper.samples import DIGITS
from ui.paper.surface import Surface
from ui.paper.symbols import least_module, qr_modules, qr_within


@pytest.mark.parametrize(
    ("text", "modules"),
    [(DIGITS, 37), (f"https://abcdefg.store/{DIGITS}", 41), (f"https://abcdefgh.store/{DIGITS}", 45)],
    ids=["digits alone: 5-M", "host of 13 letters: 6-M", "longer host: 7-M"],
)
def test_the_token_stays_in_the_version_of_its_host(text, modules):
    assert len(qr_modules(text)) == modules


@pytest.mark.parametrize(
    ("surface", "dots"),
    [(Surface(576, None, 203.2), 6), (Surface(384, None, 203.2, narrow=True), 7), (Surface(850, None, 300), 9)],
)
def test_modules_are_as_large_as_scanners_need(surface, dots):
    assert least_module(surface) == dots
    (mark,) = qr_within(f"https://abcdefg.store/{DIGITS}", surface, surface.width).marks
    assert all(edge % min(rect[3] for rect in mark.rects) == 0 for rect in mark.rects for edge in rect)
    assert min(rect[3] for rect in mark.rects) >= dots


def test_a_text_that_would_be_too_fine_is_refused():
    with pytest.raises(ValueError, match="does not fit"):
        qr_within("https://abcdefg.store/" + DIGITS * 8, Surface(384, None, 203.2, narrow=True), 384)
