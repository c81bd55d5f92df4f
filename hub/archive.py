"""Saves a hub on PostgreSQL into one file and puts it back; PostgreSQL's own COPY does the work.

The file is a ZIP of one text per table and ``manifest.json`` with the schema's revision and, of every table, how
many rows and which SHA-256 it has. It is read in one transaction, so it is the hub of one moment.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from psycopg import sql

from hub.database import Database
from hub.migrate import upgrade
from hub.tables import metadata

MANIFEST = "manifest.json"
FORMAT = "storehub-archive-1"
PIECE = 1 << 20
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_UNREADABLE = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    RuntimeError,
    msgspec.MsgspecError,
)
"""Whatever the library raises for a damaged file, encryption and methods that it does not know included."""


class ArchiveBroken(Exception):
    """The file is no archive of a hub, or it is damaged."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table in an archive."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds."""

    format: str
    revision: str
    tables: dict[str, Part]


def save(db: Database, target: Path) -> Manifest:
    """Write an archive of a database in use."""
    with db.reading() as connection, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as file:
        revision = MigrationContext.configure(connection).get_current_revision()
        parts = {str(table.name): _save_table(connection, table, file) for table in metadata.sorted_tables}
        manifest = Manifest(FORMAT, revision or "", parts)
        file.writestr(MANIFEST, msgspec.json.encode(manifest))
    return manifest


def _save_table(connection: sa.Connection, table: sa.Table, file: zipfile.ZipFile) -> Part:
    columns = tuple(str(column.name) for column in table.columns)
    digest, rows = hashlib.sha256(), 0
    reading = _cursor(connection).copy(_copy(table.name, columns, sql.SQL("TO STDOUT")))
    with reading as copy, file.open(table.name, "w", force_zip64=True) as member:
        for piece in copy:
            member.write(piece)
            digest.update(piece)
            rows += bytes(piece).count(b"\n")
    return Part(columns, rows, digest.hexdigest())


def _copy(table: str, columns: tuple[str, ...], direction: sql.SQL) -> sql.Composed:
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) {}").format(sql.Identifier(table), names, direction)


def _cursor(connection: sa.Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return driver.cursor()


def check(source: Path) -> Manifest:
    """What a file holds, once every byte of it has been read and compared.

    Raises:
        ArchiveBroken: it is no archive, or it is damaged.
    """
    try:
        with zipfile.ZipFile(source) as file:
            manifest = msgspec.json.decode(file.read(MANIFEST), type=Manifest)
            if manifest.format != FORMAT or "meta" not in manifest.tables:
                raise ArchiveBroken
            for name, part in manifest.tables.items():
                _check_part(file, name, part)
    except _UNREADABLE as error:
        raise ArchiveBroken from error
    return manifest


def _check_part(file: zipfile.ZipFile, name: str, part: Part) -> None:
    digest, rows = hashlib.sha256(), 0
    for piece in _pieces(file, name):
        digest.update(piece)
        rows += piece.count(b"\n")
    if (rows, digest.hexdigest()) != (part.rows, part.sha256):
        raise ArchiveBroken


def _pieces(file: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with file.open(name) as member:
        while piece := member.read(PIECE):
            yield piece


def rows(source: Path, manifest: Manifest, table: str, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """Some columns of a small table in a checked archive, as texts."""
    places = [manifest.tables[table].columns.index(column) for column in columns]
    with zipfile.ZipFile(source) as file:
        lines = file.read(table).decode().removesuffix("\n").split("\n") if manifest.tables[table].rows else []
    return [tuple(_plain(fields[place]) for place in places) for fields in (line.split("\t") for line in lines)]


def _plain(text: str) -> str:
    """A value as it was before PostgreSQL wrote it."""
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)


def load(connection: sa.Connection, source: Path, manifest: Manifest) -> None:
    """Put a checked archive in place of everything that is in the database, in the caller's transaction.

    The tables are made as they were when it was saved, filled, and then brought to today's schema.

    Raises:
        ArchiveBroken: it is of a newer program, or afterwards another number of rows is there than it holds.
    """
    _clear(connection)
    try:
        upgrade(connection, manifest.revision)
    except CommandError as error:
        raise ArchiveBroken from error
    with zipfile.ZipFile(source) as file:
        for name, part in manifest.tables.items():
            _load_table(connection, file, name, part)
    _count_on(connection)
    upgrade(connection)


def _clear(connection: sa.Connection) -> None:
    there = set(sa.inspect(connection).get_table_names()) & {*metadata.tables, "alembic_version"}
    if there:
        names = sql.SQL(", ").join(map(sql.Identifier, sorted(there)))
        _cursor(connection).execute(sql.SQL("DROP TABLE {}").format(names))


def _load_table(connection: sa.Connection, file: zipfile.ZipFile, name: str, part: Part) -> None:
    cursor = _cursor(connection)
    with cursor.copy(_copy(name, part.columns, sql.SQL("FROM STDIN"))) as copy:
        for piece in _pieces(file, name):
            copy.write(piece)
    counted = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
    if counted != (part.rows,):
        raise ArchiveBroken


def _count_on(connection: sa.Connection) -> None:
    """Let numbers that the database gives go on behind those that were loaded."""
    _cursor(connection).execute(
        "SELECT setval(pg_get_serial_sequence('event_log', 'n'), coalesce(max(n), 0) + 1, false) FROM event_log"
    )
