"""Brings the write-ahead log of an embedded database into its file while nobody waits for it.

SQLite does so by itself, in the commit that makes the log too long: then a counter waits for its answer four times as
long as usual.
"""

import logging
import threading

from hub.database import Database, DatabaseBusy

_log = logging.getLogger(__name__)


class Folder:
    """Folds after every so many rows as long as a process serves; PostgreSQL sees to this by itself."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._ending = False
        self._thread = threading.Thread(target=self._work, name="folder", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self._db.embedded:
            self._thread.start()

    def stop(self) -> None:
        """End it; returns when its thread has ended."""
        self._ending = True
        self._db.much_written.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _work(self) -> None:
        while True:
            self._db.much_written.wait()
            self._db.much_written.clear()
            if self._ending:
                return
            try:
                self._db.fold_beside()
            except DatabaseBusy as error:
                # A commit does it once the log is four times as long.
                _log.warning("could not fold the log: %s", type(error.__cause__).__name__)
