"""Wakes the long polls of a feed when something was committed to it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable


class Bell:
    """Rung from any thread; heard in the event loop that waits."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the polls wait; ringing before that wakes nobody."""
        self._loop = loop

    def detach(self) -> None:
        """Wake everybody and forget the loop, before it is closed."""
        self._ring(list(self._waiting))
        self._loop = None

    def ring(self, feeds: Iterable[str]) -> None:
        """Something new stands in these feeds."""
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._ring, list(feeds))

    def _ring(self, feeds: Iterable[str]) -> None:
        for feed in feeds:
            for event in self._waiting.get(feed, ()):
                event.set()

    def waiting(self, feed: str) -> int:
        """How many polls wait for a feed."""
        return len(self._waiting.get(feed, ()))

    def listen(self, feed: str) -> "Listening":
        """Begin to listen; what rings from now on is not missed."""
        return Listening(self._waiting, feed)


class Listening:
    """One poll's ear; use it as a context manager."""

    def __init__(self, waiting: dict[str, set[asyncio.Event]], feed: str) -> None:
        self._waiting = waiting
        self._feed = feed
        self._event = asyncio.Event()

    def __enter__(self) -> "Listening":
        self._waiting[self._feed].add(self._event)
        return self

    def __exit__(self, *_: object) -> None:
        others = self._waiting[self._feed]
        others.discard(self._event)
        if not others:
            del self._waiting[self._feed]

    async def heard(self, timeout_s: float) -> bool:
        """Whether it rang before the time was over."""
        try:
            await asyncio.wait_for(self._event.wait(), timeout_s)
        except TimeoutError:
            return False
        return True
