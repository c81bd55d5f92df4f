"""Brings a database to today's schema, all steps or none."""

from pathlib import Path

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
    config = _config()
    with db.writing() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(db: Database) -> bool:
    """Whether the database has exactly the schema this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    with db.reading() as connection:
        return MigrationContext.configure(connection).get_current_revision() == newest
