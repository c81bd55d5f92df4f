import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storeapp.domain.delivery import Delivery
from storeapp.domain.kernel import Command, Key
from storeapp.domain.order import Order
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.orders import CancelOrder
from storeapp.services.counter import Counter, Refused
from storeapp.store.cache import CHUNK, PAGE_BYTES, Cache
from storeapp.store.errors import Corrupt
from storeapp.store.journal import Journal
from storeapp.store.migrate import open_database, remove_database
from storeapp.store.schema import MIGRATIONS
from tests.storeapp.store.homes import BASICS, COMMANDS, MANAGER, check_views, open_counter, run, shown
from tests.storeapp.world import a_delivery, an_order, placing

ROOT = Path(__file__).parents[3]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path / "home")
    run(opened, *BASICS)
    yield opened
    opened.close()


def again(counter: Counter) -> Counter:
    """The same home as another thread or process opens it."""
    return open_counter(counter.home)


def test_what_a_use_case_did_is_shown_when_it_returns(counter: Counter) -> None:
    run(counter, placing("1"))
    assert counter.cache.get(Order, an_order()) is not None
    assert counter.cache.applied == counter.journal.last() == len(BASICS) + 1


def test_a_use_case_sees_what_it_did_so_far(counter: Counter) -> None:
    with counter.transaction(MANAGER) as tx:
        tx.must(placing("1"))
        assert tx.get(Order, an_order()) is not None
        assert counter.cache.get(Order, an_order()) is None


def test_a_use_case_that_gives_up_leaves_no_trace(counter: Counter) -> None:
    def give_up() -> None:
        with counter.transaction(MANAGER) as tx:
            tx.must(placing("1"))
            tx.audit("reveal", "x")
            tx.must(CancelOrder("nobody", ""))

    before = (shown(counter), counter.journal.last())
    with pytest.raises(Refused):
        give_up()
    assert (shown(counter), counter.journal.last()) == before
    assert counter.journal.audit_entries() == []


def test_a_refused_command_takes_no_number(counter: Counter) -> None:
    last = counter.journal.last()
    run(counter, CancelOrder("nobody", ""), placing("1"))
    assert [entry.n for entry in counter.journal.after(last)] == [last + 1]


def test_a_crash_between_journal_and_cache_is_made_good(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> bool:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Cache, "apply", die)
        with pytest.raises(Killed):
            run(counter, placing("1"))
    assert counter.cache.get(Order, an_order()) is None
    with closing(again(counter)) as reopened:
        assert reopened.catch_up() == 1
        assert reopened.cache.get(Order, an_order()) is not None
        check_views(reopened)


def test_another_process_that_was_slower_catches_up_by_itself(counter: Counter) -> None:
    with closing(again(counter)) as other:
        run(counter, placing("1"))
        run(other, AssignDelivery(a_delivery(), "G1", 0))
        run(counter, AssignDelivery(a_delivery(), "G2", 1))
        found = other.cache.get(Delivery, a_delivery())
        assert found is not None
        assert found.guide == "G2"
        assert counter.cache.applied == counter.journal.last()


def test_another_process_that_applied_first_does_no_harm(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = Cache.apply

    def overtaken(cache: Cache, *args: object) -> bool:
        with closing(again(counter)) as other:
            other.catch_up()
        return apply(cache, *args)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(Cache, "apply", overtaken)
    run(counter, placing("1"))
    assert counter.cache.applied == counter.journal.last()
    movements = counter.cache.db.execute("SELECT count(*) FROM timeline WHERE subject = ?", (an_order(),))
    assert movements.fetchone()[0] == 1


def test_a_command_saved_while_it_looks_does_not_confuse_a_reader(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = Journal.last
    calls = []

    def overtaken(journal: Journal) -> int:
        found = last(journal)
        if not calls:
            calls.append(1)
            with closing(again(counter)) as other:
                run(other, placing("1"))
        return found

    monkeypatch.setattr(Journal, "last", overtaken)
    counter.catch_up()
    assert counter.catch_up() in {0, 1}
    assert counter.cache.applied == counter.journal.last()


def test_a_rebuilt_cache_equals_the_old_one(counter: Counter) -> None:
    run(counter, placing("1"), placing("2"), CancelOrder(an_order("2"), "x"), AssignDelivery(a_delivery(), "G1", 0))
    before = shown(counter)
    told: list[tuple[int, int]] = []
    count = counter.journal.last()
    assert counter.rebuild(lambda done, total: told.append((done, total))) == count
    assert shown(counter) == before
    assert told == [(count, count)]
    check_views(counter)


def test_progress_is_told_for_every_chunk(counter: Counter) -> None:
    run(counter, *(placing(str(n)) for n in range(CHUNK + 10)))
    told: list[tuple[int, int]] = []
    counter.rebuild(lambda done, total: told.append((done, total)))
    total = CHUNK + 10 + len(BASICS)
    assert told == [(CHUNK, total), (total, total)]


@settings(max_examples=25)
@given(commands=st.lists(COMMANDS, max_size=25))
def test_after_any_history_the_views_agree_and_a_rebuild_gives_the_same(
    tmp_path_factory: pytest.TempPathFactory, commands: list[Command]
) -> None:
    with closing(open_counter(tmp_path_factory.mktemp("h") / "home")) as counter:
        run(counter, *BASICS)
        for command in commands:
            run(counter, command)
        before = shown(counter)
        history = list(counter.cache.db.execute("SELECT subject, event, command FROM timeline ORDER BY n"))
        check_views(counter)
        check_movements(counter)
        counter.rebuild()
        assert shown(counter) == before
        assert list(counter.cache.db.execute("SELECT subject, event, command FROM timeline ORDER BY n")) == history
        check_views(counter)
        check_movements(counter)


def check_movements(counter: Counter) -> None:
    """The shelf equals the movements that the screen lists."""
    db = counter.cache.db
    summed = dict(db.execute("SELECT item, sum(quantity) FROM movement GROUP BY item"))
    on_hand = dict(db.execute("SELECT id, body ->> '$.on_hand' FROM state WHERE kind = 'stock'"))
    assert {key: count for key, count in summed.items() if count} == {k: v for k, v in on_hand.items() if v}


def test_others_may_write_while_a_cache_is_made_anew(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits asks for the lock every tenth of a second, as SQLite does, and must find it free before the end."""
    run(counter, *(placing(str(n)) for n in range(20)))
    monkeypatch.setattr("storeapp.store.cache.CHUNK", 1)
    monkeypatch.setattr("storeapp.store.cache.CHUNKS_AT_ONCE", 1)
    tried, over, written_at = threading.Event(), threading.Event(), []

    def ask() -> None:
        with closing(sqlite3.connect(counter.home / "cache.db", timeout=0, isolation_level=None)) as other:
            while not over.wait(0.1):
                try:
                    other.execute("BEGIN IMMEDIATE")
                except sqlite3.OperationalError:
                    tried.set()
                else:
                    written_at.append(progress[-1])
                    other.execute("ROLLBACK")
                    over.set()
            tried.set()

    progress: list[int] = []

    def inside(done: int, _total: int) -> None:
        """In the middle of a transaction, which lasts until the other has asked in vain."""
        progress.append(done)
        tried.wait(60)
        if not over.is_set():
            tried.clear()

    with counter.cache.writing():
        counter.cache.empty()
    asking = threading.Thread(target=ask)
    asking.start()
    counter.catch_up(inside)
    over.set()
    asking.join()
    assert written_at
    assert written_at[0] < counter.journal.last()


def test_the_cache_of_another_journal_is_told_and_made_anew(counter: Counter) -> None:
    run(counter, placing("1"))
    counter.journal._db.execute("DELETE FROM command WHERE n = ?", (counter.journal.last(),))
    with pytest.raises(Corrupt):
        counter.cache.catch_up(counter.journal)
    counter.catch_up()
    assert counter.cache.get(Order, an_order()) is None


def test_a_damaged_row_is_told_as_damage(counter: Counter) -> None:
    run(counter, placing("1"))
    counter.cache.db.execute("UPDATE state SET body = x'7b22' WHERE kind = 'order'")
    with pytest.raises(Corrupt):
        counter.cache.get(Order, an_order())


def test_a_lost_command_does_not_stop_the_rebuild(counter: Counter, caplog: pytest.LogCaptureFixture) -> None:
    run(counter, placing("1"))
    run(counter, AssignDelivery(a_delivery(), "G1", 0), placing("2"))
    counter.journal._db.execute("DELETE FROM command WHERE n = ?", (len(BASICS) + 1,))
    counter.rebuild()
    assert counter.cache.get(Order, an_order()) is None
    assert counter.cache.get(Order, an_order("2")) is not None
    assert "events without their subject: 1" in caplog.text


def test_many_states_are_read_in_pages(counter: Counter) -> None:
    run(counter, *(placing(str(n)) for n in range(600)))
    ids = [an_order(str(n)) for n in range(700)]
    assert len(counter.cache.many(Order, ids)) == 600
    assert len(counter.cache.every(Order)) == 600


def test_a_base_is_what_was_shown_before_an_open_command(tmp_path: Path) -> None:
    with closing(open_counter(tmp_path / "home", hub="hub.test", authority="k1")) as counter:
        run(counter, *BASICS, placing("1"))
        assert counter.cache.base(Order, an_order()) is None
        row = counter.cache.db.execute("SELECT count(*) FROM touch WHERE kind = 'order'").fetchone()
        assert row[0] == 1
        assert Key("order", an_order()) in shown(counter)


ENDLESS = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from tests.storeapp.store.homes import BASICS, MANAGER, open_counter, run
from tests.storeapp.world import placing
counter = open_counter(Path(sys.argv[1]))
n = int(sys.argv[3])
while True:
    n += 1
    with counter.transaction(MANAGER) as tx:
        tx.must(placing(str(n)))
    print(tx.done[0][0].id, flush=True)
"""


@pytest.mark.skipif(os.name == "nt", reason="a kill that no process can notice is a matter of POSIX")
def test_whatever_was_told_as_saved_survives_a_kill(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with closing(open_counter(home)) as counter:
        run(counter, *BASICS)
    told: list[str] = []
    for round_, enough in enumerate((1, 7, 23)):
        command = [sys.executable, "-c", ENDLESS, str(home), str(ROOT), str(round_ * 1000)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
            assert program.stdout is not None
            told += [program.stdout.readline().strip() for _ in range(enough)]
            program.send_signal(signal.SIGKILL)
            told += [text for text in program.stdout.read().split("\n")[:-1] if text]
    with closing(open_counter(home)) as counter:
        assert len(told) >= 31
        assert [text for text in told if counter.journal.by_id(text) is None] == []
        counter.catch_up()
        assert len(counter.cache.every(Order)) == counter.journal.last() - len(BASICS) >= len(told)
        check_views(counter)


def test_what_many_rows_leave_in_the_log_is_brought_to_the_disk_each_time(tmp_path: Path) -> None:
    with closing(Cache(tmp_path / "cache.db")) as cache, closing(sqlite3.connect(tmp_path / "cache.db")) as other:
        for _ in range(3):
            told: list[str] = []
            seen = other.execute("PRAGMA data_version").fetchone()
            cache.expect_many()
            cache.db.conn.set_trace_callback(told.append)
            cache.make_durable()
            cache.db.conn.set_trace_callback(None)
            at = [told.index(each) for each in ("PRAGMA synchronous = FULL", "COMMIT", "PRAGMA synchronous = NORMAL")]
            assert at == sorted(at)
            # A commit that changes nothing brings nothing to the disk.
            assert other.execute("PRAGMA data_version").fetchone() != seen


def test_the_log_is_folded_when_few_rows_are_expected_again(tmp_path: Path) -> None:
    with closing(Cache(tmp_path / "cache.db")) as cache:
        usual = cache.db.execute("PRAGMA wal_autocheckpoint").fetchone()
        cache.expect_many()
        with cache.writing():
            cache.set_mark("epoch", "e")
        cache.make_durable()
        assert [mark_in_copy(tmp_path, with_log=each) for each in (True, False)] == ["e", ""]
        cache.expect_few()
        assert [mark_in_copy(tmp_path, with_log=each) for each in (True, False)] == ["e", "e"]
        assert cache.db.execute("PRAGMA wal_autocheckpoint").fetchone() == usual


def mark_in_copy(place: Path, *, with_log: bool) -> str:
    """The epoch in what would be on the disk if the process died now."""
    for ending in ("", "-wal") if with_log else ("",):
        shutil.copyfile(place / f"cache.db{ending}", place / f"copy.db{ending}")
    with closing(Cache(place / "copy.db")) as copy:
        epoch = copy.mark("epoch")
    remove_database(place / "copy.db")
    return epoch


def test_a_cache_keeps_the_pages_that_it_was_made_with(tmp_path: Path) -> None:
    for name, page_bytes in (("old.db", 4096), ("new.db", PAGE_BYTES)):
        steps = MIGRATIONS[:-1] if name == "old.db" else MIGRATIONS
        open_database(tmp_path / name, migrations=steps, synchronous="NORMAL", page_bytes=page_bytes).close()
        with closing(Cache(tmp_path / name)) as cache:
            assert cache.db.execute("PRAGMA page_size").fetchone() == (page_bytes,)
            with cache.writing():
                cache.set_mark("epoch", "e")
            assert cache.mark("epoch") == "e"
