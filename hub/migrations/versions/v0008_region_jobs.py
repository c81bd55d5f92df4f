"""Plans of whole regions as jobs, one at a time a region."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
_UNDER_WAY = sa.text("state IN ('waiting', 'running')")


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "region_job",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("budget_s", sa.Integer(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("started_at", sa.String(length=40), nullable=False),
        sa.Column("ended_at", sa.String(length=40), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False, server_default=""),
        sa.Column("beat_at", sa.String(length=40), nullable=False, server_default=""),
        sa.Column("cancelled_by", sa.Text(), nullable=False, server_default=""),
        sa.Column("progress", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "region_job_alone",
        "region_job",
        ["region"],
        unique=True,
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )
