"""What keeps the data safe: a backup at any time, the passphrase and the recovery key; and what this program is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QFileDialog, QGridLayout, QWidget

from storeapp import __version__
from storeapp.adapters.vault import PASSPHRASE_MINIMUM
from storeapp.domain.words import Role
from storeapp.services.backup import Backup, back_up
from storeapp.services.counter import Actor, Counter
from storeapp.services.home import Home
from storeapp.services.rootkey import change_passphrase, renew_recovery
from ui.desk import Desk
from ui.entry.recovery_sheet import RecoveryDialog
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.messages import Level
from ui.kit.parts import Button, hbox, label, vbox
from ui.pages.act_dialog import ActDialog, Answer


class DataSection(QWidget):
    """Three things a manager does: back up, change the passphrase, renew the recovery key."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self.dialog: RecoveryDialog | None = None
        column = vbox(self, gap=tokens.GAP_XL)
        for code, icon, act in (
            ("backup", "shield", self._choose_folder),
            ("passphrase", "lock", self.ask_passphrase),
            ("recovery", "key", self.renew),
        ):
            block = vbox(gap=tokens.GAP_S)
            block.addWidget(label(desk.words.text(f"settings.{code}"), "strong"))
            block.addWidget(label(desk.words.text(f"settings.{code}.why"), "muted", wrap=True))
            row = hbox()
            button = Button(desk.words.text(f"settings.{code}.do"), icon=icon)
            button.clicked.connect(lambda _checked=False, act=act: self._as_manager(act))
            row.addWidget(button)
            row.addStretch(1)
            block.addLayout(row)
            column.addLayout(block)

    def refresh(self) -> None:
        """Nothing here depends on the counter."""

    def _as_manager(self, act: Callable[[Home], None]) -> None:
        def begin() -> None:
            home = self._desk.home
            if not self._desk.session.is_manager:
                self._desk.say(Level.FAILED, self._desk.words.text("refusal.manager_only"))
            elif home is not None:
                act(home)

        self._desk.signed_in(begin)

    def _choose_folder(self, home: Home) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._desk.words.text("settings.backup.where"))
        if folder:
            self.back_up(home, Path(folder))

    def back_up(self, home: Home, folder: Path) -> None:
        """Write a backup into a folder and prove that it can be read."""
        self._desk.backend.read(
            lambda counter: back_up(home, counter, folder), done=self._backed_up, failed=self._failed, owner=self
        )

    def _backed_up(self, backup: Backup) -> None:
        code = "settings.backup.done" if backup.keys is not None else "settings.backup.no_keys"
        self._desk.say(Level.DONE, self._desk.words.text(code, commands=backup.commands, keys=backup.keys or 0))

    def _failed(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._desk.say(Level.FAILED, self._desk.words.text("error.disk_failed"))
        else:
            self._desk.failed(error)

    def ask_passphrase(self, home: Home) -> None:
        """Keep the root key under another passphrase."""
        text, form = self._desk.words.text, Form()
        form.add_code("new", text("settings.passphrase.new"), secret=True, longest=200)
        form.add_code("again", text("entry.unlock.again"), secret=True, longest=200)

        def submit(given: dict[str, Any], answer: Answer) -> None:
            self._change(home, given["new"], answer)

        ActDialog(
            self._desk.words,
            form,
            title=text("settings.passphrase.do"),
            accept=text("settings.save"),
            submit=submit,
            check=self._check,
            parent=self.window(),
        ).open()

    def _check(self, given: dict[str, Any]) -> dict[str, str]:
        text = self._desk.words.text
        if len(given["new"]) < PASSPHRASE_MINIMUM:
            return {"new": text("error.passphrase_short", minimum=PASSPHRASE_MINIMUM)}
        return {"again": text("entry.unlock.differs")} if given["new"] != given["again"] else {}

    def _change(self, home: Home, passphrase: str, answer: Answer) -> None:
        def done(_nothing: None) -> None:
            answer({})
            self._desk.say(Level.DONE, self._desk.words.text("settings.passphrase.done"))

        def failed(error: Exception) -> None:
            answer({"new": self._words_of(error)})

        self._desk.backend.act(
            lambda counter, actor: change_passphrase(counter, actor, home, passphrase),
            done=done,
            failed=failed,
            owner=self,
        )

    def _words_of(self, error: Exception) -> str:
        code = f"error.{getattr(error, 'code', '')}"
        if self._desk.words.has(code):
            return self._desk.words.text(code, **getattr(error, "data", {}))
        self._desk.backend.tasks.crashed.emit(error)
        return ""

    def renew(self, home: Home) -> None:
        """A new recovery key, shown once."""

        def call(counter: Counter, actor: Actor) -> str:
            return renew_recovery(counter, actor, home) if actor.role is Role.MANAGER else ""

        self._desk.backend.act(call, done=self._renewed, failed=self._desk.failed, owner=self)

    def _renewed(self, key: str) -> None:
        if key:
            self.dialog = RecoveryDialog(self._desk.words, key, self.window())
            self.dialog.open()


class AboutSection(QWidget):
    """Version, store, device and folder: what support asks for first."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(tokens.GAP_XL)
        self._grid.setVerticalSpacing(tokens.GAP_M)
        self._grid.setColumnStretch(1, 1)
        self.values = {}
        for row, fact in enumerate(("version", "store", "device", "home", "commands")):
            self._grid.addWidget(label(desk.words.text(f"settings.about.{fact}"), "muted"), row, 0)
            self.values[fact] = label("", wrap=True)
            self._grid.addWidget(self.values[fact], row, 1)

    def refresh(self) -> None:
        """Read what changes."""
        self._desk.backend.read(_facts, done=self._show, owner=self)

    def _show(self, facts: dict[str, str]) -> None:
        for name, value in {**facts, "version": __version__}.items():
            self.values[name].setText(value)


def _facts(counter: Counter) -> dict[str, str]:
    return {
        "store": counter.store,
        "device": counter.device,
        "home": str(counter.home),
        "commands": str(counter.journal.last()),
    }
