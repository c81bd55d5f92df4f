"""Asks who is at the counter: a name, a PIN, and how long to wait after too many wrong ones."""

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import QElapsedTimer, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from storeapp.domain.kernel import Refusal
from storeapp.domain.words import Role
from storeapp.i18n import Translator
from storeapp.services import staff
from storeapp.services.counter import Actor, Counter
from ui.backend import Backend
from ui.entry.person_list import PersonList, PersonRow
from ui.entry.pin_pad import PinPad
from ui.kit import tokens
from ui.kit.parts import Button, hbox, label, restyle, vbox

_STEPS = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
_ERRORS = ("pin_wrong", "pin_format", "pin_simple")
Answer = tuple[Actor | Refusal, datetime]
"""Who signed in or why not, and when that was on the counter's clock."""


class SignInDialog(QDialog):
    """Staff on the left, the PIN on the right; Esc goes on looking without acting."""

    entered = Signal(object, str)
    """Somebody signed in: an ``Actor`` and the person's name."""

    def __init__(self, backend: Backend, words: Translator, parent: QWidget, *, last: str = "") -> None:
        super().__init__(parent)
        self._backend, self._words, self._last = backend, words, last
        self._first_pin: str | None = None
        self._choosing = False
        self._waiting = False
        self.people = PersonList(words.text("entry.who"))
        self.pad = PinPad(words)
        self._title = label(words.text("entry.who"), "title")
        self._said = label("", "soft", wrap=True)
        self._enter = Button(words.text("entry.sign_in"), kind="primary")
        self._lock_ms = 0
        self._since = QElapsedTimer()
        self._tick = QTimer(self)
        self._tick.setInterval(250)
        self._wire()
        self._lay_out()
        backend.read(_people, done=self._show_people, owner=self)

    def _wire(self) -> None:
        self.setWindowTitle(self._words.text("entry.who"))
        self.people.chosen.connect(self._changed)
        self.pad.entered.connect(self._try)
        self._enter.clicked.connect(lambda: self._try(self.pad.pin()))
        self._tick.timeout.connect(self._show_lock)

    def _lay_out(self) -> None:
        row = hbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_XL)
        row.addLayout(self._left(), 1)
        row.addLayout(self._right())
        self.setFixedSize(600, 420)

    def _left(self) -> QVBoxLayout:
        column = vbox(gap=tokens.GAP_M)
        column.addWidget(self._title)
        column.addWidget(self.people, 1)
        column.addWidget(label(self._words.text("entry.keys"), "caption", wrap=True))
        return column

    def _right(self) -> QVBoxLayout:
        column = vbox(gap=tokens.GAP_M)
        self._said.setFixedSize(240, 40)
        self._said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._said)
        column.addWidget(self.pad)
        column.addStretch(1)
        column.addLayout(self._buttons())
        return column

    def _buttons(self) -> QHBoxLayout:
        row = hbox()
        look_only = Button(self._words.text("entry.look_only"), kind="desk")
        look_only.clicked.connect(self.reject)
        self._enter.setProperty("desk", "true")
        row.addWidget(look_only)
        row.addWidget(self._enter, 1)
        return row

    def _show_people(self, found: list[tuple[str, str, Role, bool]]) -> None:
        rows = [PersonRow(id_, name, self._words.text(f"role.{role}"), pin) for id_, name, role, pin in found]
        self._choosing = not any(role is Role.MANAGER and pin for _, _, role, pin in found)
        managers = [id_ for id_, _, role, _ in found if role is Role.MANAGER]
        self.people.show_people(rows, chosen=managers[0] if self._choosing and managers else self._last)
        self._changed()

    @Slot()
    def _changed(self) -> None:
        """Another person was chosen: begin anew."""
        self._first_pin = None
        self._tick.stop()
        self._enter.setEnabled(True)
        self.pad.setEnabled(True)
        self.pad.clear()
        person = self.people.current()
        if person is None:
            return
        if self._choosing:
            self._say("entry.choose_pin", name=person.name)
        elif not person.has_pin:
            self._say("entry.no_pin", tone="error", name=person.name)
        else:
            self._say("entry.ask_pin", name=person.name)

    def _say(self, code: str, *, tone: str = "soft", **data: object) -> None:
        self._said.setText(self._words.text(code, **data))
        self._said.setProperty("role", tone)
        restyle(self._said)

    @Slot(str)
    def _try(self, pin: str) -> None:
        person = self.people.current()
        if person is None or not pin or self._waiting or self._tick.isActive():
            return
        if self._choosing and self._first_pin is None:
            self._first_pin = pin
            self.pad.clear()
            self._say("entry.pin_again")
        elif self._choosing and self._first_pin != pin:
            self._changed()
            self._say("entry.pin_differs", tone="error")
        else:
            self._ask(person, pin)

    def _ask(self, person: PersonRow, pin: str) -> None:
        call = staff.choose_first_pin if self._choosing else staff.sign_in
        self._waiting = True
        self._backend.read(
            lambda counter: (call(counter, person.id, pin), counter.clock.now()),
            done=lambda answer: self._answered(person, answer),
            failed=self._failed,
            owner=self,
        )

    def _failed(self, error: Exception) -> None:
        self._waiting = False
        self._backend.tasks.crashed.emit(error)

    def _answered(self, person: PersonRow, answer: Answer) -> None:
        self._waiting = False
        result, now = answer
        if isinstance(result, Actor):
            self.accept()
            self.entered.emit(result, person.name)
        else:
            self._refused(result, now)

    def _refused(self, refusal: Refusal, now: datetime) -> None:
        self._first_pin = None
        self.pad.clear()
        if "until" in refusal.data:
            self._lock_until(datetime.fromisoformat(str(refusal.data["until"])), now)
        elif refusal.code in _ERRORS:
            self._say(f"error.{refusal.code}", tone="error", **refusal.data)
        else:
            self._say(f"refusal.{refusal.code}", tone="error", **refusal.data)

    def _lock_until(self, until: datetime, now: datetime) -> None:
        self._lock_ms = int((until - now).total_seconds() * 1000)
        self._since.start()
        self._tick.start()
        self._show_lock()

    @Slot()
    def _show_lock(self) -> None:
        """Count the lock down; anybody else may be chosen meanwhile."""
        left_s = (self._lock_ms - self._since.elapsed() + 999) // 1000
        if left_s <= 0:
            self._changed()
            return
        self._enter.setEnabled(False)
        self.pad.setEnabled(False)
        self._say("entry.locked", tone="error", left=f"{left_s // 60}:{left_s % 60:02}")

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key())) if event.key() in _STEPS else None
        if step is not None:
            self.people.step(step)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._try(self.pad.pin())
        else:
            super().keyPressEvent(event)


def _people(counter: Counter) -> list[tuple[str, str, Role, bool]]:
    active = (person for person in staff.staff_rows(counter) if person.active)
    return [(person.id, person.name, person.role, staff.has_pin(counter, person.id)) for person in active]


class Door:
    """Lets one person in at a time, and goes on with what they wanted to do."""

    def __init__(self, make: Callable[[], SignInDialog], entered: Callable[[Actor, str], None]) -> None:
        self._make = make
        self._entered = entered
        self._then: Callable[[], None] | None = None
        self.dialog: SignInDialog | None = None

    def ask(self, then: Callable[[], None] | None = None) -> None:
        """Ask who it is, and go on with ``then`` once somebody has signed in."""
        self._then = then
        if self.dialog is None:
            self.dialog = self._make()
            self.dialog.entered.connect(self._let_in)
            self.dialog.finished.connect(self._close)
            self.dialog.open()

    def _let_in(self, actor: Actor, name: str) -> None:
        then, self._then = self._then, None
        self._entered(actor, name)
        if then is not None:
            then()

    def _close(self, result: int) -> None:
        if result == QDialog.DialogCode.Rejected:
            self._then = None
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = None
