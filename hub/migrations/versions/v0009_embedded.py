"""What an embedded database does not need: one writer at a time finds a second home by itself, and keys need no row."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Leave out the index that only several processes need, and keep each key in its index."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_index("state_home", "state")
    op.execute(
        """CREATE TABLE kept (subject TEXT NOT NULL, key_id BLOB NOT NULL, wrapped BLOB NOT NULL,
        PRIMARY KEY (subject, key_id)) WITHOUT ROWID"""
    )
    op.execute("INSERT INTO kept SELECT subject, key_id, wrapped FROM order_key")
    op.execute("DROP TABLE order_key")
    op.execute("ALTER TABLE kept RENAME TO order_key")
