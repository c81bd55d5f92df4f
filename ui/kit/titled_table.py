"""A short table in a panel with its title and how many rows it has."""

from collections.abc import Callable, Iterable, Sequence
from typing import Generic

from PySide6.QtWidgets import QFrame

from ui.kit.paged_model import Column, PagedModel, RowT
from ui.kit.parts import hbox, label, vbox
from ui.kit.row_list import RowList
from ui.kit.table_view import TableView


class TitledTable(QFrame, Generic[RowT]):
    """A panel around rows that one read brings whole."""

    def __init__(self, columns: Sequence[Column[RowT]], *, title: str, empty: str, key: Callable[[RowT], str]) -> None:
        """Make it; ``empty`` is what to say where there are no rows, ``key`` gives a row's id."""
        super().__init__()
        self.setObjectName("panel")
        self._rows: RowList[RowT] = RowList(key)
        self._model: PagedModel[RowT] = PagedModel(self._rows, columns, self)
        self.table: TableView[RowT] = TableView(self._model, name=title, empty=empty)
        self._count = label("", chip="idle")
        column = vbox(self, margins=(1, 10, 1, 1), gap=6)
        head = hbox(margins=(12, 0, 12, 0))
        head.addWidget(label(title, "strong"))
        head.addWidget(self._count)
        head.addStretch(1)
        column.addLayout(head)
        column.addWidget(self.table, 1)

    def show_rows(self, rows: Iterable[RowT]) -> None:
        """Show these rows."""
        self._rows.set_rows(tuple(rows))
        self._model.refresh()
        self._count.setText(str(self._model.rowCount()))
