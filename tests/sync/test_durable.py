"""A counter keeps what the hub could lose, and no longer what a verified backup of the hub covers."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.compaction import KEEP, compact
from hub.core import Hub, open_hub
from hub.operations import backup, restore
from hub.tables import command_result, state
from storeapp.domain.feeds import feeds_of
from storeapp.domain.kernel import Key
from storeapp.domain.order import order_id
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.orders import CancelOrder
from storeapp.domain.rules.people import RegisterGuide
from storeapp.domain.words import Platform
from storeapp.services.counter import Counter
from storeapp.services.enrolment import Names
from storeapp.services.exchange import KEPT, KEPT_WITHOUT_BACKUP
from storeapp.store.entries import Status
from storeapp.store.salvage import salvage
from sync.transport import Offline
from tests.support.counters import TestClock, bare, run, shown, stand_alone
from tests.support.direct import enrol, exchange
from tests.support.hubs import FakeCounter, TurnedClock, a_guide, an_order, make_hub

FIRST = order_id(Platform.TABLE, "T1")


class Pair:
    """A hub with one counter, whose clocks go together, and backups of the hub."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.clock = TurnedClock()
        self.hub = make_hub(folder / "hub", url=url, now=self.clock)
        self.counter = stand_alone(folder / "one")
        enrol(self.hub, self.counter)
        self.sync()

    def sync(self, *losses: str) -> None:
        exchange(self.hub, self.counter, *losses)

    def place(self, *numbers: str) -> None:
        run(self.counter, *(an_order(number) for number in numbers))

    def pass_by(self, time: timedelta) -> None:
        self.clock.moment += time
        clock = self.counter.clock
        assert isinstance(clock, TestClock)
        clock.moment += time

    def backup(self) -> Path:
        backup(self.folder / "hub", self.folder / "copy.db", url=self.url, now=self.clock)
        return self.folder / "copy.db"

    def restore(self, copy: Path) -> None:
        self.hub.close()
        restore(self.folder / "hub", copy, url=self.url)
        self.hub = open_hub(self.folder / "hub", url=self.url, now=self.clock)

    def close(self) -> None:
        self.counter.close()
        self.hub.close()


@pytest.fixture
def pair(tmp_path: Path, database: str) -> Iterator[Pair]:
    pair = Pair(tmp_path, database)
    yield pair
    pair.close()


def kept(counter: Counter) -> int:
    """How many commands the journal holds."""
    return len(counter.journal.after(0, limit=100_000))


def projection(hub: Hub) -> dict[Key, bytes]:
    with hub.db.reading() as connection:
        query = sa.select(state.c.kind, state.c.id, state.c.body).where(state.c.feed.in_(feeds_of("XH")))
        return {Key(kind, key_id): body for kind, key_id, body in connection.execute(query) if body}


def results(hub: Hub) -> list[str]:
    with hub.db.reading() as connection:
        return sorted(connection.scalars(sa.select(command_result.c.id)))


def test_everything_is_kept_until_a_backup_covers_it_and_a_month_has_passed(pair: Pair) -> None:
    pair.place("T1")
    pair.sync()
    everything = kept(pair.counter)
    pair.pass_by(KEPT + timedelta(days=1))
    pair.place("T2")
    pair.sync()
    assert kept(pair.counter) == everything + 1
    pair.backup()
    pair.place("T3")
    pair.sync()
    # The newest that the backup covers is of today.
    assert kept(pair.counter) == 2
    assert pair.counter.journal.last() == everything + 2


def test_without_any_backup_the_journal_still_has_an_end(pair: Pair) -> None:
    pair.place("T1")
    pair.sync()
    pair.pass_by(KEPT_WITHOUT_BACKUP + timedelta(days=1))
    pair.place("T2")
    pair.sync()
    assert kept(pair.counter) == 1
    assert Key("order", FIRST) in shown(pair.counter)


def test_what_was_never_answered_is_kept_for_ever(pair: Pair) -> None:
    pair.sync()
    pair.place("T1")
    before = kept(pair.counter)
    pair.pass_by(KEPT_WITHOUT_BACKUP + timedelta(days=1))
    assert pair.counter.journal.prunable(upto=10**6, before=pair.counter.clock.now()) == before - 1
    pair.sync()
    assert Key("order", FIRST) in projection(pair.hub)


def pruned(pair: Pair) -> Path:
    """A counter that keeps two commands only, and the backup that covers the rest."""
    pair.place("T1")
    pair.sync()
    pair.pass_by(KEPT + timedelta(days=1))
    copy = pair.backup()
    pair.place("T2", "T3")
    pair.sync()
    assert kept(pair.counter) == 2
    return copy


def test_a_hub_restored_from_its_backup_is_refilled_with_nothing_lost_and_nothing_twice(pair: Pair) -> None:
    copy = pruned(pair)
    before, known = projection(pair.hub), results(pair.hub)
    pair.place("T4")
    pair.restore(copy)
    pair.sync()
    pair.sync()
    assert set(known) < set(results(pair.hub))
    assert len(results(pair.hub)) == len(known) + 1
    assert before.keys() < projection(pair.hub).keys()
    assert shown(pair.counter) == projection(pair.hub)
    incarnation = pair.counter.identity[Names.INCARNATION]
    pair.sync()
    assert pair.counter.identity[Names.INCARNATION] == incarnation


def test_a_hub_that_lost_more_than_its_counters_kept_goes_on_with_what_there_is(pair: Pair) -> None:
    older = pair.backup().rename(pair.folder / "older.db")
    pruned(pair)
    pair.place("T4")
    pair.restore(older)
    pair.sync()
    numbers = {row.split("/")[-1] for row in (key.id for key in projection(pair.hub) if key.kind == "order")}
    assert len(numbers) == 3
    assert pair.counter.journal.counts() == {}
    assert shown(pair.counter) == projection(pair.hub)


def test_a_lost_cache_comes_back_although_the_journal_is_short(pair: Pair) -> None:
    pruned(pair)
    before = shown(pair.counter)
    pair.counter.rebuild()
    pair.sync()
    assert shown(pair.counter) == before


def waiting_rows(counter: Counter) -> list[int]:
    """How much of the cache rests on commands that the hub has yet to answer."""
    counts = ("SELECT count(*) FROM touch", "SELECT count(*) FROM state WHERE base IS NOT NULL")
    return [counter.cache.db.execute(sql).fetchone()[0] for sql in counts]


def test_a_cache_made_anew_rests_on_nothing_that_is_dropped_before_it_was_filled(pair: Pair) -> None:
    """What the hub changes later would be hidden behind commands that nobody can decide any more."""
    pair.place("T1")
    pair.sync()
    pair.pass_by(KEPT_WITHOUT_BACKUP + timedelta(days=1))
    pair.place("T2")
    pair.counter.rebuild()
    pair.sync()
    assert kept(pair.counter) == 1
    assert waiting_rows(pair.counter) == [0, 0]
    assert shown(pair.counter) == projection(pair.hub)


def test_a_cache_that_another_process_made_anew_meanwhile_rests_on_nothing_that_was_dropped(pair: Pair) -> None:
    pair.place("T1")
    pair.sync()
    pair.place("T2")
    pair.counter.rebuild()
    with pair.counter.journal.writing():
        pair.counter.journal.prune(pair.counter.journal.last() - 1)
    pair.sync()
    assert waiting_rows(pair.counter) == [0, 0]
    assert shown(pair.counter) == projection(pair.hub)


def test_what_was_refused_leaves_the_history_even_where_its_answer_is_dropped_first(pair: Pair) -> None:
    pair.place("T1")
    pair.sync()
    FakeCounter(pair.hub, device="dev-2").do(CancelOrder(FIRST, "customer"))
    run(pair.counter, AssignDelivery(f"{FIRST}-1", "G01", 0))
    with contextlib.suppress(Offline):
        pair.sync("", "", "request")
    assert pair.counter.journal.counts().get(Status.REFUSED) == 1
    history = "SELECT count(*) FROM timeline WHERE event = 'delivery.assigned'"
    assert pair.counter.cache.db.execute(history).fetchone()[0] == 1
    pair.pass_by(KEPT_WITHOUT_BACKUP + timedelta(days=1))
    pair.place("T2")
    pair.sync()
    assert kept(pair.counter) == 1
    assert pair.counter.cache.db.execute(history).fetchone()[0] == 0
    assert waiting_rows(pair.counter) == [0, 0]


def test_a_salvage_does_not_take_for_lost_what_was_no_longer_kept(pair: Pair) -> None:
    pruned(pair)
    path = pair.counter.home / "journal.db"
    pair.counter.journal.damaged()
    pair.counter.close()
    path.write_bytes(path.read_bytes()[:-4096])
    salvaged = salvage(path, expect=0)
    assert salvaged is None or not any(first == 1 for first, _ in salvaged.gaps)
    pair.counter = bare(pair.folder / "other")


def test_a_counter_that_was_off_too_long_reads_everything_again_and_forgets_who_left(pair: Pair) -> None:
    run(pair.counter, RegisterGuide(a_guide("G07").guide))
    pair.sync()
    assert Key("guide", "G07") in shown(pair.counter)
    other = FakeCounter(pair.hub, device="dev-2", store="HH")
    other.do(a_guide("G07", store="HH"))
    compact(pair.hub)
    pair.pass_by(KEEP)
    compact(pair.hub)
    pair.place("T1")
    pair.sync()
    assert Key("guide", "G07") not in shown(pair.counter)
    assert shown(pair.counter) == projection(pair.hub)


def test_a_new_counter_reads_a_compacted_feed_on_after_every_cut(pair: Pair) -> None:
    pair.place(*(f"T{n}" for n in range(9)))
    pair.sync()
    compact(pair.hub)
    pair.pass_by(KEEP)
    pair.place("T9")
    pair.sync()
    compact(pair.hub)
    two = bare(pair.folder / "two")
    enrol(pair.hub, two)
    seen = []
    for _ in range(30):
        with contextlib.suppress(Offline):
            exchange(pair.hub, two, "", "", "", "", "", "request")
        seen.append(two.cache.cursor("store:XH"))
        if shown(two) == projection(pair.hub):
            break
    assert seen == sorted(seen)
    assert shown(two) == projection(pair.hub)
    two.close()
