"""The tables of ``journal.db``: commands with their checksums, the audit chain, papers, who this counter is."""

from collections.abc import Mapping

from sqlite_utils import Database

from storeapp.store.entries import COLUMNS, OUTCOME, SUMS, sums_of
from storeapp.store.migrate import statements
from storeapp.store.rowsums import checksum

IDENTITY_SUM = "sum"
"""The fact that says whether the other ones are as they were written."""
AUTHORITY = "authority"
"""The fact that says which hub decides; there is none where this counter does."""
OPEN = "status NOT IN ('saved', 'applied')"
"""SQLite uses the partial index only for queries that repeat its very condition."""


def identity_values(facts: Mapping[str, str]) -> list[str]:
    """What the checksum of an identity covers, in order."""
    return [text for fact in sorted(facts.items()) for text in fact]


def identity_sum(facts: Mapping[str, str]) -> str:
    """The checksum of an identity."""
    return checksum(identity_values(facts)).hex()


def _sum_up(db: Database) -> None:
    """From now on every row tells when the disk has changed it."""
    for column in SUMS.split(", "):
        db.execute(f"ALTER TABLE command ADD COLUMN {column} BLOB")
    numbers = [n for (n,) in db.execute("SELECT n FROM command")]
    for start in range(0, len(numbers), 1000):
        part = numbers[start : start + 1000]
        rows = db.execute(f"SELECT {COLUMNS} FROM command WHERE n BETWEEN ? AND ?", (part[0], part[-1])).fetchall()
        sums = [(*sums_of(row), row[0]) for row in rows]
        db.conn.executemany("UPDATE command SET content_sum = ?, outcome_sum = ? WHERE n = ?", sums)
    facts = dict(map(tuple, db.execute("SELECT name, value FROM identity").fetchall()))
    if facts:
        db.execute("INSERT INTO identity (name, value) VALUES (?, ?)", (IDENTITY_SUM, identity_sum(facts)))


def _part(db: Database) -> None:
    """From now on an answer of the hub changes a small row, and the command's own stays where it is.

    The columns are dropped one by one instead of filling another table: so the commands keep their place in the file,
    where a salvage looks for them.
    """
    db.execute("DROP INDEX command_open")
    db.execute(
        """CREATE TABLE outcome (
        n INTEGER PRIMARY KEY, status TEXT NOT NULL, feed TEXT NOT NULL DEFAULT '', feed_seq INTEGER,
        problem BLOB NOT NULL DEFAULT x'', outcome_sum BLOB)"""
    )
    db.execute(f"INSERT INTO outcome ({OUTCOME}) SELECT {OUTCOME} FROM command ORDER BY n")
    db.execute(f"CREATE INDEX outcome_open ON outcome (status, n) WHERE {OPEN}")
    for column in OUTCOME.split(", ")[1:]:
        db.execute(f"ALTER TABLE command DROP COLUMN {column}")


MIGRATIONS = (
    statements(
        """CREATE TABLE command (
            n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, at TEXT NOT NULL,
            actor TEXT NOT NULL, role TEXT NOT NULL, store TEXT NOT NULL, body BLOB NOT NULL,
            events BLOB NOT NULL, simulated INTEGER NOT NULL, seq INTEGER NOT NULL, status TEXT NOT NULL,
            feed TEXT NOT NULL DEFAULT '', feed_seq INTEGER, problem BLOB NOT NULL DEFAULT x'')""",
        f"CREATE INDEX command_open ON command (status, n) WHERE {OPEN}",
        """CREATE TABLE audit (
            n INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
            subject TEXT NOT NULL, hash BLOB NOT NULL)""",
        """CREATE TABLE print_job (
            n INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, paper TEXT NOT NULL,
            subject TEXT NOT NULL, copy INTEGER NOT NULL)""",
        "CREATE TABLE identity (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX audit_of ON audit (subject, at)",
    ),
    # Beside the commands and not in them: few have any, and a salvage reads the commands of every version alike.
    statements(
        "CREATE TABLE need (n INTEGER PRIMARY KEY, id TEXT NOT NULL, needed TEXT NOT NULL, UNIQUE (id, needed))"
    ),
    _sum_up,
    _part,
)
ONE_TABLE = 3
"""With so many of these steps a command and its outcome stood in one row."""
