"""Feeds a table from rows that are in memory already: short lists that one read brings whole."""

from collections.abc import Callable, Sequence
from typing import Any, Generic

from typing_extensions import override

from ui.kit.paged_model import Provider, RowT, SortOrder

_NOTHING = (None, "")


class RowList(Provider[RowT], Generic[RowT]):
    """A provider over rows that have an ``id``; sorted by the attribute that a column names, nothing last."""

    def __init__(self, key: Callable[[RowT], str]) -> None:
        """Start empty; ``key`` gives a row's id."""
        self._key = key
        self._rows: dict[str, RowT] = {}

    def set_rows(self, rows: Sequence[RowT]) -> None:
        """Hold these rows; the model shows them at its next refresh."""
        self._rows = {self._key(row): row for row in rows}

    @override
    def load_ids(
        self, order: SortOrder | None, done: Callable[[Sequence[str]], None], failed: Callable[[Exception], None]
    ) -> None:
        """Answer at once with the ids in order."""
        rows = list(self._rows.values())
        if order is not None:
            known = [row for row in rows if getattr(row, order.key) not in _NOTHING]
            known.sort(key=lambda row: _sortable(getattr(row, order.key)), reverse=order.descending)
            rows = known + [row for row in rows if getattr(row, order.key) in _NOTHING]
        done([self._key(row) for row in rows])

    @override
    def load_rows(
        self, ids: Sequence[str], done: Callable[[Sequence[RowT | None]], None], failed: Callable[[Exception], None]
    ) -> None:
        """Answer at once with these rows."""
        done([self._rows.get(each) for each in ids])


def _sortable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value
