import pytest

from ui.kit.tokens import MINIMUM_TEXT_CONTRAST, THEME_NAMES, TONES, contrast, load_theme, text_pairs


@pytest.mark.parametrize("name", THEME_NAMES)
def test_every_text_pair_can_be_read(name):
    colours = load_theme(name).colours
    low = {
        (ink, ground): round(contrast(colours[ink], colours[ground]), 2)
        for ink, ground in text_pairs()
        if contrast(colours[ink], colours[ground]) < MINIMUM_TEXT_CONTRAST
    }
    assert low == {}


@pytest.mark.parametrize("name", THEME_NAMES)
def test_edges_of_fields_and_focus_are_visible(name):
    colours = load_theme(name).colours
    for edge in ("strong", "focus"):
        for ground in ("surface", "bg"):
            assert contrast(colours[edge], colours[ground]) >= 3


def test_all_themes_have_the_same_tokens():
    names = {frozenset(load_theme(name).colours) for name in THEME_NAMES}
    assert len(names) == 1
    assert {f"{tone}_bg" for tone in TONES} < set(next(iter(names)))


def test_an_unknown_theme_is_refused():
    with pytest.raises(ValueError, match="unknown theme"):
        load_theme("sepia")


def test_contrast_of_black_and_white_is_21():
    assert round(contrast("#000000", "#FFFFFF"), 1) == 21.0
