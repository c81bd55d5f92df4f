"""Tables give an order one row per article; rows are gathered by order number, and a bad row spoils its order only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from storeapp.adapters.intake import limits
from storeapp.adapters.intake.fields import BadField, identifier
from storeapp.adapters.intake.result import Collector, NotAnOrder
from storeapp.adapters.intake.sheet import Row
from storeapp.domain.incoming import IncomingLine, IncomingOrder

ReadLine = Callable[[Row], IncomingLine | None]
"""The article of one row; None where it is nothing to deliver."""
Assemble = Callable[[str, Sequence[Row], tuple[IncomingLine, ...]], IncomingOrder]
"""The order of its number, its rows and its lines."""


@dataclass(slots=True)
class Group:
    """The rows of one order number."""

    order_no: str
    rows: list[Row]


def read_groups(
    groups: Sequence[Group], collector: Collector, *, order_field: str, read_line: ReadLine, assemble: Assemble
) -> None:
    """Turn groups into orders; every bad row is reported, and an order with one is left out whole."""
    for group in groups:
        lines, bad = _lines(group, collector, order_field=order_field, read_line=read_line)
        if bad:
            continue
        first = group.rows[0].row
        try:
            collector.order(assemble(group.order_no, group.rows, lines), field=order_field)
        except BadField as problem:
            collector.error(first, problem.field, problem.code)
        except NotAnOrder as reason:
            collector.skip(first, reason.field, reason.code)


def numbered(rows: Sequence[Row], collector: Collector, order_field: str) -> Iterator[tuple[str, Row]]:
    """Rows with their order number; a row without one is reported and belongs to no order."""
    for row in rows:
        try:
            yield identifier(row.cells.get(order_field), order_field), row
        except BadField as problem:
            collector.error(row.row, problem.field, row.broken or problem.code)


def _lines(
    group: Group, collector: Collector, *, order_field: str, read_line: ReadLine
) -> tuple[tuple[IncomingLine, ...], bool]:
    lines: list[IncomingLine] = []
    bad = False
    for row in group.rows:
        try:
            if row.broken:
                raise BadField("", row.broken)
            line = read_line(row)
        except BadField as problem:
            collector.error(row.row, problem.field, problem.code)
            bad = True
        else:
            lines += [line] if line else []
    if len(lines) > limits.LINES_OF_ORDER:
        collector.error(group.rows[0].row, order_field, "too_many_lines")
        bad = True
    return tuple(lines), bad
