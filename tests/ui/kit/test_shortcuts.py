"""The sheet of all keys fits a small screen in both languages."""

import pytest
from PySide6.QtWidgets import QScrollArea

from storeapp.i18n import LANGUAGES
from ui.kit.shortcuts import KeyGroup, ShortcutSheet, columns_of


def group(name, count):
    return KeyGroup(name, [(str(n), name) for n in range(count)])


def test_a_group_stands_in_the_first_column_that_has_room():
    groups = [group("a", 13), group("b", 16), group("c", 5), group("d", 2)]
    assert [[each.name for each in column] for column in columns_of(groups)] == [["a", "c"], ["b", "d"]]


def test_a_group_that_is_longer_than_a_column_stands_alone():
    assert len(columns_of([group("a", 40), group("b", 2)])) == 2


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_off_at_the_usual_size(window, qtbot, settled, language):
    for page in window._pages:
        window.page(page)
    window.shell.resize(1366, 768)
    window.shell.show_shortcuts()
    settled()
    sheet = window.shell.findChildren(ShortcutSheet)[-1]
    area = sheet.findChildren(QScrollArea)[0]
    assert area.horizontalScrollBar().maximum() == 0
    assert area.verticalScrollBar().maximum() == 0
    sheet.reject()
