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


def migrate(db: Database) -> None:
    """Run the steps that are missing.

    Raises:
        DatabaseBusy: the database cannot be written.
    """
    with db.alone() as connection:
        upgrade(connection)


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Run the steps up to a revision in the caller's transaction."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def is_current(db: Database) -> bool:
    """Whether the database has exactly the schema this program knows."""
    with db.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision() == _newest()


def has_hub(db: Database) -> bool:
    """Whether there is a hub in the database, of whatever version."""
    with db.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision() is not None


@cache
def _newest() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()
