"""Opens the hub's database and hides in what SQLite and PostgreSQL differ.

Everything else in the hub writes SQLAlchemy Core that both understand.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hub.tables import head, meta
from storeapp.binding import bind_at_once

T = TypeVar("T")
Rows = Sequence[tuple[Any, ...]]
_json = msgspec.json.Encoder().encode
bind_at_once()
PATIENCE_MS = 10_000
ASK_AGAIN_S = 0.01
"""How soon to ask for a lock again where SQLite does not wait by itself."""
PAGES_IN_MEMORY_KB = 32_768
PAGE_BYTES = 16_384
LOG_PAGES = 8192
"""A batch touches thousands of pages all over the file: they neither fit SQLite's usual 2 MB of memory nor its log.

Rows of a kilobyte fit a page of four times the usual size better, so fewer are written; one command takes no longer.
"""
MANY_ROWS = 15_000
"""After so many, which are about a quarter of those pages, the log is worth folding, see `hub.folding`."""
PROGRAM = "storehub"
CONNECTIONS = 20
MORE_CONNECTIONS = 20
_MIGRATION_LOCK = 0x53544F5245
"""The name of the lock under which one process at a time changes the schema of a PostgreSQL."""
_COLLISIONS = frozenset({"23505", "40001", "40P01"})
"""Codes of PostgreSQL: unique violation, serialisation failure, deadlock."""

_TAKEN = frozenset({"SQLITE_CONSTRAINT_PRIMARYKEY", "SQLITE_CONSTRAINT_UNIQUE"})
"""SQLite's names where a key is there already."""

_BACKENDS, _DRIVERS = frozenset({"sqlite", "postgresql"}), frozenset({"pysqlite", "psycopg"})

_PROGRAM_LIMIT = "54"
"""How its codes begin where a value is too long, such as for an index."""


class DatabaseBusy(Exception):
    """The database did not answer in time, or cannot be written; nothing was changed."""

    code = "database_busy"


class DatabaseDamaged(DatabaseBusy):
    """The file of an embedded database is not what was written; nothing was changed, and only a backup helps."""

    code = "database_damaged"


class Unstorable(Exception):
    """A value that this database keeps in no column; nothing was changed, and trying again won't help."""


class DatabaseUnknown(Exception):
    """The address is that of no database which this program knows; it is not repeated, because it holds a password."""

    code = "database_unknown"


class SchemaMoved(DatabaseBusy):
    """A newer program has changed the schema under this process, which must end; one of the newer program decides."""


class Collision(DatabaseBusy):
    """Somebody else did the same at the same moment; trying again will see what they did."""


class Database:
    """One engine; every transaction is short and runs on the thread that asked for it."""

    def __init__(self, url: str) -> None:
        """Nothing is asked of the database yet.

        Raises:
            DatabaseUnknown: the address is that of no database which this program knows.
        """
        self.url = _url(url)
        self.embedded = self.url.get_backend_name() == "sqlite"
        if self.embedded:
            create_private(Path(str(self.url.database)))
        self._name = f"{PROGRAM}-{uuid4().hex}"
        self.engine = sa.create_engine(self.url, **(_EMBEDDED if self.embedded else _server(self._name)))
        self._one_writer = threading.Lock() if self.embedded else None
        self._made: dict[Callable[[Database], Any], Any] = {}
        self.revision = ""
        """Which schema this process knows; where it is told, nothing is decided under another one."""
        self._rows = 0
        self.much_written = threading.Event()
        """Set when an embedded database has taken many rows since it was folded."""
        if self.embedded:
            sa.event.listen(self.engine, "connect", _configure_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()

    def fold(self) -> None:
        """Bring everything of an embedded database into its one file."""
        with _translated(), self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def fold_beside(self) -> None:
        """Bring what nobody reads any more of an embedded database's log into its file; others read and write on.

        Raises:
            DatabaseBusy: it could not be written.
        """
        # Not by one of the pool's, whose writer would have to begin with an empty memory.
        with _translated(), closing(sqlite3.connect(str(self.url.database), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One consistent view; what others commit meanwhile is not seen.

        Raises:
            DatabaseBusy: the database is out of reach.
        """
        isolation = {} if self.embedded else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with _translated(), self.engine.connect() as connection:
            yield connection.execution_options(reading=True, **isolation)

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """One transaction, on the disk when this returns; an exception undoes all of it.

        Raises:
            DatabaseBusy: it could not be written; nothing was changed.
        """
        with self._writers_turn(), _translated(), self.engine.begin() as connection:
            yield connection
        if self._rows >= MANY_ROWS:
            self._rows = 0
            self.much_written.set()

    @contextmanager
    def _writers_turn(self) -> Iterator[None]:
        """SQLite has one writer at a time, and asks again and again for its lock instead of queueing for it."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=PATIENCE_MS / 1000):
            raise DatabaseBusy
        try:
            yield
        finally:
            self._one_writer.release()

    @contextmanager
    def alone(self) -> Iterator[sa.Connection]:
        """A transaction that no other process of the hub runs such a one beside.

        Raises:
            DatabaseBusy: it could not be written; nothing was changed.
        """
        with self.writing() as connection:
            if not self.embedded:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            yield connection

    def in_use_elsewhere(self) -> bool:
        """Whether another process of the hub is connected to this PostgreSQL."""
        others = (
            "SELECT count(DISTINCT application_name) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name LIKE :program AND application_name <> :mine"
        )
        names = {"program": f"{PROGRAM}-%", "mine": self._name}
        with self.reading() as connection:
            return bool(connection.scalar(sa.text(others), names))

    def lock_heads(self, connection: sa.Connection, feeds: Iterable[str]) -> dict[str, int]:
        """The newest number of each feed, locked until the end of the transaction, always in the same order.

        Raises:
            SchemaMoved: the schema is not the one that this process knows any more.
        """
        names = sorted(feeds)
        self.add(connection, head, [{"feed": name, "seq": 0} for name in names])
        heads = {}
        for feed, seq, revision in connection.execute(_HEADS if self.revision else _HEADS_ALONE, {"feeds": names}):
            if revision != self.revision:
                raise SchemaMoved
            heads[feed] = seq
        return heads

    def hold_deciding(self, connection: sa.Connection) -> None:
        """Wait for those who decide at this moment, and let nobody begin before the end of the transaction."""
        if not self.embedded:
            # An embedded database has one writer at a time.
            connection.exec_driver_sql(f"LOCK TABLE {head.name} IN ACCESS EXCLUSIVE MODE")

    def insert(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows that are not there yet; all of them have the same columns."""
        self._fill(connection, table, *_columns_of(rows))

    def add(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; one that exists already stays as it is."""
        self._fill(connection, table, *_columns_of(rows), "ON CONFLICT DO NOTHING")

    def put(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows or replace those with the same key, which stands in one of them only."""
        self.put_rows(connection, table, *_columns_of(rows))

    def insert_rows(self, connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Rows) -> None:
        """The same as `insert` for very many rows: their values in the order of the names."""
        self._fill(connection, table, names, rows)

    def add_rows(self, connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Rows) -> None:
        """The same as `add` for very many rows."""
        self._fill(connection, table, names, rows, "ON CONFLICT DO NOTHING")

    def put_rows(self, connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Rows) -> None:
        """The same as `put` for very many rows."""
        keys = [column.name for column in table.primary_key]
        changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
        self._fill(connection, table, names, rows, f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {changes}")

    def _fill(
        self, connection: sa.Connection, table: sa.Table, names: Sequence[str], rows: Rows, conflict: str = ""
    ) -> None:
        """Hand the driver all rows at once: to take each one through a statement costs more than to store it."""
        if not rows:
            return
        into = f"INSERT INTO {table.name} ({', '.join(names)})"
        if self.embedded:
            self._rows += len(rows)
            connection.exec_driver_sql(f"{into} VALUES ({', '.join('?' for _ in names)}) {conflict}", list(rows))
        else:
            arrays = ", ".join(f"%s::{_array_of(table.c[name])}[]" for name in names)
            columns = tuple(map(list, zip(*rows, strict=True)))
            connection.exec_driver_sql(f"{into} SELECT * FROM unnest({arrays}) {conflict}", columns)

    def among(self, column: sa.ColumnElement[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
        """Whether a text column holds one of many values, as one parameter however many there are."""
        return self._among(column, sa.literal(self.listed(values), _listed_type(embedded=self.embedded)))

    def among_named(self, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
        """The same for a statement that is made once: what `listed` makes of the values is given under the name."""
        return self._among(column, sa.bindparam(name, type_=_listed_type(embedded=self.embedded)))

    def _among(self, column: sa.ColumnElement[Any], listed: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
        if self.embedded:
            each = sa.func.json_each(listed).table_valued("value")
            return column.in_(sa.select(each.c.value))
        return column == sa.any_(listed)

    def listed(self, values: Iterable[str]) -> str | list[str]:
        """Many values as one parameter."""
        return _json(list(values)).decode() if self.embedded else list(values)

    def made_once(self, statement: "Callable[[Database], T]") -> T:
        """A statement as it was made for this database first: to make one takes longer than to run it."""
        made: T | None = self._made.get(statement)
        if made is None:
            made = self._made[statement] = statement(self)
        return made

    # -- facts about the hub

    def fact(self, connection: sa.Connection, name: str) -> bytes | None:
        """A remembered value."""
        found: bytes | None = connection.scalar(sa.select(meta.c.value).where(meta.c.name == name))
        return found

    def remember(self, connection: sa.Connection, name: str, value: bytes) -> None:
        """Remember a value."""
        self.put(connection, meta, [{"name": name, "value": value}])


def _columns_of(rows: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, ...], Rows]:
    """The names of the columns, and the rows as their values."""
    names = tuple(rows[0]) if rows else ()
    return names, [tuple(row[name] for name in names) for row in rows]


def _array_of(column: sa.Column[Any]) -> str:
    """What PostgreSQL calls the type of a column."""
    match column.type:
        case sa.LargeBinary():
            return "bytea"
        case sa.Integer():
            return "bigint" if isinstance(column.type, sa.BigInteger) else "integer"
        case _:
            return "text"


def _listed_type(*, embedded: bool) -> sa.types.TypeEngine[Any]:
    return sa.Text() if embedded else postgresql.ARRAY(sa.Text)


_REVISION = sa.literal_column("(SELECT version_num FROM alembic_version)", sa.Text)
_HEADS_ALONE, _HEADS = (
    sa.select(head.c.feed, head.c.seq, revision)
    .where(head.c.feed.in_(sa.bindparam("feeds", expanding=True)))
    .order_by(head.c.feed)
    .with_for_update(of=head)
    for revision in (sa.literal(""), _REVISION)
)
"""The newest numbers of some feeds, locked, without and with the revision of the schema."""

_EMBEDDED: dict[str, Any] = {"pool_use_lifo": True}
"""The connection that was used last: it has in memory what it has just written."""


def _server(name: str) -> dict[str, Any]:
    patience = {"options": f"-c lock_timeout={PATIENCE_MS}", "connect_timeout": PATIENCE_MS // 1000}
    return {
        "pool_size": CONNECTIONS,
        "max_overflow": MORE_CONNECTIONS,
        "pool_timeout": PATIENCE_MS / 1000,
        "pool_pre_ping": True,
        "connect_args": patience | {"application_name": name},
    }


def sqlite_url(path: Path) -> str:
    """The URL of an embedded database."""
    return f"sqlite:///{path}"


def _url(text: str) -> sa.URL:
    try:
        url = sa.make_url(text)
        known = url.get_backend_name() in _BACKENDS and url.get_dialect().driver in _DRIVERS
    except sa.exc.ArgumentError:
        known = False
    if not known:
        raise DatabaseUnknown
    return url


def copy_sqlite(source: Path, target: Path) -> None:
    """Copy an embedded database that may be in use, and check the copy.

    Raises:
        DatabaseBusy: it cannot be read, or the copy is damaged.
    """
    target.unlink(missing_ok=True)
    create_private(target)
    try:
        with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
            old.backup(new)
            verdict = new.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise DatabaseBusy from error
    if verdict != "ok":
        raise DatabaseBusy


def create_private(path: Path) -> None:
    """A file that nobody else may read, with its folder; one that is there stays as it is."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600, exist_ok=True)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sa.exc.DataError, OverflowError) as error:
        raise Unstorable from error
    except (sa.exc.OperationalError, sa.exc.TimeoutError) as error:
        if _state_of(error).startswith(_PROGRAM_LIMIT):
            raise Unstorable from error
        raise (Collision if _state_of(error) in _COLLISIONS else DatabaseBusy) from error
    except sa.exc.IntegrityError as error:
        if _state_of(error) not in _COLLISIONS and _name_of(error) not in _TAKEN:
            raise
        raise Collision from error
    except sa.exc.DatabaseError as error:
        if not _is_damage(error.orig):
            raise
        raise DatabaseDamaged from error
    except sqlite3.Error as error:
        # Where the driver was asked directly.
        raise (DatabaseDamaged if _is_damage(error) else DatabaseBusy) from error


def _is_damage(error: BaseException | None) -> bool:
    """SQLite has no kind of its own for a file that is not what was written."""
    return type(error) is sqlite3.DatabaseError


def _state_of(error: Exception) -> str:
    """PostgreSQL's own code of an error."""
    return str(getattr(getattr(error, "orig", None), "sqlstate", ""))


def _name_of(error: Exception) -> str:
    """SQLite's own name of an error."""
    return str(getattr(getattr(error, "orig", None), "sqlite_errorname", ""))


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    # Counts for a new file only.
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES:d}")
    _keep_a_log(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = -{PAGES_IN_MEMORY_KB:d}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES:d}")
    connection.execute(f"PRAGMA busy_timeout = {PATIENCE_MS:d}")


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log, as all but a new one do.

    Of two who begin a new file at once SQLite refuses one without letting it wait, because each holds what the other
    one wants.
    """
    until = time.monotonic() + PATIENCE_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(ASK_AGAIN_S)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    # A writer takes its lock at once, so that what it reads cannot change under it.
    reading = connection.get_execution_options().get("reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
