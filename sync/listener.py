"""Listens for changes with a long poll on a thread of its own, so that giving never waits for it."""

import threading
from collections.abc import Callable

from storeapp.services.ports import SyncFailed
from sync.transport import HubClient

POLL_S = 25.0


class Listener:
    """Tells once when there is something new after the place it was given; then it waits for the next place.

    It ends by itself when a poll fails, because whoever exchanges next finds out what is wrong.
    """

    def __init__(self, client: HubClient, on_news: Callable[[], None]) -> None:
        self._client = client
        self._on_news = on_news
        self._changed = threading.Condition()
        self._place: tuple[str, str, int] | None = None
        self._ending = False
        self._thread: threading.Thread | None = None

    def listen(self, feed: str, epoch: str, after: int) -> None:
        """Listen from here on."""
        with self._changed:
            self._place = (feed, epoch, after)
            self._changed.notify_all()
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="sync-listener", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End it; a poll under way ends by itself and is not heard."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()

    def _work(self) -> None:
        while (place := self._next_place()) is not None:
            feed, epoch, after = place
            try:
                page = self._client.changes(feed, epoch=epoch, after=after, limit=1, wait_s=POLL_S)
            except SyncFailed:
                break
            self._told(place, news=page is not None)
        if self._ending:
            self._client.close()

    def _next_place(self) -> tuple[str, str, int] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._place is not None or self._ending)
            return None if self._ending else self._place

    def _told(self, place: tuple[str, str, int], *, news: bool) -> None:
        with self._changed:
            if news and self._place == place:
                self._place = None
            ending = self._ending
        if news and not ending:
            self._on_news()
