"""A snapshot is kept page by page while it arrives, and a cut costs no more than a page."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from devtools.proxy import HEALTHY, Fault, Proxy
from hub.compaction import KEEP, compact
from hub.core import Hub, new_epoch, open_hub
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.ports import SyncStep
from sync import cycle, snapshot
from sync.engine import SyncEngine
from sync.pace import Advance
from sync.protocol.messages import SnapshotEnd, SnapshotHead, WireRow, encode
from sync.snapshot import Snapshot, SnapshotBroken, SnapshotCut
from tests.support.counters import bare, join, run, shown, stand_alone, sync
from tests.support.hubs import TurnedClock, an_order
from tests.support.hubserver import HubServer, serving

ROWS = b"".join(encode(WireRow(n, "order", f"T{n}", 1, msgspec.Raw(b"{}"))) + b"\n" for n in range(1, 8))
HEAD = encode(SnapshotHead("e", "store:XH", 9, 7)) + b"\n"
END = encode(SnapshotEnd(hashlib.sha256(ROWS).hexdigest())) + b"\n"


def in_pieces(text: bytes, size: int) -> Iterator[bytes]:
    return (text[start : start + size] for start in range(0, len(text), size))


class TestReading:
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(snapshot, "PAGE_ROWS", 3)

    @pytest.mark.parametrize("size", [1, 7, 64, 100_000])
    def test_rows_come_in_pages_however_the_line_cuts_them(self, size: int) -> None:
        found = Snapshot(in_pieces(HEAD + ROWS + END, size), lambda: 0)
        pages = list(found.pages())
        assert [len(page.rows) for page in pages] == [3, 3, 1]
        assert [(page.upto, page.done) for page in pages] == [(3, 3), (6, 6), (7, 7)]
        assert found.head.seq == 9

    def test_a_page_ends_no_sooner_than_the_box_with_its_keys(self) -> None:
        rows = [WireRow(n, "order", f"T{n}", 1, opens=("",) if n == 3 else ()) for n in range(1, 8)]
        rows[4] = msgspec.structs.replace(rows[4], box=b"keys")
        text = b"".join(encode(row) + b"\n" for row in rows)
        end = encode(SnapshotEnd(hashlib.sha256(text).hexdigest())) + b"\n"
        found = Snapshot(in_pieces(HEAD + text + end, 50), lambda: 0)
        assert [len(page.rows) for page in found.pages()] == [5, 2]

    def test_a_changed_byte_is_found(self) -> None:
        changed = ROWS.replace(b"T5", b"T6")
        with pytest.raises(SnapshotBroken):
            list(Snapshot(in_pieces(HEAD + changed + END, 50), lambda: 0).pages())

    @pytest.mark.parametrize("text", [HEAD + b"{}\n" * 7 + END, HEAD + ROWS + b"no end\n", HEAD + ROWS + END + b"more"])
    def test_what_is_no_snapshot_is_found(self, text: bytes) -> None:
        with pytest.raises(SnapshotBroken):
            list(Snapshot(in_pieces(text, 50), lambda: 0).pages())

    def test_every_early_end_is_a_cut(self) -> None:
        whole = HEAD + ROWS + END
        for length in range(len(HEAD), len(whole) - 1):
            with pytest.raises(SnapshotCut):
                list(Snapshot(in_pieces(whole[:length], 50), lambda: 0).pages())


@pytest.fixture
def server(hub: Hub) -> Iterator[HubServer]:
    with serving(hub) as server:
        yield server


@pytest.fixture
def proxy(server: HubServer) -> Iterator[Proxy]:
    proxy = Proxy(server.port)
    yield proxy
    proxy.close()


@pytest.fixture
def both(hub: Hub, proxy: Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Counter, Counter]]:
    """A counter that has given much, and a new one."""
    monkeypatch.setattr(cycle, "SNAPSHOT_FROM", 20)
    monkeypatch.setattr(snapshot, "PAGE_ROWS", 10)
    monkeypatch.setattr(cycle, "SNAPSHOT_PAGES_TOGETHER", 1)
    one, two = stand_alone(tmp_path / "one"), bare(tmp_path / "two")
    run(one, *[an_order(f"T{n}") for n in range(40)])
    join(one, hub, proxy.url)
    join(two, hub, proxy.url)
    assert sync(one).problem == ""
    yield one, two
    one.close()
    two.close()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From which number on snapshots were asked for."""
    asked: list[int] = []
    plain = cycle.Cycle._take_snapshot

    def noting(self: cycle.Cycle, feed: str, progress: Callable[[Advance], None]) -> None:
        asked.append(self._exchange.cursor(feed))
        plain(self, feed, progress)

    monkeypatch.setattr(cycle.Cycle, "_take_snapshot", noting)
    return asked


def agree(one: Counter, two: Counter) -> None:
    """Both show the same, once each knows that the other is there."""
    for counter in (one, two, one):
        assert sync(counter).problem == ""
    assert shown(two) == shown(one)


def test_a_new_counter_reads_a_snapshot_and_tells_how_far_it_is(
    both: tuple[Counter, Counter], asked: list[int]
) -> None:
    one, two = both
    told: list[Advance] = []
    assert SyncEngine().once(two, told.append).problem == ""
    assert asked == [0]
    fetching = [now for now in told if now.step is SyncStep.FETCHING and now.received_bytes]
    assert [now.done for now in fetching] == sorted(now.done for now in fetching)
    assert fetching[-1].done == fetching[-1].total >= 80
    assert fetching[-1].received_bytes > 1000
    agree(one, two)


def test_a_cut_snapshot_goes_on_where_it_was_cut(
    both: tuple[Counter, Counter], asked: list[int], proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = both
    kept = Exchange.take
    pages = 0

    def cut(self: Exchange, *page: object) -> None:
        nonlocal pages
        pages += 1
        if pages == 4:
            raise ConnectionAbortedError
        kept(self, *page)  # type: ignore[arg-type]  # handed on as it came

    with monkeypatch.context() as patch:
        patch.setattr(Exchange, "take", cut)
        sync(two)
    half = len(shown(two))
    assert 0 < half < len(shown(one))
    assert sync(two).problem == ""
    assert asked[0] == 0 < asked[1]
    agree(one, two)


@pytest.mark.parametrize("limit", [100, 1000, 2500])
def test_a_line_that_breaks_within_a_snapshot_loses_nothing(
    both: tuple[Counter, Counter], proxy: Proxy, limit: int
) -> None:
    one, two = both
    proxy.become(Fault(cut_reply=limit, watched=b"GET /v1/feeds/store%3AXH/snapshot", once=True))
    assert sync(two).problem == "offline"
    proxy.become(HEALTHY)
    assert sync(two).problem == ""
    agree(one, two)


def test_a_broken_snapshot_is_read_again_from_the_start(
    both: tuple[Counter, Counter], asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = both
    with monkeypatch.context() as patch:
        patch.setattr(snapshot, "_end", msgspec.json.Decoder(SnapshotHead))
        assert sync(two).problem == "snapshot_broken"
    assert shown(two) == {}
    assert sync(two).problem == ""
    assert asked == [0, 0]
    agree(one, two)


def compacted(hub: Hub) -> None:
    """A month passes, and the feeds no longer say what has left them so far."""
    clock = hub.now
    assert isinstance(clock, TurnedClock)
    compact(hub)
    clock.moment += KEEP
    compact(hub)


def test_a_counter_that_was_off_for_longer_than_the_feed_tells_reads_a_snapshot(
    both: tuple[Counter, Counter], asked: list[int], hub: Hub
) -> None:
    one, two = both
    sync(two)
    run(one, *[an_order(f"N{n}") for n in range(3)])
    sync(one)
    compacted(hub)
    assert sync(two).problem == ""
    assert asked == [0, 0]
    agree(one, two)


def test_a_cut_snapshot_of_a_compacted_feed_goes_on_all_the_same(
    both: tuple[Counter, Counter], asked: list[int], hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = both
    compacted(hub)
    kept, pages = Exchange.take, 0

    def cut(self: Exchange, *page: object) -> None:
        nonlocal pages
        pages += 1
        if pages == 4:
            raise ConnectionAbortedError
        kept(self, *page)  # type: ignore[arg-type]  # handed on as it came

    with monkeypatch.context() as patch:
        patch.setattr(Exchange, "take", cut)
        sync(two)
    assert sync(two).problem == ""
    assert asked[0] == 0 < asked[1]
    assert len(asked) == 2
    agree(one, two)


def test_a_counter_whose_cursor_is_of_another_time_reads_a_snapshot(
    both: tuple[Counter, Counter], asked: list[int], hub: Hub, server: HubServer, tmp_path: Path, database: str
) -> None:
    one, two = both
    sync(two)
    with hub.db.writing() as connection:
        hub.db.remember(connection, "epoch", new_epoch())
    again = open_hub(tmp_path / "hub", url=database, now=TurnedClock())
    hub.identity = replace(hub.identity, epoch=again.identity.epoch)
    again.close()
    assert sync(two).problem == ""
    assert asked == [0, 0]
    agree(one, two)
