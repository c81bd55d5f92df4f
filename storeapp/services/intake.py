"""Takes orders on from files of shop platforms: dry run first, then in batches of one transaction each."""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from storeapp.adapters.addressbook import AddressBook
from storeapp.adapters.intake import Intake, read_file
from storeapp.domain.exception import ExceptionKind
from storeapp.domain.incoming import IncomingOrder, Person, RowError
from storeapp.domain.kernel import Event
from storeapp.domain.moment import Window
from storeapp.domain.order import Order, OrderLine, OrderStatus, order_id
from storeapp.domain.rules.orders import CancelOrder, PlaceOrder
from storeapp.domain.words import Mode
from storeapp.services.addresses import load_book, locate
from storeapp.services.counter import Actor, Counter, Transaction

Batch = Sequence[IncomingOrder]
BATCH = 500
KEY_BYTES = 32
PLATFORM_CANCELLED = "platform_cancelled"


class Attention(NamedTuple):
    """An order that a person should look at, with why."""

    order_no: str
    codes: tuple[str, ...]


@dataclass(slots=True)
class ImportReport:
    """What an import did, or in a dry run would do."""

    orders: int = 0
    imported: int = 0
    updated: int = 0
    cancelled: int = 0
    unchanged: int = 0
    other_store: int = 0
    attention: list[Attention] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    skipped: list[RowError] = field(default_factory=list)


class _DryRun(Exception):
    """Leaves the transaction without saving."""


def read_files(paths: Iterable[Path]) -> list[Intake]:
    """Read files by their content; what cannot be read is an error in its intake."""
    return [read_file(path) for path in paths]


def import_orders(
    counter: Counter,
    actor: Actor,
    intakes: Sequence[Intake],
    *,
    dry_run: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Take on what the files hold; importing the same again changes nothing.

    A dry run decides everything and saves nothing.
    """
    report = ImportReport()
    for intake in intakes:
        report.errors += intake.errors
        report.skipped += intake.skipped
    orders = [order for intake in intakes for order in intake.orders]
    report.orders = len(orders)
    mine = [order for order in orders if order.store in {None, counter.store}]
    report.other_store = len(orders) - len(mine)
    importer = _Importer(counter, actor, report, load_book(counter))
    batches = [mine[start : start + BATCH] for start in range(0, len(mine), BATCH)]
    done = 0
    for batch in importer.rehearsed(batches) if dry_run else importer.taken(batches):
        done += len(batch)
        if progress is not None:
            progress(done, len(mine))
    return report


class _Importer:
    """One import: the address book and the report are shared by its batches."""

    def __init__(self, counter: Counter, actor: Actor, report: ImportReport, book: AddressBook) -> None:
        self._counter = counter
        self._actor = actor
        self._report = report
        self._book = book

    def taken(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Save each batch in a transaction of its own, and give it back.

        Keys and hashes are saved before it, lest a key is lost that seals, or nobody is found.
        """
        privacy = self._counter.privacy
        for batch in batches:
            with self._counter.transaction(self._actor) as tx:
                people = self._decide(tx, batch, privacy.keys_for(_ids(batch), now=tx.now))
                hashes = privacy.finder_hashes(people)
                with self._counter.cache.writing():
                    self._counter.cache.finder_add(hashes)
            yield batch

    def rehearsed(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Decide every batch upon those before it, save nothing, and give each back.

        An order that stands in two files is new once only; its key lasts as long as this does.
        """
        privacy, keys = self._counter.privacy, dict[str, bytes]()
        try:
            with self._counter.transaction(self._actor) as tx:
                for batch in batches:
                    ids = [each for each in _ids(batch) if each not in keys]
                    keys |= {each: secrets.token_bytes(KEY_BYTES) for each in ids} if privacy.available else {}
                    keys |= privacy.known_keys(ids)
                    self._decide(tx, batch, keys)
                    yield batch
                raise _DryRun
        except _DryRun:
            return

    def _decide(self, tx: Transaction, batch: Batch, keys: Mapping[str, bytes]) -> dict[str, Person]:
        people: dict[str, Person] = {}
        for incoming in batch:
            people |= self._take(_One(tx, incoming, keys.get(order_id(incoming.platform, incoming.order_no))))
        return people

    def _take(self, one: "_One") -> dict[str, Person]:
        known = one.known
        if one.incoming.cancelled:
            self._cancel(one, known)
            return {}
        digest = self._counter.privacy.digest(one.incoming, one.key)
        if known is not None and (known.status is not OrderStatus.OPEN or one.unchanged(digest)):
            self._report.unchanged += 1
            self._attend(one, known.needs if known.status is OrderStatus.OPEN else ())
            return {}
        return self._place(one, digest)

    def _cancel(self, one: "_One", known: Order | None) -> None:
        if known is None or not _run(one.tx, CancelOrder(known.id, PLATFORM_CANCELLED, by_platform=True)):
            self._report.unchanged += 1
            return
        self._report.cancelled += 1
        after = one.tx.get(Order, known.id)
        if after is not None and after.status is OrderStatus.OPEN:
            self._attend(one, (ExceptionKind.RECALL.value,))

    def _place(self, one: "_One", digest: str) -> dict[str, Person]:
        incoming, known = one.incoming, one.known
        person = incoming.person
        if person.position is None:
            person = replace(person, position=locate(self._book, person))
        command = place_command(
            self._counter, incoming, person=person, key=one.key, digest=digest, now=one.tx.now, revise=known is not None
        )
        if _run(one.tx, command) and known is not None:
            self._report.updated += 1
        elif known is None:
            self._report.imported += 1
        else:
            self._report.unchanged += 1
        after = one.tx.get(Order, one.id)
        self._attend(one, after.needs if after else ())
        return {one.id: person}

    def _attend(self, one: "_One", codes: tuple[str, ...]) -> None:
        if codes:
            self._report.attention.append(Attention(one.incoming.order_no, codes))


def _ids(batch: Batch) -> list[str]:
    return [order_id(order.platform, order.order_no) for order in batch]


@dataclass(frozen=True, slots=True)
class _One:
    """One incoming order in its transaction."""

    tx: Transaction
    incoming: IncomingOrder
    key: bytes | None

    @property
    def id(self) -> str:
        """The order's id."""
        return order_id(self.incoming.platform, self.incoming.order_no)

    @property
    def known(self) -> Order | None:
        """The order as this counter has it."""
        return self.tx.get(Order, self.id)

    def unchanged(self, digest: str) -> bool:
        """Whether the platform says what it said before; without a key only the clear parts can tell."""
        known = self.known
        if known is None:
            return False
        if known.digest or digest:
            return known.digest == digest
        lines = [(line.sku, line.quantity, line.price_fen) for line in known.lines]
        return lines == [(line.sku, line.quantity, line.price_fen) for line in self.incoming.lines]


def _run(tx: Transaction, command: PlaceOrder | CancelOrder) -> Sequence[Event]:
    return tx.must(command)


def place_command(
    counter: Counter,
    incoming: IncomingOrder,
    *,
    person: Person,
    key: bytes | None,
    digest: str,
    now: datetime,
    revise: bool = False,
) -> PlaceOrder:
    """The command that takes an incoming order on, with the store's defaults for what its platform leaves open."""
    mode = incoming.mode or Mode.INSTANT
    window, codes = _window(counter, incoming, mode, now)
    needs = [need for need in incoming.needs if need != "no_position"]
    if incoming.mode is None and "mode_assumed" not in needs:
        needs.append("mode_assumed")
    if person.position is None:
        needs.append("no_position")
    subject = order_id(incoming.platform, incoming.order_no)
    return PlaceOrder(
        platform=incoming.platform,
        order_no=incoming.order_no,
        store=counter.store,
        mode=mode,
        window=window,
        lines=tuple(OrderLine(x.sku, x.quantity, x.price_fen, x.title) for x in incoming.lines),
        created_at=incoming.created_at,
        updated_at=incoming.updated_at,
        sealed=counter.privacy.seal(person, key, subject=subject),
        located=person.position is not None and key is not None,
        needs=(*needs, *codes),
        digest=digest,
        revise=revise,
    )


def _window(counter: Counter, incoming: IncomingOrder, mode: Mode, now: datetime) -> tuple[Window, list[str]]:
    codes = []
    window = incoming.window
    if window is None:
        minutes = counter.policy.window_minutes[mode]
        window = Window(incoming.created_at, incoming.created_at + timedelta(minutes=minutes))
        codes.append("window_default")
    if window.end < now:
        codes.append("window_passed")
    return window, codes
