"""A state stands in one feed only, even where several processes decide at the same moment."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
_AT_HOME = sa.text("length(body) > 0 AND kind <> 'building'")


def upgrade() -> None:
    """Add the index that refuses a second home."""
    op.create_index(
        "state_home", "state", ["kind", "id"], unique=True, sqlite_where=_AT_HOME, postgresql_where=_AT_HOME
    )
