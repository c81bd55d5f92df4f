"""Commands of newer counters are kept as they came, where this program does not know all of their fields."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0003"


def upgrade() -> None:
    """Add the column."""
    op.add_column("event_log", sa.Column("body", sa.LargeBinary(), nullable=True))
