"""Days, times and numbers as papers write them."""

from datetime import UTC, datetime

from storeapp.domain.moment import Window
from storeapp.domain.words import Mode
from storeapp.i18n import Translator
from tests.ui.paper.samples import EVENING
from ui.paper import wording

ZH, EN = Translator("zh_CN"), Translator("en")


def test_a_promise_is_a_span_and_an_instant_one_the_latest_time():
    assert wording.promise(ZH, EVENING) == "18:00–19:30"
    assert wording.promise(ZH, EVENING, Mode.INSTANT) == "19:30 前"
    assert wording.promise(EN, EVENING, Mode.INSTANT) == "by 19:30"


def test_a_promise_past_midnight_names_both_days():
    night = Window(datetime(2026, 11, 21, 14, 0, tzinfo=UTC), datetime(2026, 11, 21, 17, 0, tzinfo=UTC))
    assert wording.promise_day(ZH, night) == "11月21日 周六 – 11月22日 周日"
    assert wording.promise_day(EN, EVENING) == "Sat 21 Nov"


def test_weights_are_grams_below_a_kilogram():
    assert [wording.weight(grams) for grams in (0, 999, 1000, 2090)] == ["0 g", "999 g", "1.00 kg", "2.09 kg"]


def test_short_codes_are_grouped_once():
    assert wording.grouped("7K2F93QM") == "7K2F 93QM"
    assert wording.grouped("7K2F-93QM") == "7K2F-93QM"
