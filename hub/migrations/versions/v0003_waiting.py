"""What waits for a person of the hub says why and since when, and brings its keys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns; what waits already was parked by its rule."""
    op.add_column("parked", sa.Column("code", sa.Text(), nullable=False, server_default=""))
    op.add_column("parked", sa.Column("at", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("parked", sa.Column("keys", sa.LargeBinary(), nullable=True))
