"""The steps of the first start, each a page that says whether it is answered."""

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QLabel, QWidget

from storeapp.adapters.vault import PASSPHRASE_MINIMUM
from storeapp.i18n import Translator
from storeapp.services.setup import StoreTables, read_tables
from storeapp.store.pins import pin_weakness
from ui.kit import tokens
from ui.kit.forms import Form
from ui.kit.parts import Button, Segments, hbox, label, restyle, vbox
from ui.kit.worker import Tasks
from ui.preferences import LANGUAGE_NAMES

DEMO = Path(__file__).parents[2] / "resources" / "demo"


class Step(QWidget):
    """One page of the first start."""

    TITLE = ""

    def __init__(self, words: Translator) -> None:
        super().__init__()
        self.words = words
        self.column = vbox(self, gap=tokens.GAP_L)
        self.column.addWidget(label(words.text(f"entry.{self.TITLE}.why"), "soft", wrap=True))

    def check(self) -> bool:
        """Show what is missing; true when nothing is."""
        return True


class WelcomeStep(Step):
    """What this program is, and in which language it speaks."""

    TITLE = "welcome"
    spoken = Signal(str)
    """Another language was chosen."""

    def __init__(self, words: Translator) -> None:
        super().__init__(words)
        self.column.addWidget(label(words.text("entry.language"), "soft"))
        self.languages = Segments(list(LANGUAGE_NAMES.items()), name=words.text("entry.language"))
        self.languages.choose(words.language)
        self.languages.chosen.connect(self.spoken)
        row = hbox()
        row.addWidget(self.languages)
        row.addStretch(1)
        self.column.addLayout(row)
        self.column.addStretch(1)


class StoreStep(Step):
    """The folder with the store's tables, and which store this is."""

    TITLE = "store"

    def __init__(self, words: Translator, tasks: Tasks) -> None:
        super().__init__(words)
        self._tasks = tasks
        self.tables: StoreTables | None = None
        self.form = Form()
        self.folder = self.form.add_text("folder", words.text("entry.folder"), hint=words.text("entry.folder.hint"))
        self.folder.setReadOnly(True)
        self.column.addWidget(self.form)
        self.column.addLayout(self._ways())
        self.stores = Form()
        self._choice: QComboBox = self.stores.add_choice("store", words.text("entry.which_store"), choices=[])
        self.stores.hide()
        self.column.addWidget(self.stores)
        self._found = label("", "muted", wrap=True)
        self.column.addWidget(self._found)
        self.column.addStretch(1)

    def _ways(self) -> QHBoxLayout:
        row = hbox()
        self.choose = choose = Button(self.words.text("entry.folder.choose"), icon="import")
        demo = Button(self.words.text("entry.folder.demo"))
        choose.clicked.connect(self._choose)
        demo.clicked.connect(lambda: self.use(DEMO))
        row.addWidget(choose)
        row.addWidget(demo)
        row.addStretch(1)
        return row

    @Slot()
    def _choose(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self.words.text("entry.folder.choose"))
        if folder:
            self.use(Path(folder))

    def use(self, folder: Path) -> None:
        """Read the tables of a folder."""
        self.folder.setText(str(folder))
        self._tasks.run_pooled(lambda: read_tables(folder), done=self._read, failed=self._unreadable, owner=self)

    def _read(self, tables: StoreTables) -> None:
        self.tables = tables if tables.stores else None
        self.form.show_errors({} if self.tables else {"folder": self.words.text("entry.folder.no_stores")})
        self._found.setText(self._summary(tables) if self.tables else "")
        self.stores.setVisible(bool(self.tables))
        self._choice.clear()
        for row in tables.stores:
            self._choice.addItem(f"{row.name}  {row.store}", row.store)

    def _summary(self, tables: StoreTables) -> str:
        counts = {"skus": len(tables.skus), "guides": len(tables.guides), "buildings": len(tables.buildings)}
        found = self.words.text("entry.folder.found", stores=len(tables.stores), **counts)
        return found + (self.words.text("entry.folder.errors", count=len(tables.errors)) if tables.errors else "")

    def _unreadable(self, error: Exception) -> None:
        if not isinstance(error, OSError):
            self._tasks.crashed.emit(error)
            return
        self.tables = None
        self.form.show_errors({"folder": self.words.text("error.disk_failed")})

    def check(self) -> bool:
        """A folder with stores must be chosen."""
        if self.tables is None and not self.form.error("folder"):
            self.form.show_errors({"folder": self.words.text("entry.folder.missing")})
        return self.tables is not None

    def store(self) -> str:
        """The code of the store."""
        return str(self.stores.values()["store"])


class ManagerStep(Step):
    """Who runs the store, and how the keys of people's data are kept."""

    TITLE = "manager"

    def __init__(self, words: Translator) -> None:
        super().__init__(words)
        self.needs_passphrase = True
        self.form = Form()
        self.form.add_text("name", words.text("entry.manager.name"), longest=40)
        self.form.add_code("pin", words.text("entry.manager.pin"), secret=True, longest=12)
        self.form.add_code("again", words.text("entry.manager.again"), secret=True, longest=12)
        self.column.addWidget(self.form)
        self._keys = label("", "soft", wrap=True)
        self.secret = Form()
        self.secret.add_code("passphrase", words.text("entry.passphrase"), secret=True, longest=200)
        self.column.addWidget(self._keys)
        self.column.addWidget(self.secret)
        self.column.addStretch(1)
        self.show_keyring(available=False)

    def show_keyring(self, *, available: bool) -> None:
        """Ask for a passphrase only where no keyring keeps the root key."""
        self.needs_passphrase = not available
        self.secret.setVisible(self.needs_passphrase)
        code = "entry.keys.keyring" if available else "entry.keys.passphrase"
        self._keys.setText(self.words.text(code, minimum=PASSPHRASE_MINIMUM))

    def check(self) -> bool:
        """Name and PIN must be there, the PIN twice; a passphrase, where one is given, long enough."""
        errors = self._errors(self.form.values())
        self.form.show_errors(errors)
        passphrase = self.passphrase()
        short = passphrase is not None and len(passphrase) < PASSPHRASE_MINIMUM
        words = self.words.text("error.passphrase_short", minimum=PASSPHRASE_MINIMUM)
        self.secret.show_errors({"passphrase": words} if short else {})
        return not errors and not short

    def _errors(self, given: dict[str, Any]) -> dict[str, str]:
        text, errors = self.words.text, {}
        if not given["name"].strip():
            errors["name"] = text("entry.manager.no_name")
        weakness = pin_weakness(given["pin"])
        if weakness is not None:
            errors["pin"] = text(f"error.{weakness}")
        elif given["pin"] != given["again"]:
            errors["again"] = text("entry.pin_differs")
        return errors

    def passphrase(self) -> str | None:
        """The passphrase, None where none is needed or wanted."""
        return (self.secret.values()["passphrase"] or None) if self.needs_passphrase else None


class StepList(QWidget):
    """The steps by name; the present one is strong, those before it are ticked."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        column = vbox(self, gap=tokens.GAP_M)
        self._names = names
        self._labels: list[QLabel] = [label(name, "muted") for name in names]
        for each in self._labels:
            column.addWidget(each)
        column.addStretch(1)

    def show_step(self, at: int) -> None:
        """Show how far it is."""
        for number, each in enumerate(self._labels):
            each.setText(f"{'✓' if number < at else number + 1}  {self._names[number]}")
            each.setProperty("role", "strong" if number == at else "muted")
            restyle(each)
