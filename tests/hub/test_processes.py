"""Several processes of one hub on one PostgreSQL: one order of numbers, nothing twice, and everybody hears."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from hub import devices
from hub.core import Hub, open_hub
from hub.feeds import Reader, changes
from hub.tables import command_result, event_log, head, state
from storeapp.domain.kernel import Command
from storeapp.domain.order import order_id
from storeapp.domain.words import Platform
from sync.protocol.messages import ResultStatus
from tests.support.counters import bare, join, run, shown, stand_alone, sync
from tests.support.databases import Postgres
from tests.support.hubs import FakeCounter, TurnedClock, a_guide, an_order, make_hub, stock
from tests.support.hubserver import PATIENCE_S, HubProcess, free_port, serving

STORES = ("XH", "HH", "ZZ")


@pytest.fixture
def url(postgres: Postgres) -> Iterator[str]:
    url = postgres.fresh()
    yield url
    postgres.drop(url)


@pytest.fixture
def two(tmp_path: Path, url: str) -> Iterator[tuple[Hub, Hub]]:
    """The same hub, opened twice with pools of their own."""
    first = make_hub(tmp_path / "hub", url=url)
    second = open_hub(tmp_path / "hub", url=url, now=TurnedClock())
    yield first, second
    first.close()
    second.close()


def numbers(hub: Hub, feed: str) -> tuple[list[int], int]:
    with hub.db.reading() as connection:
        used = sorted(connection.scalars(sa.select(state.c.seq).where(state.c.feed == feed)))
        last = connection.scalar(sa.select(head.c.seq).where(head.c.feed == feed))
    return used, int(last or 0)


def test_writers_of_two_processes_leave_no_hole_and_no_reader_misses_a_row(two: tuple[Hub, Hub]) -> None:
    counters = [FakeCounter(two[n % 2], device=f"dev-{n}", store=STORES[n % 3]) for n in range(6)]
    writing = threading.Event()
    writing.set()

    def write(counter: FakeCounter) -> None:
        for number in range(12):
            counter.do(an_order(f"{counter.device}-{number}", store=counter.store), stock(store=counter.store))

    def read(store: str) -> set[tuple[str, str]]:
        """What a counter of the store has seen that only ever goes forward."""
        seen: set[tuple[str, str]] = set()
        after = 0
        while True:
            ended = not writing.is_set()
            page = changes(
                two[1], Reader(store, b""), feed=f"store:{store}", epoch=two[0].identity.epoch, after=after, limit=7
            )
            seen |= {(row.kind, row.id) for row in page.rows}
            after = page.upto
            if ended and page.upto == page.last:
                return seen

    with ThreadPoolExecutor(9) as pool:
        readers = [pool.submit(read, store) for store in STORES]
        list(pool.map(write, counters))
        writing.clear()
        seen = [reader.result() for reader in readers]
    for store, found in zip(STORES, seen, strict=True):
        used, last = numbers(two[0], f"store:{store}")
        assert len(used) == len(found) == len(set(used))
        assert max(used) == last


def test_every_number_of_a_feed_was_given_once(two: tuple[Hub, Hub]) -> None:
    counters = [FakeCounter(two[n % 2], device=f"dev-{n}") for n in range(4)]

    def write(counter: FakeCounter) -> list[int]:
        # Each order is two new rows that nothing changes again.
        return [counter.do(an_order(f"{counter.device}-{n}")).results[0].feed_seq for n in range(10)]

    with ThreadPoolExecutor(4) as pool:
        given = [number for found in pool.map(write, counters) for number in found]
    used, last = numbers(two[0], "store:XH")
    orders = 40
    assert max(given) == last
    assert len(set(given)) == orders
    assert set(used) <= set(range(1, last + 1))


def test_the_same_batch_through_both_processes_at_once_is_done_once(two: tuple[Hub, Hub]) -> None:
    one = FakeCounter(two[0])
    same = FakeCounter(two[1], transport=one.transport)
    batch = [one.wire(stock())] + [one.wire(an_order(f"T{n}")) for n in range(20)]
    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda counter: counter.send(*batch), (one, same)))
    statuses = sorted({result.status for result in reply.results} for reply in replies)
    assert {status for found in statuses for status in found} == {ResultStatus.APPLIED, ResultStatus.REPLAYED}
    with two[0].db.reading() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(command_result)) == 21
        assert connection.scalar(sa.select(sa.func.count()).select_from(event_log)) == 21


@pytest.mark.parametrize("attempt", range(3))
def test_two_stores_that_make_the_same_order_at_once_make_one(two: tuple[Hub, Hub], attempt: int) -> None:
    counters = [FakeCounter(hub, device=f"dev-{n}", store=STORES[n]) for n, hub in enumerate(two)]
    ready = threading.Barrier(2)

    def place(counter: FakeCounter) -> None:
        commands: list[Command] = [an_order(f"T{n}", store=counter.store) for n in range(5)]
        ready.wait()
        # The other way round in the other store, so that each holds what the other waits for.
        counter.do(*(commands if counter.store == "XH" else reversed(commands)))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(place, counters))
    with two[0].db.reading() as connection:
        homes = list(connection.scalars(sa.select(state.c.id).where(state.c.kind == "order")))
        cases = connection.scalar(sa.select(sa.func.count()).select_from(state).where(state.c.kind == "exception"))
    assert sorted(homes) == sorted(order_id(Platform.TABLE, f"T{n}") for n in range(5))
    # What the other store had first is a question for a person, never lost.
    assert cases == 5


def test_a_guide_who_moves_both_ways_at_once_works_in_one_store(two: tuple[Hub, Hub]) -> None:
    counters = [FakeCounter(hub, device=f"dev-{n}", store=STORES[n]) for n, hub in enumerate(two)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda counter: counter.do(a_guide("G01", store=counter.store)), counters))
    with two[0].db.reading() as connection:
        bodies = list(connection.scalars(sa.select(state.c.body).where(state.c.kind == "guide")))
    assert len([body for body in bodies if body]) == 1


def test_a_poll_at_one_process_is_woken_by_a_commit_at_another(two: tuple[Hub, Hub]) -> None:
    woken = threading.Event()
    with serving(two[0]) as server:
        listener = bell_watch(server.url, two[0], woken)
        FakeCounter(two[1]).do(stock())
        assert woken.wait(PATIENCE_S)
        listener.join(PATIENCE_S)


def bell_watch(url: str, hub: Hub, woken: threading.Event) -> threading.Thread:
    """A poll that has begun to wait; it would wait for half a minute, and asks again where the hub was busy."""
    from storeapp.adapters.signing import DeviceKey
    from sync.protocol.messages import EnrolRequest
    from sync.protocol.signing import Message, sign
    from tests.support.hubs import START

    key = DeviceKey(b"d" * 32)
    devices.enrol(hub, EnrolRequest(devices.new_code(hub, store="XH"), "dev-9", key.public, b"t" * 32))
    path = f"/v1/feeds/store%3AXH/changes?epoch={hub.identity.epoch}&after=0&wait=30"
    message = Message("GET", url + path)
    sign(message, None, key_id="dev-9", signer=key.sign, created=START)

    def poll() -> None:
        answer = httpx.get(url + path, headers=dict(message.headers), timeout=60)
        while answer.status_code == 503:
            answer = httpx.get(url + path, headers=dict(message.headers), timeout=60)
        assert answer.status_code == 200
        woken.set()

    thread = threading.Thread(target=poll)
    thread.start()
    while not hub.bell.waiting("store:XH"):
        thread.join(0.01)
    return thread


def test_a_bell_whose_line_broke_is_heard_again(two: tuple[Hub, Hub], postgres: Postgres, url: str) -> None:
    woken = threading.Event()
    with serving(two[0]) as server:
        listener = bell_watch(server.url, two[0], woken)
        postgres.cut(url)
        FakeCounter(two[1]).do(stock())
        assert woken.wait(PATIENCE_S)
        listener.join(PATIENCE_S)


def test_counters_at_two_processes_see_the_same(tmp_path: Path, url: str) -> None:
    make_hub(tmp_path / "hub", url=url).close()
    ports = [free_port(), free_port()]
    processes = [HubProcess(tmp_path / "hub", port, database=url) for port in ports]
    one, other = stand_alone(tmp_path / "one"), bare(tmp_path / "two")
    try:
        admin = open_hub(tmp_path / "hub", url=url)
        for counter, port in zip((one, other), ports, strict=True):
            join(counter, admin, f"http://127.0.0.1:{port}")
        admin.close()
        run(one, *[an_order(f"T{n}") for n in range(10)])
        for counter in (one, other, one):
            assert sync(counter).problem == ""
        assert shown(one) == shown(other)
    finally:
        for process in processes:
            process.kill()
        one.close()
        other.close()
