"""The people of each store are its own: every store begins with a ``manager``."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
_AT_HOME = sa.text("length(body) > 0 AND kind NOT IN ('building', 'staff')")


def upgrade() -> None:
    """Let an id of staff stand in several feeds."""
    op.drop_index("state_home", "state")
    op.create_index(
        "state_home", "state", ["kind", "id"], unique=True, sqlite_where=_AT_HOME, postgresql_where=_AT_HOME
    )
