"""Fetches what comes next on a thread of its own while what has come is being kept."""

import threading
from collections import deque
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")
Source = Callable[[Callable[[], None]], Generator[T, None, None]]


class _Ahead(Generic[T]):
    """The items of one source, fetched until so many wait to be taken."""

    def __init__(self, source: Source[T], most: int) -> None:
        self._most = most
        self._source = source(self._nudge)
        self._items: deque[T] = deque()
        self._failure: BaseException | None = None
        self._nudged = False
        self._over = False
        self._stopped = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._fetch, name="sync-ahead", daemon=True)
        self._thread.start()

    def _nudge(self) -> None:
        with self._changed:
            self._nudged = True
            self._changed.notify()

    def _fetch(self) -> None:
        try:
            for item in self._source:
                with self._changed:
                    self._items.append(item)
                    self._changed.notify()
                    self._changed.wait_for(lambda: self._stopped or len(self._items) < self._most)
                    if self._stopped:
                        break
            # One that is left early may hold another thread that fetches for it.
            self._source.close()
        except BaseException as error:
            self._failure = error
        with self._changed:
            self._over = True
            self._changed.notify()

    def __iter__(self) -> Iterator[list[T]]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._nudged or self._over)
                items, nudged, self._nudged = list(self._items), self._nudged, False
                self._items.clear()
                self._changed.notify()
            if not items and not nudged:
                break
            yield items
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Fetch no more; returns when what is under way has ended."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        self._thread.join()


@contextmanager
def ahead(source: Source[T], *, most: int) -> Iterator[Iterator[list[T]]]:
    """All that has come since the last time, again and again; what the source raises comes after its last item.

    Args:
        source: makes the items; it is given a function to call where something is to tell before the next item, upon
            which an empty list is handed over.
        most: how many are fetched ahead, and so at most handed over at once.
    """
    fetching = _Ahead(source, most)
    try:
        yield iter(fetching)
    finally:
        fetching.stop()
