"""Every part is drawn in every language and theme, says nothing to the log and clips no words."""

from itertools import product

import pytest
from PySide6.QtWidgets import QLabel, QPushButton, QSpinBox

from storeapp.i18n import LANGUAGES, catalogue
from tests.ui.kit.gallery import PARTS, Words
from ui.kit.parts import ElidedLabel
from ui.kit.style import apply
from ui.kit.tokens import THEME_NAMES, load_theme


@pytest.mark.parametrize(("theme", "name"), list(product(THEME_NAMES, PARTS)))
def test_every_part_is_drawn(qtbot, qapp, theme, name):
    apply(qapp, load_theme(theme))
    widget = PARTS[name](Words("zh_CN"))
    qtbot.addWidget(widget)
    widget.show()
    assert not widget.grab().isNull()


@pytest.mark.parametrize(("language", "name"), list(product(LANGUAGES, PARTS)))
def test_no_words_are_cut_off(qtbot, language, name):
    widget = PARTS[name](Words(language))
    qtbot.addWidget(widget)
    widget.show()
    cut = [
        child.text()
        for child in [*widget.findChildren(QLabel), *widget.findChildren(QPushButton)]
        if child.isVisible()
        and not isinstance(child, ElidedLabel)
        and not getattr(child, "wordWrap", lambda: False)()
        and child.width() < child.minimumSizeHint().width()
    ]
    assert cut == []


def test_a_part_follows_a_change_of_theme(qtbot, qapp):
    widget = PARTS["dispatch"](Words("en"))
    qtbot.addWidget(widget)
    widget.show()
    light = widget.grab().toImage()
    apply(qapp, load_theme("dark"))
    dark = widget.grab().toImage()
    assert dark.pixelColor(800, 700).lightness() < 60 < light.pixelColor(800, 700).lightness()


def test_numbers_are_visible_in_their_field(qtbot):
    widget = PARTS["form"](Words("en"))
    qtbot.addWidget(widget)
    widget.show()
    field = widget.findChild(QSpinBox)
    assert field.lineEdit().width() > field.width() / 2


def test_both_languages_have_the_same_codes():
    ours = [{code for code in catalogue(language) if code.startswith("kit.")} for language in LANGUAGES]
    assert ours[0] == ours[1]
