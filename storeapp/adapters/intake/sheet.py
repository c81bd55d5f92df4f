"""Tables from CSV text and from workbooks as one thing: numbered rows of text cells under a header."""

import csv
import io
import struct
import warnings
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import TYPE_CHECKING

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.result import FileRefused

if TYPE_CHECKING:
    from openpyxl import Workbook

_DELIMITERS = ",\t;"
_EXACT_FLOAT = 1e15
"""A spreadsheet keeps 15 digits; a longer number has lost its last ones."""

_Record = tuple[list[str], bool]


@dataclass(frozen=True, slots=True)
class Row:
    """One row under the header; ``row`` counts as a spreadsheet does, the header being 1.

    ``cells`` maps column to text. ``broken`` is a code when the row doesn't fit the header, so its cells may
    stand under wrong columns.
    """

    row: int
    cells: dict[str, str]
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table: its columns as written, and its rows that are not blank."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def csv_sheet(text: str) -> Sheet:
    """Read CSV with commas, tabs or semicolons.

    A row with an unclosed quote is broken and reading goes on with the line after it.

    Raises:
        FileRefused: more rows or columns than the limits.
    """
    lines = list(io.StringIO(text, newline=""))
    head = next((line for line in lines if line.strip()), "")
    return _sheet(_csv_records(lines, max(_DELIMITERS, key=head.count)))


def xlsx_sheet(data: bytes) -> Sheet:
    """Read the first worksheet of a workbook; formulas give their last value.

    Raises:
        FileRefused: no workbook, or larger than the limits once unpacked.
    """
    # Imported late: it takes longer than a table takes to read, and most files are no workbooks.
    from openpyxl import load_workbook

    _check_size(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
            try:
                return _sheet(_workbook_records(book))
            finally:
                book.close()
    except FileRefused:
        raise
    except Exception as problem:  # a damaged workbook fails anywhere inside openpyxl, with any class
        raise FileRefused("workbook_damaged") from problem


def _sheet(records: Iterator[_Record]) -> Sheet:
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    for number, (cells, sound) in enumerate(records, start=1):
        if number > limits.ROWS:
            raise FileRefused("file_too_many_rows", row=number)
        if len(cells) > limits.COLUMNS:
            raise FileRefused("file_too_many_columns", row=number)
        if not any(cells):
            continue
        if columns:
            rows.append(_row(number, columns, cells, sound=sound))
        else:
            columns = _header(cells)
    return Sheet(columns, tuple(rows))


def _header(cells: list[str]) -> tuple[str, ...]:
    columns = [cell.strip() for cell in cells]
    while columns and not columns[-1]:
        columns.pop()
    return tuple(columns)


def _row(number: int, columns: tuple[str, ...], cells: list[str], *, sound: bool) -> Row:
    fits = sound and len(cells) >= len(columns) and not any(cells[len(columns) :])
    return Row(number, dict(zip(columns, cells, strict=False)), "" if fits else "row_cells")


def _csv_records(lines: list[str], delimiter: str) -> Iterator[_Record]:
    """Cells of each record and whether it ended where it should."""
    start = rereads = width = 0
    while start < len(lines):
        for used, cells in _parsed(lines, start, delimiter):
            width = width or len(cells)
            if used == 0 or (used > 1 and _has_swallowed(cells, width, delimiter)):
                rereads += 1
                yield _first_cells(lines[start], delimiter), False
                start += 1
                break
            start += used
            yield cells, True
        if rereads > limits.REREAD_RECORDS:
            raise FileRefused("csv_malformed")


def _has_swallowed(cells: list[str], width: int, delimiter: str) -> bool:
    """Whether a record over several lines holds whole rows in a cell, because of a quote that was never closed."""
    lines = (line for cell in cells for line in cell.splitlines()[1:])
    return len(cells) != width or any(line.count(delimiter) >= width - 1 for line in lines)


def _parsed(lines: list[str], start: int, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The records from a line on, each with the number of its lines; 0 lines where the reader gave up."""
    reader = csv.reader(islice(lines, start, None), delimiter=delimiter, strict=True)
    before = 0
    try:
        for cells in reader:
            yield reader.line_num - before, cells
            before = reader.line_num
    except csv.Error:
        yield 0, []


def _first_cells(line: str, delimiter: str) -> list[str]:
    """What can be read of a line whose quote is not closed, so that its order number is still known."""
    return [cell.strip('"') for cell in line[: limits.CELL_CHARS].rstrip("\r\n").split(delimiter)]


def _check_size(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, struct.error) as problem:
        raise FileRefused("workbook_damaged") from problem
    if len(parts) > limits.WORKBOOK_PARTS or sum(part.file_size for part in parts) > limits.UNPACKED_BYTES:
        raise FileRefused("file_too_large")


def _workbook_records(book: "Workbook") -> Iterator[_Record]:
    sheet = book.worksheets[0]
    sheet.reset_dimensions()
    width = 0
    for values in sheet.iter_rows(max_row=limits.ROWS + 1, max_col=limits.COLUMNS + 1, values_only=True):
        cells = [_cell(value) for value in values]
        while len(cells) > width and not cells[-1]:
            cells.pop()
        width = width or len(cells)
        yield cells, True


def _cell(value: object) -> str:
    """A cell as a person would have typed it; whole numbers lose the ``.0`` that workbooks may store."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < _EXACT_FLOAT else repr(value)
    if isinstance(value, int) and abs(value) >= _EXACT_FLOAT:
        return f"{value:e}"
    if isinstance(value, datetime | date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return str(value)
