"""What reading a file gives: orders, rows in error and rows that are no orders yet, all as values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from storeapp.domain.incoming import IncomingOrder, RowError


class FileFormat(StrEnum):
    """What a file was recognised as."""

    WEIXIN_SHOP = "weixin_shop"
    SHOPIFY = "shopify"
    WOOCOMMERCE = "woocommerce"
    TABLE_CSV = "table_csv"
    TABLE_XLSX = "table_xlsx"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Intake:
    """One file's reading.

    ``errors`` are rows that a person must mend (row 0 is the file as a whole). ``skipped`` are orders that the
    platform states and this store must not act on yet or any more: ``order_not_paid``, ``order_not_ready``,
    ``order_fulfilled``, ``order_digital``; they reserve no stock.
    """

    orders: tuple[IncomingOrder, ...]
    errors: tuple[RowError, ...]
    format: FileFormat = FileFormat.UNKNOWN
    encoding: str = ""
    skipped: tuple[RowError, ...] = ()


class NotAnOrder(Exception):
    """An order that is unpaid, already sent or needs no delivery; carries the code of the skip."""

    def __init__(self, field: str, code: str) -> None:
        super().__init__(code)
        self.field = field
        self.code = code


class FileRefused(Exception):
    """The file as a whole cannot be read; carries the code, and row and field where one is to blame."""

    def __init__(self, code: str, *, row: int = 0, field: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.row = row
        self.field = field


class Collector:
    """Gathers what one file gives, and settles order numbers that occur twice."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._orders: dict[str, IncomingOrder] = {}
        self._refused: set[str] = set()
        self._errors: list[RowError] = []
        self._skipped: list[RowError] = []

    def error(self, row: int, field: str, code: str) -> None:
        """A row that cannot be read."""
        self._errors.append(RowError(self._file, row, field, code))

    def skip(self, row: int, field: str, code: str) -> None:
        """An order that is not to be acted on."""
        self._skipped.append(RowError(self._file, row, field, code))

    def order(self, order: IncomingOrder, *, field: str) -> None:
        """An order; of two with the same number the later one counts, and where that is open neither does."""
        known = self._orders.get(order.order_no)
        if order.order_no in self._refused:
            self.error(order.row, field, "order_repeated")
        elif known is None or _later(order, known):
            self._orders[order.order_no] = order
        elif replace(order, row=known.row) != known and not _later(known, order):
            del self._orders[order.order_no]
            self._refused.add(order.order_no)
            self.error(known.row, field, "order_repeated")
            self.error(order.row, field, "order_repeated")

    def intake(self, file_format: FileFormat, encoding: str) -> Intake:
        """Everything gathered, in the order of the file."""
        return Intake(
            orders=tuple(self._orders.values()),
            errors=_by_row(self._errors),
            format=file_format,
            encoding=encoding,
            skipped=_by_row(self._skipped),
        )


def _later(order: IncomingOrder, than: IncomingOrder) -> bool:
    return order.updated_at is not None and than.updated_at is not None and order.updated_at > than.updated_at


def _by_row(errors: Sequence[RowError]) -> tuple[RowError, ...]:
    return tuple(sorted(errors, key=lambda error: error.row))
