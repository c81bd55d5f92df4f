"""The import dialog: what the files hold, what needs a person, what cannot be read, and then the import itself."""

from collections.abc import Sequence
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QLayout, QProgressBar, QVBoxLayout, QWidget

from storeapp.domain.incoming import RowError
from storeapp.i18n import Translator
from storeapp.services.intake import Attention, ImportReport
from ui.kit.paged_model import Cell, CellStyle, Column, PagedModel
from ui.kit.parts import Button, hbox, label, vbox
from ui.kit.row_list import RowList
from ui.kit.table_view import TableView
from ui.pages.order_intake import Outcome
from ui.pages.order_words import pressing

T = TypeVar("T")
_NUMBERS = ("orders", "imported", "updated", "cancelled", "unchanged", "other_store")


class ImportDialog(QDialog):
    """Shows an import's report; it may be closed at any time, the import goes on."""

    agreed = Signal()
    """The person wants what was read to be taken on."""

    def __init__(self, words: Translator, parent: QWidget) -> None:
        super().__init__(parent)
        self._words = words
        self.setWindowTitle(words.text("orders.import.title"))
        self.setMinimumSize(760, 540)
        self._summary = label(words.text("orders.import.reading"), "soft", wrap=True)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName(words.text("orders.import.title"))
        self._numbers = hbox(gap=12)
        self._lists = QVBoxLayout()
        self._accept = Button(words.text("orders.import.accept", n=0), kind="primary", icon="import")
        self._close = Button(words.text("kit.cancel"))
        self._lay_out()

    def show_progress(self, done: int, total: int) -> None:
        """How far it is."""
        self._progress.setRange(0, total)
        self._progress.setValue(done)
        self._progress.setVisible(done < total)

    def show_outcome(self, outcome: Outcome) -> None:
        """What would happen, or what has."""
        report = outcome.report
        todo = report.imported + report.updated + report.cancelled
        if outcome.dry_run:
            self._summary.setText(self._words.text("orders.import.preview" if todo else "orders.import.nothing"))
            self._accept.setText(self._words.text("orders.import.accept", n=todo))
            self._accept.setEnabled(todo > 0)
            (self._accept if todo else self._close).setFocus()
        else:
            self._summary.setText(self._words.text("orders.import.done"))
            self._accept.hide()
            self._close.setText(self._words.text("kit.close"))
            self._close.setDefault(True)
            self._close.setFocus()
        self._show_report(report)

    def _lay_out(self) -> None:
        column = vbox(self, margins=(24, 20, 24, 20), gap=12)
        column.addWidget(label(self._words.text("orders.import.title"), "title"))
        column.addWidget(self._summary)
        column.addWidget(self._progress)
        column.addLayout(self._numbers)
        self._lists.setSpacing(8)
        column.addLayout(self._lists, 1)
        row = hbox()
        row.addStretch(1)
        row.addWidget(self._close)
        row.addWidget(self._accept)
        column.addLayout(row)
        self._accept.setEnabled(False)
        self._accept.setDefault(True)
        self._accept.clicked.connect(self._agree)
        self._close.clicked.connect(self.close)

    def _agree(self) -> None:
        self._accept.setEnabled(False)
        self._summary.setText(self._words.text("orders.import.working"))
        self.agreed.emit()

    def _show_report(self, report: ImportReport) -> None:
        _clear(self._numbers)
        for name in _NUMBERS:
            self._numbers.addWidget(_figure(self._words.text(f"orders.import.{name}"), getattr(report, name)))
        self._numbers.addStretch(1)
        _clear(self._lists)
        if report.errors or report.skipped:
            self._add_list("errors", [*report.errors, *report.skipped], _error_columns(self._words))
        if report.attention:
            self._add_list("attention", report.attention, _attention_columns(self._words))
        self._lists.addStretch(0 if report.errors or report.skipped or report.attention else 1)

    def _add_list(self, name: str, rows: Sequence[T], columns: list[Column[T]]) -> None:
        title = self._words.text(f"orders.import.{name}", n=len(rows))
        self._lists.addWidget(label(title, "strong"))
        provider: RowList[T] = RowList(lambda row: str(id(row)))
        provider.set_rows(rows)
        model = PagedModel(provider, columns, self)
        table = TableView(model, name=title)
        model.refresh()
        self._lists.addWidget(table, 1)


def _error_columns(words: Translator) -> list[Column[RowError]]:
    def title(key: str) -> str:
        return words.text(f"orders.import.column.{key}")

    return [
        Column("file", title("file"), lambda e: Cell(e.file), CellStyle.MUTED, 190, sortable=False),
        Column("row", title("row"), lambda e: Cell(str(e.row or "")), CellStyle.NUMBER, 64, sortable=False),
        Column("field", title("field"), lambda e: Cell(e.field), CellStyle.MUTED, 140, sortable=False),
        Column("why", title("why"), lambda e: Cell(words.text(f"intake.error.{e.code}")), sortable=False),
    ]


def _attention_columns(words: Translator) -> list[Column[Attention]]:
    def needs(row: Attention) -> Cell:
        return Cell(" · ".join(attention_text(words, code) for code in _gravest_first(row.codes)))

    return [
        Column(
            "order_no",
            words.text("orders.column.number"),
            lambda a: Cell(a.order_no),
            CellStyle.CODE,
            190,
            sortable=False,
        ),
        Column("needs", words.text("orders.column.needs"), needs, sortable=False),
    ]


def _gravest_first(codes: Sequence[str]) -> list[str]:
    acts = pressing(codes)
    return [*acts, *(code for code in codes if code not in acts)]


def attention_text(words: Translator, code: str) -> str:
    """A need, or the exception that a platform's cancellation opened."""
    return words.text(f"need.{code}" if words.has(f"need.{code}") else f"case.{code}")


def _figure(name: str, number: int) -> QWidget:
    box = QWidget()
    column = vbox(box, gap=0)
    column.addWidget(label(f"{number:,}", "display"))
    column.addWidget(label(name, "caption"))
    box.setMinimumWidth(84)
    return box


def _clear(layout: QLayout) -> None:
    while item := layout.takeAt(0):
        if widget := item.widget():
            widget.hide()
            widget.deleteLater()
