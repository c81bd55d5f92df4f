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
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from storeapp.codec import Malformed, UnknownKind, UnknownValue, decode_command, decode_events
from storeapp.store import wal
from storeapp.store.entries import CONTENT, OUTCOME, joined, outcome_sum, parted, row_mended, sums_of
from storeapp.store.errors import Corrupt, JournalCorrupt, translate_sqlite_errors
from storeapp.store.journal import (
    COLUMNS,
    PRUNED,
    SUMS,
    Entry,
    Journal,
    Status,
    entry_of,
    suspicion,
    under_salvage,
)
from storeapp.store.journal_schema import AUTHORITY, IDENTITY_SUM, MIGRATIONS, ONE_TABLE, identity_sum, identity_values
from storeapp.store.migrate import Migration, alone, open_database, remove_database
from storeapp.store.rowsums import mended
from storeapp.store.wal import Verdict

log = logging.getLogger(__name__)
Row = tuple[Any, ...]
CHUNK = 500
MOST_EMPTY_CHUNKS = 20
"""After so many chunks without a readable row the end is assumed, where nothing tells the last number."""
MOST_TRIES = 20
"""To look for the one byte that is wrong takes seconds, and where many rows are broken it is more than a byte."""
_WAL = "-wal"
_UNANSWERED: Row = (0, str(Status.SAVED), "", None, b"", None)
"""What is taken for the outcome of a command where that is lost: true of a counter that stands alone."""
_LOST: Row = (0, "", "", None, b"", None)
_ID_LETTERS = 36


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What a salvage saved.

    Attributes:
        saved: how many commands.
        gaps: the first and last number of each stretch of commands that could not be read.
        links: how many entries of the audit chain.
        kept: the name of the damaged file.
    """

    saved: int
    gaps: tuple[tuple[int, int], ...]
    links: int
    kept: str

    @property
    def lost(self) -> int:
        """How many commands could not be read."""
        return sum(last - first + 1 for first, last in self.gaps)


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
            return _Salvage(source, target).run(expect=expect, kept=kept.name)


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
        rows = _Salvage(source, source).commands(expect=0)
        return any(_is_command(row) or _is_command(joined(parted(row)[0], _UNANSWERED)) for row in islice(rows, CHUNK))


def _readable(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("SELECT name FROM sqlite_master").fetchall()
            connection.execute("SELECT 1 FROM command LIMIT 1")
    except sqlite3.DatabaseError:
        return False
    return True


class _Salvage:
    """Copies row by row from one database to another what can be read."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        self._source = source
        self._target = target
        self._tries = MOST_TRIES
        self._unanswered: list[int] = []
        """Commands of which only the outcome is lost."""

    def run(self, *, expect: int, kept: str) -> Salvaged:
        """Copy all tables in one transaction."""
        self._target.execute("BEGIN IMMEDIATE")
        last = max(self._last("command") or 0, expect)
        commands = self._copy_commands(expect=last)
        links = self._copy("audit", "n, at, actor, action, subject, hash")
        self._copy("print_job", "n, at, actor, paper, subject, copy")
        self._copy("need", "n, id, needed", check=_need)
        if self._copy_identity().get(AUTHORITY):
            self._ask_again()
        self._target.execute("COMMIT")
        return Salvaged(len(commands), tuple(_gaps(commands, last, after=self._pruned())), len(links), kept)

    def _pruned(self) -> int:
        """Up to which number commands were no longer kept."""
        found = self._read(f"SELECT value FROM identity WHERE name = '{PRUNED}'")
        return int(found[0][0]) if found else 0

    def _copy_commands(self, *, expect: int) -> list[int]:
        """Commands with what has become of them; their numbers."""
        content, outcome = _insertion("command", CONTENT), _insertion("outcome", OUTCOME)
        found = []
        for row in self.commands(expect=expect):
            whole = self._command(row)
            if whole is not None:
                said, became = parted(whole)
                if self._insert(content, said) and self._insert(outcome, became):
                    found.append(int(whole[0]))
        return sorted(found)

    def commands(self, *, expect: int) -> Iterator[Row]:
        """Rows of `COLUMNS` and `SUMS`, as they are read from a file of any version."""
        known = {name for _, name, *_ in self._read("PRAGMA table_info(command)") or ()}
        if "status" not in known:
            outcomes = {row[0]: row for row in self._rows("outcome", OUTCOME, expect)}
            for row in self._rows("command", CONTENT, expect):
                yield joined(row, outcomes.get(row[0], _LOST))
        elif "outcome_sum" in known:
            yield from self._rows("command", f"{COLUMNS}, {SUMS}", expect)
        else:
            # A file of before there were checksums gets them here.
            yield from ((*row, None, None) for row in self._rows("command", COLUMNS, expect))

    def _ask_again(self) -> None:
        """The hub repeats an answer that was lost here; it takes commands only in a row, so all from there on."""
        if self._unanswered:
            status = str(Status.PENDING)
            self._target.execute(
                """UPDATE outcome SET status = ?, feed = '', feed_seq = NULL, problem = x'', outcome_sum = ?
                WHERE n >= ?""",
                (status, outcome_sum(status, "", None, b""), min(self._unanswered)),
            )

    def _copy(
        self, table: str, columns: str, *, expect: int = 0, check: Callable[[Row], Row | None] = lambda row: row
    ) -> list[int]:
        sql = _insertion(table, columns)
        rows = (sound for row in self._rows(table, columns, expect) if (sound := check(row)) is not None)
        return sorted(int(row[0]) for row in rows if self._insert(sql, row))

    def _insert(self, sql: str, row: Row) -> bool:
        try:
            return self._target.execute(sql, row).rowcount == 1
        except (sqlite3.IntegrityError, UnicodeEncodeError):
            return False  # A value is missing that is never missing, or is no text any more.

    def _rows(self, table: str, columns: str, expect: int) -> Iterator[Row]:
        last, start, empty = self._last(table), 0, 0
        while start < max(last or 0, expect) or (last is None and empty < MOST_EMPTY_CHUNKS):
            found = list(self._chunk(f"SELECT {columns} FROM {table}", start))
            empty = 0 if found else empty + 1
            yield from found
            start += CHUNK

    def _last(self, table: str) -> int | None:
        found = self._read(f"SELECT coalesce(max(n), 0) FROM {table}")
        return int(found[0][0]) if found else None

    def _chunk(self, select: str, start: int) -> Iterator[Row]:
        together = self._read(f"{select} WHERE n > ? AND n <= ?", start, start + CHUNK)
        if together is not None:
            yield from together
            return
        for n in range(start + 1, start + CHUNK + 1):
            yield from self._read(f"{select} WHERE n = ?", n) or ()

    def _read(self, sql: str, *values: int) -> list[Row] | None:
        try:
            return self._source.execute(sql, values).fetchall()
        except sqlite3.DatabaseError:
            return None

    def _command(self, row: Row) -> Row | None:
        """The row as it was written, with its checksums; None where nobody can tell any more."""
        whole = row
        if not _is_command(whole) and self._tries:
            whole = row_mended(whole)
            self._tries -= not _is_command(whole)
        if not _is_command(whole):
            said, _ = parted(whole)
            whole = joined(said, _UNANSWERED)
            if not _is_command(whole):
                return None
            self._unanswered.append(int(whole[0]))
        return (*whole[:-2], *sums_of(whole))

    def _copy_identity(self) -> dict[str, str]:
        rows = [row for row in self._read("SELECT name, value FROM identity") or () if None not in row]
        facts = _identity({str(name): str(value) for name, value in rows})
        if "store" not in facts:
            raise JournalCorrupt
        self._target.executemany("INSERT OR IGNORE INTO identity (name, value) VALUES (?, ?)", facts.items())
        return facts


def _insertion(table: str, columns: str) -> str:
    return f"INSERT OR IGNORE INTO {table} ({columns}) VALUES ({','.join('?' * len(columns.split(',')))})"


def _identity(facts: dict[str, str]) -> dict[str, str]:
    """The facts as they were written.

    Raises:
        JournalCorrupt: nobody can tell any more.
    """
    told = facts.pop(IDENTITY_SUM, None)
    if told is None:
        return facts
    try:
        found = mended(identity_values(facts), bytes.fromhex(told))
    except ValueError:
        found = None
    if found is None:
        raise JournalCorrupt
    texts = [str(text) for text in found]
    whole = dict(zip(texts[::2], texts[1::2], strict=True))
    return whole | {IDENTITY_SUM: identity_sum(whole)}


def _is_command(row: Row) -> bool:
    try:
        return is_whole(entry_of(row))
    except (ValueError, TypeError):
        return False


def _need(row: Row) -> Row | None:
    """Under a first page of another journal this table may be found in another place, and be something else."""
    return row if all(isinstance(name, str) and len(name) == _ID_LETTERS for name in row[1:]) else None


def is_whole(entry: Entry) -> bool:
    """Whether a command and its events can be read; what only a newer program knows is kept."""
    try:
        decode_command(entry.kind, entry.body)
        decode_events(entry.events)
    except (UnknownKind, UnknownValue):
        return True
    except Malformed:
        return False
    return True


def _gaps(numbers: Iterable[int], last: int, *, after: int) -> Iterator[tuple[int, int]]:
    expected = after + 1
    for n in (*numbers, last + 1):
        if n > expected:
            yield expected, n - 1
        expected = n + 1
