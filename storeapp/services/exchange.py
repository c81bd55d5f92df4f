"""What a counter gives to its hub and takes from it; the wire itself is somebody else's business.

The order of every exchange is: `agree` on numbers, give everything from `outbox`, then `take` every page, then
`finish` once, and `fold` when nobody waits any more. A page replaces what no open command touches; the rest waits for
the end, when all feeds are read.
"""

import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from msgspec import structs

from storeapp.adapters.sealing import sealed_with
from storeapp.adapters.transport_keys import Channel, box_purpose, key_purpose
from storeapp.codec import FORMER, UnknownValue, decode_command
from storeapp.domain.delivery import Delivery
from storeapp.domain.experience import Leg
from storeapp.domain.feeds import feeds_of
from storeapp.domain.order import Order
from storeapp.domain.rules.orders import PlaceOrder
from storeapp.services import shares, undone
from storeapp.services.counter import SYSTEM, Counter
from storeapp.services.enrolment import Names, has_outlived, heard_revocations, renewed, was_forgotten
from storeapp.services.experience import keep_legs, legs_of
from storeapp.services.home import transport_key
from storeapp.services.outgoing import SEALING, cut, sealed_in, sealed_in_order
from storeapp.services.pages import KeyBox, PageReader, ReadPage, TransportedKey
from storeapp.services.staff import ensure_manager
from storeapp.store import unread
from storeapp.store.finder import grouped
from storeapp.store.journal import Entry, Outcome, Status
from storeapp.store.rebase import let_go, rebase, take_page

_log = logging.getLogger(__name__)
KEPT = timedelta(days=30)
"""How long commands stay that a backup covers: a cache that is made anew shows them before the hub is reached."""
KEPT_WITHOUT_BACKUP = timedelta(days=170)
"""A little shorter than the hub keeps results: what it has forgotten and was offered again, it would do again."""
PRUNED_AT_ONCE = 5000
SETTLED_AT_ONCE = 500
"""Whoever saves at the counter waits for the journal meanwhile."""
WIPED = "device.wiped"
"""The audit chain's word for a counter that was turned away and has forgotten everybody."""

REINCARNATED = "device.reincarnated"
"""The audit chain's word for a counter that found out that it is a copy, or was restored from a backup."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Commands in order with their numbers for the hub, and the keys of what is sealed in them."""

    commands: tuple[tuple[int, Entry], ...]
    keys: tuple[TransportedKey, ...]
    box: KeyBox | None = None
    """All keys together instead, for a hub that takes them so."""


class Brought(NamedTuple):
    """What a snapshot under way has brought so far, over all tries."""

    rows: int
    received_bytes: int
    since: int = 0
    """Where the feed stood when it was begun with nothing."""


NOTHING_BROUGHT = Brought(0, 0)


@dataclass(frozen=True, slots=True)
class Numbers:
    """How the sync stands, counted."""

    pending: int
    rejected: int
    received_at: datetime | None
    unread: int = 0
    """Rows that only a newer version of this program can show."""


class Exchange:
    """One enrolled counter's side; use it from the thread that opened the counter."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._hub_transport = bytes.fromhex(counter.identity[Names.HUB_TRANSPORT])
        self._open_channel: Channel | None = None
        self._ways: dict[date, tuple[Leg, ...]] = {}
        """Ways that were worked out of pages, to be kept once all is taken."""

    @property
    def _channel(self) -> Channel:
        if self._open_channel is None:
            self._open_channel = transport_key(self._counter).channel(self._hub_transport)
        return self._open_channel

    # -- who we are

    @property
    def url(self) -> str:
        """Where the hub is."""
        return self._counter.identity[Names.HUB]

    @property
    def device(self) -> str:
        """This counter's id."""
        return self._counter.device

    @property
    def incarnation(self) -> str:
        """Which numbering of commands is in force."""
        return self._counter.identity[Names.INCARNATION]

    @property
    def _base(self) -> int:
        return int(self._counter.identity[Names.SEQ_BASE])

    @property
    def last_seq(self) -> int:
        """The highest number given to a command in this numbering."""
        return self._counter.journal.last() - self._base

    def audit_end(self) -> tuple[int, bytes] | None:
        """The end of the audit chain, for the hub to keep."""
        return self._counter.journal.audit_end()

    def numbers(self) -> Numbers:
        """How the sync stands."""
        counts = self._counter.journal.counts()
        received = self._counter.cache.mark("received_at")
        return Numbers(
            pending=counts.get(Status.PENDING, 0),
            rejected=undone.count(self._counter),
            received_at=datetime.fromisoformat(received) if received else None,
            unread=unread.count(self._counter.cache.db),
        )

    # -- agreeing

    def agree(self, *, hub_last_seq: int, epoch: str, heads: dict[str, int], durable_seq: int = 0) -> None:
        """Compare numbers before anything is sent.

        A hub that knows less than it had answered, or is of another epoch, was restored: it gets the rest again, from
        its last command on, which shows whether it counts the same commands. A hub that knows more than this journal
        has met another copy of it: this one begins a numbering of its own and keeps the UUIDs. So does a journal that
        a salvage has left with holes, which the hub would wait for in vain, and one that keeps no longer what the hub
        has lost, because a backup had it. ``durable_seq`` is how far that backup goes.
        A feed that was cut back is read again from its start.
        """
        journal = self._counter.journal
        with journal.writing():
            self._counter.reload()
            # What the hub has no results of any more must never be offered again.
            self._drop(most=journal.last())
            restored = self._counter.identity.get(Names.EPOCH, epoch) != epoch
            answered = journal.last_answered() - self._base
            if hub_last_seq > self.last_seq or (restored and self._base):
                self._reincarnate()
            elif restored or hub_last_seq < answered:
                journal.reopen(after=self._base + max(0, min(hub_last_seq, answered) - 1))
            if journal.close_gaps() or self._base + hub_last_seq < journal.pruned:
                self._reincarnate()
            elif durable_seq:
                self._note_durable(durable_seq)
            journal.identify(**{Names.EPOCH: epoch})
        self._counter.reload()
        self._counter.catch_up()
        known = self._counter.cache.mark("epoch")
        if (known and known != epoch) or any(self.cursor(feed) > head for feed, head in heads.items()):
            self.start_over()

    def _note_durable(self, seq: int) -> None:
        """A verified backup of the hub covers this counter's commands up to a number."""
        durable = str(self._base + seq)
        if self._counter.identity.get(Names.DURABLE) != durable:
            self._counter.journal.identify(**{Names.DURABLE: durable})
            self._counter.reload()

    def drop_what_is_safe(self) -> None:
        """Keep old commands no longer that a verified backup of the hub covers.

        Where the hub makes no backups, they are kept as long as the hub keeps their results: later it could not even
        tell that it has had them. A part goes at a time, so that nobody waits for it.
        """
        if self._droppable():
            with self._counter.journal.writing():
                self._drop(most=PRUNED_AT_ONCE)

    def _droppable(self) -> int:
        """Up to which number commands need no longer be kept; 0 where that has been done."""
        journal, now = self._counter.journal, self._counter.clock.now()
        durable = int(self._counter.identity.get(Names.DURABLE, "0"))
        safe = journal.prunable(upto=durable, before=now - KEPT)
        old = journal.prunable(upto=journal.last_answered(), before=now - KEPT_WITHOUT_BACKUP)
        return max(safe, old) if max(safe, old) > journal.pruned else 0

    def _drop(self, *, most: int) -> None:
        journal, upto = self._counter.journal, self._droppable()
        if upto:
            upto = min(upto, journal.pruned + most)
            let_go(self._counter.cache, journal, upto=upto)
            journal.prune(upto)
            self._counter.reload()

    def begin_anew(self) -> None:
        """Begin a new incarnation: another copy of this journal has used our numbers."""
        with self._counter.journal.writing():
            self._reincarnate()

    def _reincarnate(self) -> None:
        """Number everything from 1 in a new incarnation and offer it again; the hub repeats what it has answered.

        What was answered is offered, too: the answers may be those of a hub that was restored since, to a time when
        it had met another copy only.
        """
        journal = self._counter.journal
        journal.reopen(after=0)
        journal.close_gaps()
        changed = {
            Names.INCARNATION: secrets.token_hex(6),
            Names.SEQ_BASE: str(journal.last_answered()),
            Names.FORMER: shares.promised_as(self._counter),
            Names.FORMER_LAST: str(journal.last()),
        }
        changed[Names.DURABLE] = str(journal.pruned)
        journal.identify(**changed)
        journal.audit(at=self._counter.clock.now(), actor=SYSTEM.id, action=REINCARNATED, subject=self.device)
        self._counter.reload()

    def forgotten(self) -> None:
        """The hub does not know this counter any more: a new code helps."""
        was_forgotten(self._counter)

    def outlived(self) -> None:
        """This counter was away for so long that the hub renews its certificate for a new code only."""
        has_outlived(self._counter)

    def start_over(self) -> None:
        """Read everything again: the hub's numbers are of another time."""
        cache = self._counter.cache
        authority = cache.mark("authority")
        with cache.writing():
            cache.empty()
            cache.set_mark("authority", authority)
        self._counter.catch_up()

    # -- papers of this counter, and what is left when it was turned away

    @property
    def revocations(self) -> str:
        """The newest signed list of counters that were turned away; empty for none."""
        return self._counter.identity.get(Names.REVOCATIONS, "")

    def renewed(self, certificate: str) -> None:
        """Keep a renewed certificate.

        Raises:
            EnrolmentFailed: it is not for this counter.
        """
        renewed(self._counter, certificate)

    def heard_revocations(self, text: str) -> None:
        """Keep a newer list; an older one is refused and only logged, because the hub will be told ours."""
        if not heard_revocations(self._counter, text):
            _log.warning("an older list of revoked counters was refused")

    @property
    def has_offered_all(self) -> bool:
        """Whether everything saved was offered since this counter was turned away."""
        return int(self._counter.identity.get(Names.OFFERED, "-1")) >= self._counter.journal.last()

    def wipe(self) -> None:
        """Destroy everything about people here; the commands stay, and nobody can be read from them any more."""
        counter = self._counter
        offered = counter.journal.last()
        if counter.privacy.available:
            counter.privacy.forget(counter.keys.subjects())
        with counter.cache.writing():
            counter.cache.finder_clear()
        with counter.journal.writing():
            counter.journal.identify(**{Names.OFFERED: str(offered)})
            counter.journal.audit(at=counter.clock.now(), actor=SYSTEM.id, action=WIPED, subject=self.device)
        counter.reload()

    # -- giving

    def outbox(self, *, limit: int, most_bytes: int, after: int = 0, boxed: bool = False) -> Outgoing:
        """The next commands behind a number that the hub has not answered, at least one where there is any.

        With ``boxed`` their keys are in one box.
        """
        self._counter.catch_up()
        entries = cut(self._counter.journal.pending(limit=limit, after=self._base + after), most_bytes)
        needs = self._counter.journal.needs_of(entries)
        entries = [structs.replace(each, needs=needs[each.id]) if each.id in needs else each for each in entries]
        keys, base = self._keys_of(entries), self._base
        commands = tuple([(entry.n - base, entry) for entry in entries])
        return Outgoing(commands, (), self._box(keys)) if boxed else Outgoing(commands, tuple(self._wrapped(keys)))

    def _wrapped(self, keys: Iterable[tuple[str, bytes, bytes]]) -> Iterable[TransportedKey]:
        for subject, key_id, key in keys:
            yield TransportedKey(subject, key_id, self._channel.wrap(key, key_purpose(subject, key_id)))

    def _box(self, keys: Sequence[tuple[str, bytes, bytes]]) -> KeyBox | None:
        if not keys:
            return None
        subjects = tuple([subject for subject, _, _ in keys])
        return KeyBox(subjects, self._channel.wrap(b"".join([key for _, _, key in keys]), box_purpose(subjects)))

    def _keys_of(self, entries: Iterable[Entry]) -> list[tuple[str, bytes, bytes]]:
        """Subjects with the ids and the keys that open what is sealed about them in these commands."""
        if not self._counter.privacy.available:
            return []
        named = (_sealed(e) for e in entries if e.kind in SEALING or e.kind in FORMER)
        wanted = list(dict.fromkeys((subject, sealed_with(sealed)) for subject, sealed in named if sealed))
        held = self._counter.keys.checked({subject for subject, _ in wanted})
        # One that was forgotten meanwhile stays away; the fact still travels, without the person.
        return [(*place, key) for place in wanted if (key := held.get(place))]

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        """Note the hub's answers; of those that a crash cuts off, the commands are offered once more."""
        told = list(outcomes)
        for start in range(0, len(told), SETTLED_AT_ONCE):
            with self._counter.journal.writing():
                self._counter.journal.settle(told[start : start + SETTLED_AT_ONCE])

    def heard_durable(self, seq: int) -> None:
        """Note how far the hub's backups go, where that has changed."""
        if seq and self._counter.identity.get(Names.DURABLE) != str(self._base + seq):
            with self._counter.journal.writing():
                self._note_durable(seq)

    # -- taking

    @property
    def feeds(self) -> tuple[str, ...]:
        """What this counter reads, in this order."""
        return feeds_of(self._counter.store)

    @property
    def epoch(self) -> str:
        """The hub's epoch that the cursors are of; empty before the first page."""
        return self._counter.cache.mark("epoch")

    def cursor(self, feed: str) -> int:
        """How far a feed has been read."""
        return self._counter.cache.cursor(feed)

    def brought(self, feed: str) -> Brought:
        """What the snapshot of a feed has brought that is still under way."""
        mark = self._counter.cache.mark(_brought_mark(feed))
        return Brought(*map(int, mark.split())) if mark else NOTHING_BROUGHT

    def reader(self) -> PageReader:
        """Reads pages on whatever thread, to be taken in here."""
        return PageReader(lambda: self._channel, self._counter.privacy.opener())

    def take(self, page: ReadPage, brought: Brought = NOTHING_BROUGHT) -> None:
        """Take in a page of rows with its cursor; ``brought`` where a snapshot is still under way.

        All that goes with it is done before: keys are kept, people made findable, and the forgotten gone. A page that
        is taken is never read again, so nobody would make up for what a power failure cut off after it.
        """
        counter = self._counter
        if page.opener and page.keys:
            counter.privacy.keep(page.opener, page.keys, now=counter.clock.now())
        over = page.ready.lines.over
        self._note_ways(over, (state for state in page.ready.states.values() if isinstance(state, Delivery)))
        self._forget([order.id for order in over])
        if page.closed:
            page.ready.hashes |= grouped(counter.privacy.finder_hashes(counter.privacy.readable(page.closed)))
        at = counter.clock.now().isoformat()
        if len(page.rows) >= MANY_ROWS:
            counter.cache.expect_many()
        # Under the journal's lock: a command that another program has saved and not yet shown would otherwise
        # put what it was decided on over these rows.
        with counter.journal.writing():
            counter.catch_up()
            counter.journal.settle_again(undone.heard(counter, page.ready.lines.held))
            take_page(
                counter.cache,
                list(page.rows.values()),
                feed=page.feed,
                cursor=page.upto,
                epoch=page.epoch,
                at=at,
                marks={_brought_mark(page.feed): " ".join(map(str, brought))},
                ready=page.ready,
            )
        counter.cache.flush_soon()

    def _note_ways(self, over: Sequence[Order], told: Iterable[Delivery]) -> None:
        """The ways to customers whom a page lets be forgotten; afterwards nobody could tell how far they were."""
        known = self._counter.privacy.known_keys([order.id for order in over]) if over else {}
        if not known:
            return
        ids = {order.delivery_id for order in over if order.id in known}
        jobs = self._counter.cache.many(Delivery, sorted(ids))
        jobs |= {job.id: job for job in told if job.id in ids}
        for day, legs in legs_of(self._counter, jobs.values()).items():
            self._ways[day] = (*self._ways.get(day, ()), *legs)

    def _forget(self, orders: Sequence[str]) -> None:
        known = self._counter.privacy.known_keys(orders) if orders else {}
        if known:
            self._counter.privacy.forget(list(known))

    def finish(self) -> None:
        """Show what follows from all that was taken and the commands still open; all feeds must be read.

        All of it is on the disk when this returns; see to it that `fold` is called later.
        """
        with self._counter.journal.writing():
            self._counter.catch_up()
            rebase(self._counter.cache, self._counter.journal, device=self.device)
        self._counter.cache.make_durable()
        ways, self._ways = self._ways, {}
        keep_legs(self._counter, ways)

    def fold(self) -> None:
        """Put the cache's file in order after many rows; call when people have been told that all is taken."""
        self._counter.cache.expect_few()

    def now(self) -> datetime:
        """The counter's time."""
        return self._counter.clock.now()

    # -- shares of the stock

    def given_back(self) -> list[tuple[str, int]]:
        """The shelves of which part of the share goes back, with their versions; ask before `last_seq`."""
        return shares.given_back(self._counter)

    def former(self, entry: Entry) -> str:
        """The incarnation that a command was made in, where that is over."""
        return shares.former(self._counter, entry)

    def heard(self) -> None:
        """The hub has answered, even if it had nothing new."""
        with self._counter.cache.writing():
            self._counter.cache.set_mark("received_at", self._counter.clock.now().isoformat())
        self.drop_what_is_safe()
        ensure_manager(self._counter)


def _sealed(entry: Entry) -> tuple[str, str]:
    """Whose key opens what in a command; nothing that this version can name where a newer one has written it."""
    try:
        if entry.kind == PlaceOrder.KIND:
            return sealed_in_order(entry.body)
        return sealed_in(decode_command(entry.kind, entry.body))
    except UnknownValue:
        return "", ""


def _brought_mark(feed: str) -> str:
    return f"brought {feed}"


MANY_ROWS = 500
"""From so many on the cache is told, until all feeds are read."""
