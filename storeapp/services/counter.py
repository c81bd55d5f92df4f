"""The open counter: one home folder, and the transaction in which every use-case runs.

A use-case is one journal transaction: take the lock, bring the cache up to the last command, decide, append,
commit. So a window and a command line can share a home, and of two that scan one slip exactly one gets *ok*.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from storeapp.codec import decode_known_events, encode, encode_events
from storeapp.domain.catalogue import BRAND_POLICY, Policy
from storeapp.domain.kernel import Command, Context, Event, Refusal, State
from storeapp.domain.needs import Ground, laid_by, rests_on
from storeapp.domain.order import Order
from storeapp.domain.words import Role
from storeapp.domain.workspace import Workspace
from storeapp.services.clock import Clock, new_command_id
from storeapp.services.privacy import Privacy
from storeapp.store import lists
from storeapp.store.cache import Cache, Progress
from storeapp.store.errors import Corrupt, JournalCorrupt, StoreError
from storeapp.store.journal import Entry, Journal, Status
from storeapp.store.keys import Keys
from storeapp.store.readings import Pair, only_read
from storeapp.store.rebase import read_again

log = logging.getLogger(__name__)
S = TypeVar("S", bound=State)
FINDABLE = "findable"
"""The cache's mark that names the key under which all its open orders are found by their people."""
FINDABLE_BATCH = 2000
FINDABLE_AT_ONCE = 20_000
"""Keyed hashes land all over their table, so every transaction writes most of it again."""


class NotSetUp(Exception):
    """The home folder holds no counter yet."""

    code = "not_set_up"


class Refused(Exception):
    """A use-case whose refusal undoes everything it did; the refusal says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is signed in."""

    id: str
    role: Role


SYSTEM = Actor("system", Role.MANAGER)
"""The program itself, where no person decides: set-up, learning an address, forgetting."""


class Grounds:
    """Finds what a new command rests on and the hub has not confirmed: own earlier commands, by their ids."""

    def __init__(self, counter: "Counter") -> None:
        self._counter = counter
        self._here: dict[Ground, str] = {}

    def laid(self, command_id: str, events: Iterable[Event]) -> None:
        """A command of this use-case did this."""
        if self._counter.enrolled:
            self._here.update((ground, command_id) for ground in laid_by(events))

    def needs(self, command: Command) -> tuple[str, ...]:
        """What it must stand or fall with; nothing where this counter is the authority."""
        if not self._counter.enrolled:
            return ()
        found = (self._here.get(ground) or self._earlier(ground) for ground in rests_on(command))
        return tuple(dict.fromkeys(filter(None, found)))

    def _earlier(self, ground: Ground) -> str:
        numbers = lists.open_touches(self._counter.cache.db, ground.key)
        for entry in reversed(self._counter.journal.numbered(numbers)):
            if entry.status is not Status.APPLIED and ground in laid_by(decode_known_events(entry.events)[0]):
                return entry.id
        return ""


class Transaction:
    """One use-case under the journal's lock: reads see all commands so far, and what is run is saved together."""

    def __init__(self, counter: "Counter", actor: Actor) -> None:
        self._counter = counter
        self._work = Workspace(counter.cache, watched=True)
        self._next = counter.journal.last() + 1
        self.actor = actor
        self.now = counter.clock.now()
        self.done: list[tuple[Entry, tuple[Event, ...]]] = []
        self._read: list[tuple[int, set[Pair]]] = []
        self._grounds = Grounds(counter)

    def get(self, of: type[S], key_id: str) -> S | None:
        """A state, with what this use-case has done so far."""
        return self._work.get(of, key_id)

    def run(self, command: Command, *, at: datetime | None = None) -> tuple[Event, ...] | Refusal:
        """Decide one command and keep it; a refused one leaves no trace."""
        context = self._context(at or self.now)
        decided = self._work.run(command, context)
        if not isinstance(decided, Refusal):
            entry = self._entry(command, context, decided)
            self.done.append((entry, decided))
            self._grounds.laid(entry.id, decided)
            if self._counter.enrolled:
                self._read.append((entry.n, only_read(self._work.read, decided)))
            self._next += 1
        return decided

    def must(self, command: Command) -> tuple[Event, ...]:
        """Decide one command without which the whole use-case makes no sense.

        Raises:
            Refused: it was refused; nothing of this use-case is saved.
        """
        decided = self.run(command)
        if isinstance(decided, Refusal):
            raise Refused(decided)
        return decided

    def _context(self, at: datetime) -> Context:
        counter = self._counter
        return Context(
            at,
            new_command_id(),
            counter.store,
            counter.device,
            self.actor.id,
            self.actor.role,
            incarnation=counter.incarnation,
            final=not counter.enrolled,
        )

    def _entry(self, command: Command, ctx: Context, events: tuple[Event, ...]) -> Entry:
        return Entry(
            n=self._next,
            id=ctx.command_id,
            kind=command.KIND,
            at=ctx.now,
            actor=ctx.actor,
            role=ctx.role,
            store=ctx.store,
            body=encode(command),
            events=encode_events(events),
            status=Status.PENDING if self._counter.enrolled else Status.SAVED,
            simulated=self._counter.clock.simulated,
            seq=self._next,
            needs=self._grounds.needs(command),
        )

    def audit(self, action: str, subject: str) -> None:
        """Note in the audit chain that somebody saw or did something."""
        self._counter.journal.audit(at=self.now, actor=self.actor.id, action=action, subject=subject)

    def printed(self, paper: str, subject: str, copy: int) -> None:
        """Note that a paper was made."""
        self._counter.journal.printed(at=self.now, actor=self.actor.id, paper=paper, subject=subject, copy=copy)

    def apply(self) -> bool:
        """Bring the cache up to what was just saved."""
        return not self.done or self._counter.cache.apply(self.done, self._work.dirty, self._read)


class Counter:
    """One counter's home, open in one thread. Another thread or process opens its own."""

    def __init__(
        self, home: Path, *, journal: Journal, cache: Cache, keys: Keys, privacy: Privacy, clock: Clock
    ) -> None:
        self.home = home
        self.journal = journal
        self.cache = cache
        self.keys = keys
        self.privacy = privacy
        self.clock = clock
        self.behind: StoreError | None = None
        """Why the screens do not show yet what was saved last, if so."""
        self.on_saved: Callable[[Sequence[Entry]], None] | None = None
        """Told what a use-case saved, once it is on the disk and before anybody is shown anything."""
        self.reload()

    def reload(self) -> None:
        """Read again who this counter is, after set-up or enrolment."""
        self.identity = self.journal.identity()

    @property
    def store(self) -> str:
        """The code of the store it stands in.

        Raises:
            NotSetUp: there is no store yet.
        """
        if "store" not in self.identity:
            raise NotSetUp
        return self.identity["store"]

    @property
    def device(self) -> str:
        """This device's id."""
        return self.identity.get("device", "")

    @property
    def enrolled(self) -> bool:
        """Whether a hub is the authority."""
        return bool(self.identity.get("hub"))

    @property
    def incarnation(self) -> str:
        """The numbering of its commands at the hub, to which its share of the stock is bound; empty without a hub."""
        return self.identity.get("incarnation", "") if self.enrolled else ""

    @property
    def policy(self) -> Policy:
        """The numbers in force."""
        return self.cache.get(Policy, BRAND_POLICY) or Policy()

    @contextmanager
    def transaction(self, actor: Actor) -> Iterator[Transaction]:
        """Run a use-case; what it ran is saved when this returns, and shown.

        Raises:
            Refused: the use-case gave up; nothing is saved.
            JournalCorrupt: nothing is saved; the next start salvages the journal.
            StoreError: the disk failed; nothing is saved. A damaged cache is made anew, so that another try succeeds.
        """
        try:
            with self._saving(actor) as transaction:
                yield transaction
        except JournalCorrupt:
            raise
        except Corrupt:
            self.rebuild()
            raise
        self._show(transaction)

    @contextmanager
    def _saving(self, actor: Actor) -> Iterator[Transaction]:
        with self.journal.writing():
            self.reload()
            self.catch_up()
            transaction = Transaction(self, actor)
            yield transaction
            self.journal.append(entry for entry, _ in transaction.done)
        if self.on_saved is not None:
            self.on_saved([entry for entry, _ in transaction.done])

    def _show(self, transaction: Transaction) -> None:
        """It is saved, whatever happens here: a cache that cannot follow now catches up with the next use-case."""
        try:
            if not transaction.apply():
                self.catch_up()
            self.behind = None
        except StoreError as error:
            self.behind = error
            log.warning("saved, but not yet shown: %s", error.code)

    def catch_up(self, progress: Progress | None = None) -> int:
        """Bring the cache up to the journal, such as after another process worked or the cache was lost.

        A damaged cache, or one of another journal, is made anew; one that was made anew makes open orders
        findable by their people again.

        Returns:
            How many commands were taken in.
        """
        if self.cache.was_replaced:
            self.cache = self.cache.reopened()
        try:
            return self._catch_up(progress)
        except JournalCorrupt:
            raise
        except Corrupt:
            log.warning("the cache is damaged and is made anew")
        return self.rebuild(progress)

    def _catch_up(self, progress: Progress | None) -> int:
        done = self.cache.catch_up(self.journal, progress)
        read_again(self.cache)
        if self.privacy.available and self.cache.mark(FINDABLE) != self.privacy.finder_name:
            self._make_findable()
        return done

    def _make_findable(self) -> None:
        """For a cache that was made anew; that it came to the end is noted, so that a cut leaves nobody out."""
        ids = lists.open_orders(self.cache.db)
        for start in range(0, len(ids), FINDABLE_AT_ONCE):
            with self.cache.writing():
                for first in range(start, min(start + FINDABLE_AT_ONCE, len(ids)), FINDABLE_BATCH):
                    orders = self.cache.many(Order, ids[first : first + FINDABLE_BATCH]).values()
                    self.cache.finder_add(self.privacy.finder_hashes(self.privacy.readable(orders)))
        with self.cache.writing():
            self.cache.set_mark(FINDABLE, self.privacy.finder_name)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Throw the cache away and make it anew from the journal; what the hub knows comes with the next sync."""
        self.cache = self.cache.renewed()
        return self._catch_up(progress)

    def close(self) -> None:
        """Give the files back."""
        self.journal.close()
        self.cache.close()
        self.keys.close()


Open = Callable[[], Counter]
"""Opens the same home again, for a thread of its own."""
