"""Changing one field of one order leaves every other order exactly as it was."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.intake import Intake, read_bytes

DEMO = Path(__file__).parents[3] / "resources" / "demo"
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 10**20),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["", "2.5", "abc", "-1", "３", "1e3", "NaN", "'", '"', "\0", "*" * 9000, "\ud800", "2026-02-30T10:00:00"]
    ),
    st.just([]),
    st.just([1]),
    st.just({}),
    st.just({"a": [None]}),
)
CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "2.5", "abc", "-1", "３", "1e3", "NaN", "'", '"', "\0", "a\nb", "x" * 9000]),
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place inside a document."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], (*path, key))
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from paths(entry, (*path, index))


def put(document: Any, path: tuple[str | int, ...], value: object) -> None:
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = value


def assert_others_unchanged(changed: Intake, sound: Intake, row: int) -> None:
    """The order at a row (and only that one) may be missing, different, skipped or in error."""
    others = [order for order in sound.orders if order.row != row]
    numbers = {order.order_no for order in others}
    victim_numbers = {order.order_no for order in changed.orders if order.row == row}
    if victim_numbers & numbers or any(error.code == "order_repeated" for error in changed.errors):
        return
    assert [order for order in changed.orders if order.row != row] == others


@pytest.mark.parametrize("name", ["orders-weixin-shop.json", "orders-woocommerce.json"])
@given(data=st.data())
def test_one_changed_value_of_a_document_concerns_one_order(name: str, data: st.DataObject) -> None:
    document = json.loads((DEMO / name).read_text("utf-8"))[:3]
    sound = read_bytes(name, json.dumps(document).encode())
    index = data.draw(st.integers(0, 2))
    path = data.draw(st.sampled_from(list(paths(document[index]))))
    put(document[index], path, data.draw(VALUES))
    changed = read_bytes(name, json.dumps(document).encode())
    assert_others_unchanged(changed, sound, index + 1)
    stated = [*changed.errors, *changed.skipped]
    assert any(order.row == index + 1 for order in changed.orders) or any(entry.row == index + 1 for entry in stated)


@pytest.mark.parametrize("name", ["orders-table.csv", "orders-shopify.csv"])
@given(data=st.data())
def test_one_changed_cell_of_a_table_concerns_one_order(name: str, data: st.DataObject) -> None:
    with (DEMO / name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.reader(stream))[:8]
    sound = read_bytes(name, written(rows))
    number = data.draw(st.integers(1, len(rows) - 1))
    column = data.draw(st.integers(0, len(rows[0]) - 1))
    order_no = rows[number][0]
    rows[number][column] = data.draw(CELLS)
    changed = read_bytes(name, written(rows))
    touched = {order_no, rows[number][0].strip()}
    assert [order for order in changed.orders if order.order_no not in touched] == [
        order for order in sound.orders if order.order_no not in touched
    ]
    assert all(error.row >= 1 for error in changed.errors)
    numbers = {order.order_no for order in changed.orders}
    assert order_no in numbers or changed.errors or changed.skipped or rows[number][0] != order_no


def written(rows: list[list[str]]) -> bytes:
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue().encode("utf-8", "replace")


@given(st.integers(1, 32), st.integers(0, 14))
def test_an_unclosed_quote_costs_its_own_order_only(number: int, column: int) -> None:
    lines = (DEMO / "orders-table.csv").read_text("utf-8").splitlines()
    sound = read_bytes("x", "\n".join(lines).encode())
    cells = lines[number].split(",")
    order_no = cells[0]
    cells[column] = '"' + cells[column]
    lines[number] = ",".join(cells)
    changed = read_bytes("x", "\n".join(lines).encode())
    assert [order for order in changed.orders if order.order_no != order_no] == [
        order for order in sound.orders if order.order_no != order_no
    ]
    assert [error.code for error in changed.errors] == ["row_cells"] or number == len(lines) - 1
