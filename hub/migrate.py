"""Brings a database to today's schema, all steps or none."""

from functools import cache
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.database import Database


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


class NewerSchema(Exception):
    """A newer program has brought the database to a schema that this one doesn't know; nothing was changed."""

    code = "schema_newer"


def migrate(db: Database) -> None:
    """Run the steps that are missing; older processes that are running decide nothing from then on.

    Raises:
        DatabaseBusy: the database cannot be written.
        NewerSchema: there are more steps in the database than here.
    """
    with db.alone() as connection:
        found = revision_of(connection)
        if found == newest():
            return
        if found is not None:
            db.hold_deciding(connection)
        upgrade(connection)


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Run the steps up to a revision in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def is_current(db: Database) -> bool:
    """Whether the database has exactly the schema this program knows."""
    with db.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest()


def has_hub(db: Database) -> bool:
    """Whether there is a hub in the database, of whatever version."""
    with db.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision() is not None


def revision_of(connection: sa.Connection) -> str | None:
    """Which step a database has seen last; None where it has seen none.

    Raises:
        NewerSchema: this program does not know it.
    """
    found = MigrationContext.configure(connection).get_current_revision()
    if found is not None and found not in _known():
        raise NewerSchema
    return found


@cache
def newest() -> str:
    """The last step that this program knows."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


@cache
def _known() -> frozenset[str]:
    return frozenset(step.revision for step in ScriptDirectory.from_config(_config()).walk_revisions())
