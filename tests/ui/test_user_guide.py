"""The user guides' table of keys says what the window's keys do, in the window's own words."""

from pathlib import Path

import pytest

from ui.kit.shortcuts import ShortcutSheet

DOCS = Path(__file__).parents[2] / "docs"
GUIDES = {"zh_CN": DOCS / "user-guide.zh.md", "en": DOCS / "user-guide.en.md"}
EVERYWHERE = {"zh_CN": "任何页面", "en": "everywhere"}


def keys_by_place(language):
    """The rows of the guide's last table by what stands in their first cell."""
    last = GUIDES[language].read_text("utf-8").rpartition("\n## ")[2]
    rows = [line.strip("| ").split(" | ") for line in last.splitlines() if line.startswith("|")]
    return {row[0]: row[1].split(" · ") for row in rows if len(row) == 2}


@pytest.mark.parametrize("language", GUIDES)
def test_every_key_of_the_window_is_in_the_guide(window, language):
    table = keys_by_place(language)
    for page in window._pages:
        window.page(page)
    for action in window.actions.all():
        area = action.id.partition(".")[0]
        place = window._words.text(f"page.{area}") if area in window._pages else EVERYWHERE[language]
        key = window.actions.key(action.id)
        assert not key or f"{key} {window.actions.words(action.id)}" in table[place], action.id


@pytest.mark.parametrize("language", GUIDES)
def test_the_guide_names_no_key_that_does_nothing(window, language):
    for page in window._pages:
        window.page(page)
    known = {f"{window.actions.key(a.id)} {window.actions.words(a.id)}" for a in window.actions.all()}
    for place, keys in keys_by_place(language).items():
        if place in {window._words.text(f"page.{page}") for page in window._pages}:
            assert set(keys) <= known, place


def test_the_question_mark_shows_all_keys_on_every_page(window, qtbot, settled):
    for page in window._pages:
        window.go(page)
        settled()
        qtbot.keyClicks(window.shell.focusWidget() or window.shell, "?")
        sheets = window.shell.findChildren(ShortcutSheet)
        assert sheets, page
        for sheet in sheets:
            sheet.reject()
        qtbot.waitUntil(lambda: not window.shell.findChildren(ShortcutSheet))
