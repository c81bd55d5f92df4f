"""Decides commands with authority: one transaction a batch, and the reply only when it is on the disk.

Before anything is decided, the heads of the feeds are locked, so decisions never see a stale state and the
order of numbers is the order of commits. A command that a handler fails on is parked, and the queue goes on.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import msgspec
import sqlalchemy as sa

from hub import allotting, durability, holding, lending, records
from hub.core import Hub
from hub.database import Collision
from hub.holding import Sender
from hub.places import BRAND_KINDS
from hub.prefetch import prefetch
from hub.preparing import KeyRow, Prepared, admit, key_rows, prepared
from hub.problems import HubProblem
from hub.records import Decided
from hub.states import States, write
from hub.tables import command_result, device, incarnation, order_key
from storeapp.domain.feeds import BRAND_FEED, store_feed
from storeapp.domain.held import (
    HUB,
    Cause,
    CommandHeld,
    HeldCommand,
    HeldFollowed,
    HeldResolved,
    HeldSettled,
    Outcome,
    Resolution,
)
from storeapp.domain.kernel import Command, Context, Event, Key, Refusal
from storeapp.domain.order import Order, OrderForgotten
from storeapp.domain.rules.held import ResolveHeld
from storeapp.domain.rules.orders import PlaceOrder
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
    fingerprint,
)

_log = logging.getLogger(__name__)
_problem = msgspec.json.Decoder(Problem)
MOST_COLLISIONS = 5
_OF_BRAND = frozenset({RegisterSku.KIND, RegisterStore.KIND, SetPolicy.KIND})
_ROLES = {role.value: role for role in Role}
_KEY = ("subject", "key_id", "wrapped")
_SEQ_OF = sa.select(command_result.c.seq).where(command_result.c.id == sa.bindparam("name"))
_STANDS = frozenset({Resolution.ACCEPT, Resolution.REDO})


class _NeedsHeads(Exception):
    """Decisions reached a feed whose head is not locked: begin again with it."""

    def __init__(self, feeds: set[str]) -> None:
        super().__init__("more heads")
        self.feeds = feeds


@dataclass(slots=True)
class _Done:
    """What a transaction leaves behind for after its commit."""

    reply: BatchReply
    feeds: set[str] = field(default_factory=set)
    again: list[Result] = field(default_factory=list)


def decide(hub: Hub, sender: Sender, batch: CommandBatch) -> BatchReply:
    """Decide what is new in a batch and repeat the stored results of what is not.

    Raises:
        HubProblem: ``sequence_hole`` (data: expected) or ``sequence_reused`` (data: seq); nothing was done.
        DatabaseBusy: nothing was done.
    """
    first = batch.commands[0].seq if batch.commands else 0
    with hub.turns.take(sender.id, first) as turn:
        turn.until_decided()
        ready = prepared(hub, sender, batch)
        turn.until_over()
        return _attempts(hub, sender, batch, _Batch.run, ready, turn.decided).reply


def _likely_feeds(sender: Sender, batch: CommandBatch) -> set[str]:
    """Whose heads a batch will need; one that is missing is only found out once everything was decided."""
    brand = any(command.kind in _OF_BRAND for command in batch.commands)
    return {store_feed(sender.store)} | ({BRAND_FEED} if brand else set())


def decide_own(hub: Hub, store: str, command: WireCommand) -> tuple[Result, list[Result]]:
    """Decide a command of the hub's own people about a store; it gets the next number of the hub's own.

    Returns:
        What became of it, which waits for nobody where it is not applied, and of the commands that waited and were
        decided again because of it.

    Raises:
        DatabaseBusy: nothing was done.
    """
    done = _attempts(hub, Sender(HUB, store), CommandBatch(HUB, [command]), _Batch.run_own)
    return done.reply.results[0], done.again


def decide_told(hub: Hub, store: str, commands: Sequence[WireCommand]) -> list[Result]:
    """Decide commands of the hub's own about a store in one transaction, in their order, each by itself.

    Raises:
        DatabaseBusy: nothing was done.
    """
    if not commands:
        return []
    return _attempts(hub, Sender(HUB, store), CommandBatch(HUB, list(commands)), _Batch.run_own).reply.results


def _nobody_waits() -> None:
    """For whoever is alone in deciding."""


def _attempts(
    hub: Hub,
    sender: Sender,
    batch: CommandBatch,
    run: Callable[["_Batch"], _Done],
    ready: Prepared | None = None,
    decided: Callable[[], None] = _nobody_waits,
) -> _Done:
    """Decide in a transaction, again where it fell over others; ``decided`` is called when only the disk is missing."""
    feeds = _likely_feeds(sender, batch)
    collisions = 0
    while True:
        try:
            with hub.db.writing() as connection:
                done = run(_Batch(hub, connection, sender, batch, feeds, ready, wary=collisions > 0))
                decided()
        except _NeedsHeads as more:
            ready = None
            feeds |= more.feeds
        except Collision:
            # Another store made the same at this moment, or it was decided before; now it is there to be seen.
            ready = None
            collisions += 1
            if collisions > MOST_COLLISIONS:
                raise
        else:
            hub.bell.ring(done.feeds)
            return done


class _Batch:
    """One attempt at a batch, in its transaction."""

    def __init__(
        self,
        hub: Hub,
        connection: sa.Connection,
        sender: Sender,
        batch: CommandBatch,
        feeds: set[str],
        ready: Prepared | None,
        *,
        wary: bool,
    ) -> None:
        self._wary = wary
        self._hub = hub
        self._ready = ready
        self._connection = connection
        self._sender = sender
        self._batch = batch
        self._own_feed = store_feed(sender.store)
        self._heads = hub.db.lock_heads(connection, feeds)
        self._states = States(hub.db, connection, store=sender.store)
        self._statuses: dict[str, str] = {}
        self._again: list[Decided] = []
        self._knows_held = False
        self._durable = 0
        self._settled: Sequence[Event] = ()
        self._lent: Sequence[Event] = ()
        # Whoever of the hub asked is told at once; nobody of the store has asked for it, or has to look at it.
        self._holds = sender.id != HUB

    def run(self) -> _Done:
        last = self._last_seq()
        ready = self._ready or prepared(self._hub, self._sender, self._batch)
        items = ready.items
        known = self._known(items) if self._may_know(items, last) else {}
        self._check_order(items, known, last)
        new = [item for item in items if item.command.id not in known]
        self._decide(new)
        changed = self._write_states([*new, *self._again])
        records.write(self._hub.db, self._connection, new, now=self._hub.now())
        allotting.log(self._hub, self._connection, self._settled, store=self._sender.store)
        allotting.log(self._hub, self._connection, self._lent, store=self._sender.store, kind=lending.KIND)
        records.write_again(self._hub.db, self._connection, self._again, now=self._hub.now())
        self._keep_keys(ready.keys, self._sender)
        for item in self._again:
            self._keep_keys(key_rows(self._hub, item.sender, item.keys), item.sender)
        self._forget_keys([*new, *self._again])
        last = max([last, *(item.command.seq for item in items)])
        self._remember_last(last)
        results = [_told(item, known.get(item.command.id)) for item in items] if known else [i.result() for i in items]
        return _Done(BatchReply(results, last, self._durable), changed, [item.result() for item in self._again])

    def run_own(self) -> _Done:
        """Decide commands of the hub's own, which bear the next numbers; the same again are not done again."""
        mine = {"device": self._sender.id, "incarnation": self._batch.incarnation, "last_seq": 0}
        self._hub.db.add(self._connection, incarnation, [mine])
        first, *_ = self._batch.commands
        seq = self._last_seq(locked=True) + 1
        earlier = self._connection.scalar(sa.select(command_result.c.seq).where(command_result.c.id == first.id))
        numbers = enumerate(self._batch.commands, start=int(earlier or seq))
        numbered = [msgspec.structs.replace(command, seq=number) for number, command in numbers]
        self._batch = msgspec.structs.replace(self._batch, commands=numbered)
        return self.run()

    # -- what was seen before

    def _last_seq(self, *, locked: bool = False) -> int:
        """The newest number there is; ``_durable`` becomes the newest one that a backup covers."""
        known = durability.numbers(self._connection, self._sender.id, self._batch.incarnation, lock=locked)
        last, self._durable = known or (0, 0)
        return last

    def _may_know(self, items: Sequence[Decided], last: int) -> bool:
        """Whether any of a batch may have been decided before, which takes long to ask of each of thousands.

        What has a new number is new, but for a counter that counts anew: its first batch begins with what is known.
        Where a later one is known all the same, to store it again fails, and the next attempt asks of each.
        """
        if self._wary or not items or items[0].command.seq <= last:
            return True
        return self._connection.scalar(_SEQ_OF, {"name": items[0].command.id}) is not None

    def _known(self, items: Iterable[Decided]) -> dict[str, Result]:
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
    def _check_order(items: Sequence[Decided], known: dict[str, Result], last: int) -> None:
        expected = items[0].command.seq if items else 0
        if len({item.command.id for item in items}) < len(items):
            raise HubProblem("sequence_reused", seq=expected)
        if expected > last + 1:
            raise HubProblem("sequence_hole", expected=last + 1)
        for number, item in enumerate(items, start=expected):
            if item.command.seq != number:
                raise HubProblem("sequence_hole", expected=number)
            if number <= last and item.command.id not in known:
                raise HubProblem("sequence_reused", seq=number)

    # -- deciding

    def _decide(self, items: Sequence[Decided]) -> None:
        prefetch(self._states, (item.typed for item in items if item.typed is not None))
        self._load_needed(items)
        self._work = Workspace(self._states, absent=self._states.absent())
        for item in items:
            self._decide_one(item)
            if item.status is not ResultStatus.APPLIED:
                if self._holds:
                    self._hold(item)
            elif isinstance(item.typed, ResolveHeld) and item.events:
                self._carry_out(item, item.typed)
        self._settled = allotting.settle_batch(self._states, self._work, now=self._hub.now())
        self._lent = lending.settle_batch(self._states, self._work)

    def _decide_one(self, item: Decided) -> None:
        if item.typed is not None and item.status is ResultStatus.APPLIED:
            self._run(item, item.typed)
        self._statuses[item.command.id] = item.status

    def _load_needed(self, items: Iterable[Decided]) -> None:
        needed = {need for item in items for need in item.command.needs}
        if needed:
            columns = command_result.c
            query = sa.select(columns.id, columns.status).where(self._hub.db.among(columns.id, needed))
            stored = {command_id: status for command_id, status in self._connection.execute(query)}  # noqa: C416 -- a row is not a pair for the type checker
            self._statuses = stored | self._statuses

    def _run(self, item: Decided, typed: Command) -> None:
        command = item.command
        if command.needs and self._hangs(item, typed):
            return
        context = Context(
            now=command.at,
            command_id=command.id,
            store=command.store,
            device=item.sender.id,
            actor=command.actor,
            role=_ROLES[command.role],
            incarnation=command.former or item.incarnation,
        )
        try:
            decided = self._work.run(typed, context, bounded=True)
        except Exception as error:
            _log.warning("parked a command of kind %s: %s in its rule", command.kind, type(error).__name__)
            item.park("handler_failed", {"kind": command.kind})
            return
        if isinstance(decided, Refusal):
            item.refuse(decided.code, decided.data)
        else:
            item.events = decided

    def _hangs(self, item: Decided, typed: Command) -> bool:
        """Whether it falls or waits with another one; a fact falls with none, because it has happened."""

        def first(status: ResultStatus) -> str:
            return next((need for need in item.command.needs if self._statuses.get(need) == status), "")

        lost = "" if typed.FACT else first(ResultStatus.REFUSED)
        item.hangs_on = lost or first(ResultStatus.PARKED)
        if lost:
            item.refuse("needs_refused", {"command": lost})
        elif item.hangs_on:
            item.park("needs_parked", {"command": item.hangs_on})
        return bool(item.hangs_on)

    # -- what waits for a person

    def _hold(self, item: Decided) -> None:
        """Put it before a person, beside what it hangs on."""
        if not self._knows_held:
            self._states.prefetch(Key(HeldCommand.KIND, command.id) for command in self._batch.commands)
            self._knows_held = True
        cause = Cause.PARKED if item.status is ResultStatus.PARKED else Cause.REFUSED
        root = self._root_of(item.hangs_on) if item.hangs_on else None
        root_id = root.id if root else ""
        held = holding.held(item.command, item.sender, cause=cause, problem=item.problem, root=root_id)
        self._work.replay([CommandHeld(held.id, held)])
        if root and held.id not in root.followers:
            self._work.replay([HeldFollowed(root.id, held.id)])

    def _root_of(self, command_id: str) -> HeldCommand | None:
        """The matter that it belongs to, as long as that is open."""
        found = self._work.get(HeldCommand, command_id)
        root = self._work.get(HeldCommand, found.root) if found and found.root else found
        return root if root and root.open else None

    def _carry_out(self, item: Decided, typed: ResolveHeld) -> None:
        """Do what a person has decided about a command that waits, and about all that follow it."""
        if typed.resolution in _STANDS:
            return
        ids = [event.id for event in item.events if isinstance(event, HeldResolved)]
        again = [
            Decided(each.command, each.sender, "", fingerprint(each.command), keys=each.keys)
            for each in holding.waiting(self._hub.db, self._connection, ids)
        ]
        self._load_needed(again)
        for one in again:
            discarded = typed.resolution is Resolution.DISCARD
            admit(self._hub, one)
            if discarded and one.command.id == typed.command_id:
                one.refuse("discarded", {"by": item.command.actor})
            self._decide_one(one)
            self._settle(item, one, discarded=discarded)
        self._again += again

    def _settle(self, item: Decided, one: Decided, *, discarded: bool) -> None:
        if one.status is ResultStatus.APPLIED:
            settled = HeldSettled(one.command.id, Outcome.APPLIED)
        elif discarded and one.status is ResultStatus.REFUSED:
            settled = HeldSettled(one.command.id, Outcome.REFUSED)
        else:
            self._hold(one)
            return
        self._work.replay([settled])
        item.events = (*item.events, settled)

    # -- writing

    def _write_states(self, items: Sequence[Decided]) -> set[str]:
        rows = self._states.changes(self._work.dirty)
        feeds = {row.feed for row in rows}
        missing = feeds - self._heads.keys()
        if missing:
            raise _NeedsHeads(missing)
        write(self._hub.db, self._connection, rows, self._heads)
        for item in items:
            item.feed = self._feed_of(item)
            item.feed_seq = self._heads[item.feed]
        return feeds

    def _feed_of(self, item: Decided) -> str:
        """Where its effect is seen: a rule changes either the brand's states or the store's."""
        if BRAND_FEED not in self._heads or not item.events:
            return self._own_feed
        return BRAND_FEED if all(event.OF.KIND in BRAND_KINDS for event in item.events) else self._own_feed

    def _keep_keys(self, keys: Sequence[KeyRow], sender: Sender) -> None:
        rows = [row for row in keys if self._may_keep(row[0], sender.store)]
        self._hub.db.add_rows(self._connection, order_key, _KEY, rows)

    def _may_keep(self, subject: str, store: str) -> bool:
        """Not where it is forgotten: a counter that was away must not bring the person back. Nor another store's."""
        order = self._work.get(Order, subject)
        return order is None or (bool(order.sealed) and order.store == store)

    def _forget_keys(self, items: Iterable[Decided]) -> None:
        gone = {event.id for item in items for event in item.events if type(event) is OrderForgotten}
        gone |= {subject for item in self._again if (subject := self._left_alone(item))}
        if gone:
            self._connection.execute(sa.delete(order_key).where(self._hub.db.among(order_key.c.subject, gone)))

    def _left_alone(self, item: Decided) -> str:
        """Whose key opens nothing any more, because the order that it came with was never taken on."""
        refused = isinstance(item.typed, PlaceOrder) and item.status is ResultStatus.REFUSED
        subject = holding.whose_key(item.typed) if refused else ""
        return "" if subject and self._work.get(Order, subject) else subject

    def _remember_last(self, last: int) -> None:
        row = {"device": self._sender.id, "incarnation": self._batch.incarnation, "last_seq": last}
        self._hub.db.put(self._connection, incarnation, [row])


def _told(item: Decided, known: Result | None) -> Result:
    """What the counter is told of a command, under the number that it has now."""
    if known is None:
        return item.result()
    return known if known.seq == item.command.seq else msgspec.structs.replace(known, seq=item.command.seq)
