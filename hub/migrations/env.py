"""Alembic calls this to run the steps over the connection it was given; no log configuration is touched."""

from alembic import context

from hub.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
