"""One hub, two databases: what takes a hub here runs on embedded SQLite and on a real PostgreSQL."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from psycopg import sql

from hub.core import Hub
from hub.database import Database
from hub.migrate import migrate, upgrade
from hub.tables import metadata, state_home
from tests.support.hubs import make_hub

BACKENDS = ("sqlite", "postgresql")
TEMPLATE = "hub_template"
PATIENCE_MS = 60_000
_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


class Postgres:
    """A server of this run's own, with an empty hub's database to copy."""

    def __init__(self, url: Callable[[str], str], administrator: psycopg.Connection) -> None:
        self._url = url
        self._administrator = administrator
        self._numbers = count(1)
        self._do("CREATE DATABASE {}", TEMPLATE)
        db = Database(url(TEMPLATE))
        migrate(db)
        db.close()

    def _do(self, statement: str, *names: str) -> None:
        self._administrator.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def fresh(self, *, migrated: bool = True) -> str:
        """The URL of a new database."""
        name = f"hub{next(self._numbers)}"
        self._do("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE if migrated else "template0")
        return self._url(name)

    def copy_of(self, url: str) -> str:
        """The URL of a new database like another one, to which nobody may be connected."""
        name = f"hub{next(self._numbers)}"
        self._do("CREATE DATABASE {} TEMPLATE {}", name, _name(url))
        return self._url(name)

    def drop(self, url: str) -> None:
        """Give its room back, whoever is still connected."""
        self._do("DROP DATABASE {} WITH (FORCE)", _name(url))

    def cut(self, url: str) -> None:
        """Break every connection to a database; returns when all of them have ended."""
        statement = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE datname = %s"
        ended = self._administrator.execute(statement, [PATIENCE_MS, _name(url)]).fetchall()
        assert all(done for (done,) in ended)


def _name(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def move(source: str, target: str) -> None:
    """Bring a hub from its file into an empty PostgreSQL of the same revision."""
    with ExitStack() as open_ones:
        old, new = (open_ones.enter_context(closing(Database(url))) for url in (source, target))
        reading, writing = open_ones.enter_context(old.reading()), open_ones.enter_context(new.alone())
        upgrade(writing, MigrationContext.configure(reading).get_current_revision() or "")
        tables = sa.MetaData()
        tables.reflect(reading)
        for table in tables.sorted_tables:
            rows = [dict(row) for row in reading.execute(sa.select(table)).mappings()]
            if rows and table.name != "alembic_version":
                writing.execute(table.insert(), rows)
        writing.execute(sa.text("SELECT setval(pg_get_serial_sequence('event_log', 'n'), 1000000)"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server; on Linux `dev.py test` sees to it that there is one."""
    if sys.platform != "linux":
        pytest.skip("PostgreSQL is tested on Linux")
    from devtools.postgres import running

    with running() as server, psycopg.connect(server.plain_url(), autocommit=True) as administrator:
        yield Postgres(server.url, administrator)


@pytest.fixture(params=BACKENDS)
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new database; empty for the embedded one of a home."""
    if request.param == "sqlite":
        yield ""
        return
    server: Postgres = request.getfixturevalue("postgres")
    url = server.fresh()
    yield url
    server.drop(url)


@pytest.fixture
def hub(tmp_path: Path, database: str) -> Iterator[Hub]:
    """A hub with a clock that a test can turn; its home is ``tmp_path / "hub"``."""
    hub = make_hub(tmp_path / "hub", url=database)
    yield hub
    hub.close()


def schema_differences(db: Database) -> list[Any]:
    """In what a database differs from the tables that the program uses."""
    # Whoever has one writer at a time goes without the index that refuses a second home.
    only_of_servers = {state_home.name} if db.embedded else set()

    def is_here(_: object, name: str | None, kind: str, *_more: object) -> bool:
        return not (kind == "index" and name in only_of_servers)

    with db.reading() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": is_here})
        found: list[Any] = compare_metadata(context, metadata)
        names = {each["name"] for each in sa.inspect(connection).get_indexes("state")}
    return [*found, *(["state_home"] if (state_home.name in names) is db.embedded else [])]


def until_somebody_waits(hub: Hub) -> None:
    """Return when somebody waits for a lock in a hub's PostgreSQL."""
    pause = threading.Event()
    for _ in range(PATIENCE_MS // 10):
        with hub.db.reading() as connection:
            if connection.scalar(sa.text(_WAITING)):
                return
        pause.wait(0.01)
    raise AssertionError("nobody waits")
