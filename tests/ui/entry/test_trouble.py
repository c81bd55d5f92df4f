import sqlite3

import pytest

from storeapp.store.salvage_rows import Salvaged
from ui.run import make_window


@pytest.fixture
def troubled(qapp, qtbot, demo_home):
    """Starts the window over a home that cannot be opened."""
    windows = []

    def start():
        window = make_window(qapp, demo_home, language="zh_CN")
        windows.append(window)
        window.start()
        qtbot.waitUntil(lambda: window.trouble is not None)
        return window

    yield start
    for window in windows:
        window.close()


def test_a_damaged_journal_is_told_and_not_touched(troubled, demo_home):
    path = demo_home.path / "journal.db"
    path.write_bytes(b"no database at all" * 100)
    before = path.read_bytes()
    window = troubled()
    assert "已损坏" in window.trouble.why.text()
    assert path.read_bytes() == before


def test_data_of_a_newer_program_are_told_and_can_be_tried_again(qtbot, troubled, demo_home):
    before = _version(demo_home, 99)
    window = troubled()
    assert "99" in window.trouble.why.text()
    _version(demo_home, before)
    assert window.trouble.focusWidget().text() == "再试一次"
    window.trouble.accept()
    qtbot.waitUntil(lambda: bool(window.shell._top.subtitle.text()))


def test_what_was_salvaged_is_told_before_anybody_signs_in(qapp, qtbot, demo_home):
    demo_home.salvaged = Salvaged(180, ((12, 14),), 9, "journal.db.damaged-1")
    window = make_window(qapp, demo_home, language="zh_CN")
    window.start()
    qtbot.waitUntil(lambda: window.salvage is not None)
    assert "180" in window.salvage.figures.text()
    assert window.door.dialog is None
    window.salvage.accept()
    assert window.door.dialog is not None
    qtbot.waitUntil(lambda: window.backend.tasks.pending() == 0)
    window.close()


def _version(home, number):
    """Say that the journal is of another version; returns which one it was."""
    db = sqlite3.connect(home.path / "journal.db")
    before = db.execute("PRAGMA user_version").fetchone()[0]
    db.execute(f"PRAGMA user_version = {number}")
    db.commit()
    db.close()
    return before
