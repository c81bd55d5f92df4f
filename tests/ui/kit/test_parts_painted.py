"""Lanes, verdict and charts: what they say, and where they react."""

import pytest
from PySide6.QtCore import QPoint, Qt

from storeapp.i18n import Translator
from tests.ui.kit import samples
from ui.kit.cards import VerdictKind
from ui.kit.charts import Point, bar_chart, round_ceiling
from ui.kit.lanes import Lanes
from ui.kit.verdict import VerdictView


@pytest.fixture
def lanes(qtbot):
    made = Lanes(name="day")
    qtbot.addWidget(made)
    made.set_lanes(samples.lanes("en"), from_min=720, to_min=1080)
    made.resize(900, 320)
    made.show()
    return made


def test_a_click_on_a_block_picks_its_delivery(qtbot, lanes):
    lane = samples.lanes("en")[0]
    block = next(block for block in lane.blocks if block.delivery_id == "d2295")
    with qtbot.waitSignal(lanes.picked) as picked:
        centre = lanes._block_rect(0, block).center().toPoint()
        qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=centre)
    assert picked.args == ["d2295"]


def test_a_click_beside_blocks_picks_nothing(qtbot, lanes):
    with qtbot.assertNotEmitted(lanes.picked):
        qtbot.mouseClick(lanes, Qt.MouseButton.LeftButton, pos=QPoint(400, 10))


def test_every_height_of_a_lane_belongs_to_its_guide(lanes):
    assert [lanes._guide_at(QPoint(300, y)) for y in (5, 60, 110, 1000)] == ["", "g1", "g2", ""]


@pytest.mark.parametrize("kind", [VerdictKind.PASSED, VerdictKind.HOLD, VerdictKind.STOP])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_verdict_is_spoken_with_its_word_reason_and_next_step(qtbot, kind, language):
    words = Translator(language)
    view = VerdictView(words)
    qtbot.addWidget(view)
    card = samples.verdict(kind, words)
    view.show_verdict(card)
    spoken = view.accessibleName()
    assert spoken.startswith(words.text(f"kit.verdict.{kind}"))
    assert card.reason in spoken
    assert card.action in spoken


def test_verdict_words_share_no_character():
    words = Translator("zh_CN")
    letters = "".join(words.text(f"kit.verdict.{kind}") for kind in ("pass", "hold", "stop"))
    assert len(set(letters)) == len(letters)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_verdict_words_have_their_full_size_in_a_usual_window(qtbot, language):
    words = Translator(language)
    view = VerdictView(words)
    qtbot.addWidget(view)
    for kind in (VerdictKind.PASSED, VerdictKind.HOLD, VerdictKind.STOP):
        view.show_verdict(samples.verdict(kind, words))
        assert view._word_font(650, 190).pixelSize() == 168


def test_the_verdict_field_wants_no_input_method(qtbot):
    view = VerdictView(Translator("en"))
    qtbot.addWidget(view)
    assert view.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is False


@pytest.mark.parametrize(("value", "top"), [(0, 4), (3, 4), (14, 20), (96, 100), (101, 200), (0.7, 0.8)])
def test_axes_end_at_round_numbers(value, top):
    assert round_ceiling(value) == pytest.approx(top)


def test_a_chart_says_its_values(qtbot):
    chart = bar_chart("By hour")
    qtbot.addWidget(chart)
    chart.set_points([Point("9:00", 3, "3"), Point("10:00", 7, "7")])
    assert chart.accessibleName() == "By hour: 9:00 3, 10:00 7"
