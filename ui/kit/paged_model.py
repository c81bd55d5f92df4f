"""Tables over any number of rows: the model holds ids only and fetches a page of rows when one is painted."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from typing_extensions import override

from ui.kit.worker import Tasks

RowT = TypeVar("RowT")
RowT_co = TypeVar("RowT_co", covariant=True)
Index = QModelIndex | QPersistentModelIndex
PAGE_ROWS = 200
CACHED_PAGES = 12
_NOWHERE = QModelIndex()
_WAITING_PAGES = 3
"""Pages asked for while one is loading; older wishes are dropped, for they have been scrolled past."""


class CellStyle(StrEnum):
    """How a column is written."""

    TEXT = "text"
    STRONG = "strong"
    MUTED = "muted"
    CODE = "code"
    NUMBER = "number"
    CHIP = "chip"
    BAR = "bar"
    """Numbers over a bar that is filled by the cell's share."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell shows; a tone always comes with an icon or with words of its own; ``share`` fills a bar, 0 to 1."""

    text: str
    sub: str = ""
    icon: str = ""
    tone: str = ""
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """One column: ``key`` is what the provider sorts by, ``width`` is in pixels (0 takes the room that is left)."""

    key: str
    title: str
    cell: Callable[[RowT], Cell]
    style: CellStyle = CellStyle.TEXT
    width: int = 0
    sortable: bool = True


@dataclass(frozen=True, slots=True)
class SortOrder:
    """By which column key, and in which direction."""

    key: str
    descending: bool = False


class Provider(Protocol[RowT_co]):
    """Where ids and rows come from; both calls return at once and answer later on the UI thread."""

    def load_ids(
        self, order: SortOrder | None, done: Callable[[Sequence[str]], None], failed: Callable[[Exception], None]
    ) -> None:
        """Fetch the ids of all rows in order."""

    def load_rows(
        self, ids: Sequence[str], done: Callable[[Sequence[RowT_co | None]], None], failed: Callable[[Exception], None]
    ) -> None:
        """Fetch these rows, in this order; None for one that is gone."""


class TaskProvider(Generic[RowT]):
    """A provider over two plain functions that run on the database thread."""

    def __init__(
        self,
        tasks: Tasks,
        *,
        ids: Callable[[SortOrder | None], Sequence[str]],
        rows: Callable[[Sequence[str]], Sequence[RowT | None]],
        owner: QObject | None = None,
    ) -> None:
        self._tasks = tasks
        self._ids = ids
        self._rows = rows
        self._owner = owner

    def load_ids(
        self, order: SortOrder | None, done: Callable[[Sequence[str]], None], failed: Callable[[Exception], None]
    ) -> None:
        """Fetch the ids of all rows in order."""
        self._tasks.run(lambda: self._ids(order), done=done, failed=failed, owner=self._owner)

    def load_rows(
        self, ids: Sequence[str], done: Callable[[Sequence[RowT | None]], None], failed: Callable[[Exception], None]
    ) -> None:
        """Fetch these rows."""
        self._tasks.run(lambda: self._rows(ids), done=done, failed=failed, owner=self._owner)


class PagedModel(QAbstractTableModel, Generic[RowT]):
    """Ids in memory, rows in pages of 200 of which 12 are kept; a row that is not here yet reads as ``…``."""

    loaded = Signal(int)
    """The ids have arrived; how many there are."""
    failed = Signal(object)
    """Ids or rows could not be read: the exception."""

    def __init__(
        self, provider: Provider[RowT], columns: Sequence[Column[RowT]], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self.order: SortOrder | None = None
        self._provider = provider
        self._ids: list[str] = []
        self._pages: OrderedDict[int, list[RowT | None]] = OrderedDict()
        self._stale: set[int] = set()
        self._before: dict[str, RowT] = {}
        self._waiting: list[int] = []
        self._loading: int | None = None
        self._generation = 0

    def refresh(self) -> None:
        """Ask for ids and rows again; what is shown stays until the answer is here."""
        self._generation += 1
        asked = self._generation
        self._provider.load_ids(self.order, lambda ids: self._take_ids(asked, ids), self.failed.emit)

    @override
    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        if 0 <= column < len(self.columns) and self.columns[column].sortable:
            self.order = SortOrder(self.columns[column].key, order == Qt.SortOrder.DescendingOrder)
            self.refresh()

    @override
    def rowCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self._ids)

    @override
    def columnCount(self, parent: Index = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.columns)

    @override
    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return self.columns[section].title if orientation == Qt.Orientation.Horizontal else section + 1

    @override
    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if role == Qt.ItemDataRole.UserRole:
            return self._ids[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            cell = self.cell(index.row(), index.column())
            return " ".join(filter(None, (cell.text, cell.sub))) if cell else "…"
        return None

    def cell(self, row: int, column: int) -> Cell | None:
        """What a cell shows, or None while its page is on the way."""
        found = self.row(row)
        return None if found is None else self.columns[column].cell(found)

    def row(self, row: int) -> RowT | None:
        """The row's data, or None while its page is on the way."""
        number, at = divmod(row, PAGE_ROWS)
        page = self._pages.get(number)
        if page is None or number in self._stale:
            self._want(number)
        if page is not None and at < len(page):
            return page[at]
        return self._before.get(self._ids[row])

    def id_at(self, row: int) -> str | None:
        """The id of the row, or None where there is none."""
        return self._ids[row] if 0 <= row < len(self._ids) else None

    def row_of(self, row_id: str) -> int | None:
        """Where an id stands now, or None when it is not in the list."""
        try:
            return self._ids.index(row_id)
        except ValueError:
            return None

    def _take_ids(self, asked: int, ids: Sequence[str]) -> None:
        if asked != self._generation:
            return
        self._loading = None
        self._waiting.clear()
        if list(ids) == self._ids:
            self._stale.update(self._pages)
            self._repaint(0, len(self._ids) - 1)
        else:
            self._replace(list(ids))
        self.loaded.emit(len(self._ids))

    def _replace(self, ids: list[str]) -> None:
        known = ((number * PAGE_ROWS + at, row) for number, page in self._pages.items() for at, row in enumerate(page))
        self.beginResetModel()
        self._before = {self._ids[at]: row for at, row in known if row is not None and at < len(self._ids)}
        self._ids = ids
        self._pages.clear()
        self._stale.clear()
        self.endResetModel()

    def _want(self, number: int) -> None:
        if number == self._loading:
            return
        if number in self._waiting:
            self._waiting.remove(number)
        self._waiting.append(number)
        del self._waiting[:-_WAITING_PAGES]
        self._load_next()

    def _load_next(self) -> None:
        if self._loading is not None or not self._waiting:
            return
        number = self._loading = self._waiting.pop()
        asked = self._generation
        ids = self._ids[number * PAGE_ROWS : (number + 1) * PAGE_ROWS]
        self._provider.load_rows(
            ids,
            lambda rows: self._take_rows(asked, number, rows),
            lambda error: self._fail_rows(asked, error),
        )

    def _take_rows(self, asked: int, number: int, rows: Sequence[RowT | None]) -> None:
        if asked != self._generation:
            return
        self._pages[number] = list(rows)
        self._pages.move_to_end(number)
        self._stale.discard(number)
        while len(self._pages) > CACHED_PAGES:
            self._pages.popitem(last=False)
        self._loading = None
        self._repaint(number * PAGE_ROWS, number * PAGE_ROWS + len(rows) - 1)
        self._load_next()

    def _fail_rows(self, asked: int, error: Exception) -> None:
        # The page stays marked as loading until the next refresh, or painting would ask for it without end.
        if asked == self._generation:
            self.failed.emit(error)

    def _repaint(self, first: int, last: int) -> None:
        if last >= first:
            self.dataChanged.emit(self.index(first, 0), self.index(last, len(self.columns) - 1))
