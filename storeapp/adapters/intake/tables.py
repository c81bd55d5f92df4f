"""The tables a store is set up from become typed rows; a bad row is reported and stops no other row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Generic, TypeVar

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.decoding import decode
from storeapp.adapters.intake.fields import BadField, amount_fen, identifier, position, text, whole
from storeapp.adapters.intake.result import FileRefused
from storeapp.adapters.intake.sheet import Sheet, csv_sheet
from storeapp.domain.incoming import RowError
from storeapp.domain.place import Position
from storeapp.domain.reference import BuildingRow, GuideRow, SkuRow, StockRow, StoreRow
from storeapp.domain.words import TravelMode

_Row = TypeVar("_Row")
_Cells = Mapping[str, str]
_MOST = 1_000_000_000
_LEVELS = 3
_YES_NO = {"yes": True, "no": False, "是": True, "否": False}


@dataclass(frozen=True, slots=True)
class Reading(Generic[_Row]):
    """The rows of a table that could be read, and those that could not."""

    rows: tuple[_Row, ...]
    errors: tuple[RowError, ...]


def read_stores(path: Path) -> Reading[StoreRow]:
    """Read stores.csv; it need not name regions."""
    return _read(path, ("store", "name", "address", "lat", "lng"), _store, key=("store",))


def read_skus(path: Path) -> Reading[SkuRow]:
    """Read skus.csv."""
    return _read(path, ("sku", "barcode", "name", "price_fen", "weight_g", "volume_ml"), _sku, key=("sku",))


def read_stock(path: Path) -> Reading[StockRow]:
    """Read stock.csv."""
    return _read(path, ("store", "sku", "on_hand", "bin"), _stock, key=("store", "sku"))


def read_guides(path: Path) -> Reading[GuideRow]:
    """Read guides.csv."""
    columns = ("guide", "name", "store", "mode", "shift_start", "shift_end", "commute_home", "home_lat", "home_lng")
    return _read(path, (*columns, "max_parcels", "max_weight_g", "certificates"), _guide, key=("guide",))


def read_buildings(path: Path) -> Reading[BuildingRow]:
    """Read addresses.csv; a building may occur more than once, positions vary with who measured them."""
    return _read(path, ("city", "district", "street", "lane", "lat", "lng"), _building, key=())


def _read(
    path: Path, columns: tuple[str, ...], make: Callable[[_Cells], _Row], *, key: tuple[str, ...]
) -> Reading[_Row]:
    try:
        sheet = _sheet(path, columns)
    except FileRefused as refusal:
        return Reading((), (RowError(path.name, refusal.row, refusal.field, refusal.code),))
    rows: list[_Row] = []
    errors: list[RowError] = []
    seen: set[tuple[str, ...]] = set()
    for row in sheet.rows:
        try:
            if row.broken:
                raise BadField("", row.broken)
            made = make(row.cells)
            _check_new(tuple(row.cells[column].strip() for column in key), seen, key)
            rows.append(made)
        except BadField as problem:
            errors.append(RowError(path.name, row.row, problem.field, problem.code))
    return Reading(tuple(rows), tuple(errors))


def _sheet(path: Path, columns: tuple[str, ...]) -> Sheet:
    with path.open("rb") as stream:
        data = stream.read(limits.FILE_BYTES + 1)
    if len(data) > limits.FILE_BYTES:
        raise FileRefused("file_too_large")
    sheet = csv_sheet(decode(data)[0])
    if not sheet.columns:
        raise FileRefused("file_empty")
    if len(set(sheet.columns)) < len(sheet.columns):
        raise FileRefused("column_repeated", row=1)
    for column in columns:
        if column not in sheet.columns:
            raise FileRefused("column_missing", row=1, field=column)
    return sheet


def _check_new(value: tuple[str, ...], seen: set[tuple[str, ...]], key: tuple[str, ...]) -> None:
    if key and value in seen:
        raise BadField(key[-1], "row_repeated")
    seen.add(value)


def _store(cells: _Cells) -> StoreRow:
    return StoreRow(
        store=identifier(cells["store"], "store"),
        name=_name(cells["name"], "name"),
        address=text(cells["address"], "address", limits.ADDRESS_CHARS),
        position=_required(cells, "lat", "lng"),
        region=text(cells.get("region", ""), "region", limits.NAME_CHARS),
    )


def _sku(cells: _Cells) -> SkuRow:
    return SkuRow(
        sku=identifier(cells["sku"], "sku"),
        barcode=identifier(cells["barcode"], "barcode", required=False),
        name=_name(cells["name"], "name"),
        price_fen=amount_fen(cells["price_fen"], "price_fen"),
        weight_g=whole(cells["weight_g"], "weight_g", most=_MOST),
        volume_ml=whole(cells["volume_ml"], "volume_ml", most=_MOST),
        certificates=_list(cells.get("certificates", "")),
    )


def _stock(cells: _Cells) -> StockRow:
    return StockRow(
        store=identifier(cells["store"], "store"),
        sku=identifier(cells["sku"], "sku"),
        on_hand=whole(cells["on_hand"], "on_hand", most=_MOST),
        bin=identifier(cells["bin"], "bin", required=False),
    )


def _guide(cells: _Cells) -> GuideRow:
    home = position(cells["home_lat"], cells["home_lng"], lat_field="home_lat", lng_field="home_lng")
    start, end = _time(cells["shift_start"], "shift_start"), _time(cells["shift_end"], "shift_end")
    if end <= start:
        raise BadField("shift_end", "window_reversed")
    return GuideRow(
        guide=identifier(cells["guide"], "guide"),
        name=_name(cells["name"], "name"),
        store=identifier(cells["store"], "store"),
        mode=_travel_mode(cells["mode"]),
        shift_start=start,
        shift_end=end,
        commute_home=_yes_no(cells["commute_home"], "commute_home"),
        home=home,
        max_parcels=whole(cells["max_parcels"], "max_parcels", least=1, most=limits.QUANTITY),
        max_weight_g=whole(cells["max_weight_g"], "max_weight_g", least=1, most=_MOST),
        certificates=_list(cells["certificates"]),
        level=whole(cells.get("level") or "1", "level", least=1, most=_LEVELS),
        max_volume_ml=whole(cells.get("max_volume_ml") or "0", "max_volume_ml", most=_MOST),
        max_stops=whole(cells.get("max_stops") or "0", "max_stops", most=limits.QUANTITY),
    )


def _list(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _building(cells: _Cells) -> BuildingRow:
    return BuildingRow(
        city=text(cells["city"], "city", limits.NAME_CHARS),
        district=text(cells["district"], "district", limits.NAME_CHARS),
        street=_name(cells["street"], "street"),
        lane=_name(cells["lane"], "lane"),
        position=_required(cells, "lat", "lng"),
    )


def _name(value: str, field: str) -> str:
    name = text(value, field, limits.NAME_CHARS)
    if not name:
        raise BadField(field, "missing")
    return name


def _required(cells: _Cells, lat_field: str, lng_field: str) -> Position:
    point = position(cells[lat_field], cells[lng_field], lat_field=lat_field, lng_field=lng_field)
    if point is None:
        raise BadField(lng_field if cells[lat_field] else lat_field, "missing")
    return point


def _travel_mode(value: str) -> TravelMode:
    try:
        return TravelMode(value.strip())
    except ValueError:
        raise BadField("mode", "mode_unknown") from None


def _yes_no(value: str, field: str) -> bool:
    answer = _YES_NO.get(value.strip().casefold())
    if answer is None:
        raise BadField(field, "not_true_or_false")
    return answer


def _time(value: str, field: str) -> time:
    hour, colon, minute = value.strip().partition(":")
    if not colon:
        raise BadField(field, "not_time")
    try:
        return time(whole(hour, field, most=23), whole(minute, field, most=59))
    except BadField:
        raise BadField(field, "not_time") from None
