"""Keeps the batches of one counter in their order where it sends the next one before the last is answered.

What a batch needs no database for is done while the one before is being written, because that is when this process has
nothing else to do. Another process of the hub knows nothing of these turns: there the lock of the feed's head makes a
batch wait, and one that comes too early finds a hole in front of it.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turn:
    """One batch on its way through this process; it is over when its `with` is."""

    def __init__(self, changed: threading.Condition, others: "list[Turn]", first: int) -> None:
        self._changed = changed
        self._others = others
        self.first = first
        self.is_decided = False

    def decided(self) -> None:
        """Say that only the disk is waited for."""
        with self._changed:
            self.is_decided = True
            self._changed.notify_all()

    def until_decided(self) -> None:
        """Wait for every batch with lower numbers to be decided."""
        self._wait(lambda other: not other.is_decided)

    def until_over(self) -> None:
        """Wait for every batch with lower numbers to be over."""
        self._wait(lambda _: True)

    def _wait(self, holds_up: Callable[["Turn"], bool]) -> None:
        # Each waits for lower numbers only, so no two wait for each other.
        def free() -> bool:
            return not any(other.first < self.first and holds_up(other) for other in self._others)

        with self._changed:
            self._changed.wait_for(free)


class Turns:
    """The batches under way in this process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._under_way: dict[str, list[Turn]] = defaultdict(list)

    def under_way(self, sender: str) -> int:
        """How many batches of a counter there are."""
        with self._changed:
            return len(self._under_way.get(sender, ()))

    @contextmanager
    def take(self, sender: str, first: int) -> Iterator[Turn]:
        """The turn of a batch that begins with a number."""
        with self._changed:
            others = self._under_way[sender]
            turn = Turn(self._changed, others, first)
            others.append(turn)
        try:
            yield turn
        finally:
            with self._changed:
                others.remove(turn)
                if not others:
                    del self._under_way[sender]
                self._changed.notify_all()
