"""No content makes a paper clip, cover or lose what stands on it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storeapp.domain.paper import GuideLabel, MaskedRecipient, Media, PaperLine, RunSheetContent
from storeapp.domain.words import Mode, Platform
from storeapp.i18n import LANGUAGES, Translator
from tests.ui.paper import samples
from tests.ui.paper.checks import assert_sound
from ui.paper.badge import BadgeLayout
from ui.paper.blocks import sliced, wrapped
from ui.paper.marks import Block, Text
from ui.paper.run_sheet import RunSheetLayout
from ui.paper.slip import SlipLayout
from ui.paper.surface import Surface

WIDE, NARROW = Surface(576, None, 203.2), Surface(384, None, 203.2, narrow=True)
FINE = Surface(850, None, 300)
LETTERS = "陈刘保湿精华液区路弄号室，。ABCgjpqyÉé0123456789 -*"
GROUND = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

words = st.text(LETTERS, max_size=60)
codes = st.text("0123456789ABCDEFGHJKMNPQRSTVWXYZ-", min_size=4, max_size=12)
lines = st.builds(PaperLine, name=words, sku=st.text("BL-0123456789", max_size=30), quantity=st.integers(1, 9999))
windows = st.sampled_from([None, samples.EVENING])
slips = st.builds(
    samples.slip,
    store_name=words,
    order_no=st.text("0123456789ABCDEF-", min_size=1, max_size=40),
    platform=st.sampled_from(Platform),
    mode=st.sampled_from(Mode),
    window=windows,
    lines=st.lists(lines, max_size=12).map(tuple),
    recipient=st.builds(MaskedRecipient, name=words, phone=st.just("138******99") | st.just(""), address=words),
    has_note=st.booleans(),
    guide=st.none() | st.builds(GuideLabel, code=st.text("G0123456789", max_size=12), name=words),
    reprint_no=st.integers(0, 255),
    qr_text=st.sampled_from([samples.DIGITS, samples.LINK, f"https://counter-hub.example-brand.test/{samples.DIGITS}"]),
    short_code=codes,
    weight_g=st.none() | st.integers(0, 10**6),
)
stops = st.builds(
    samples.stop,
    number=st.integers(0, 99),
    name=words,
    address=words,
    note=st.text(LETTERS, max_size=200),
    window=windows,
    code_digits=st.integers(0, 6),
)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("surface", [WIDE, NARROW, FINE], ids=["80", "58", "300dpi"])
@GROUND
@given(content=slips)
def test_a_slip_is_never_clipped_or_crowded(surface, language, content):
    block = SlipLayout(content, surface, Translator(language)).block()
    assert_sound(block, width=surface.width)


@pytest.mark.parametrize("surface", [WIDE, NARROW], ids=["80", "58"])
def test_a_slip_says_everything_that_it_was_given(surface):
    block = SlipLayout(samples.slip(), surface, Translator("zh_CN")).block()
    said = "".join(mark.words for mark in block.marks if isinstance(mark, Text))
    for part in (
        "徐家汇店",
        "预约送",
        "18:00–19:30",
        "赵艳芳",
        "G01",
        "7600",
        "138******12",
        "×2",
        "A-11",
        "7K2F 93QM",
    ):
        assert part in said


def test_a_reprint_says_that_earlier_slips_are_void():
    block = SlipLayout(samples.slip(reprint_no=1), WIDE, Translator("zh_CN")).block()
    assert any("第 2 次打印" in mark.words for mark in block.marks if isinstance(mark, Text))


def test_a_long_word_is_broken_and_nothing_is_lost():
    word = "Hydroxyethylpiperazineethanesulfonic" * 5
    rows = wrapped(word, 28, 384)
    assert len(rows) > 1
    assert "".join(rows) == word


@pytest.mark.parametrize("language", LANGUAGES)
@settings(GROUND, max_examples=12)
@given(content=st.lists(stops, max_size=12).map(tuple))
def test_run_sheet_pages_hold_every_stop_without_clipping(language, content):
    surface = Surface(1488, 2184, 203.2)
    sheet = RunSheetContent(samples.GUIDE, "徐家汇店", samples.NOON, content)
    pages = RunSheetLayout(sheet, surface, Translator(language)).pages()
    for page in pages:
        assert_sound(page, width=surface.width, height=surface.height)
    said = [mark.words for page in pages for mark in page.marks if isinstance(mark, Text)]
    assert sum(row.endswith(stop.phone) for stop in set(content) for row in said) >= len(set(content))


@pytest.mark.parametrize("surface", [WIDE, NARROW], ids=["80", "58"])
@settings(GROUND, max_examples=12)
@given(content=st.lists(stops, max_size=6).map(tuple))
def test_a_run_sheet_on_a_roll_is_one_sound_length(surface, content):
    sheet = RunSheetContent(samples.GUIDE, "徐家汇店", samples.NOON, content)
    (page,) = RunSheetLayout(sheet, surface, Translator("en")).pages()
    assert_sound(page, width=surface.width)


def test_a_stop_is_not_torn_between_pages():
    surface = Surface(1488, 2184, 203.2)
    pages = RunSheetLayout(samples.run_sheet(23), surface, Translator("zh_CN")).pages()
    assert len(pages) > 2
    for page in pages:
        said = [mark.words for mark in page.marks if isinstance(mark, Text)]
        assert sum("13800138" in row for row in said) == sum("顾客取件码" in row for row in said)


def test_a_stop_longer_than_a_page_goes_on_the_next_one():
    surface = Surface(1488, 2184, 203.2)
    sheet = RunSheetContent(samples.GUIDE, "徐家汇店", samples.NOON, (samples.stop(note="请放门卫 " * 1500),))
    pages = RunSheetLayout(sheet, surface, Translator("zh_CN")).pages()
    assert len(pages) > 1
    for page in pages:
        assert_sound(page, width=surface.width, height=surface.height)


@pytest.mark.parametrize("media", [Media.CARD, Media.A6, Media.ROLL_80, Media.ROLL_58])
@GROUND
@given(name=st.text(LETTERS, min_size=1, max_size=30), store=st.text(LETTERS, max_size=30), code=codes)
def test_a_badge_keeps_inside_its_card(media, name, store, code):
    surfaces = {Media.CARD: Surface(640, 384, 203.2), Media.A6: Surface(744, 1056, 203.2), Media.ROLL_58: NARROW}
    surface = surfaces.get(media, WIDE)
    content = samples.badge(guide=GuideLabel("G01", name), store_name=store, short_code=code)
    block = BadgeLayout(content, surface, Translator("zh_CN"), media=media).block()
    assert_sound(block, width=surface.width, height=surface.height)


def test_a_long_slip_for_an_office_printer_is_cut_between_its_marks():
    block = SlipLayout(samples.slip(lines=samples.LINES * 4), WIDE, Translator("en")).block()
    pieces = sliced(block, 900)
    assert sum(len(piece.marks) for piece in pieces) == len(block.marks)
    assert all(isinstance(piece, Block) and piece.height <= 900 for piece in pieces)
