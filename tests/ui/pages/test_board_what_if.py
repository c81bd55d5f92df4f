"""A card that is dragged over a guide's lane says what it would mean before it is dropped."""

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from storeapp.i18n import LANGUAGES
from ui.kit.paint import delivery_mime

WAIT_MS = 30_000


@pytest.fixture
def page(window, qtbot):
    window.go("board")
    found = window.page("board")
    qtbot.waitUntil(lambda: found.plan.proposed.proposal is not None and not found.plan.running, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not found._turns.waiting, timeout=WAIT_MS)
    return found


@pytest.fixture
def hand(page):
    """Moves a dragged delivery over a guide's lane as the pointer does, drops it, or leaves."""

    class Hand:
        def __init__(self):
            self.delivery = page.plan.proposed.proposal.assignments[0].delivery_id
            self.data = delivery_mime(self.delivery)
            enter = QDragEnterEvent(self.at(0), Qt.DropAction.CopyAction, self.data, *BUTTONS)
            QApplication.sendEvent(page.day.lanes, enter)

        def at(self, number):
            return page.day.lanes._lane_rect(number).center()

        def over(self, number):
            move = QDragMoveEvent(self.at(number), Qt.DropAction.CopyAction, self.data, *BUTTONS)
            QApplication.sendEvent(page.day.lanes, move)

        def drop(self, number):
            point = QPointF(self.at(number))
            event = QDropEvent(point, Qt.DropAction.CopyAction, self.data, *BUTTONS, QEvent.Type.Drop)
            QApplication.sendEvent(page.day.lanes, event)

        def leave(self):
            QApplication.sendEvent(page.day.lanes, QDragLeaveEvent())

    return Hand()


BUTTONS = (Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)


def trial(page):
    return page.day.lanes._trial


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_lane_tells_arrival_and_cost_before_the_drop(page, hand, window, qtbot, language):
    for number, guide in enumerate(page.columns.guide_ids[:3]):
        hand.over(number)
        qtbot.waitUntil(lambda guide=guide: trial(page) is not None and trial(page).guide_id == guide, timeout=WAIT_MS)
        assert all(line.text for line in trial(page).lines)
    before = page._rows[hand.delivery].state
    hand.leave()
    assert trial(page) is None
    assert page._rows[hand.delivery].state is before


def test_the_last_pointer_wins(page, hand, qtbot):
    shown = []
    page.trials.told.connect(lambda: shown.append(trial(page)))
    for number in (0, 1, 2, 1):
        hand.over(number)
    wanted = page.columns.guide_ids[1]
    qtbot.waitUntil(lambda: trial(page) is not None and trial(page).guide_id == wanted, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not page.trials._busy, timeout=WAIT_MS)
    assert trial(page).guide_id == wanted


def test_what_cannot_be_planned_says_so(page, hand, qtbot):
    lost = next(row for row in page._seen.board.waiting if not row.located)
    page.day.lanes.tried.emit(lost.id, page.columns.guide_ids[0])
    said = "这单不能这样派"
    qtbot.waitUntil(lambda: trial(page) is not None and trial(page).lines[0].text == said, timeout=WAIT_MS)


def test_dropping_assigns_and_the_note_goes(page, hand, qtbot):
    hand.over(0)
    qtbot.waitUntil(lambda: trial(page) is not None, timeout=WAIT_MS)
    hand.drop(0)
    assert trial(page) is None
    guide = page.columns.guide_ids[0]
    qtbot.waitUntil(lambda: page._rows[hand.delivery].guide == guide, timeout=WAIT_MS)


def test_the_note_stays_in_sight(page, hand, window, qtbot):
    from PySide6.QtCore import QRectF
    from PySide6.QtGui import QPainter, QPixmap

    from ui.kit.paint import Pen
    from ui.kit.style import look
    from ui.kit.trial import _note_rect

    hand.over(0)
    qtbot.waitUntil(lambda: trial(page) is not None, timeout=WAIT_MS)
    picture = QPixmap(10, 10)
    painter = QPainter(picture)
    pen, sight = Pen(painter, look(), 1.0), QRectF(0, 0, 600, 260)
    for x in (-400, 0, 300, 590):
        for y in (0, 120, 230):
            assert sight.contains(_note_rect(pen, trial(page), QRectF(x, y, 60, 40), sight))
    painter.end()
