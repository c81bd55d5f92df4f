"""Hears a keyboard-wedge scanner whichever widget has the focus, without eating what people type.

A scanner types a code within milliseconds and ends it with Enter or Tab; nobody types six keys that fast. Keys are
held back for one gap: a burst becomes ``scanned``, everything else is given to the window in its order. Two rules
for the rest of the window follow from this:

* no shortcut on a plain character or on Enter (Qt fires shortcuts before any filter sees the key), so single keys
  are handled in ``keyPressEvent`` (the action registry refuses the others);
* widgets that scanners talk to keep the input method off (``parts.CodeLineEdit``): what an input method has swallowed
  never becomes a key event.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeyEvent, QWindow
from shiboken6 import isValid
from typing_extensions import override

DEFAULT_GAP_MS = 35
SHORTEST_CODE = 6
_ENDS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab)
_MODIFIERS = (Qt.Key.Key_Shift, Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock, Qt.Key.Key_AltGr)
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0x3002: ".", 0x3001: "/"}
"""Full-width forms, and the Chinese punctuation that stands on the keys of ``.`` and ``/``."""


def plain_code(text: str) -> str:
    """A code as printed: half-width, trimmed, and a link in lower case even when CapsLock was on.

    The case of other codes stays as it came; compare them without it.
    """
    half = text.translate(_HALF_WIDTH).strip()
    is_link = half.lower().startswith(("https://", "http://"))
    return half.lower() if is_link else half


@dataclass(frozen=True, slots=True)
class _Key:
    kind: QEvent.Type
    key: int
    modifiers: Qt.KeyboardModifier
    text: str
    at_ms: int

    def event(self) -> QKeyEvent:
        made = QKeyEvent(self.kind, self.key, self.modifiers, self.text)
        made.setTimestamp(self.at_ms)
        return made


class ScannerFilter(QObject):
    """Watches the window that has the focus; key times come from the events, so a busy window miscounts nothing."""

    scanned = Signal(str)
    """A code was scanned (see ``plain_code``)."""

    def __init__(self, app: QGuiApplication, *, gap_ms: int = DEFAULT_GAP_MS, shortest: int = SHORTEST_CODE) -> None:
        """Start to watch.

        Args:
            app: whose focus window is watched.
            gap_ms: longest time between two keys of one scan; slow wireless scanners need more.
            shortest: fewest characters of a code.
        """
        super().__init__(app)
        self._gap_ms = gap_ms
        self._shortest = shortest
        self._held: list[_Key] = []
        self._last_ms = 0
        self._ended_ms: int | None = None
        self._replaying = False
        self._patient = False
        self._window: QWindow | None = None
        self._clock = QElapsedTimer()
        self._clock.start()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._waited)
        app.focusWindowChanged.connect(self._follow)
        self._follow(app.focusWindow())

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Hold keys that may belong to a scan; let everything else through."""
        if self._replaying or not isinstance(event, QKeyEvent):
            return False
        if event.type() == QEvent.Type.KeyPress:
            return self._pressed(event)
        if event.type() == QEvent.Type.KeyRelease:
            return self._released(event)
        return False

    def _pressed(self, event: QKeyEvent) -> bool:
        if event.key() in _MODIFIERS:
            return False
        at_ms = event.timestamp() or self._clock.elapsed()
        if self._held and at_ms - self._last_ms > self._gap_ms:
            self._release()
        if event.key() in _ENDS and not event.modifiers() & _COMMANDS:
            return self._end(at_ms)
        if event.isAutoRepeat() or event.modifiers() & _COMMANDS or not event.text().isprintable() or not event.text():
            self._release()
            return False
        self._hold(event, at_ms)
        return True

    def _released(self, event: QKeyEvent) -> bool:
        if not any(held.key == event.key() for held in self._held):
            return False
        self._held.append(_Key(event.type(), event.key(), event.modifiers(), event.text(), event.timestamp()))
        return True

    def _hold(self, event: QKeyEvent, at_ms: int) -> None:
        self._held.append(_Key(event.type(), event.key(), event.modifiers(), event.text(), at_ms))
        self._last_ms = at_ms
        self._patient = True
        self._timer.start(self._gap_ms)

    def _end(self, at_ms: int) -> bool:
        text = "".join(held.text for held in self._held if held.kind == QEvent.Type.KeyPress)
        if len(text) >= self._shortest:
            self._held.clear()
            self._timer.stop()
            self._ended_ms = at_ms
            self.scanned.emit(plain_code(text))
            return True
        self._release()
        # Scanners set to send CR LF end a code twice; the second one must not press a button.
        return self._ended_ms is not None and 0 <= at_ms - self._ended_ms <= self._gap_ms

    def _release(self) -> None:
        held, self._held = self._held, []
        self._timer.stop()
        if not self._window or not isValid(self._window):
            return
        self._replaying = True
        try:
            for key in held:
                QCoreApplication.sendEvent(self._window, key.event())
        finally:
            self._replaying = False

    @Slot()
    def _waited(self) -> None:
        # After a pause of the whole program the rest of a burst may already lie in the event queue: look once more.
        if self._patient:
            self._patient = False
            self._timer.start(0)
            return
        self._release()

    @Slot("QWindow*")
    def _follow(self, window: QWindow | None) -> None:
        self._release()
        if self._window is not None and isValid(self._window):
            self._window.removeEventFilter(self)
        self._window = window
        if window is not None:
            window.installEventFilter(self)


def wedge_events(text: str, *, at_ms: int, step_ms: int = 5, end: Qt.Key = Qt.Key.Key_Return) -> Iterator[QKeyEvent]:
    """The key events of a scanner that reads ``text``, for the demo and for tests.

    Args:
        text: what the code says.
        at_ms: time stamp of the first key.
        step_ms: time between keys.
        end: the key that ends a scan.
    """
    plain = Qt.KeyboardModifier.NoModifier
    keys = [(ord(letter.upper()), letter) for letter in text] + [(int(end), "\r")]
    for number, (key, letter) in enumerate(keys):
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, key, plain, letter)
            event.setTimestamp(at_ms + number * step_ms)
            yield event
