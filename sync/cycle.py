"""One exchange with the hub, from hello to the last page; whatever fails leaves everything ready for the next."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

import msgspec

from storeapp.domain.allotment import RENEWED_EVERY
from storeapp.services.exchange import (
    NOTHING_BROUGHT,
    Brought,
    Exchange,
    Outgoing,
)
from storeapp.services.pages import PageReader, ReadPage
from storeapp.services.ports import SyncFailed, SyncReport, SyncStep
from storeapp.store.journal import Entry, Outcome, Status
from sync.ahead import Source, ahead
from sync.incoming import incoming, together
from sync.pace import Advance, Progress
from sync.protocol.messages import (
    MAX_SEEN_SHELVES,
    AuditAnchor,
    BatchReply,
    ChangesPage,
    CommandBatch,
    Hello,
    HelloReply,
    Limits,
    Result,
    ResultStatus,
    SeenShelf,
    WireBox,
    WireCommand,
    WireKey,
    encode,
)
from sync.snapshot import SnapshotBroken, SnapshotPage
from sync.transport import HubClient, HubTrouble, Rejected, Unauthorised

P = TypeVar("P")
R = TypeVar("R")
_STATUS = {
    ResultStatus.APPLIED: Status.APPLIED,
    ResultStatus.REPLAYED: Status.APPLIED,
    ResultStatus.REFUSED: Status.REFUSED,
    ResultStatus.PARKED: Status.PARKED,
}
SNAPSHOT_FROM = 2000
"""From so many numbers behind on, everything comes in one reply instead of pages."""

BATCHES_UNDER_WAY = 2

FIRST_COMMANDS, GROWTH = 250, 2.5
"""The first batch is a small one, because the hub waits for it, but not so small that the next overtakes it. Each next
one is read and sealed while the hub decides the one before, which takes it so many times as long for each command."""

BATCH_S = 5.0
"""About how long one may be under way: on a slow line they are smaller, so that a person sees that it moves, and a cut
costs little."""

PAGES_TOGETHER, SNAPSHOT_PAGES_TOGETHER = 2, 4
"""How many are kept in one transaction at most, for which a person at the counter may have to wait; a snapshot is cut
into smaller ones."""

RENEW_BEFORE = timedelta(days=60)
_READ_ANEW = frozenset({"epoch_over", "compacted"})
MOST_HELLOS = 3
_NUMBERS_MOVED = frozenset({"sequence_hole", "sequence_reused"})


class _Sent(NamedTuple):
    """A batch on its way since ``sent_at``, by the clock that only goes forward.

    ``is_alone`` where everything in front of it was answered when it was sent.
    """

    asked: Outgoing
    packed: bytes
    reply: Future[BatchReply]
    sent_at: float
    is_alone: bool

    def is_too_early(self) -> bool:
        """Whether it has overtaken the one before it, once it is answered; where it cannot have, a hole is none."""
        try:
            self.reply.result()
        except SyncFailed as error:
            return not self.is_alone and isinstance(error, Rejected) and error.code == "sequence_hole"
        return False

    def fitting(self, now: float) -> int:
        """How many commands this line and this hub take in `BATCH_S`, now that it is answered."""
        took_s = max(now - self.sent_at, 0.001)
        return max(1, int(len(self.asked.commands) * BATCH_S / took_s))


def _no_matter(_hub_time: datetime) -> None:
    """For whoever trusts its own clock."""


class Cycle:
    """Speaks for one counter over one connection; every method raises a `SyncFailed` when the hub fails it."""

    def __init__(
        self,
        exchange: Exchange,
        client: HubClient,
        on_time: Callable[[datetime], None] = _no_matter,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._exchange = exchange
        self._client = client
        self._monotonic = monotonic
        self._limits = Limits()
        self._boxes = False
        self._epoch = ""
        self._heads: dict[str, int] = {}
        self._floors: dict[str, int] = {}
        self._greeted = False
        self._told_all = False
        self._heard_at = exchange.now()
        self._on_time = on_time
        self.report = SyncReport()

    def run(self, progress: Progress) -> SyncReport:
        """Give everything, then take everything.

        Raises:
            SyncFailed: it ended early; `report` says how far it came.
        """
        self.report = SyncReport()
        try:
            return self._run(progress)
        except Unauthorised as refused:
            if refused.code == "revoked" and not self._exchange.has_offered_all:
                self._leave()
            if refused.code == "unknown_device":
                self._exchange.forgotten()
            if refused.code == "renewal_over":
                self._exchange.outlived()
            raise

    def _run(self, progress: Progress) -> SyncReport:
        if not self._greeted:
            self.greet()
        self.give(progress)
        try:
            self.take(progress)
        except Rejected as rejected:
            if rejected.code not in _READ_ANEW:
                raise
            if rejected.code == "compacted":
                # What has left the feed since this counter last read it is not told any more.
                self._exchange.start_over()
            # Or the hub was restored since it said hello: agree again, which may give it what it has lost.
            self.greet()
            self.give(progress)
            self.take(progress)
        self._renew_share(progress)
        self._exchange.heard()
        return self.report

    def _renew_share(self, progress: Progress) -> None:
        """Say hello again, now that the hub has everything: it renews this counter's share, or gives it on."""
        for _ in range(MOST_HELLOS):
            late = self._exchange.now() - self._heard_at >= RENEWED_EVERY
            if self._told_all and not late and not self._exchange.given_back():
                return
            reply = self.greet()
            if any(head > self._exchange.cursor(feed) for feed, head in reply.feeds.items()):
                self.take(progress)

    def greet(self) -> HelloReply:
        """Say hello and agree on numbers."""
        exchange = self._exchange
        end = exchange.audit_end()
        audit = AuditAnchor(*end) if end else None
        # In this order: what is saved in between is promised by the smaller shares already.
        shares = [SeenShelf(*shelf) for shelf in exchange.given_back()[:MAX_SEEN_SHELVES]]
        last = max(0, exchange.last_seq)
        hello = Hello(exchange.incarnation, last, audit=audit, revocations=exchange.revocations, shares=shares)
        reply = self._client.hello(hello)
        self._on_time(reply.time)
        if reply.late:
            # This counter's clock was wrong, and is right now.
            reply = self._client.hello(hello)
        self._told_all, self._heard_at = reply.last_seq == last, exchange.now()
        self._limits, self._epoch, self._heads, self._floors = reply.limits, reply.epoch, reply.feeds, reply.floors
        self._boxes = reply.boxes
        if reply.revoked:
            raise Unauthorised("revoked")
        exchange.agree(hub_last_seq=reply.last_seq, epoch=reply.epoch, heads=reply.feeds, durable_seq=reply.durable_seq)
        if reply.last_seq > last:
            self._introduce()
        exchange.heard_revocations(reply.revocations)
        if reply.certificate_ends is not None and reply.certificate_ends - reply.time < RENEW_BEFORE:
            exchange.renewed(self._client.renew().certificate)
        self._greeted = True
        return reply

    def forget_greeting(self) -> None:
        """After a failure the hub may be another one: begin with hello again."""
        self._greeted = False

    # -- giving

    def give(self, progress: Progress) -> None:
        """Offer everything that the hub has not answered."""
        try:
            self._give_all(progress)
        except Rejected as rejected:
            if rejected.code not in _NUMBERS_MOVED:
                raise
            self.renumber(rejected)
            self._give_all(progress)

    def _give_all(self, progress: Progress) -> None:
        """One batch after the other, each sent before the last is answered, so that the hub always has one to decide.

        A cut leaves three batches open at most: one whose answers are not noted, and the two behind it.
        """
        pending, done, fitting = self._exchange.numbers().pending, 0, self._limits.commands
        outgoing, under_way = self._next(after=0, most=FIRST_COMMANDS), deque[_Sent]()
        with ThreadPoolExecutor(BATCHES_UNDER_WAY, "sync-giving") as lines:
            while outgoing.commands or under_way:
                if outgoing.commands and len(under_way) < BATCHES_UNDER_WAY:
                    progress(Advance(SyncStep.SENDING, done, max(done, pending)))
                    packed = self._client.packed(self._batch(outgoing))
                    reply = lines.submit(self._client.commands, packed)
                    under_way.append(_Sent(outgoing, packed, reply, self._monotonic(), is_alone=not under_way))
                    most = min(int(len(outgoing.commands) * GROWTH), fitting)
                    outgoing = self._next(after=outgoing.commands[-1][0], most=most)
                elif under_way[0].is_too_early():
                    under_way = self._sent_again(under_way, lines)
                else:
                    sent = under_way.popleft()
                    answer = sent.reply.result()
                    fitting = sent.fitting(self._monotonic())
                    self._settle(answer, sent.asked)
                    done += len(sent.asked.commands)
                    if len(outgoing.commands) > fitting:
                        outgoing = self._next(after=outgoing.commands[0][0] - 1, most=fitting)

    def _sent_again(self, under_way: Iterable[_Sent], lines: ThreadPoolExecutor) -> deque[_Sent]:
        """The same batches, those again that have overtaken the one before; else each behind them would, too."""
        again: deque[_Sent] = deque()
        for sent in under_way:
            if sent.is_too_early():
                reply = lines.submit(self._client.commands, sent.packed)
                again.append(sent._replace(reply=reply, is_alone=not again))
            else:
                again.append(sent)
        return again

    def _next(self, *, after: int, most: int) -> Outgoing:
        limits = self._limits
        limit = min(limits.commands, most)
        return self._exchange.outbox(limit=limit, most_bytes=limits.bytes, after=after, boxed=self._boxes)

    def renumber(self, rejected: Rejected) -> None:
        """The hub counts otherwise than this journal: hello tells whether one of both was restored or copied."""
        reused = rejected.code == "sequence_reused"
        reply = self.greet()
        if reused and reply.last_seq <= self._exchange.last_seq:
            # The numbers fit and what they stand for does not: another copy of this journal was here.
            self._exchange.begin_anew()
            self._introduce()

    def _introduce(self) -> None:
        """Say hello under a new numbering before anything bears it: then the hub asks a person about the other copy."""
        self._client.hello(Hello(self._exchange.incarnation, max(0, self._exchange.last_seq)))

    def _batch(self, outgoing: Outgoing) -> CommandBatch:
        return CommandBatch(
            self._exchange.incarnation,
            [self._command(seq, entry) for seq, entry in outgoing.commands],
            WireBox(list(outgoing.box.subjects), outgoing.box.wrapped)
            if outgoing.box
            else [WireKey(key.subject, key.key_id, key.wrapped) for key in outgoing.keys],
        )

    def _command(self, seq: int, entry: Entry) -> WireCommand:
        return _command(seq, entry, self._exchange.former(entry))

    def _settle(self, reply: BatchReply, asked: Outgoing) -> None:
        results = reply.results
        numbers = {entry.id: entry.n for _, entry in asked.commands}
        self._exchange.settle(_outcome(result, numbers[result.id]) for result in results if result.id in numbers)
        self._exchange.heard_durable(reply.durable_seq)
        counted = {status: sum(result.status is status for result in results) for status in ResultStatus}
        self.report = replace(
            self.report,
            applied=self.report.applied + counted[ResultStatus.APPLIED],
            replayed=self.report.replayed + counted[ResultStatus.REPLAYED],
            refused=self.report.refused + counted[ResultStatus.REFUSED],
            parked=self.report.parked + counted[ResultStatus.PARKED],
        )

    def _leave(self) -> None:
        """This counter was turned away: offer everything once, for people to look at, then forget everybody.

        What was offered stays pending, because nobody has decided it.
        """
        after = 0
        while (outgoing := self._next(after=after, most=self._limits.commands)).commands:
            try:
                self._client.commands(self._client.packed(self._batch(outgoing)))
            except Unauthorised as refused:
                if refused.data.get("kept") != len(outgoing.commands):
                    raise
            after = outgoing.commands[-1][0]
        self._exchange.wipe()

    # -- taking

    def take(self, progress: Progress) -> None:
        """Read every feed to its end, then show what follows."""
        for feed in self._exchange.feeds:
            self._take_feed(feed, progress)
        self._exchange.finish()

    def _take_feed(self, feed: str, progress: Progress) -> None:
        if self._heads.get(feed, 0) - self._exchange.cursor(feed) >= SNAPSHOT_FROM:
            self._take_snapshot(feed, progress)
        start = self._exchange.cursor(feed)
        epoch, since = self._exchange.epoch or self._epoch, self._since(feed)

        def read(reader: PageReader, page: ChangesPage) -> tuple[ReadPage, int]:
            return reader.read(incoming(feed, page.epoch, page.upto, page.rows)), page.last

        with self._ahead(lambda _: self._pages(feed, epoch, start, since), read, most=PAGES_TOGETHER) as fetched:
            for pages in fetched:
                page, last = together(pages)
                self._keep(page, Brought(0, 0, since) if page.upto < last else NOTHING_BROUGHT)
                progress(Advance(SyncStep.FETCHING, page.upto - start, last - start, feed=feed))

    @contextmanager
    def _ahead(
        self, source: Source[P], read: Callable[[PageReader, P], R], *, most: int
    ) -> Iterator[Iterator[list[R]]]:
        """Fetch on one thread and read on another, so that this one has nothing to do but to keep what they bring."""
        reader = self._exchange.reader()

        def made(nudge: Callable[[], None]) -> Generator[R, None, None]:
            with ahead(source, most=most) as fetched:
                for pages in fetched:
                    if not pages:
                        nudge()
                    for page in pages:
                        yield read(reader, page)

        with ahead(made, most=most) as ready:
            yield ready

    def _pages(self, feed: str, epoch: str, after: int, since: int) -> Generator[ChangesPage, None, None]:
        """The pages behind a number; only the connection is used, so a thread of its own may do it."""
        floor = self._floors.get(feed, 0)
        return self._client.pages(
            feed,
            epoch=epoch,
            after=after,
            limit=self._limits.rows,
            since_of=lambda after: since if after < floor else 0,
        )

    def _take_snapshot(self, feed: str, progress: Progress) -> None:
        """Take all that is missing in one reply; each page is kept with its cursor, so a cut costs one page.

        What earlier tries have brought counts, so that progress goes on where it was.
        """
        exchange = self._exchange
        epoch, after, before = exchange.epoch or self._epoch, exchange.cursor(feed), exchange.brought(feed)
        since = self._since(feed)
        with self._client.snapshot(feed, epoch=epoch, after=after, **self._if_low(feed, after, since)) as snapshot:
            kept = before

            def tell() -> None:
                received = before.received_bytes + snapshot.received_bytes
                progress(Advance(SyncStep.FETCHING, kept.rows, before.rows + snapshot.head.count, received, feed))

            def read(reader: PageReader, page: SnapshotPage) -> tuple[ReadPage, int]:
                return reader.read(incoming(feed, snapshot.head.epoch, page.upto, page.rows)), page.done

            tell()
            try:
                with self._ahead(snapshot.pages, read, most=SNAPSHOT_PAGES_TOGETHER) as fetched:
                    for pages in fetched:
                        if pages:
                            page, done = together(pages)
                            received = before.received_bytes + snapshot.received_bytes
                            kept = Brought(before.rows + done, received, since)
                            self._keep(page, kept)
                        tell()
            except SnapshotBroken as error:
                # Nobody knows which row is wrong: the next try reads everything again.
                exchange.start_over()
                raise HubTrouble("snapshot_broken") from error
            self._keep(exchange.reader().read(incoming(feed, snapshot.head.epoch, snapshot.head.seq, [])))

    def _keep(self, page: ReadPage, brought: Brought = NOTHING_BROUGHT) -> None:
        self._exchange.take(page, brought)
        self.report = replace(self.report, received=self.report.received + len(page.rows))

    def _since(self, feed: str) -> int:
        """Where a feed stood when this counter began it with nothing, as long as it has not come so far; else 0."""
        return self._exchange.brought(feed).since if self._exchange.cursor(feed) else self._heads.get(feed, 0)

    def _if_low(self, feed: str, after: int, since: int) -> dict[str, int]:
        """Said only where it matters: below what the feed tells in full."""
        return {"since": since} if after < self._floors.get(feed, 0) else {}

    def place(self) -> tuple[str, str, int]:
        """What to listen for: the store's feed, the epoch, and how far it has been read."""
        feed = self._exchange.feeds[-1]
        return feed, self._exchange.epoch or self._epoch, self._exchange.cursor(feed)


def _command(seq: int, entry: Entry, former: str) -> WireCommand:
    return WireCommand(
        seq=seq,
        id=entry.id,
        kind=entry.kind,
        at=entry.at,
        actor=entry.actor,
        role=entry.role.value,
        store=entry.store,
        body=msgspec.Raw(entry.body),
        simulated=entry.simulated,
        needs=entry.needs,
        former=former,
    )


def _outcome(result: Result, n: int) -> Outcome:
    return Outcome(
        n=n,
        id=result.id,
        status=_STATUS[result.status],
        feed=result.feed,
        feed_seq=result.feed_seq,
        problem=encode(result.problem) if result.problem else b"",
    )
