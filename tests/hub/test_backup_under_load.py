"""A backup is one moment of the hub, however much counters tell it meanwhile."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.core import Hub, open_hub
from hub.feeds import floors, heads
from hub.operations import backup, restore
from hub.tables import command_result, event_log, incarnation, state
from sync.protocol.messages import ResultStatus
from tests.support.hubs import FakeCounter, an_order, stock
from tests.support.hubserver import PATIENCE_S

STORES = ("XH", "HH", "JA")
SKUS = [f"BL-{number:03}" for number in range(20)]
BACKUPS = 3


@contextmanager
def telling(hub: Hub) -> Iterator[dict[str, int]]:
    """A counter in each store tells the hub one batch after the other; how many commands were answered so far."""
    over, answered, all_at_it = threading.Event(), dict.fromkeys(STORES, 0), threading.Barrier(len(STORES) + 1)

    def tell(store: str) -> None:
        counter = FakeCounter(hub, device=f"dev-{store}", store=store)
        counter.do(*[stock(sku, 1000, store=store) for sku in SKUS])
        answered[store] = counter.seq
        all_at_it.wait(PATIENCE_S)
        for number in count():
            if over.is_set():
                return
            orders = [an_order(f"{store}{number}-{n}", store=store, sku=sku) for n, sku in enumerate(SKUS)]
            reply = counter.do(*orders)
            assert {result.status for result in reply.results} == {ResultStatus.APPLIED}
            answered[store] = counter.seq

    with ThreadPoolExecutor(len(STORES)) as pool:
        work = [pool.submit(tell, store) for store in STORES]
        try:
            all_at_it.wait(PATIENCE_S)
            yield answered
        finally:
            over.set()
        for each in work:
            each.result(PATIENCE_S)


def check_whole(hub: Hub, *, least: dict[str, int], most: dict[str, int]) -> None:
    """Everything up to one number of each counter is there, with all that follows from it, and nothing of the next."""
    with hub.db.reading() as connection:
        last = {device: seq for device, _, seq in connection.execute(sa.select(incarnation))}
        results = connection.execute(
            sa.select(command_result.c.device, command_result.c.seq, command_result.c.id)
        ).all()
        logged = set(connection.scalars(sa.select(event_log.c.command_id)))
        feeds = [f"store:{store}" for store in STORES]
        newest, lowest = heads(connection, feeds), floors(connection, feeds)
        numbers = connection.execute(sa.select(state.c.feed, state.c.seq).where(state.c.feed.in_(feeds))).all()
        orders = connection.scalar(sa.select(sa.func.count()).where(state.c.kind == "order"))
    assert lowest == {}
    for store in STORES:
        mine = sorted(seq for device, seq, _ in results if device == f"dev-{store}")
        assert mine == list(range(1, last[f"dev-{store}"] + 1))
        assert least[store] <= len(mine) <= most[store]
        assert max(seq for feed, seq in numbers if feed == f"store:{store}") == newest[f"store:{store}"]
    assert len(set(numbers)) == len(numbers)
    assert {command_id for *_, command_id in results} <= logged
    assert orders == len(results) - len(STORES) * len(SKUS)


@pytest.mark.parametrize("_time", range(BACKUPS))
def test_it_holds_what_was_answered_before_and_nothing_by_halves(
    hub: Hub, tmp_path: Path, database: str, _time: int
) -> None:
    with telling(hub) as answered:
        before = dict(answered)
        backup(tmp_path / "hub", tmp_path / "copy", url=database)
    after = dict(answered)
    assert after != before, "nobody told anything meanwhile"
    hub.close()
    restore(tmp_path / "hub", tmp_path / "copy", url=database)
    again = open_hub(tmp_path / "hub", url=database, now=hub.now)
    check_whole(again, least=before, most=after)
    again.close()
