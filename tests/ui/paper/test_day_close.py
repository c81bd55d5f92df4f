"""The day's paper on pages and rolls, whatever the day held."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storeapp.domain.paper import CountedShelf, GuideLabel, GuideTotals, Media, StillOut
from storeapp.domain.statement import DayTotals
from storeapp.i18n import LANGUAGES, Translator
from tests.ui.paper import samples
from tests.ui.paper.checks import assert_sound
from ui.paper.day_close import DayCloseLayout
from ui.paper.marks import Text
from ui.paper.outputs import page_images
from ui.paper.papers import day_close_paper
from ui.paper.surface import Surface

WIDE, NARROW = Surface(576, None, 203.2), Surface(384, None, 203.2, narrow=True)
PAGE = Surface(1488, 2184, 203.2)
words = st.text("陈刘保湿精华液。ABCgjpq0123456789 -*", max_size=50)
numbers = st.integers(0, 10**6)
days = st.builds(
    samples.day_close,
    store_name=words,
    totals=st.builds(DayTotals, *[numbers] * 7),
    guides=st.lists(
        st.builds(GuideTotals, st.builds(GuideLabel, st.text("G0123456789", max_size=8), words), *[numbers] * 3),
        max_size=15,
    ).map(tuple),
    out=st.lists(st.builds(StillOut, words, words, st.integers(1, 30)), max_size=40).map(tuple),
    counted=st.lists(st.builds(CountedShelf, words, words, st.integers(-999, 999), numbers), max_size=40).map(tuple),
    closed_at=st.none() | st.just(samples.NOON),
    closed_by=words,
    closings=st.integers(0, 9),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("surface", [WIDE, NARROW, PAGE], ids=["80", "58", "A4"])
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=days)
def test_nothing_is_clipped_or_crowded(surface, language, content):
    for page in DayCloseLayout(content, surface, Translator(language)).pages():
        assert_sound(page, width=surface.width, height=surface.height)


def test_a_long_day_takes_pages_that_are_numbered():
    out = tuple(StillOut(f"T{number:06d}", "赵艳芳", 1) for number in range(120))
    pages = DayCloseLayout(samples.day_close(out=out), PAGE, Translator("en")).pages()
    said = [{mark.words for mark in page.marks if isinstance(mark, Text)} for page in pages]
    assert len(pages) > 2
    assert all(any(f"{at} of {len(pages)}" in text for text in texts) for at, texts in enumerate(said, 1))
    assert {f"T{number:06d}" for number in range(120)} <= set().union(*said)


def test_a_day_that_is_not_closed_says_so():
    (page,) = DayCloseLayout(samples.day_close(closed_at=None), WIDE, Translator("zh_CN")).pages()
    assert any("尚未日结" in mark.words for mark in page.marks if isinstance(mark, Text))


def test_it_prints_on_a4_and_on_a_roll():
    for media in (Media.A4, Media.ROLL_80):
        assert page_images(day_close_paper(samples.day_close(), Translator("zh_CN"), media=media))
