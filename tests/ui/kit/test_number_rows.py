"""Numbers that somebody sets: bounds told instead of forced, cents kept, the page scrolled without changing one."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent

from storeapp.i18n import Translator
from ui.kit.number_rows import NumberField, NumberRows, NumberSpec

PAY = NumberSpec("pay", "Pay", "yuan", 800, 0, 10_000, cents=True)
METRES = NumberSpec("radius", "Radius", "m", 5000, 200, 30_000)


@pytest.fixture
def field(qtbot):
    def make(spec):
        made = NumberField(Translator("en"), spec)
        qtbot.addWidget(made)
        made.show()
        return made

    return make


def test_cents_are_shown_and_kept(field):
    pay = field(PAY)
    pay.set_value(1234)
    assert pay.spin.text() == "12.34 yuan"
    assert pay.value() == 1234


@pytest.mark.parametrize(("typed", "wrong"), [("50", True), ("200", False), ("30001", True)])
def test_a_number_out_of_its_bounds_stands_as_it_was_typed_with_the_bounds_under_it(field, qtbot, typed, wrong):
    radius = field(METRES)
    radius.spin.selectAll()
    qtbot.keyClicks(radius.spin, typed)
    assert radius.value() == int(typed)
    assert bool(radius.error()) is wrong
    assert not wrong or radius.error() == "Between 200 and 30000 m"


def test_the_way_back_to_the_default_is_there_only_where_it_leads_somewhere(field, qtbot):
    radius = field(METRES)
    assert not radius.reset.isVisible()
    radius.set_value(4000)
    assert radius.reset.isVisible()
    qtbot.mouseClick(radius.reset, Qt.MouseButton.LeftButton)
    assert (radius.value(), radius.reset.isVisible()) == (5000, False)
    radius.set_value(4000)
    radius.allow(writing=False)
    assert not radius.reset.isVisible()


def test_scrolling_over_a_number_leaves_it_alone(field):
    radius = field(METRES)
    at = QPointF(radius.spin.rect().center())
    turned = QWheelEvent(
        at,
        QPointF(radius.spin.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    radius.spin.wheelEvent(turned)
    assert radius.value() == 5000
    assert not turned.isAccepted()


def test_every_field_is_named_for_those_who_do_not_see_it(qtbot):
    rows = NumberRows(Translator("en"))
    qtbot.addWidget(rows)
    rows.add("Pay", "What it is for.", [PAY])
    both = [NumberSpec(key, "Promise", "min", 60, 15, 99, caption=key) for key in ("instant", "scheduled")]
    rows.add("Promise", "Counted from the order.", both)
    assert [each.spin.accessibleName() for each in rows] == ["Pay", "Promise instant", "Promise scheduled"]
    rows.set_values({"instant": 5})
    assert rows.first_error() is rows.field("instant")
