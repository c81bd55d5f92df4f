import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QPushButton, QVBoxLayout, QWidget

from ui.kit.parts import CodeLineEdit
from ui.kit.scanner import ScannerFilter, plain_code, wedge_events

TOKEN = "https://hub.example/0123456789"


class Desk(QWidget):
    """A window with a field and a button that counts how often it was pressed."""

    def __init__(self):
        super().__init__()
        self.field, self.button, self.keys = QLineEdit(), QPushButton("x"), []
        column = QVBoxLayout(self)
        column.addWidget(self.field)
        column.addWidget(self.button)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def keyPressEvent(self, event):
        self.keys.append(event.text())


@pytest.fixture
def desk(qtbot, qapp):
    made = Desk()
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is made.windowHandle())
    return made


@pytest.fixture
def scanner(desk, qapp):
    made = ScannerFilter(qapp)
    yield made
    made.deleteLater()


@pytest.fixture
def scans(scanner):
    heard = []
    scanner.scanned.connect(heard.append)
    return heard


def send(desk, events):
    for event in events:
        QCoreApplication.sendEvent(desk.windowHandle(), event)


def typed(text, at_ms, step_ms=120):
    for number, letter in enumerate(text):
        key = {"\r": Qt.Key.Key_Return}.get(letter, ord(letter.upper()))
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, Qt.KeyboardModifier.NoModifier, letter)
            event.setTimestamp(at_ms + number * step_ms)
            yield event


def test_a_burst_is_heard_and_leaves_no_trace_in_a_field(desk, scans):
    desk.field.setFocus()
    send(desk, wedge_events(TOKEN, at_ms=1000))
    assert scans == [TOKEN]
    assert desk.field.text() == ""


@pytest.mark.parametrize("end", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab])
def test_every_usual_ending_is_known(desk, scans, end):
    send(desk, wedge_events("QJ-2291", at_ms=1000, end=end))
    assert scans == ["QJ-2291"]


def test_a_burst_presses_no_button(desk, scans, qtbot):
    pressed = []
    desk.button.clicked.connect(lambda: pressed.append(1))
    desk.button.setAutoDefault(True)
    desk.button.setFocus()
    send(desk, wedge_events("ABC 123 ", at_ms=1000))
    assert (scans, pressed) == (["ABC 123"], [])


def test_typing_reaches_the_field(desk, scans, qtbot):
    desk.field.setFocus()
    send(desk, typed("hello", 1000))
    qtbot.waitUntil(lambda: desk.field.text() == "hello")
    assert scans == []


def test_a_fast_pair_of_keys_keeps_its_order_before_enter(desk, scans):
    entered = []
    desk.field.setFocus()
    desk.field.returnPressed.connect(lambda: entered.append(desk.field.text()))
    send(desk, typed("abc\r", 1000, step_ms=12))
    assert (scans, entered) == ([], ["abc"])


def test_typing_then_scanning_keeps_what_was_typed(desk, scans, qtbot):
    desk.field.setFocus()
    send(desk, typed("ab", 1000))
    send(desk, wedge_events(TOKEN, at_ms=2000))
    qtbot.waitUntil(lambda: desk.field.text() == "ab")
    assert scans == [TOKEN]


def test_single_keys_reach_a_page_after_one_gap(desk, scans, qtbot):
    desk.setFocus()
    send(desk, typed("1", 1000))
    qtbot.waitUntil(lambda: desk.keys == ["1"])
    assert scans == []


def test_the_second_half_of_cr_lf_is_swallowed(desk, scans):
    entered = []
    desk.field.setFocus()
    desk.field.returnPressed.connect(lambda: entered.append(1))
    send(desk, [*wedge_events(TOKEN, at_ms=1000, step_ms=2), *typed("\r", 1062)])
    assert (scans, entered) == ([TOKEN], [])


def test_a_held_key_is_not_a_scanner(desk, scans):
    desk.field.setFocus()
    for number in range(10):
        event = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a", autorep=number > 0)
        event.setTimestamp(1000 + 30 * number)
        send(desk, [event])
    send(desk, typed("\r", 1310))
    assert scans == []
    assert desk.field.text() == "a" * 10


def test_keys_of_a_closed_window_are_forgotten(desk, scanner, scans, qtbot):
    other = QWidget()
    qtbot.addWidget(other)
    desk.field.setFocus()
    send(desk, typed("a", 1000))
    other.show()
    other.activateWindow()
    qtbot.waitUntil(lambda: QGuiApplication.focusWindow() is other.windowHandle())
    assert desk.field.text() == "a"
    assert scans == []


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("１２３４５６", "123456"),
        ("HTTPS://HUB.EXAMPLE/0123", "https://hub.example/0123"),
        ("https：、、hub。example、01", "https://hub.example/01"),
        (" QJ-22a ", "QJ-22a"),
    ],
)
def test_codes_are_read_whatever_the_keyboard_was_set_to(raw, plain):
    assert plain_code(raw) == plain


def test_a_code_field_wants_no_input_method(qtbot):
    field = CodeLineEdit()
    qtbot.addWidget(field)
    assert field.inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is False
    assert QLineEdit(field).inputMethodQuery(Qt.InputMethodQuery.ImEnabled) is True
