"""How far a verified backup covers each counter, and below which number a feed no longer says what has gone."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
_Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the tables; no backup covers anything yet, and every feed says everything."""
    op.create_table(
        "durable",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("incarnation", sa.Text(), nullable=False),
        sa.Column("seq", _Number, nullable=False),
        sa.PrimaryKeyConstraint("device", "incarnation"),
    )
    op.create_table(
        "floor",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", _Number, nullable=False),
        sa.PrimaryKeyConstraint("feed"),
    )
    op.create_table(
        "feed_mark",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=40), nullable=False),
        sa.Column("seq", _Number, nullable=False),
        sa.PrimaryKeyConstraint("feed", "at"),
    )
