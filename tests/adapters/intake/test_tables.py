"""The set-up tables: the demo's rows are typed, a wrong cell costs its row only."""

from collections.abc import Callable
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from storeapp.adapters.intake.tables import (
    Reading,
    read_buildings,
    read_guides,
    read_skus,
    read_stock,
    read_stores,
)
from storeapp.domain.place import Position
from storeapp.domain.reference import StockRow, StoreRow
from storeapp.domain.words import TravelMode

DEMO = Path(__file__).parents[3] / "resources" / "demo"
Read = Callable[[Path], Reading[Any]]
TABLES: list[tuple[str, Read, int]] = [
    ("stores.csv", read_stores, 3),
    ("skus.csv", read_skus, 15),
    ("stock.csv", read_stock, 45),
    ("guides.csv", read_guides, 12),
    ("addresses.csv", read_buildings, 77),
]


@pytest.mark.parametrize(("name", "read", "count"), TABLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_demo_tables_are_read_whole(tmp_path: Path, name: str, read: Read, count: int, encoding: str) -> None:
    copy = tmp_path / name
    copy.write_bytes((DEMO / name).read_bytes().decode().encode(encoding))
    reading = read(copy)
    assert (len(reading.rows), reading.errors) == (count, ())


def test_rows_are_typed() -> None:
    assert read_stores(DEMO / "stores.csv").rows[0] == StoreRow(
        "XH", "徐家汇店", "上海市徐汇区虹桥路1号", Position(31.1951, 121.4333), "上海市区"
    )
    assert read_stock(DEMO / "stock.csv").rows[0] == StockRow("XH", "BL-001", 4, "C20")
    guide = read_guides(DEMO / "guides.csv").rows[0]
    assert (guide.mode, guide.shift_start, guide.commute_home) == (TravelMode.EBIKE, time(10), True)
    assert guide.certificates == ("basic",)


@pytest.mark.parametrize(
    ("name", "read", "column", "value", "expected"),
    [
        ("stores.csv", read_stores, "lat", "", "missing"),
        ("stores.csv", read_stores, "lng", "181", "out_of_range"),
        ("stores.csv", read_stores, "store", "HH", "row_repeated"),
        ("skus.csv", read_skus, "price_fen", "308.00", "not_whole_number"),
        ("skus.csv", read_skus, "name", "", "missing"),
        ("stock.csv", read_stock, "on_hand", "-1", "not_whole_number"),
        ("stock.csv", read_stock, "sku", "BL-002", "row_repeated"),
        ("guides.csv", read_guides, "mode", "horse", "mode_unknown"),
        ("guides.csv", read_guides, "shift_start", "25:00", "not_time"),
        ("guides.csv", read_guides, "shift_start", "10", "not_time"),
        ("guides.csv", read_guides, "shift_end", "09:00", "window_reversed"),
        ("guides.csv", read_guides, "commute_home", "perhaps", "not_true_or_false"),
        ("guides.csv", read_guides, "max_parcels", "0", "out_of_range"),
        ("addresses.csv", read_buildings, "street", "", "missing"),
    ],
)
def test_a_wrong_cell_costs_its_row_only(
    tmp_path: Path, name: str, read: Read, column: str, value: str, expected: str
) -> None:
    lines = (DEMO / name).read_text("utf-8").splitlines()
    at = lines[0].split(",").index(column)
    cells = lines[1].split(",")
    cells[at] = value
    copy = tmp_path / name
    copy.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]), "utf-8")
    reading = read(copy)
    assert {(error.file, error.code) for error in reading.errors} == {(name, expected)}
    assert len(reading.rows) == len(lines) - 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "file_empty"),
        (b"store,name\nXH,x", "column_missing"),
        (b"\xff\xff", "file_encoding"),
        (b"a,a\n", "column_repeated"),
    ],
)
def test_a_table_that_is_none_is_one_error(tmp_path: Path, data: bytes, expected: str) -> None:
    path = tmp_path / "stores.csv"
    path.write_bytes(data)
    reading = read_stores(path)
    assert (reading.rows, [error.code for error in reading.errors]) == ((), [expected])
