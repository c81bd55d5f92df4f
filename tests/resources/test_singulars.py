"""English tells one from many; what is counted is the first number of a text."""

from string import Formatter

import pytest

from storeapp.i18n import LANGUAGES, ONE, Translator, UnknownText, catalogue


def fields(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name]


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 orders"), (1, "1 order"), ("1", "1 order"), (2, "2 orders"), (11, "11 orders")]
)
def test_one_order_is_an_order(count: object, said: str):
    assert Translator("en").text("orders.count", n=count) == said


def test_chinese_needs_no_singular():
    assert not [code for code in catalogue("zh_CN") if code.endswith(ONE)]
    assert Translator("zh_CN").text("orders.count", n=1) != Translator("zh_CN").text("orders.count", n=2)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_singular_stands_for_a_text_of_many_and_needs_no_more_than_that(language: str):
    texts = catalogue(language)
    for code in (code for code in texts if code.endswith(ONE)):
        many = texts[code.removesuffix(ONE)]
        assert many != texts[code]
        assert set(fields(texts[code])) <= set(fields(many)), code


def test_what_is_not_told_is_missed_in_the_singular_too():
    with pytest.raises(UnknownText):
        Translator("en").text("orders.count")
    with pytest.raises(UnknownText):
        Translator("en").text("offers.why", guides=1)
