"""Bugs to plant one at a time: what a simulation that misses one of them is worth can be seen at once.

Each is a context manager that makes the real program wrong in one way, a short day that shows it, and the name of
the invariant that must then be broken.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import msgspec
import sqlalchemy as sa

from hub.database import Database
from hub.tables import head
from storeapp.domain.delivery import Delivery, Holder
from storeapp.domain.kernel import Context, Draft, Refusal
from storeapp.domain.rules import registry
from storeapp.domain.rules.custody import HandOver
from storeapp.domain.rules.deliveries import AssignDelivery, UnassignDelivery
from storeapp.domain.rules.stock import CountStock, MoveStock
from storeapp.domain.stock import Movement
from storeapp.services import exchange
from storeapp.store import rebase
from storeapp.store.journal import Outcome, Status
from sync import cycle
from sync.transport import Unauthorised
from tests.simulation.faults import Fault, Kind
from tests.simulation.invariants import check
from tests.simulation.machine import delivery_of, fact_of
from tests.simulation.world import World
from tests.support.hubs import an_order

HEALTHY = Fault()


@dataclass(frozen=True, slots=True)
class Plant:
    """One bug: how it gets in, the day that shows it, and what is broken by it."""

    name: str
    plant: Callable[[], AbstractContextManager[None]]
    day: Callable[[World], None]
    invariant: str
    by_chance: bool = True
    """Whether days by chance meet it soon enough to be waited for."""


@contextmanager
def reply_before_commit() -> Iterator[None]:
    """The hub answers, and commits when it has time: when it is asked for something else to write."""
    open_ones: list[tuple[sa.Connection, sa.Transaction]] = []

    def end(commit: bool) -> None:
        while open_ones:
            connection, transaction = open_ones.pop()
            (transaction.commit if commit else transaction.rollback)()
            connection.close()

    @contextmanager
    def writing(db: Database) -> Iterator[sa.Connection]:
        end(commit=True)
        connection = db.engine.connect()
        transaction = connection.begin()
        try:
            yield connection
        except BaseException:
            transaction.rollback()
            connection.close()
            raise
        open_ones.append((connection, transaction))

    real_close = Database.close

    def close(db: Database) -> None:
        end(commit=False)
        real_close(db)

    with patch.object(Database, "writing", writing), patch.object(Database, "close", close):
        yield


def power_cut_after_the_reply(world: World) -> None:
    """The hub dies after it has answered."""
    world.exchange("one")
    world.desks["one"].do(an_order("T0"))
    world.exchange("one")
    world.end_hub()


@contextmanager
def cursor_before_rows() -> Iterator[None]:
    """The cursor is saved in a transaction of its own, before the rows."""
    real = rebase.take_page

    def take_page(cache: Any, rows: Any, *, feed: str, cursor: int, **rest: Any) -> None:
        with cache.writing():
            cache.set_cursor(feed, cursor)
            cache.set_mark("epoch", rest["epoch"])
        real(cache, rows, feed=feed, cursor=cursor, **rest)

    with patch.object(exchange, "take_page", take_page):
        yield


def a_counter_that_dies_everywhere(world: World) -> None:
    """The process ends before every statement of an exchange, one after the other."""
    world.exchange("one")
    number = 0
    while world.exchange("two", dies_at=number) == "died":
        check(world)
        world.desks["one"].do(MoveStock("XH", "BL-001", Movement.RECEIVED, 1))
        world.exchange("one")
        number += 1


@contextmanager
def retry_with_a_new_uuid() -> Iterator[None]:
    """Who asks again gives the command another name."""
    real = cycle._command
    offered: set[str] = set()

    def command(seq: int, entry: Any, former: str) -> Any:
        name = str(uuid4()) if entry.id in offered else entry.id
        offered.add(entry.id)
        return msgspec.structs.replace(real(seq, entry, former), id=name)

    with patch.object(cycle, "_command", command):
        yield


def a_reply_that_is_lost(world: World) -> None:
    """The hub has decided, and the counter must ask again."""
    world.exchange("one", [HEALTHY, Fault(Kind.CUT)])
    world.exchange("one")


@contextmanager
def number_before_the_head_is_locked() -> Iterator[None]:
    """The numbers that a batch will get are read before its transaction has the heads.

    The unique index that would make such a batch fail is gone, too: each of the two must be enough.
    """
    real_writing, early = Database.writing, {}

    @contextmanager
    def writing(db: Database) -> Iterator[sa.Connection]:
        with db.reading() as connection:
            early[db] = dict(map(tuple, connection.execute(sa.select(head))))
        with real_writing(db) as connection:
            connection.execute(sa.text("DROP INDEX IF EXISTS state_by_number"))
            yield connection

    def lock_heads(db: Database, connection: sa.Connection, feeds: Sequence[str]) -> dict[str, int]:
        return {feed: early[db].get(feed, 0) for feed in feeds}

    with patch.object(Database, "writing", writing), patch.object(Database, "lock_heads", lock_heads):
        yield


def a_batch_that_is_overtaken(world: World) -> None:
    """Between a request and its transaction, another device's batch is decided."""
    world.exchange("one")
    world.phones[0].note(CountStock("XH", "BL-001", 7), strange=False)
    world.desks["one"].do(an_order("T0"))
    world.exchange("one", [Fault(Kind.OVERTAKEN)])


@contextmanager
def unauthorised_drops_what_is_pending() -> Iterator[None]:
    """A 401 is taken for the hub's answer to everything."""
    real = cycle.Cycle.run

    def run(self: cycle.Cycle, progress: Any) -> Any:
        try:
            return real(self, progress)
        except Unauthorised:
            journal = self._exchange._counter.journal
            with journal.writing():
                journal.settle(Outcome(entry.id, Status.REFUSED) for entry in journal.pending())
            raise

    with patch.object(cycle.Cycle, "run", run):
        yield


def a_hub_that_does_not_know_us(world: World) -> None:
    """The first request is answered with 401."""
    world.exchange("one", [Fault(Kind.UNAUTHORISED)])


@contextmanager
def rebase_drops_a_dependent_command() -> Iterator[None]:
    """A command that can't be shown on what the hub says is given up, instead of left to the hub."""
    real = rebase._Replay._one

    def one(self: Any, work: Any, entry: Any) -> None:
        before = len(self.touches)
        real(self, work, entry)
        if len(self.touches) == before:
            self._journal._db.execute("DELETE FROM command WHERE n = ?", (entry.n,))

    with patch.object(rebase._Replay, "_one", one):
        yield


def work_on_an_assignment_that_another_counter_won(world: World) -> None:
    """Somebody assigns and goes on from there, while the page arrives that says otherwise."""
    world.desks["one"].do(an_order("T0"))
    for name in ("one", "two", "one"):
        world.exchange(name)
    delivery = delivery_of("T0")
    world.desks["one"].do(AssignDelivery(delivery, "G01", 0))
    world.exchange("one")
    # What depends on the assignment is refused on top of the page, and still for the hub to decide.
    world.jobs = lambda *_: [AssignDelivery(delivery, "G02", 0), UnassignDelivery(delivery, 1)]
    world.exchange("two", [Fault(Kind.WORKED)] * 3)


@contextmanager
def rebase_overlooks_what_hangs_together() -> Iterator[None]:
    """Only the commands on the changed rows are decided anew, not those that stand on the same other rows."""

    def close_over(self: Any, keys: set[Any], numbers: set[int]) -> None:
        numbers |= {n for key in keys for n in self._by_key.get(key, set())}

    alone = property(lambda _: set())
    with patch.object(rebase._Graph, "close_over", close_over), patch.object(rebase._Graph, "touched", alone):
        yield


def goods_that_leave_while_others_are_counted(world: World) -> None:
    """A delivery leaves with goods whose count changes in the page that arrives."""
    world.desks["one"].do(an_order("T0", quantity=3), an_order("T1", quantity=60))
    for name in ("one", "two", "one"):
        world.exchange(name)
    world.desks["one"].do(CountStock("XH", "BL-001", 1))
    world.exchange("one")
    delivery = delivery_of("T0")
    world.jobs = lambda *_: [
        CountStock("XH", "BL-001", 50),
        AssignDelivery(delivery, "G01", 0),
        fact_of("hand_over", "T0", "G01"),
    ]
    world.exchange("two", [HEALTHY, Fault(Kind.WORKED)])


@contextmanager
def a_fact_is_refused() -> Iterator[None]:
    """A handler refuses a handover because the parcel is with somebody else."""
    real = registry._HANDLERS[HandOver]

    def hand_over(command: HandOver, draft: Draft, ctx: Context) -> Refusal | None:
        delivery = draft.get(Delivery, command.delivery_id)
        parcel = delivery.parcel(command.parcel) if delivery else None
        if parcel is not None and parcel.custodian.holder is not Holder.STORE:
            return Refusal("not_in_store")
        return real(command, draft, ctx)

    with patch.dict(registry._HANDLERS, {HandOver: hand_over}):
        yield


def two_guides_who_both_took_it(world: World) -> None:
    """Two counters hand the same parcel over with the network down."""
    world.desks["one"].do(an_order("T0"))
    world.exchange("one")
    world.exchange("two")
    world.desks["one"].do(fact_of("hand_over", "T0", "G01"))
    world.desks["two"].do(fact_of("hand_over", "T0", "G02"))
    world.exchange("one")
    world.exchange("two")


PLANTS = (
    Plant("reply before commit", reply_before_commit, power_cut_after_the_reply, "saved_commands_exist_once"),
    Plant("cursor before rows", cursor_before_rows, a_counter_that_dies_everywhere, "cursors_never_pass_their_rows"),
    Plant("retry with a new UUID", retry_with_a_new_uuid, a_reply_that_is_lost, "saved_commands_exist_once"),
    Plant(
        "number handed out before the head lock",
        number_before_the_head_is_locked,
        a_batch_that_is_overtaken,
        "feed_numbers_are_contiguous",
    ),
    Plant(
        "a 401 that drops pending commands",
        unauthorised_drops_what_is_pending,
        a_hub_that_does_not_know_us,
        "failures_change_nothing_pending",
    ),
    Plant(
        "a rebase that drops a dependent command",
        rebase_drops_a_dependent_command,
        work_on_an_assignment_that_another_counter_won,
        "saved_commands_exist_once",
        by_chance=False,
    ),
    Plant(
        "a rebase that overlooks a dependent command",
        rebase_overlooks_what_hangs_together,
        goods_that_leave_while_others_are_counted,
        "the_view_follows_from_bases_and_open_commands",
        by_chance=False,
    ),
    Plant("a facts' handler that refuses", a_fact_is_refused, two_guides_who_both_took_it, "facts_are_never_refused"),
)
"""Every bug has a day here; the long run must find the likelier ones by chance, too."""
