"""One store day in the real window by the keyboard and a scanner alone: nothing is clicked."""

import gc
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from storeapp.domain.delivery import Delivery, DeliveryState
from storeapp.services import day, outcomes, queries
from storeapp.services.clock import FixedClock
from storeapp.services.counter import SYSTEM
from storeapp.services.first_start import FirstStart, start_first
from storeapp.services.setup import FIRST_MANAGER, read_tables
from storeapp.services.stock import stock_rows
from ui.kit.cards import VerdictKind
from ui.kit.scanner import wedge_events
from ui.kit.style import apply
from ui.kit.tokens import load_theme
from ui.pages import guides, slip_acts
from ui.run import make_window

DEMO = Path(__file__).parents[2] / "resources" / "demo"
FILES = ("orders-weixin-shop.json", "orders-shopify.csv", "orders-woocommerce.json", "orders-table.csv")
MORNING = datetime(2026, 11, 21, 2, 5, tzinfo=UTC)
PIN = "2580"
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


class Person:
    """Somebody at the counter who has a keyboard, a scanner, and eyes."""

    def __init__(self, window, qtbot):
        self.window, self.qtbot = window, qtbot
        self._scan_ms = 10_000

    def press(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        """A key where the focus is; a lost focus fails the test."""
        QTest.keyClick(self.focus(), key, modifiers)
        self.wait()

    def type(self, text):
        QTest.keyClicks(self.focus(), text)

    def focus(self):
        within = QApplication.activePopupWidget() or QApplication.activeModalWidget() or self.window.shell
        if QApplication.activeWindow() is None:
            # No window manager is there to give the window its keys back after a dialog.
            within.activateWindow()
            self.until(lambda: QApplication.activeWindow() is not None)
        focused = QApplication.focusWidget()
        assert focused is not None, f"nothing has the focus in {type(within).__name__}"
        return focused

    def scan(self, text):
        self._scan_ms += 10_000
        self.focus()
        self.until(lambda: QApplication.focusWindow() is self.window.shell.windowHandle())
        for event in wedge_events(text, at_ms=self._scan_ms):
            QCoreApplication.sendEvent(self.window.shell.windowHandle(), event)
        self.wait()
        return self.window.page("handoff").verdict.card()

    def wait(self):
        self.until(lambda: self.window.backend.tasks.pending() == 0)

    def until(self, true):
        self.qtbot.waitUntil(true)

    def know(self, call):
        """What the counter knows, to check what the screen did."""
        found = []
        self.window.backend.read(call, done=found.append)
        self.until(lambda: bool(found))
        return found[0]

    def dialog(self):
        self.until(lambda: QApplication.activeModalWidget() is not None)
        return QApplication.activeModalWidget()

    def alone(self):
        self.until(lambda: QApplication.activeModalWidget() is None)
        self.wait()


@pytest.fixture(autouse=True)
def collected_on_this_thread():
    """No thread of a test may collect another's widgets; see ``ui.kit.collector``."""
    gc.disable()
    yield
    gc.collect(1)
    gc.enable()


@pytest.fixture
def clock():
    return FixedClock(MORNING)


@pytest.fixture(params=["zh_CN", "en"])
def person(request, qapp, qtbot, tmp_path, clock):
    apply(qapp, load_theme("light"))
    answers = FirstStart(tables=read_tables(DEMO), store="XH", manager="周店长", pin=PIN, passphrase="counter-demo-1")
    home = start_first(tmp_path / "home", answers, clock=clock).home
    window = make_window(qapp, home, language=request.param)
    crashes = []
    window.backend.tasks.crashed.connect(crashes.append)
    window.start()
    who = Person(window, qtbot)
    who.until(lambda: all(page.is_built for page in window._pages.values()))
    yield who
    who.wait()
    window.close()
    assert not crashes


@pytest.fixture
def printed(monkeypatch):
    """What stands on the papers that came out, newest last."""
    papers = []

    def noted(paint):
        def painted(content, words, *, media):
            papers.append(content)
            return paint(content, words, media=media)

        return painted

    monkeypatch.setattr(slip_acts, "slip_paper", noted(slip_acts.slip_paper))
    monkeypatch.setattr(guides, "badge_paper", noted(guides.badge_paper))
    return papers


def test_a_day_by_keyboard_and_scanner(person, clock, printed):
    sign_in(person)
    import_files(person)
    guide, first, second = accept_proposals(person)
    badge = print_badge(person, printed, guide)
    slips = print_slips(person, printed, guide)
    hand_over(person, badge, slips)
    clock.moment += timedelta(minutes=30)
    deliver(person, first, slips, badge)
    give_back(person, second)
    count(person)
    clock.moment = MORNING + timedelta(hours=11)
    close_day(person)


def sign_in(person):
    person.dialog()
    person.wait()
    person.type(PIN)
    person.press(Qt.Key.Key_Return)
    person.alone()
    assert person.window.session.actor.id == FIRST_MANAGER


def import_files(person):
    person.press(Qt.Key.Key_F3)
    person.press(Qt.Key.Key_O, CTRL)
    chooser = person.dialog()
    assert isinstance(chooser, QFileDialog)
    # The system's own dialog stands here on a desk; what it returns is all that is ours.
    chooser.filesSelected.emit([str(DEMO / name) for name in FILES])
    chooser.close()
    person.wait()
    person.press(Qt.Key.Key_Return)
    person.press(Qt.Key.Key_Return)
    person.alone()
    assert person.know(queries.counts).open == 67
    assert person.focus() is person.window.page("orders").list.table


def accept_proposals(person):
    """Everything that is proposed; returns a guide and two of the guide's deliveries."""
    person.press(Qt.Key.Key_F1)
    board = person.window.page("board")
    cards = board.columns.panel("waiting").list
    person.until(lambda: sum(bool(card.proposal and card.proposal.guide_id) for card in cards.cards) > 2)
    proposed = len(board.plan.proposed.assignments)
    person.press(Qt.Key.Key_Return, CTRL)
    assigned = person.know(queries.board).assigned
    assert len(assigned) == proposed
    guide = max({row.guide for row in assigned}, key=lambda each: sum(row.guide == each for row in assigned))
    first, second = [row.id for row in assigned if row.guide == guide][:2]
    return guide, first, second


def print_badge(person, printed, guide):
    person.press(Qt.Key.Key_F5)
    table = person.window.page("guides").table
    while table.picked_id() != guide:
        person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_B, CTRL)
    person.dialog()
    badge = printed[-1]
    assert person.focus().text() == person.window.desk.words.text("print.print")
    person.press(Qt.Key.Key_Tab)
    person.press(Qt.Key.Key_Space)
    person.alone()
    papers = person.window.desk.papers
    person.until(lambda: any(papers.glob("badge-*.pdf")))
    return badge


def print_slips(person, printed, guide):
    """All slips of the guide whose card is chosen."""
    person.press(Qt.Key.Key_F1)
    board = person.window.page("board")
    person.press(Qt.Key.Key_Right)
    while board.picked().guide != guide:
        person.press(Qt.Key.Key_Down)
    person.press(Qt.Key.Key_P, CTRL | SHIFT)
    papers = person.window.desk.papers
    mine = sum(row.guide == guide for row in person.know(queries.board).assigned)
    person.until(lambda: len(list(papers.glob("slip-*.pdf"))) == mine)
    return [paper for paper in printed if hasattr(paper, "order_no")]


def hand_over(person, badge, slips):
    assert person.scan(badge.qr_text).kind is VerdictKind.IDLE
    assert person.window.shell.current_page() == "handoff"
    for slip in slips:
        assert person.scan(slip.qr_text).kind is VerdictKind.PASSED
    assert person.scan(slips[0].qr_text).kind is VerdictKind.STOP


def deliver(person, delivery, slips, badge):
    """The guide is back with the customer's code."""
    code = person.know(lambda counter: outcomes.reveal_code(counter, SYSTEM, _order(counter, delivery)))
    person.press(Qt.Key.Key_D, CTRL)
    asked = person.dialog()
    _choose(person, asked, delivery)
    asked.form.field("code").setFocus()
    person.type(code)
    person.press(Qt.Key.Key_Return)
    person.alone()
    assert _state(person, delivery) is DeliveryState.DELIVERED


def give_back(person, delivery):
    person.press(Qt.Key.Key_R, CTRL)
    asked = person.dialog()
    _choose(person, asked, delivery)
    person.press(Qt.Key.Key_Return)
    person.alone()
    assert _state(person, delivery) is DeliveryState.RETURNED


def count(person):
    person.press(Qt.Key.Key_F4)
    person.press(Qt.Key.Key_I, CTRL)
    page = person.window.page("stock")
    sku = page._count._sku
    person.type("3")
    person.press(Qt.Key.Key_Return)
    assert page._count._sku != sku
    person.press(Qt.Key.Key_Escape)
    row = next(row for row in person.know(stock_rows) if row.sku == sku)
    assert (row.on_hand, row.counted_at is not None) == (3, True)


def close_day(person):
    person.press(Qt.Key.Key_F8)
    person.press(Qt.Key.Key_F, CTRL | SHIFT)
    report = person.know(lambda counter: day.day_report(counter))
    assert report.closed is not None
    assert (report.closed.closings, report.closed.totals.delivered) == (1, 1)
    assert person.window.shell.current_page() == "report"


def _choose(person, asked, delivery):
    """Pick a delivery in a question's first field by the arrow keys."""
    field = asked.form.field("delivery")
    field.setFocus()
    person.press(Qt.Key.Key_Home)
    while field.currentData() != delivery:
        before = field.currentIndex()
        person.press(Qt.Key.Key_Down)
        assert field.currentIndex() == before + 1


def _order(counter, delivery):
    return counter.cache.get(Delivery, delivery).order_id


def _state(person, delivery):
    return person.know(lambda counter: counter.cache.get(Delivery, delivery)).state
