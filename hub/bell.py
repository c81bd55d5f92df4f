"""Wakes the long polls of a feed when something was committed to it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence

from hub.relay import Relay


class Bell:
    """Rung from any thread; heard in the event loop that waits, and in those of the hub's other processes."""

    def __init__(self, relay: Relay | None = None) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        self._relay = relay
        self._closed = False

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say in which loop the polls wait; ringing before that wakes nobody of this process."""
        self._loop, self._closed = loop, False
        if self._relay is not None:
            self._relay.start(self._ring_here)

    def detach(self) -> None:
        """Wake everybody and forget the loop, before it is closed."""
        loop, self._loop = self._loop, None
        if loop is not None:
            self._ring(None)
        if self._relay is not None:
            self._relay.stop()

    def ring(self, feeds: Iterable[str]) -> None:
        """Something new stands in these feeds."""
        names = list(feeds)
        if not names:
            return
        self._ring_here(names)
        if self._relay is not None:
            self._relay.ring(names)

    def _ring_here(self, feeds: Sequence[str] | None) -> None:
        loop = self._loop
        if loop is not None:
            loop.call_soon_threadsafe(self._ring, feeds)

    def _ring(self, feeds: Sequence[str] | None) -> None:
        for feed in list(self._waiting) if feeds is None else feeds:
            for event in self._waiting.get(feed, ()):
                event.set()

    def close(self) -> None:
        """Send everybody home: the process ends, and whoever polls from now on does not wait. Call in the loop."""
        self._closed = True
        self._ring(None)

    def waiting(self, feed: str) -> int:
        """How many polls wait for a feed."""
        return len(self._waiting.get(feed, ()))

    def listen(self, feed: str) -> "Listening":
        """Begin to listen; what rings from now on is not missed."""
        return Listening(self._waiting, feed, closed=self._closed)


class Listening:
    """One poll's ear; use it as a context manager."""

    def __init__(self, waiting: dict[str, set[asyncio.Event]], feed: str, *, closed: bool) -> None:
        self._waiting = waiting
        self._feed = feed
        self._event = asyncio.Event()
        if closed:
            self._event.set()

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
