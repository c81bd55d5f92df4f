"""One command as it stands in the journal, and the row that it is there."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct

from storeapp.domain.words import Role
from storeapp.store.rowsums import Value, blob_sum, mended

COLUMNS = "n, id, kind, at, actor, role, store, body, events, status, simulated, seq, feed, feed_seq, problem"
SUMS = "content_sum, outcome_sum"
"""With `COLUMNS` the row of a command as it is read, and as it stood in one table until the outcome got its own."""

CONTENT = "n, id, kind, at, actor, role, store, body, events, simulated, seq, content_sum"
"""What a command says: the columns of ``command``, which never change."""
OUTCOME = "n, status, feed, feed_seq, problem, outcome_sum"
"""What has become of it: the columns of ``outcome``, small rows because every answer of the hub changes one."""
ROW = ", ".join(f"command.{name}" if name == "n" else name for name in f"{COLUMNS}, {SUMS}".split(", "))
"""`COLUMNS` and `SUMS` where ``command`` and ``outcome`` are joined."""


class Status(StrEnum):
    """What has become of a command."""

    SAVED = "saved"
    """Final: this counter is the authority."""
    PENDING = "pending"
    """The hub has not answered yet."""
    APPLIED = "applied"
    REFUSED = "refused"
    PARKED = "parked"


class Entry(Struct, frozen=True, gc=False):
    """One command as it stands in the journal; ``events`` is what it did here, ``problem`` why the hub refused."""

    n: int
    id: str
    kind: str
    at: datetime
    actor: str
    role: Role
    store: str
    body: bytes
    events: bytes
    status: Status
    simulated: bool = False
    seq: int = 0
    feed: str = ""
    feed_seq: int | None = None
    problem: bytes = b""
    needs: tuple[str, ...] = ()
    """Commands without which it makes no sense; read by `needs_of`."""


class Outcome(Struct, frozen=True, gc=False):
    """The hub's answer to one command: who has read ``feed`` as far as ``feed_seq`` has seen what led to it."""

    id: str
    status: Status
    feed: str = ""
    feed_seq: int | None = None
    problem: bytes = b""
    n: int = 0
    """The command's number in the journal, where whoever tells has sent it; else it is looked for by its id."""


_ROLES = {role.value: role for role in Role}
_STATUSES = {status.value: status for status in Status}
_CONTENT = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11)
"""Where what never changes stands among `COLUMNS`; the number may change, when holes are closed."""
_OUTCOME = (9, 12, 13, 14)


Values = tuple[Value, ...]


def rows_of(e: Entry) -> tuple[Values, Values]:
    """The values of `CONTENT` and of `OUTCOME`."""
    said = (e.id, e.kind, e.at.isoformat(), e.actor, str(e.role), e.store, e.body, e.events, int(e.simulated), e.seq)
    became = (str(e.status), e.feed, e.feed_seq, e.problem)
    return (e.n, *said, _content_sum(said)), (e.n, *became, outcome_sum(*became))


def joined(content: Sequence[Any], outcome: Sequence[Any]) -> tuple[Any, ...]:
    """A row of `COLUMNS` and `SUMS` out of those of `CONTENT` and `OUTCOME`."""
    *said, simulated, seq, content_sum_ = content
    _, status, feed, feed_seq, problem, outcome_sum_ = outcome
    return (*said, status, simulated, seq, feed, feed_seq, problem, content_sum_, outcome_sum_)


def parted(row: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The rows of `CONTENT` and `OUTCOME` out of one of `COLUMNS` and `SUMS`."""
    *said, status, simulated, seq, feed, feed_seq, problem, content, outcome = row
    return (*said, simulated, seq, content), (said[0], status, feed, feed_seq, problem, outcome)


def sums_of(row: Sequence[Any]) -> tuple[bytes, bytes]:
    """The checksums of the values of `COLUMNS`: of what a command says, and of what has become of it."""
    _, command_id, kind, at, actor, role, store, body, events, status, simulated, seq, feed, feed_seq, problem = row[
        :15
    ]
    content = _content_sum((command_id, kind, at, actor, role, store, body, events, simulated, seq))
    return content, outcome_sum(status, feed, feed_seq, problem)


def _content_sum(values: Sequence[Any]) -> bytes:
    """Written out, because every command that is read or saved is summed up."""
    command_id, kind, at, actor, role, store, body, events, simulated, seq = values
    who = f"{command_id}\x1f{kind}\x1f{at}\x1f{actor}\x1f{role}\x1f{store}"
    return blob_sum(f"{who}\x1f{len(body)}\x1f{simulated}\x1f{seq}\x1f", body, events)


def outcome_sum(status: str, feed: str, feed_seq: int | None, problem: bytes) -> bytes:
    """The checksum of what has become of a command."""
    return blob_sum(f"{status}\x1f{feed}\x1f{feed_seq}\x1f", problem)


def _outcome_sum(values: Sequence[Any]) -> bytes:
    return outcome_sum(*values)


def row_mended(row: Sequence[Any]) -> tuple[Any, ...]:
    """A row of `COLUMNS` and `SUMS` with its bytes put right as far as that can be done, else as it was."""
    values, fixed = list(row[:-2]), list(row)
    for places, summed, told in ((_CONTENT, _content_sum, row[-2]), (_OUTCOME, _outcome_sum, row[-1])):
        found = _mended([values[place] for place in places], told, summed)
        for place, value in zip(places, found or (), strict=False):
            fixed[place] = value
    return tuple(fixed)


def _mended(values: Sequence[Any], told: object, summed: Callable[[Sequence[Any]], bytes]) -> Sequence[Any] | None:
    try:
        return mended(values, told, summed) if isinstance(told, bytes) else None
    except TypeError:
        return None  # A blob is no blob any more.


def entry_of(row: tuple[object, ...]) -> Entry:
    """The command in a row of `COLUMNS` and `SUMS`; a row of before there were any has none.

    Raises:
        ValueError: a column holds what it never should, or something else than was written.
        TypeError: a column is of another type.
    """
    content, outcome = sums_of(row)
    *_, told_content, told_outcome = row
    if told_content == content and told_outcome == outcome:
        return _as_written(*row)
    if (told_content is not None and told_content != content) or (told_outcome is not None and told_outcome != outcome):
        raise ValueError("a row is not as it was written")
    n, command_id, kind, at, actor, role, store, body, events, status, simulated, seq, feed, feed_seq, problem, *_ = row
    return Entry(
        n=int(str(n)),
        id=str(command_id),
        kind=str(kind),
        at=datetime.fromisoformat(str(at)),
        actor=str(actor),
        role=Role(str(role)),
        store=str(store),
        body=_bytes(body),
        events=_bytes(events),
        status=Status(str(status)),
        simulated=bool(simulated),
        seq=int(str(seq)),
        feed=str(feed),
        feed_seq=None if feed_seq is None else int(str(feed_seq)),
        problem=_bytes(problem),
    )


def _as_written(
    n: Any,
    command_id: Any,
    kind: Any,
    at: Any,
    actor: Any,
    role: Any,
    store: Any,
    body: Any,
    events: Any,
    status: Any,
    simulated: Any,
    seq: Any,
    feed: Any,
    feed_seq: Any,
    problem: Any,
    *_sums: Any,
) -> Entry:
    """The command in a row that fits its checksums, so that every value is of the type that was written."""
    moment, of_role, of_status = datetime.fromisoformat(at), _ROLES.get(role), _STATUSES.get(status)
    if of_role is None or of_status is None:
        raise ValueError("a word of the journal is unknown")
    said = (n, command_id, kind, moment, actor, of_role, store, body, events)
    return Entry(*said, of_status, bool(simulated), seq, feed, feed_seq, problem)


def _bytes(value: object) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError("a blob column holds something else")
    return value
