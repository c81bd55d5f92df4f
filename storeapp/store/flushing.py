"""Brings a database's log to the disk on a thread of its own while more is being written.

Who has to wait for the disk at the end then waits for the last part only.
"""

import os
import threading
from contextlib import suppress
from pathlib import Path

from storeapp.store.wal import log_of


class Flusher:
    """Flushes the log of one database, one flush at a time; closing the log's file takes no lock of SQLite's away."""

    def __init__(self, database: Path) -> None:
        self._log = log_of(database)
        self._thread: threading.Thread | None = None

    def flush_soon(self) -> None:
        """Begin to bring to the disk what is committed; where that is under way, a later call goes on with the rest."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._flush, name="cache-flushing", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Return when nothing is under way any more."""
        if self._thread is not None:
            self._thread.join()

    def _flush(self) -> None:
        # Nobody relies on it: what fails here fails again, and is told, when the whole log must be on the disk.
        with suppress(OSError):
            handle = os.open(self._log, os.O_RDWR)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
