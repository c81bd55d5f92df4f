"""Code 128 against the worked examples that are published about the standard."""

import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from storeapp.domain.code128 import START_B, START_C, STOP, module_widths, symbol_values


def test_published_example_switches_to_pairs_of_digits_and_has_its_check_value():
    assert symbol_values("HI345678") == (START_B, 40, 41, 99, 34, 56, 78, 68, STOP)


def test_digits_alone_start_in_pairs():
    assert symbol_values("1234") == (START_C, 12, 34, 82, STOP)


def test_few_digits_between_letters_stay_letters():
    assert symbol_values("PJJ123C") == (START_B, 48, 42, 42, 17, 18, 19, 35, 55, STOP)


def test_an_odd_digit_stands_alone_where_the_symbol_stays_shortest():
    assert len(symbol_values("12345")) == 1 + 1 + 1 + 2 + 2


@pytest.mark.parametrize("text", ["", "é", "编号", "a\n", "１２"])
def test_text_outside_printable_ascii_is_refused(text):
    with pytest.raises(ValueError, match="ASCII"):
        module_widths(text)


def test_start_is_the_published_pattern_and_the_symbol_ends_in_a_bar():
    widths = module_widths("A")
    assert widths[:6] == (2, 1, 1, 2, 1, 4)
    assert widths[-7:] == (2, 3, 3, 1, 1, 1, 2)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=14))
def test_a_decoder_reads_back_what_was_written(text):
    assert zxingcpp.read_barcode(_picture(text), formats=zxingcpp.BarcodeFormat.Code128).text == text


def test_every_pair_of_digits_is_read_back():
    text = "".join(f"{pair:02d}" for pair in range(100))
    read = [zxingcpp.read_barcode(_picture(text[place : place + 20])).text for place in range(0, 200, 20)]
    assert "".join(read) == text


def _picture(text: str) -> Image.Image:
    widths = module_widths(text)
    picture = Image.new("L", (3 * (sum(widths) + 20), 60), 255)
    left = 30
    for place, width in enumerate(widths):
        if place % 2 == 0:
            picture.paste(0, (left, 0, left + 3 * width, 60))
        left += 3 * width
    return picture
