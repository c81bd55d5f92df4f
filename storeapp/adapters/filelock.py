"""Lets one process at a time do something with a folder; the system frees the lock when the process dies."""

import sys
from pathlib import Path
from typing import IO

if sys.platform == "win32":
    import msvcrt

    def _lock(stream: IO[bytes]) -> None:
        msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(stream: IO[bytes]) -> None:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


class FileLock:
    """A lock with the name of a file, which stays when the lock is gone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: IO[bytes] | None = None

    def acquire(self) -> bool:
        """Whether the lock is ours now; never waits."""
        if self._stream is not None:
            return True
        stream = self._path.open("ab")
        try:
            _lock(stream)
        except OSError:
            stream.close()
            return False
        self._stream = stream
        return True

    def release(self) -> None:
        """Let others have it."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
