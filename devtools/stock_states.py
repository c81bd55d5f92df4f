"""Brings the pages of shelves, of what waits and of the day into the states that one picture does not show."""

from collections.abc import Iterator

from devtools.desk_states import Settle
from devtools.feed_states import unconfirmed_states
from ui.window import Window


def stock_states(window: Window, settle: Settle) -> Iterator[str]:
    """Receiving, adjusting and counting; yields each state's name while it is shown."""
    yield from unconfirmed_states(window, settle)
    for work in ("receive", "adjust", "count"):
        window.go("stock", "BL-005")
        settle(window)
        window.actions.trigger(f"stock.{work}")
        settle(window)
        yield work


def report_states(window: Window, settle: Settle) -> Iterator[str]:
    """A day that was closed; the rows of a day before it are empty."""
    window.actions.trigger("report.close")
    settle(window)
    yield "closed"
    window.actions.trigger("report.previous")
    settle(window)
    yield "before"
