"""Decides commands with authority: one transaction a batch, and the reply only when it is on the disk.

Before anything is decided, the heads of the feeds are locked, so decisions never see a stale state and the
order of numbers is the order of commits. A command that a handler fails on is parked, and the queue goes on.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.admission import check_body, is_id, is_text, keepable
from hub.core import Hub
from hub.database import Collision
from hub.places import BRAND_KINDS
from hub.prefetch import prefetch
from hub.problems import HubProblem
from hub.states import States, write
from hub.tables import command_result, device, event_log, incarnation, order_key, parked
from storeapp.adapters.transport_keys import TransportError, key_purpose
from storeapp.codec import Malformed, UnknownKind, decode_command, encode_events
from storeapp.domain.feeds import BRAND_FEED, store_feed
from storeapp.domain.kernel import Command, Context, Event, Refusal
from storeapp.domain.order import Order, OrderForgotten
from storeapp.domain.rules.people import RegisterSku, RegisterStore, SetPolicy
from storeapp.domain.words import Role
from storeapp.domain.workspace import Workspace
from sync.protocol.messages import (
    BatchReply,
    CommandBatch,
    Problem,
    Result,
    ResultStatus,
    WireCommand,
    WireKey,
    encode,
    fingerprint,
    refusal,
)

_log = logging.getLogger(__name__)
_problem = msgspec.json.Decoder(Problem)
_PARKED = 422
MOST_COLLISIONS = 5
MOST_KEY_ID_BYTES = 64
_OF_BRAND = frozenset({RegisterSku.KIND, RegisterStore.KIND, SetPolicy.KIND})


@dataclass(frozen=True, slots=True)
class Sender:
    """The enrolled counter that a batch comes from."""

    id: str
    store: str
    transport_key: bytes = b""


class _NeedsHeads(Exception):
    """Decisions reached a feed whose head is not locked: begin again with it."""

    def __init__(self, feeds: set[str]) -> None:
        super().__init__("more heads")
        self.feeds = feeds


@dataclass(slots=True)
class _Decided:
    """One command on its way through."""

    command: WireCommand
    sha256: bytes
    typed: Command | None = None
    status: ResultStatus = ResultStatus.APPLIED
    problem: Problem | None = None
    events: Sequence[Event] = ()
    feed: str = ""
    feed_seq: int = 0

    def refuse(self, code: str, data: Any = None) -> None:
        self.status, self.problem = ResultStatus.REFUSED, refusal(code, data)

    def park(self, code: str, data: Any = None) -> None:
        self.status, self.problem = ResultStatus.PARKED, refusal(code, data, status=_PARKED)

    def unread(self) -> bytes | None:
        """The body as it came, where decoding has left something of it."""
        body = bytes(self.command.body)
        return None if self.typed is None or encode(self.typed) == body else body

    def result(self) -> Result:
        return Result(self.command.seq, self.command.id, self.status, self.feed, self.feed_seq, self.problem)


@dataclass(slots=True)
class _Outcome:
    """What a transaction leaves behind for after its commit."""

    reply: BatchReply
    feeds: set[str] = field(default_factory=set)


def decide(hub: Hub, sender: Sender, batch: CommandBatch) -> BatchReply:
    """Decide what is new in a batch and repeat the stored results of what is not.

    Raises:
        HubProblem: ``sequence_hole`` (data: expected) or ``sequence_reused`` (data: seq); nothing was done.
        DatabaseBusy: nothing was done.
    """
    return _decided(hub, sender, batch, _Batch.run)


def _likely_feeds(sender: Sender, batch: CommandBatch) -> set[str]:
    """Whose heads a batch will need; one that is missing is only found out once everything was decided."""
    brand = any(command.kind in _OF_BRAND for command in batch.commands)
    return {store_feed(sender.store)} | ({BRAND_FEED} if brand else set())


def decide_again(
    hub: Hub, sender: Sender, command: WireCommand, keys: list[WireKey], *, settle: Callable[[sa.Connection], None]
) -> Result:
    """Decide one command that had been put aside, on what is now; its stored result becomes what comes of it.

    Args:
        hub: who decides.
        sender: the counter that it came from.
        command: the command as it came.
        keys: the keys that came with it.
        settle: takes it from where it waited, in the same transaction; not called where it is parked again.

    Raises:
        DatabaseBusy: nothing was done.
    """

    def run(batch: _Batch) -> _Outcome:
        return batch.run_again(settle)

    return _decided(hub, sender, CommandBatch("", [command], keys), run).results[0]


def _decided(hub: Hub, sender: Sender, batch: CommandBatch, run: Callable[["_Batch"], _Outcome]) -> BatchReply:
    feeds = _likely_feeds(sender, batch)
    collisions = 0
    while True:
        try:
            with hub.db.writing() as connection:
                outcome = run(_Batch(hub, connection, sender, batch, feeds))
        except _NeedsHeads as more:
            feeds |= more.feeds
        except Collision:
            # Another store made the same at this moment; now it is there to be seen.
            collisions += 1
            if collisions > MOST_COLLISIONS:
                raise
        else:
            hub.bell.ring(outcome.feeds)
            return outcome.reply


class _Batch:
    """One attempt at a batch, in its transaction."""

    def __init__(
        self, hub: Hub, connection: sa.Connection, sender: Sender, batch: CommandBatch, feeds: set[str]
    ) -> None:
        self._hub = hub
        self._connection = connection
        self._sender = sender
        self._batch = batch
        self._own_feed = store_feed(sender.store)
        self._heads = hub.db.lock_heads(connection, feeds)
        self._states = States(hub.db, connection, store=sender.store)
        self._statuses: dict[str, str] = {}

    def run(self) -> _Outcome:
        last = self._last_seq()
        items = [_Decided(command, fingerprint(command)) for command in self._batch.commands]
        known = self._known(items)
        self._check_order(items, known, last)
        new = [item for item in items if item.command.id not in known]
        self._decide(new)
        changed = self._write_states(new)
        self._write_records(new)
        self._keep_keys(new)
        last = max([last, *(item.command.seq for item in items)])
        self._remember_last(last)
        results = [known.get(item.command.id) or item.result() for item in items]
        results = [_renumbered(result, item.command.seq) for result, item in zip(results, items, strict=True)]
        return _Outcome(BatchReply(results, last, last), changed)

    def run_again(self, settle: Callable[[sa.Connection], None]) -> _Outcome:
        """Decide what has a result already, or was never asked, outside the order of its counter."""
        (item,) = items = [_Decided(command, fingerprint(command)) for command in self._batch.commands]
        self._decide(items)
        if item.status is ResultStatus.PARKED:
            return _Outcome(BatchReply([item.result()], 0, 0))
        settle(self._connection)
        changed = self._write_states(items)
        if item.events:
            self._connection.execute(event_log.insert(), [self._event_row(item)])
        row = self._result_row(item, self._hub.now())
        known = command_result.c.id == item.command.id
        settled = {name: row[name] for name in ("status", "feed", "feed_seq", "problem")}
        if not self._connection.execute(sa.update(command_result).where(known).values(**settled)).rowcount:
            self._connection.execute(command_result.insert(), [row])
        self._keep_keys(items)
        return _Outcome(BatchReply([item.result()], 0, 0), changed)

    # -- what was seen before

    def _last_seq(self) -> int:
        query = sa.select(incarnation.c.last_seq).where(
            incarnation.c.device == self._sender.id, incarnation.c.incarnation == self._batch.incarnation
        )
        return int(self._connection.scalar(query) or 0)

    def _known(self, items: Iterable[_Decided]) -> dict[str, Result]:
        mine = {item.command.id: item for item in items}
        found: dict[str, Result] = {}
        columns = command_result.c
        query = sa.select(
            columns.id, columns.device, columns.sha256, columns.status, columns.feed, columns.feed_seq, columns.problem
        ).where(self._hub.db.among(columns.id, mine))
        for command_id, sent_by, sha256, status, feed, feed_seq, problem in self._connection.execute(query):
            item = mine[command_id]
            if sha256 != item.sha256 or not self._may_repeat(sent_by):
                raise HubProblem("sequence_reused", seq=item.command.seq)
            again = ResultStatus.REPLAYED if status == ResultStatus.APPLIED else ResultStatus(status)
            found[command_id] = Result(
                item.command.seq, command_id, again, feed, feed_seq, _problem.decode(problem) if problem else None
            )
        return found

    def _may_repeat(self, sent_by: str) -> bool:
        """Whether the sender may ask again what a counter has sent: itself, or one of its store that lost its key."""
        if sent_by == self._sender.id:
            return True
        of_store = sa.select(device.c.store).where(device.c.id == sent_by)
        return self._connection.scalar(of_store) == self._sender.store

    @staticmethod
    def _check_order(items: Sequence[_Decided], known: dict[str, Result], last: int) -> None:
        expected = items[0].command.seq if items else 0
        if expected > last + 1:
            raise HubProblem("sequence_hole", expected=last + 1)
        for number, item in enumerate(items, start=expected):
            if item.command.seq != number:
                raise HubProblem("sequence_hole", expected=number)
            if number <= last and item.command.id not in known:
                raise HubProblem("sequence_reused", seq=number)

    # -- deciding

    def _decide(self, items: Sequence[_Decided]) -> None:
        for item in items:
            self._admit(item)
        prefetch(self._states, (item.typed for item in items if item.typed is not None))
        self._load_needed(items)
        self._work = Workspace(self._states)
        for item in items:
            if item.typed is not None and item.status is ResultStatus.APPLIED:
                self._run(item, item.typed)
            self._statuses[item.command.id] = item.status

    def _admit(self, item: _Decided) -> None:
        command = item.command
        if command.simulated and not self._hub.demo:
            item.refuse("simulated")
        elif command.store != self._sender.store:
            item.refuse("other_store", {"store": self._sender.store})
        else:
            self._read(item)

    @staticmethod
    def _read(item: _Decided) -> None:
        try:
            check_body(item.command.kind, bytes(item.command.body))
            item.typed = decode_command(item.command.kind, item.command.body)
            Role(item.command.role)
            if not is_text(item.command.actor):
                raise Malformed(item.command.kind)
        except UnknownKind:
            item.park("unknown_kind", {"kind": item.command.kind})
        except (Malformed, ValueError):
            item.park("malformed_command", {"kind": item.command.kind})

    def _load_needed(self, items: Iterable[_Decided]) -> None:
        needed = {need for item in items for need in item.command.needs}
        if needed:
            columns = command_result.c
            query = sa.select(columns.id, columns.status).where(self._hub.db.among(columns.id, needed))
            self._statuses |= {command_id: status for command_id, status in self._connection.execute(query)}  # noqa: C416 -- a row is not a pair for the type checker

    def _run(self, item: _Decided, typed: Command) -> None:
        command = item.command
        lost = [need for need in command.needs if self._statuses.get(need) == ResultStatus.REFUSED]
        if lost:
            item.refuse("needs_refused", {"command": lost[0]})
            return
        context = Context(
            now=command.at,
            command_id=command.id,
            store=command.store,
            device=self._sender.id,
            actor=command.actor,
            role=Role(command.role),
        )
        try:
            decided = self._work.run(typed, context)
        except Exception as error:
            _log.warning("parked a command of kind %s: %s in its rule", command.kind, type(error).__name__)
            item.park("handler_failed", {"kind": command.kind})
            return
        if isinstance(decided, Refusal):
            item.refuse(decided.code, decided.data)
        else:
            item.events = decided

    # -- writing

    def _write_states(self, items: Sequence[_Decided]) -> set[str]:
        rows = self._states.changes(self._work.dirty)
        feeds = {row["feed"] for row in rows}
        missing = feeds - self._heads.keys()
        if missing:
            raise _NeedsHeads(missing)
        write(self._hub.db, self._connection, rows, self._heads)
        for item in items:
            item.feed = self._feed_of(item)
            item.feed_seq = self._heads[item.feed]
        return feeds

    def _feed_of(self, item: _Decided) -> str:
        """Where its effect is seen: a rule changes either the brand's states or the store's."""
        brand = bool(item.events) and all(event.OF.KIND in BRAND_KINDS for event in item.events)
        return BRAND_FEED if brand and BRAND_FEED in self._heads else self._own_feed

    def _write_records(self, items: Sequence[_Decided]) -> None:
        now = self._hub.now()
        results = [self._result_row(item, now) for item in items]
        events = [self._event_row(item) for item in items if item.events]
        waiting = [self._parked_row(item, now) for item in items if item.status is ResultStatus.PARKED]
        for table, rows in ((command_result, results), (event_log, events), (parked, waiting)):
            if rows:
                self._connection.execute(table.insert(), rows)

    def _result_row(self, item: _Decided, now: datetime) -> dict[str, Any]:
        return {
            "id": item.command.id,
            "device": self._sender.id,
            "incarnation": self._batch.incarnation,
            "seq": item.command.seq,
            "sha256": item.sha256,
            "status": item.status,
            "feed": item.feed,
            "feed_seq": item.feed_seq,
            "problem": encode(item.problem) if item.problem else None,
            "received_at": now.isoformat(),
        }

    def _event_row(self, item: _Decided) -> dict[str, Any]:
        return {
            "command_id": item.command.id,
            "store": self._sender.store,
            "device": self._sender.id,
            "actor": item.command.actor,
            "kind": item.command.kind,
            "at": item.command.at.isoformat(),
            "events": encode_events(item.events),
            "body": item.unread(),
        }

    def _parked_row(self, item: _Decided, now: datetime) -> dict[str, Any]:
        return {
            "id": item.command.id,
            "device": self._sender.id,
            "store": self._sender.store,
            "kind": keepable(item.command.kind),
            "command": encode(item.command),
            "code": item.problem.code if item.problem else "",
            "at": now.isoformat(),
            "keys": None,
        }

    def _keep_keys(self, items: Iterable[_Decided]) -> None:
        rows = [row for key in self._batch.keys if (row := self._key_row(key)) is not None]
        self._hub.db.add(self._connection, order_key, rows)
        gone = {event.id for item in items for event in item.events if isinstance(event, OrderForgotten)}
        if gone:
            self._connection.execute(sa.delete(order_key).where(self._hub.db.among(order_key.c.subject, gone)))

    def _key_row(self, key: WireKey) -> dict[str, Any] | None:
        if not is_id(key.subject) or len(key.key_id) > MOST_KEY_ID_BYTES:
            return None  # No order can have such an id.
        order = self._work.get(Order, key.subject)
        if order is not None and not order.sealed:
            return None  # Forgotten: a counter that was away must not bring the person back.
        purpose = key_purpose(key.subject, key.key_id)
        try:
            secret = self._hub.identity.transport.channel(self._sender.transport_key).unwrap(key.wrapped, purpose)
        except TransportError as error:
            _log.warning("a key could not be read: %s", error.code)
            return None
        return {"subject": key.subject, "key_id": key.key_id, "wrapped": self._hub.root.wrap(secret, purpose)}

    def _remember_last(self, last: int) -> None:
        row = {"device": self._sender.id, "incarnation": self._batch.incarnation, "last_seq": last}
        self._hub.db.put(self._connection, incarnation, [row])


def _renumbered(result: Result, seq: int) -> Result:
    return result if result.seq == seq else msgspec.structs.replace(result, seq=seq)
