"""Locates an order by hand: one of the address book's buildings, or coordinates from any map."""

import re
from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QWidget
from typing_extensions import override

from storeapp.domain.place import Datum, Position
from storeapp.domain.reference import BuildingRow
from storeapp.i18n import Translator
from storeapp.services.addresses import building_id
from ui.kit.paged_model import Cell, CellStyle, Column, PagedModel
from ui.kit.parts import Button, CodeLineEdit, hbox, label, vbox
from ui.kit.row_list import RowList
from ui.kit.table_view import TableView

_NUMBER = r"[-+]?[0-9]{1,3}(?:\.[0-9]{1,12})?"
_PAIR = re.compile(rf"\s*(?P<lat>{_NUMBER})\s*[,，;\s]\s*(?P<lng>{_NUMBER})\s*")


def read_position(text: str) -> Position | None:
    """A WGS-84 position from ``31.2051, 121.4453``; None for anything else."""
    match = _PAIR.fullmatch(text)
    if match is None:
        return None
    try:
        return Position(float(match["lat"]), float(match["lng"]), Datum.WGS84)
    except ValueError:
        return None


class LocateDialog(QDialog):
    """A search over the buildings known here, and one line for coordinates; the answer is ``position``."""

    def __init__(
        self, words: Translator, buildings: Sequence[BuildingRow], *, hint: str, address: str, parent: QWidget
    ) -> None:
        """Ask.

        Args:
            words: the language.
            buildings: what can be chosen.
            hint: what the search starts with, such as the street of the order.
            address: the masked address, to compare with.
            parent: the window.
        """
        super().__init__(parent)
        self._words = words
        self._buildings = buildings
        self.position: Position | None = None
        self.setWindowTitle(words.text("orders.locate.title"))
        self.setMinimumSize(520, 460)
        self.search = QLineEdit(hint)
        self.coordinates = CodeLineEdit()
        self._error = label("", "error", wrap=True)
        self._found: RowList[BuildingRow] = RowList(building_id)
        columns: list[Column[BuildingRow]] = [
            Column("district", words.text("orders.locate.district"), lambda b: Cell(b.district), CellStyle.MUTED, 110),
            Column("building", words.text("orders.locate.building"), lambda b: Cell(b.street + b.lane)),
        ]
        self._model = PagedModel(self._found, [replace(column, sortable=False) for column in columns], self)
        self.list = TableView(
            self._model, name=words.text("orders.locate.buildings"), empty=words.text("orders.locate.none")
        )
        self._lay_out(address)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(80)
        self._timer.timeout.connect(self._filter)
        self.search.textChanged.connect(self._timer.start)
        self.list.opened.connect(lambda _row: self.accept())
        self._filter()

    @override
    def accept(self) -> None:
        """Take the coordinates where there are some, else the chosen building."""
        typed = self.coordinates.text().strip()
        if typed:
            self.position = read_position(typed)
            problem = "" if self.position else self._words.text("orders.locate.bad_coordinates")
        else:
            picked = self.list.picked_id()
            self.position = next((b.position for b in self._buildings if building_id(b) == picked), None)
            problem = "" if self.position else self._words.text("orders.locate.nothing_chosen")
        self._error.setText(problem)
        if self.position is not None:
            super().accept()

    def _lay_out(self, address: str) -> None:
        words = self._words
        column = vbox(self, margins=(24, 20, 24, 20), gap=12)
        column.addWidget(label(words.text("orders.locate.title"), "title"))
        column.addWidget(label(address, "soft", wrap=True))
        for caption, widget in (("search", self.search), ("buildings", self.list), ("coordinates", self.coordinates)):
            text = label(words.text(f"orders.locate.{caption}"), "soft")
            text.setBuddy(widget)
            widget.setAccessibleName(text.text())
            column.addWidget(text)
            column.addWidget(widget)
        self.coordinates.setPlaceholderText("31.2051, 121.4453")
        column.addWidget(self._error)
        column.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = hbox()
        row.addStretch(1)
        cancel = Button(self._words.text("kit.cancel"))
        accept = Button(self._words.text("orders.locate.accept"), kind="primary")
        accept.setDefault(True)
        cancel.clicked.connect(self.reject)
        accept.clicked.connect(self.accept)
        row.addWidget(cancel)
        row.addWidget(accept)
        return row

    def _filter(self) -> None:
        wanted = self.search.text().strip()
        found = [b for b in self._buildings if wanted in f"{b.district} {b.street}{b.lane}"]
        self._found.set_rows(found)
        self._model.refresh()
        if len(found) == 1:
            self.list.pick(self._model.id_at(0))
