"""POSIX drops all of a process's locks on a file when any descriptor of it is closed; SQLite must never be hit by that.

See "How To Corrupt An SQLite Database File", 2.2: a process that loses its locks looks gone, so another one that
closes the database deletes the log under it, and what is written afterwards is lost.
"""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storeapp.store import cache
from storeapp.store.cache import Cache, reset
from storeapp.store.errors import Locked
from storeapp.store.migrate import open_database, statements

MIGRATIONS = (statements("CREATE TABLE note (text TEXT)"),)
OTHER = """
import sys
from pathlib import Path
from tests.store.test_locks import MIGRATIONS, write
from storeapp.store.migrate import open_database
db = open_database(Path(sys.argv[1]), migrations=MIGRATIONS, synchronous="FULL")
write(db, "from another process")
db.close()
"""


def write(db, text):
    with db.atomic():
        db.execute("INSERT INTO note (text) VALUES (?)", [text])


def notes(path: Path) -> list[str]:
    program = f"import sqlite3; print([t for (t,) in sqlite3.connect({str(path)!r}).execute('SELECT text FROM note')])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return eval(done.stdout)


def test_opening_a_database_again_keeps_what_is_written_through_the_first_connection(tmp_path):
    path = tmp_path / "some.db"
    first = open_database(path, migrations=MIGRATIONS, synchronous="FULL")
    write(first, "before")
    second = open_database(path, migrations=MIGRATIONS, synchronous="FULL")
    second.close()
    subprocess.run([sys.executable, "-c", OTHER, str(path)], check=True)
    write(first, "after")
    assert notes(path) == ["before", "from another process", "after"]
    first.close()


def test_nobody_opens_a_cache_while_its_files_are_taken_away(tmp_path, monkeypatch):
    """Its log would be taken away with the old one's, or be shared by two files."""
    path, unlink, refused = tmp_path / "cache.db", Path.unlink, []
    Cache(path).close()

    def meanwhile(self: Path, *, missing_ok: bool = False) -> None:
        unlink(self, missing_ok=missing_ok)
        with pytest.raises(Locked):
            Cache(path)
        refused.append(self.name)

    with monkeypatch.context() as patch:
        patch.setattr(cache, "PATIENCE_S", 0.0)
        patch.setattr(Path, "unlink", meanwhile)
        reset(path)
    assert refused[:3] == ["cache.db", "cache.db-wal", "cache.db-shm"]
    with closing(Cache(path)) as opened:
        assert opened.check()
