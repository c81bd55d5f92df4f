"""Carries the ringing of the bell between the processes of a hub on one PostgreSQL, with LISTEN and NOTIFY."""

import logging
import threading
from collections.abc import Callable, Sequence
from uuid import uuid4

import psycopg
import sqlalchemy as sa

CHANNEL = "storehub_feeds"
RETRY_S = 1.0
_log = logging.getLogger(__name__)


class Relay:
    """Tells the other processes what was committed, and hears it from them.

    Ringing is not part of the transaction that it tells of: a NOTIFY in it would make all commits of the database
    wait for each other. Should a process die between the two, the polls end by themselves after their time.
    """

    def __init__(self, url: sa.URL) -> None:
        self._url = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._stop_word = uuid4().hex
        self._sending = threading.Lock()
        self._sender: psycopg.Connection | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._hearing = threading.Event()

    def start(self, on_ring: Callable[[Sequence[str] | None], None]) -> None:
        """Listen from now on; ``on_ring`` gets the feed, or None where anything may have been missed."""
        self._ending.clear()
        self._hearing.clear()
        self._thread = threading.Thread(target=self._listen, args=(on_ring,), name="relay", daemon=True)
        self._thread.start()
        self._hearing.wait(RETRY_S)

    def stop(self) -> None:
        """End it; returns when its thread has ended."""
        self._ending.set()
        if self._thread is not None:
            self.ring([self._stop_word])
            self._thread.join()
            self._thread = None
        with self._sending:
            self._hang_up()

    def ring(self, feeds: Sequence[str]) -> None:
        """Tell everybody; a database out of reach is only logged, because what it tells of is committed.

        A line that broke while nobody rang is noticed only now, so a second try takes a new one.
        """
        with self._sending:
            for _ in range(2):
                try:
                    self._send(feeds)
                except psycopg.Error as error:
                    _log.warning("could not ring: %s", type(error).__name__)
                    self._hang_up()
                else:
                    return

    def _send(self, feeds: Sequence[str]) -> None:
        if self._sender is None:
            self._sender = self._connect("-c synchronous_commit=off")
        notify = "SELECT pg_notify(%s, feed) FROM unnest(%s::text[]) AS feed"
        self._sender.execute(notify, (CHANNEL, list(feeds)))

    def _hang_up(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sender = None

    def _connect(self, options: str = "") -> psycopg.Connection:
        return psycopg.connect(self._url, autocommit=True, options=options, connect_timeout=10)

    def _listen(self, on_ring: Callable[[Sequence[str] | None], None]) -> None:
        while not self._ending.is_set():
            try:
                self._hear(on_ring)
            except psycopg.Error as error:
                _log.warning("the bell of the other processes is not heard: %s", type(error).__name__)
                self._ending.wait(RETRY_S)

    def _hear(self, on_ring: Callable[[Sequence[str] | None], None]) -> None:
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            self._hearing.set()
            # Whatever was rung while nobody listened is not repeated.
            on_ring(None)
            while not self._ending.is_set():
                for heard in connection.notifies(timeout=RETRY_S, stop_after=1):
                    if heard.payload != self._stop_word:
                        on_ring([heard.payload])
