"""Opens people's data again: with the passphrase, or with the recovery key after a keyring was lost."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QDialog, QWidget

from storeapp.adapters.vault_errors import KeyringForeign, KeyringGone, PassphraseNeeded, VaultError
from storeapp.i18n import Translator
from storeapp.services.home import Home
from storeapp.services.rootkey import recover
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.parts import Button, Segments, hbox, label, vbox
from ui.kit.worker import Tasks

PASSPHRASE, RECOVERY = "passphrase", "recovery"


class UnlockDialog(QDialog):
    """Asks for what opens the root key; going on without it is always possible."""

    unlocked = Signal()
    """The root key is at hand."""

    def __init__(self, home: Home, words: Translator, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._home, self._words, self._tasks = home, words, tasks
        self._from_keyring = isinstance(home.locked, KeyringGone | KeyringForeign)
        self.ways = Segments(
            [(PASSPHRASE, words.text("entry.passphrase")), (RECOVERY, words.text("entry.recovery.step"))],
            name=words.text("entry.unlock.title"),
        )
        self.ways.chosen.connect(self.choose)
        self._why = label("", "soft", wrap=True)
        self.passphrase = Form()
        self.passphrase.add_code("passphrase", words.text("entry.passphrase"), secret=True, longest=200)
        self.recovery = self._recovery_form()
        self._open = Button(words.text("entry.unlock.open"), kind="primary")
        self._lay_out()
        self.choose(RECOVERY if self._from_keyring else PASSPHRASE)

    def _recovery_form(self) -> Form:
        form, text = Form(), self._words.text
        form.add_code("key", text("entry.recovery.step"))
        form.add_code("new", text("entry.unlock.new_passphrase"), secret=True, longest=200)
        form.add_code("again", text("entry.unlock.again"), secret=True, longest=200)
        return form

    def _lay_out(self) -> None:
        text = self._words.text
        self.setWindowTitle(text("entry.unlock.title"))
        self.setFixedWidth(480)
        column = vbox(self, margins=(24, 20, 24, 20), gap=tokens.GAP_L)
        column.addWidget(label(text("entry.unlock.title"), "title"))
        column.addWidget(self._why)
        ways = hbox()
        ways.addWidget(self.ways)
        ways.addStretch(1)
        self.ways.setVisible(not self._from_keyring)
        column.addLayout(ways)
        column.addWidget(self.passphrase)
        column.addWidget(self.recovery)
        row = hbox()
        without = Button(text("entry.unlock.without"))
        without.clicked.connect(self.reject)
        self._open.clicked.connect(self.try_open)
        self._open.setDefault(True)
        row.addStretch(1)
        row.addWidget(without)
        row.addWidget(self._open)
        column.addLayout(row)

    @Slot(str)
    def choose(self, way: str) -> None:
        """Open it in this way."""
        self.ways.choose(way)
        self.passphrase.setVisible(way == PASSPHRASE)
        self.recovery.setVisible(way == RECOVERY)
        self._why.setText(self._reason(way))
        form, field = (self.passphrase, "passphrase") if way == PASSPHRASE else (self.recovery, "key")
        form.field(field).setFocus()
        self.adjustSize()

    def _reason(self, way: str) -> str:
        locked = self._home.locked
        if way == RECOVERY and not self._from_keyring:
            return self._words.text("entry.unlock.recovery_why")
        if locked is None or isinstance(locked, PassphraseNeeded):
            return self._words.text("entry.unlock.why")
        return self._words.text(f"error.{locked.code}", **locked.data)

    @Slot()
    def try_open(self) -> None:
        """Try what was typed."""
        if self.ways.current() == PASSPHRASE:
            given = self.passphrase.values()["passphrase"]
            self._run(lambda: self._unlock(given), self.passphrase, "passphrase")
        else:
            self._recover(self.recovery.values())

    def _unlock(self, passphrase: str) -> None:
        self._home.unlock(passphrase=passphrase)
        if self._home.locked is not None:
            raise self._home.locked

    def _recover(self, given: dict[str, Any]) -> None:
        different = given["new"] != given["again"]
        self.recovery.show_errors({"again": self._words.text("entry.unlock.differs")} if different else {})
        if not different:
            self._run(lambda: recover(self._home, given["key"], passphrase=given["new"] or None), self.recovery, "key")

    def _run(self, call: Callable[[], None], form: Form, field: str) -> None:
        self._open.setEnabled(False)
        self._tasks.run(
            call, done=lambda _: self._opened(), failed=lambda error: self._refused(error, form, field), owner=self
        )

    def _opened(self) -> None:
        self.accept()
        self.unlocked.emit()

    def _refused(self, error: Exception, form: Form, field: str) -> None:
        self._open.setEnabled(True)
        if not isinstance(error, VaultError):
            self._tasks.crashed.emit(error)
            return
        wrong = "new" if error.code in ("passphrase_short", "no_key_source") and form is self.recovery else field
        form.show_errors({wrong: self._words.text(f"error.{error.code}", **error.data)})
