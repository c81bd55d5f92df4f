"""The first start: four short steps from an empty folder to a counter with a manager and a recovery key."""

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from storeapp.config import save_settings
from storeapp.domain.kernel import Refusal
from storeapp.i18n import Translator
from storeapp.services.clock import Clock
from storeapp.services.first_start import FirstStart, start_first
from storeapp.services.home import Home
from storeapp.services.rootkey import keyring_available
from storeapp.services.setup import SetUp
from ui.entry.recovery_sheet import RecoverySheet
from ui.entry.steps import ManagerStep, Step, StepList, StoreStep, WelcomeStep
from ui.kit import tokens
from ui.kit.parts import Button, hbox, label, panel, vbox
from ui.kit.worker import Tasks
from ui.preferences import read_settings

_NAMES = ("welcome", "store", "manager", "recovery")


class Assistant(QDialog):
    """Asks for what a counter needs; ``home`` is there once it was made."""

    def __init__(self, path: Path, *, clock: Clock, language: str, tasks: Tasks) -> None:
        super().__init__()
        self._path, self._clock, self._tasks = path, clock, tasks
        self.home: Home | None = None
        self.language = language
        self._keyring: bool | None = None
        self._row = hbox(self, gap=0)
        self._body: QWidget | None = None
        self.setFixedSize(760, 620)
        self._speak(language)
        tasks.run_pooled(keyring_available, done=self._know_keyring, failed=self._no_keyring, owner=self)

    def _know_keyring(self, available: bool) -> None:
        self._keyring = available
        self.manager.show_keyring(available=available)

    def _no_keyring(self, _error: Exception) -> None:
        self._know_keyring(False)

    @Slot(str)
    def _speak(self, language: str) -> None:
        """Build all steps in this language; nothing has been answered before the first one."""
        self.language, words = language, Translator(language)
        self._words = words
        self.setWindowTitle(words.text("app.title"))
        self.welcome, self.store, self.manager = WelcomeStep(words), StoreStep(words, self._tasks), ManagerStep(words)
        self.welcome.spoken.connect(self._speak)
        if self._keyring is not None:
            self.manager.show_keyring(available=self._keyring)
        self._steps: list[Step] = [self.welcome, self.store, self.manager]
        self._stack = QStackedWidget()
        for step in self._steps:
            self._stack.addWidget(step)
        self._names = StepList([words.text(f"entry.{name}.step") for name in _NAMES])
        self._back = Button(words.text("entry.back"))
        self._next = Button(words.text("entry.next"), kind="primary")
        self._error = label("", "error", wrap=True)
        self._replace_body()
        self._show(0)

    def _replace_body(self) -> None:
        old, self._body = self._body, QWidget()
        row = hbox(self._body, gap=0)
        side = panel("sunken")
        side.setFixedWidth(200)
        vbox(side, margins=(24, 28, 16, 24)).addWidget(self._names)
        row.addWidget(side)
        row.addLayout(self._main(), 1)
        self._row.addWidget(self._body)
        if old is not None:
            self._row.removeWidget(old)
            old.deleteLater()

    def _main(self) -> QVBoxLayout:
        self._title = label("", "display")
        column = vbox(margins=(32, 24, 32, 24), gap=tokens.GAP_L)
        column.addWidget(self._title)
        column.addWidget(self._stack, 1)
        column.addWidget(self._error)
        column.addLayout(self._buttons())
        return column

    def _buttons(self) -> QHBoxLayout:
        row = hbox()
        row.addStretch(1)
        self._back.clicked.connect(lambda: self._show(self._stack.currentIndex() - 1))
        self._next.clicked.connect(self.forward)
        self._next.setDefault(True)
        self._next.setMinimumWidth(104)
        row.addWidget(self._back)
        row.addWidget(self._next)
        return row

    def _show(self, at: int) -> None:
        self._stack.setCurrentIndex(at)
        self._names.show_step(at)
        self._title.setText(self._words.text(f"entry.{_NAMES[at]}.title"))
        self._error.setText("")
        self._back.setVisible(0 < at < 3)
        code = "entry.make" if at == 2 else "entry.begin" if at == 3 else "entry.next"
        self._next.setText(self._words.text(code))
        firsts = (self._next, self.store.choose, self.manager.form.field("name"))
        if at < len(firsts):
            firsts[at].setFocus()

    @Slot()
    def forward(self) -> None:
        """The next step, when this one is answered; the last one opens the window."""
        at = self._stack.currentIndex()
        if at == 3:
            self.accept()
        elif self._steps[at].check():
            if at == 2:
                self._make()
            else:
                self._show(at + 1)

    def _make(self) -> None:
        tables = self.store.tables
        if tables is None:
            return
        given = self.manager.form.values()
        answers = FirstStart(
            tables=tables,
            store=self.store.store(),
            manager=given["name"],
            pin=given["pin"],
            passphrase=self.manager.passphrase(),
        )
        self._busy(True)
        self._tasks.run_pooled(
            lambda: start_first(self._path, answers, clock=self._clock),
            done=self._made,
            failed=self._not_made,
            owner=self,
        )

    def _busy(self, busy: bool) -> None:
        self._next.setEnabled(not busy)
        self._back.setEnabled(not busy)
        self._next.setText(self._words.text("entry.making" if busy else "entry.make"))

    def _not_made(self, error: Exception) -> None:
        self._busy(False)
        code = f"error.{getattr(error, 'code', '')}"
        if not self._words.has(code):
            self._tasks.crashed.emit(error)
            return
        self._error.setText(self._words.text(code, **getattr(error, "data", {})))

    def _made(self, result: SetUp | Refusal) -> None:
        self._busy(False)
        if isinstance(result, Refusal):
            self._error.setText(self._words.text(f"refusal.{result.code}", **result.data))
            return
        self.home = result.home
        settings = read_settings(self._path)
        save_settings(self._path, replace(settings, language=self.language))
        if result.recovery_key:
            self._show_recovery(result.recovery_key)
        else:
            self.accept()

    def _show_recovery(self, key: str) -> None:
        sheet = RecoverySheet(self._words, key)
        sheet.kept.connect(self._next.setEnabled)
        self._stack.addWidget(sheet)
        self._show(3)
        self._next.setEnabled(False)

    def reject(self) -> None:
        """Esc leaves the program, but not while the recovery key is on the screen and not kept."""
        if self._stack.currentIndex() == 3 and not self._next.isEnabled():
            return
        super().reject()
