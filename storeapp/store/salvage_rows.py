"""Copies row by row out of a damaged journal what can be read, with the proof that each row is as it was written."""

import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storeapp.codec import Malformed, UnknownKind, UnknownValue, decode_command, decode_events
from storeapp.store.entries import CONTENT, OUTCOME, joined, outcome_sum, parted, row_mended, sums_of
from storeapp.store.errors import JournalCorrupt
from storeapp.store.journal import COLUMNS, PRUNED, SUMS, Entry, Status, entry_of
from storeapp.store.journal_schema import AUTHORITY, IDENTITY_SUM, identity_sum, identity_values
from storeapp.store.loose import Row, loose_rows
from storeapp.store.rowsums import mended

CHUNK = 500
MOST_EMPTY_CHUNKS = 20
"""After so many chunks without a readable row the end is assumed, where nothing tells the last number."""
MOST_TRIES = 20
"""To look for the one byte that is wrong takes seconds, and where many rows are broken it is more than a byte."""
_UNANSWERED: Row = (0, str(Status.SAVED), "", None, b"", None)
"""What is taken for the outcome of a command where that is lost: true of a counter that stands alone."""
_LOST: Row = (0, "", "", None, b"", None)
_DECIDED = {str(status) for status in (Status.APPLIED, Status.REFUSED, Status.PARKED)}
"""What the hub has said of a command; a counter that stands alone and one that still waits say the rest."""
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


class RowSalvage:
    """Copies row by row from one database to another what can be read."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        self._source = source
        self._target = target
        self._tries = MOST_TRIES
        self._unanswered: set[int] = set()
        """Commands of which only the outcome is lost."""
        self._met_damage = False

    def run(self, path: Path, *, expect: int, kept: str) -> Salvaged:
        """Copy all tables in one transaction; ``path`` is the file of the source, which nobody else has open.

        Raises:
            JournalCorrupt: not even who the counter is can be read.
        """
        self._target.execute("BEGIN IMMEDIATE")
        is_enrolled = bool(self._copy_identity().get(AUTHORITY))
        last, pruned = max(self._last("command") or 0, expect), self._pruned()
        found = self._copy_commands(expect=last, after=pruned)
        for table in _BESIDE:
            self._copy_beside(table)
        if self._met_damage or len(found) < last - pruned:
            found |= self._copy_loose(path, found, after=pruned)
        if is_enrolled:
            self._ask_again()
        links = self._target.execute("SELECT count(*) FROM audit").fetchone()[0]
        self._target.execute("COMMIT")
        gaps = _gaps(sorted(found), max(last, *found, 0), after=pruned)
        return Salvaged(len(found), tuple(gaps), links, kept)

    def _pruned(self) -> int:
        """Up to which number commands were no longer kept."""
        found = self._read(f"SELECT value FROM identity WHERE name = '{PRUNED}'")
        return int(found[0][0]) if found else 0

    def _copy_commands(self, *, expect: int, after: int) -> set[int]:
        """Commands with what has become of them; their numbers. A disk may have put an old page in another's place."""
        found = set()
        for row in self.commands(expect=expect):
            whole = self._command(row) if row[0] > after else None
            if whole is not None:
                said, became = parted(whole)
                if self._insert("command", CONTENT, said) and self._insert("outcome", OUTCOME, became):
                    found.add(int(whole[0]))
        return found

    def commands(self, *, expect: int) -> Iterator[Row]:
        """Rows of `COLUMNS` and `SUMS`, as they are read from a file of any version."""
        known = self._columns()
        if "status" not in known:
            outcomes = {row[0]: row for row in self._rows("outcome", OUTCOME, expect)}
            for row in self._rows("command", CONTENT, expect):
                yield joined(row, outcomes.get(row[0], _LOST))
        elif "outcome_sum" in known:
            yield from self._rows("command", f"{COLUMNS}, {SUMS}", expect)
        else:
            # A file of before there were checksums gets them here.
            yield from ((*row, None, None) for row in self._rows("command", COLUMNS, expect))

    def _columns(self) -> set[str]:
        """Those of a command, which tell the version of the file."""
        return {name for _, name, *_ in self._read("PRAGMA table_info(command)") or ()}

    def _copy_loose(self, path: Path, found: Collection[int], *, after: int) -> set[int]:
        """Copy what stands on pages that nothing leads to any more; the numbers of commands found so.

        An old copy of a command says what the command says. One of an outcome may not: what the hub has decided is
        taken from it where all copies agree, and about the rest the hub is asked again.
        """
        added: set[int] = set()
        decided: defaultdict[int, set[Row]] = defaultdict(set)
        for table, row in loose_rows(self._copied(path), self._loose_tables()):
            if table in _BESIDE:
                self._insert_beside(table, row)
                continue
            said, became = _known(table, row)
            if said and said[0] > after and said[0] not in found and self._insert("command", CONTENT, said):
                added.add(said[0])
            if became:
                decided[became[0]].add(became)
        for n in added | self._unanswered:
            self._set_outcome(n, decided[n])
        return added

    def _copied(self, path: Path) -> Path:
        """A copy of the file that is read, with what its write-ahead log holds."""
        copy = path.with_name("loose.db")
        with closing(sqlite3.connect(copy)) as target:
            self._source.backup(target)
        return copy

    def _loose_tables(self) -> dict[str, str]:
        """What is looked for on a loose page: only rows with checksums are told from those of other tables."""
        tables, known = {table: columns for table, (columns, _) in _BESIDE.items()}, self._columns()
        if "status" not in known:
            return {**tables, "command": CONTENT, "outcome": OUTCOME}
        return {**tables, "command": f"{COLUMNS}, {SUMS}"} if "outcome_sum" in known else tables

    def _set_outcome(self, n: int, decided: Collection[Row]) -> None:
        if len(decided) == 1:
            (outcome,) = decided
            self._unanswered.discard(n)
        else:
            said = _UNANSWERED[1:-1]
            outcome = (n, *said, outcome_sum(*said))
            self._unanswered.add(n)
        self._insert("outcome", OUTCOME, outcome, instead="REPLACE")

    def _ask_again(self) -> None:
        """The hub repeats an answer that was lost here; it takes commands only in a row, so all from there on."""
        if self._unanswered:
            status = str(Status.PENDING)
            self._target.execute(
                """UPDATE outcome SET status = ?, feed = '', feed_seq = NULL, problem = x'', outcome_sum = ?
                WHERE n >= ?""",
                (status, outcome_sum(status, "", None, b""), min(self._unanswered)),
            )

    def _copy_beside(self, table: str) -> None:
        columns, _ = _BESIDE[table]
        for row in self._rows(table, columns, 0):
            self._insert_beside(table, row)

    def _insert_beside(self, table: str, row: Row) -> None:
        columns, is_one = _BESIDE[table]
        if is_one(row):
            self._insert(table, columns, row)

    def _insert(self, table: str, columns: str, row: Row, *, instead: str = "IGNORE") -> bool:
        values = ",".join("?" * len(row))
        try:
            sql = f"INSERT OR {instead} INTO {table} ({columns}) VALUES ({values})"
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
            self._met_damage = True
            return None

    def _command(self, row: Row) -> Row | None:
        """The row as it was written, with its checksums; None where nobody can tell any more."""
        whole = row
        if not is_command(whole) and self._tries:
            whole = row_mended(whole)
            self._tries -= not is_command(whole)
        if not is_command(whole):
            whole = unanswered(whole)
            if not is_command(whole):
                return None
            self._unanswered.add(int(whole[0]))
        return (*whole[:-2], *sums_of(whole))

    def _copy_identity(self) -> dict[str, str]:
        rows = [row for row in self._read("SELECT name, value FROM identity") or () if None not in row]
        facts = _identity({str(name): str(value) for name, value in rows})
        if "store" not in facts:
            raise JournalCorrupt
        self._target.executemany("INSERT OR IGNORE INTO identity (name, value) VALUES (?, ?)", facts.items())
        return facts


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


def is_command(row: Row) -> bool:
    """Whether a row of `COLUMNS` and `SUMS` is as it was written."""
    try:
        return is_whole(entry_of(row))
    except (ValueError, TypeError):
        return False


def unanswered(row: Row) -> Row:
    """A row of `COLUMNS` and `SUMS` as it is where only the outcome is lost."""
    said, _ = parted(row)
    return joined(said, _UNANSWERED)


def _known(table: str, row: Row) -> tuple[Row | None, Row | None]:
    """The content and the outcome of a command in a row of a loose page; None for what is none, or not as written."""
    if table == "outcome":
        return None, row if _is_decided(row) else None
    said, became = parted(row) if len(row) > len(CONTENT.split(",")) else (row, None)
    is_said = said[-1] is not None and is_command(joined(said, _UNANSWERED))
    return said if is_said else None, became if is_said and became and _is_decided(became) else None


def _is_decided(outcome: Row) -> bool:
    *_, problem, told = outcome
    return outcome[1] in _DECIDED and isinstance(problem, bytes) and told == outcome_sum(*outcome[1:-1])


def _is_link(row: Row) -> bool:
    *texts, link = row[1:]
    return _are_texts(texts) and isinstance(link, bytes)


def _is_paper(row: Row) -> bool:
    *texts, copy = row[1:]
    return _are_texts(texts) and isinstance(copy, int)


def _is_need(row: Row) -> bool:
    return _are_texts(row[1:]) and all(len(name) == _ID_LETTERS for name in row[1:])


def _are_texts(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) for value in values)


_BESIDE = {
    "audit": ("n, at, actor, action, subject, hash", _is_link),
    "print_job": ("n, at, actor, paper, subject, copy", _is_paper),
    "need": ("n, id, needed", _is_need),
}
"""The other tables with their columns, and how a row is told from one of another table.

On a loose page, and under a first page that was taken from another journal, any row may be met.
"""


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
