"""Estimates how long what is under way will still take."""

from collections.abc import Callable
from typing import NamedTuple

from storeapp.services.ports import SyncStep

TELLING_S = 1.0
"""Before that much time has passed, an estimate would only jump about."""


class Advance(NamedTuple):
    """How far a step has come: so many commands or rows of so many, and the bytes that came over the line.

    ``feed`` says which feed the rows are of.
    """

    step: SyncStep
    done: int
    total: int
    received_bytes: int = 0
    feed: str = ""


Progress = Callable[[Advance], None]


class Pace:
    """Watches one step after the other; every step is measured from its beginning."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._began = 0.0
        self._first: Advance | None = None

    def left_s(self, now: Advance) -> float | None:
        """Seconds until the step is done at the speed so far, None while nobody can tell."""
        first = self._first
        if first is None or (first.step, first.feed) != (now.step, now.feed) or now.done < first.done:
            self._first, self._began = now, self._monotonic()
            return None
        elapsed_s, moved = self._monotonic() - self._began, now.done - first.done
        if elapsed_s < TELLING_S or moved <= 0:
            return None
        return elapsed_s / moved * max(0, now.total - now.done)
