"""One door for every order file: recognised by what it holds, never by its name, and never failing on its content."""

from collections.abc import Iterator
from pathlib import Path, PurePath

from storeapp.adapters.intake import limits, plain_table, shopify, weixin_shop, woocommerce
from storeapp.adapters.intake.decoding import decode
from storeapp.adapters.intake.documents import candidates, parse
from storeapp.adapters.intake.fields import BadField
from storeapp.adapters.intake.result import Collector, FileFormat, FileRefused, Intake, NotAnOrder
from storeapp.adapters.intake.sheet import Sheet, csv_sheet, xlsx_sheet
from storeapp.domain.incoming import RowError

_ZIP_MARK = b"PK\x03\x04"
_OLD_EXCEL_MARK = b"\xd0\xcf\x11\xe0"
_SHOPS = ((FileFormat.WEIXIN_SHOP, weixin_shop), (FileFormat.WOOCOMMERCE, woocommerce))


def read_file(path: Path) -> Intake:
    """Read an order file from disk.

    Raises:
        OSError: the file cannot be opened or read; its content never raises.
    """
    with path.open("rb") as stream:
        return read_bytes(path.name, stream.read(limits.FILE_BYTES + 1))


def read_bytes(name: str, data: bytes) -> Intake:
    """Read an order file that is already in memory.

    Args:
        name: how the file is called in errors; only the last part of a path is kept.
        data: the content.
    """
    file = PurePath(name.replace("\\", "/")).name
    try:
        return _read(Collector(file), data)
    except FileRefused as refusal:
        return Intake((), (RowError(file, refusal.row, refusal.field, refusal.code),))


def _read(collector: Collector, data: bytes) -> Intake:
    if len(data) > limits.FILE_BYTES:
        raise FileRefused("file_too_large")
    if data.startswith(_OLD_EXCEL_MARK):
        raise FileRefused("file_old_workbook")
    if data.startswith(_ZIP_MARK):
        return _read_sheet(collector, xlsx_sheet(data), encoding="")
    text, encoding = decode(data)
    text = text.lstrip("\0\ufeff \r\n")
    if not text.strip():
        raise FileRefused("file_empty")
    if text[0] in "{[":
        return _read_json(collector, text, encoding)
    return _read_sheet(collector, csv_sheet(text), encoding=encoding)


def _read_sheet(collector: Collector, sheet: Sheet, *, encoding: str) -> Intake:
    if not sheet.columns:
        raise FileRefused("file_empty")
    if len(set(sheet.columns)) < len(sheet.columns):
        raise FileRefused("column_repeated", row=1)
    if set(sheet.columns) >= shopify.COLUMNS:
        shopify.read_sheet(sheet, collector)
        return collector.intake(FileFormat.SHOPIFY, encoding)
    if plain_table.recognises(sheet.columns):
        plain_table.read_sheet(sheet, collector)
        return collector.intake(FileFormat.TABLE_CSV if encoding else FileFormat.TABLE_XLSX, encoding)
    raise FileRefused("file_unrecognised")


def _read_json(collector: Collector, text: str, encoding: str) -> Intake:
    formats = set(_read_entries(collector, list(candidates(parse(text)))))
    if not formats:
        raise FileRefused("file_unrecognised")
    return collector.intake(min(formats), encoding)


def _read_entries(collector: Collector, entries: list[object]) -> Iterator[FileFormat]:
    """Read each entry, and tell the formats that were seen."""
    if not entries:
        raise FileRefused("file_empty")
    for row, entry in enumerate(entries, start=1):
        file_format = _format_of(entry)
        if file_format is None or not isinstance(entry, dict):
            collector.error(row, "", "order_unrecognised")
            continue
        yield file_format
        shop = dict(_SHOPS)[file_format]
        try:
            collector.order(shop.read_order(entry, row), field=shop.ORDER_FIELD)
        except BadField as problem:
            collector.error(row, problem.field, problem.code)
        except NotAnOrder as reason:
            collector.skip(row, reason.field, reason.code)


def _format_of(entry: object) -> FileFormat | None:
    if not isinstance(entry, dict):
        return None
    return next((file_format for file_format, shop in _SHOPS if shop.recognises(entry)), None)
