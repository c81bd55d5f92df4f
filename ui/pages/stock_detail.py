"""One shelf: its figures, what can be done with it, and everything that came and went."""

from collections.abc import Sequence

from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout

from storeapp.services.rows import MovementRow, Shelf, StockRow
from ui.desk import Desk, day_time
from ui.kit import tokens
from ui.kit.figure import Figure
from ui.kit.paged_model import PagedModel
from ui.kit.parts import ElidedLabel, hbox, label, panel, set_chip, vbox
from ui.kit.row_list import RowList
from ui.kit.table_view import TableView
from ui.pages.stock_words import Now, movement_columns, plain, share_words

_CHIPS = {Shelf.NEGATIVE: "danger", Shelf.SHORT: "warn", Shelf.EMPTY: "idle", Shelf.LOW: "warn", Shelf.FINE: "ok"}
ACTIONS = ("stock.receive", "stock.sell", "stock.adjust", "stock.count")


class ShelfDetail(QFrame):
    """The panel beside the list."""

    def __init__(self, desk: Desk, now: Now) -> None:
        super().__init__()
        self.setObjectName("panel")
        self._desk, self._now = desk, now
        words = desk.words
        self._name = ElidedLabel(role="title")
        self._codes = label("", "muted")
        self._state = label("", chip="idle")
        self._counted = label("", "caption")
        self._share = label("", "caption", wrap=True)
        self._figures = {key: Figure(words.text(f"stock.column.{key}")) for key in ("on_hand", "reserved", "available")}
        self._rows: RowList[MovementRow] = RowList(lambda row: f"{row.at.isoformat()}/{id(row)}")
        self._model = PagedModel(self._rows, movement_columns(words, now), self)
        title = words.text("stock.history")
        self._history = TableView(self._model, name=title, empty=words.text("stock.history.empty"))
        self._share_line = QFrame()
        hbox(self._share_line, margins=(16, 0, 16, 0)).addWidget(self._share, 1)
        self._lay_out(title)

    def show_shelf(self, row: StockRow | None, movements: Sequence[MovementRow]) -> None:
        """Show a shelf, or that none is chosen."""
        words = self._desk.words
        self._state.setVisible(row is not None)
        self._rows.set_rows(movements)
        self._model.refresh()
        if row is None:
            self._name.setText(words.text("stock.none_chosen"))
            self._codes.setText(words.text("stock.none_chosen.hint"))
            self._counted.setText("")
        else:
            self._name.setText(row.name)
            self._codes.setText(" · ".join(filter(None, (row.sku, row.barcode, self._place(row)))))
            set_chip(self._state, words.text(f"stock.shelf.{row.shelf}", count=row.missing), _CHIPS[row.shelf])
            counted = day_time(row.counted_at, now=self._now())
            self._counted.setText(
                words.text("stock.counted_at", time=counted) if counted else words.text("stock.never_counted")
            )
        for key, figure in self._figures.items():
            figure.show_value("–" if row is None else plain(getattr(row, key)))
        open_ones = words.text("stock.unconfirmed.why", count=row.unconfirmed) if row and row.unconfirmed else ""
        share = "\n".join(filter(None, (open_ones, share_words(row, words) if row else "")))
        self._share.setText(share)
        self._share_line.setVisible(bool(share))

    def _place(self, row: StockRow) -> str:
        return self._desk.words.text("stock.place", bin=row.bin) if row.bin else ""

    def _lay_out(self, title: str) -> None:
        column = vbox(self, margins=(1, 14, 1, 1), gap=tokens.GAP_M)
        head = vbox(margins=(16, 0, 16, 0), gap=tokens.GAP_XS)
        head.addWidget(self._name)
        head.addWidget(self._codes)
        head.addSpacing(tokens.GAP_XS)
        head.addWidget(self._state)
        column.addLayout(head)
        column.addWidget(self._figure_strip())
        column.addWidget(self._share_line)
        column.addLayout(self._buttons())
        caption = hbox(margins=(16, 4, 16, 0))
        caption.addWidget(label(title, "strong"))
        caption.addStretch(1)
        caption.addWidget(self._counted)
        column.addLayout(caption)
        column.addWidget(self._history, 1)

    def _figure_strip(self) -> QFrame:
        outer = QFrame()
        around = hbox(outer, margins=(16, 0, 16, 0))
        strip = panel("sunken")
        row = hbox(strip, margins=(14, 10, 14, 10), gap=tokens.GAP_XL)
        for figure in self._figures.values():
            row.addLayout(figure)
        row.addStretch(1)
        around.addWidget(strip)
        return outer

    def _buttons(self) -> QVBoxLayout:
        grid = vbox(margins=(16, 0, 16, 0))
        for pair in (ACTIONS[:2], ACTIONS[2:]):
            row = hbox()
            for action in pair:
                row.addWidget(self._desk.actions.button(action), 1)
            grid.addLayout(row)
        return grid


def quiet(text: str) -> QLabel:
    """A line of help that may wrap."""
    return label(text, "caption", wrap=True)
