import re

import pytest
from PySide6.QtGui import QPalette

from ui.kit.icons import IconStore, icon_names
from ui.kit.style import apply, look, sheet_of
from ui.kit.tokens import THEME_NAMES, load_theme


def test_changing_the_theme_changes_palette_and_tells_painters(qapp, qtbot):
    with qtbot.waitSignal(look().changed):
        apply(qapp, load_theme("dark"))
    assert qapp.palette().color(QPalette.ColorRole.Base).name() == "#161b22"
    assert look().colour("surface").name() == "#161b22"


@pytest.mark.parametrize("name", THEME_NAMES)
def test_no_sheet_rule_names_an_item_view(name):
    sheet = sheet_of(load_theme(name))
    assert not re.search(
        r"Q(ListView|TableView|TreeView|AbstractItemView|GraphicsView|HeaderView|AbstractScrollArea)", sheet
    )
    assert "{" not in re.sub(r"\{[^{}]*\}", "", sheet)


def test_an_icon_is_drawn_once_per_colour_and_pixel_ratio(qapp):
    store = IconStore()
    first = store.pixmap("check", "#112233", 16, dpr=2.0)
    assert store.pixmap("check", "#112233", 16, dpr=2.0) is first
    assert store.pixmap("check", "#445566", 16, dpr=2.0) is not first
    assert (first.width(), first.deviceIndependentSize().width()) == (32, 16)


@pytest.mark.parametrize("name", icon_names())
def test_every_icon_leaves_ink_and_keeps_its_margin(qapp, name):
    image = IconStore().pixmap(name, "#ff0000", 24, dpr=4.0).toImage()
    inked = [(x, y) for x in range(96) for y in range(96) if image.pixelColor(x, y).alpha() > 60]
    assert inked
    assert all(0 < x < 95 and 0 < y < 95 for x, y in inked)


def test_tabular_fonts_give_all_digits_one_width(qapp):
    metrics = look().metrics(13, tabular=True)
    assert len({metrics.horizontalAdvance(digit) for digit in "0123456789"}) == 1
