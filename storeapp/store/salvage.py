"""Saves what can be read of a damaged journal into a sound one; the damaged file is kept aside.

Nothing is taken away before its copy is complete: a marker says which copy a salvage works from, so that one
that is cut off by a power failure is done again from there. Nothing is saved into the damaged file once it has been
copied: until the marker stands its write lock is held, and beside the marker a journal takes nothing on.
"""

import logging
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path

from storeapp.store import wal
from storeapp.store.errors import Corrupt, JournalCorrupt, translate_sqlite_errors
from storeapp.store.journal import Journal, suspicion, under_salvage
from storeapp.store.journal_schema import MIGRATIONS, ONE_TABLE
from storeapp.store.migrate import Migration, alone, open_database, remove_database
from storeapp.store.salvage_rows import CHUNK, RowSalvage, Salvaged, is_command, is_whole, unanswered
from storeapp.store.wal import Verdict

log = logging.getLogger(__name__)
_WAL = "-wal"


@translate_sqlite_errors()
def open_journal(path: Path, *, expect: Callable[[], int] = lambda: 0) -> tuple[Journal, Salvaged | None]:
    """Open a journal; a damaged one is salvaged first.

    Args:
        path: the journal's file, which is made where there is none.
        expect: gives the highest number that a command is known to have had, such as by the cache; 0 for unknown.

    Raises:
        StoreError: the disk failed; the damaged file is as it was.
    """
    journal = _opened(path, expect)
    if journal is not None:
        return journal, None
    salvaged = salvage(path, expect=expect())
    return Journal(path), salvaged


def _opened(path: Path, expect: Callable[[], int]) -> Journal | None:
    """The open journal, None for a damaged one; all of it is read only where damage was met before."""
    # SQLite forgets what stands behind a broken frame of the log as soon as it opens the file.
    if under_salvage(path).exists() or wal.examine(path) is Verdict.DAMAGED:
        return None
    try:
        journal = Journal(path)
    except Corrupt:
        return None
    try:
        closely = suspicion(path).exists()
        sound = _is_sound(journal, closely=closely) and not (closely and journal.last() < expect())
    except Corrupt:
        sound = False
    if not sound:
        journal.close()
        return None
    suspicion(path).unlink(missing_ok=True)
    return journal


def _is_sound(journal: Journal, *, closely: bool) -> bool:
    journal.last()
    journal.identity()
    if not closely:
        return True
    if not journal.check():
        return False
    last = 0
    while entries := journal.after(last):
        if not all(map(is_whole, entries)):
            return False
        last = entries[-1].n
    return True


def salvage(path: Path, *, expect: int = 0) -> Salvaged | None:
    """Replace a damaged journal by what can be read of it; None where another process has just done so.

    Raises:
        JournalCorrupt: not even who the counter is can be read; the damaged file is as it was, and only a backup helps.
        StoreError: the disk failed; the damaged file is as it was, or kept aside.
    """
    with translate_sqlite_errors(), alone(path.with_name(f"{path.name}.salvage"), patience_s=60), ExitStack() as held:
        journal = _opened(path, lambda: expect)
        if journal is not None:
            journal.close()
            return None
        _hold(path, held)
        kept = _keep_aside(path, held)
        fresh = path.with_name(f"{path.name}.fresh")
        _remove(fresh)
        try:
            report = _rebuild(kept, fresh, expect=expect)
        except JournalCorrupt:
            for useless in (fresh, under_salvage(path), kept):
                _remove(useless)
            raise
        _remove(path, but_itself=True)
        _sync(fresh)
        fresh.replace(path)
        suspicion(path).unlink(missing_ok=True)
        under_salvage(path).unlink()
    log.warning("the journal was damaged: %d commands saved, %d lost", report.saved, report.lost)
    return report


def _hold(path: Path, held: ExitStack) -> None:
    """Keep every other program from saving anything in the damaged file; what is too damaged lets nobody save."""
    connection = held.enter_context(closing(sqlite3.connect(path, timeout=10, isolation_level=None)))
    try:
        with translate_sqlite_errors():
            connection.execute("BEGIN IMMEDIATE")
    except Corrupt:
        return
    held.callback(connection.rollback)


def _keep_aside(path: Path, held: ExitStack) -> Path:
    """Copy the file with its write-ahead log, or find the copy of a salvage that was cut off."""
    marker = under_salvage(path)
    if marker.exists():
        return path.with_name(marker.read_text("utf-8"))
    number = 1
    while path.with_name(f"{path.name}.damaged-{number}").exists():
        number += 1
    kept = path.with_name(f"{path.name}.damaged-{number}")
    for ending in ("", _WAL):
        source = path.with_name(path.name + ending)
        if source.exists():
            target = kept.with_name(kept.name + ending)
            _copy(source, target, held)
            _sync(target)
    unfinished = marker.with_name(f"{marker.name}-")
    unfinished.write_text(kept.name, "utf-8")
    _sync(unfinished)
    unfinished.replace(marker)
    return kept


def _copy(source: Path, target: Path, held: ExitStack) -> None:
    """Copy a file that SQLite has open; it is closed at the very end, because closing it drops SQLite's locks."""
    stream = held.enter_context(source.open("rb"))
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as copy:
        shutil.copyfileobj(stream, copy)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _remove(path: Path, *, but_itself: bool = False) -> None:
    for ending in (_WAL, "-shm", *(() if but_itself else ("",))):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def _rebuild(kept: Path, fresh: Path, *, expect: int) -> Salvaged:
    with tempfile.TemporaryDirectory(dir=fresh.parent, prefix="salvage-") as folder:
        work = Path(folder) / "journal.db"
        for ending in ("", _WAL):
            part = kept.with_name(kept.name + ending)
            if part.exists():
                shutil.copy2(part, work.with_name(work.name + ending))
        if wal.examine(work) is Verdict.DAMAGED:
            wal.play_back(work)
        _mend_first_page(work)
        Journal(fresh).close()
        with closing(sqlite3.connect(work)) as source, closing(sqlite3.connect(fresh, isolation_level=None)) as target:
            # A flipped byte can make a text unreadable, and be put right all the same.
            source.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")
            return RowSalvage(source, target).run(work, expect=expect, kept=kept.name)


def _mend_first_page(path: Path) -> None:
    """Put a first page in the place of one that cannot be read; the tables lie where a new journal has them."""
    if _readable(path):
        return
    # What the file is a version of stood on that page, too.
    for steps in (MIGRATIONS, MIGRATIONS[:ONE_TABLE]):
        _take_first_page(path, steps)
        if _readable(path) and _makes_sense(path):
            return
    _take_first_page(path, MIGRATIONS)


def _take_first_page(path: Path, steps: Sequence[Migration]) -> None:
    model = path.with_name("model.db")
    open_database(model, migrations=steps, synchronous="FULL").close()
    size = int.from_bytes(model.read_bytes()[16:18], "big")
    page = bytearray(model.read_bytes()[:size])
    page[28:32] = (path.stat().st_size // size).to_bytes(4, "big")
    page[32:40] = bytes(8)  # no free pages are known
    with path.open("rb+") as file:
        file.write(page)
    remove_database(model)


def _makes_sense(path: Path) -> bool:
    """Whether the columns of a command hold what their names say."""
    with closing(sqlite3.connect(path)) as source:
        rows = RowSalvage(source, source).commands(expect=0)
        return any(is_command(row) or is_command(unanswered(row)) for row in islice(rows, CHUNK))


def _readable(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT name FROM sqlite_master").fetchall()
            connection.execute("SELECT 1 FROM command LIMIT 1")
    except sqlite3.DatabaseError:
        return False
    return True
