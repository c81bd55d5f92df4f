"""The hub's tables; what a counter sent, what it was told, and the state that both follow from."""

import sqlalchemy as sa

metadata = sa.MetaData()

_Bytes = sa.LargeBinary
_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Moment = sa.String(40)
"""UTC in ISO 8601, which sorts like time."""

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", _Bytes, nullable=False),
)

device = sa.Table(
    "device",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("public_key", _Bytes, nullable=False, unique=True),
    sa.Column("transport_key", _Bytes, nullable=False),
    sa.Column("certificate", sa.Text, nullable=False),
    sa.Column("enrolled_at", _Moment, nullable=False),
    sa.Column("seen_at", _Moment),
    sa.Column("revoked_at", _Moment),
)

enrol_code = sa.Table(
    "enrol_code",
    metadata,
    sa.Column("selector", sa.Text, primary_key=True),
    sa.Column("verifier", _Bytes, nullable=False),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("expires_at", _Moment, nullable=False),
    sa.Column("tries_left", sa.Integer, nullable=False),
    sa.Column("used_by", sa.Text),
)

incarnation = sa.Table(
    "incarnation",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.Text, primary_key=True),
    sa.Column("last_seq", _Number, nullable=False),
)

durable = sa.Table(
    "durable",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("incarnation", sa.Text, primary_key=True),
    # What a verified backup covers: it survives the loss of the hub's machine.
    sa.Column("seq", _Number, nullable=False),
)

head = sa.Table(
    "head",
    metadata,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("seq", _Number, nullable=False),
)

floor = sa.Table(
    "floor",
    metadata,
    sa.Column("feed", sa.Text, primary_key=True),
    # Below it the feed no longer says what has left it: whoever has read less reads everything again.
    sa.Column("seq", _Number, nullable=False),
)

feed_mark = sa.Table(
    "feed_mark",
    metadata,
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("at", _Moment, primary_key=True),
    # How far the feed had come at that moment.
    sa.Column("seq", _Number, nullable=False),
)

state = sa.Table(
    "state",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("feed", sa.Text, primary_key=True),
    sa.Column("seq", _Number, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("body", _Bytes, nullable=False),
    # Whose key travels with it.
    sa.Column("subject", sa.Text),
    sa.Index("state_by_number", "feed", "seq", unique=True),
)
_AT_HOME = sa.and_(sa.func.length(state.c.body) > 0, state.c.kind.not_in(["building", "staff"]))
state_home = sa.Index(
    "state_home",
    state.c.kind,
    state.c.id,
    unique=True,
    postgresql_where=_AT_HOME,
).ddl_if(dialect="postgresql")
"""A state stands in one feed only, even if two stores make it at once; buildings and staff are a store's own.

An embedded database has one writer at a time, who sees what was there before.
"""


command_result = sa.Table(
    "command_result",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("incarnation", sa.Text, nullable=False),
    sa.Column("seq", _Number, nullable=False),
    sa.Column("sha256", _Bytes, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("feed", sa.Text, nullable=False),
    sa.Column("feed_seq", _Number, nullable=False),
    sa.Column("problem", _Bytes),
    sa.Column("received_at", _Moment, nullable=False),
)

parked = sa.Table(
    "parked",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("command", _Bytes, nullable=False),
    # Why: a problem's code; "revoked" where the counter had been turned away, else the rule could not decide.
    sa.Column("code", sa.Text, nullable=False, server_default=""),
    sa.Column("at", _Moment, nullable=False, server_default=""),
    # The batch's wrapped keys that belong to it, as they came.
    sa.Column("keys", _Bytes),
)

event_log = sa.Table(
    "event_log",
    metadata,
    sa.Column("n", _Number, primary_key=True, autoincrement=True),
    sa.Column("command_id", sa.Text, nullable=False),
    sa.Column("store", sa.Text, nullable=False),
    sa.Column("device", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", _Moment, nullable=False),
    sa.Column("events", _Bytes, nullable=False),
    # What was sent, as it came; nothing where the hub itself did it. Of an order taken on, `events` has the id only.
    sa.Column("body", _Bytes),
)

order_key = sa.Table(
    "order_key",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("key_id", _Bytes, primary_key=True),
    sa.Column("wrapped", _Bytes, nullable=False),
    sqlite_with_rowid=False,
)

audit_anchor = sa.Table(
    "audit_anchor",
    metadata,
    sa.Column("device", sa.Text, primary_key=True),
    sa.Column("n", _Number, primary_key=True),
    sa.Column("hash", _Bytes, nullable=False),
    sa.Column("at", _Moment, nullable=False),
)

region_job = sa.Table(
    "region_job",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("region", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("budget_s", sa.Integer, nullable=False),
    sa.Column("started_by", sa.Text, nullable=False),
    sa.Column("started_at", _Moment, nullable=False),
    sa.Column("ended_at", _Moment),
    # Which process plans it, and when that was last heard of; another one takes over what nobody is heard of at.
    sa.Column("owner", sa.Text, nullable=False, server_default=""),
    sa.Column("beat_at", _Moment, nullable=False, server_default=""),
    sa.Column("cancelled_by", sa.Text, nullable=False, server_default=""),
    # How far it is, and what came of it: JSON without anything about a customer.
    sa.Column("progress", _Bytes, nullable=False),
    sa.Column("outcome", _Bytes),
)
_UNDER_WAY = region_job.c.state.in_(["waiting", "running"])
region_job_alone = sa.Index(
    "region_job_alone",
    region_job.c.region,
    unique=True,
    sqlite_where=_UNDER_WAY,
    postgresql_where=_UNDER_WAY,
)
"""A region has one job at a time, whoever starts it."""

console_user = sa.Table(
    "console_user",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("salt", _Bytes, nullable=False),
    sa.Column("verifier", _Bytes, nullable=False),
)
