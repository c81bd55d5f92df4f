"""What has left a feed long ago is dropped, and whoever has not heard of it reads everything again."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from hub import compaction
from hub.compaction import KEEP, RESULTS_KEPT, Housekeeper, compact, compact_when_due
from hub.core import Hub
from hub.feeds import Reader, changes, floors, snapshot
from hub.problems import HubProblem
from hub.tables import command_result, feed_mark, state
from storeapp.domain.held import Resolution
from storeapp.domain.rules.deliveries import AssignDelivery
from storeapp.domain.rules.held import ResolveHeld
from sync.protocol.messages import ChangesPage, ResultStatus
from tests.support.hubs import FakeCounter, TurnedClock, a_guide, stock
from tests.support.hubserver import PATIENCE_S

FEED = "store:XH"


def turn(hub: Hub, by: timedelta) -> None:
    clock = hub.now
    assert isinstance(clock, TurnedClock)
    clock.moment += by


def rows(hub: Hub) -> list[tuple[int, str, bool]]:
    """What the feed holds: number, kind and whether it is still there."""
    query = sa.select(state.c.seq, state.c.kind, state.c.body).where(state.c.feed == FEED).order_by(state.c.seq)
    with hub.db.reading() as connection:
        return [(seq, kind, bool(body)) for seq, kind, body in connection.execute(query)]


def read(hub: Hub, after: int, *, since: int = 0) -> ChangesPage:
    return changes(
        hub, Reader("XH", b"\1" * 32), feed=FEED, epoch=hub.identity.epoch, after=after, limit=100, since=since
    )


def guide_moves(hub: Hub) -> FakeCounter:
    """A guide who worked here and now works elsewhere: the feed keeps that the guide is gone."""
    counter = FakeCounter(hub)
    counter.do(stock(), a_guide("G01"))
    FakeCounter(hub, device="dev-2", store="HH").do(a_guide("G01", store="HH"))
    assert (3, "guide", False) in rows(hub)
    return counter


def test_a_month_passes_before_anything_is_dropped(hub: Hub) -> None:
    guide_moves(hub)
    assert compact(hub) == {"rows": 0, "matters": 0, "results": 0}
    turn(hub, KEEP - timedelta(seconds=1))
    assert compact(hub)["rows"] == 0
    assert (3, "guide", False) in rows(hub)
    turn(hub, timedelta(seconds=1))
    assert compact(hub)["rows"] == 1
    assert (3, "guide", False) not in rows(hub)


@pytest.fixture
def compacted(hub: Hub) -> Hub:
    """A feed with its floor at 3."""
    counter = guide_moves(hub)
    compact(hub)
    turn(hub, KEEP)
    counter.do(stock("BL-002"))
    compact(hub)
    return hub


def test_whoever_has_read_less_must_read_everything_again(compacted: Hub) -> None:
    with compacted.db.reading() as connection:
        assert floors(connection, [FEED, "brand"]) == {FEED: 3}
    for after in (1, 2):
        with pytest.raises(HubProblem) as told:
            read(compacted, after)
        assert (told.value.problem.code, told.value.problem.status) == ("compacted", 410)
        with pytest.raises(HubProblem, match="compacted"):
            snapshot(compacted, Reader("XH", b"\1" * 32), feed=FEED, after=after)
    assert [row.seq for row in read(compacted, 3).rows] == [4]


def test_whoever_has_read_nothing_reads_on_after_a_cut(compacted: Hub) -> None:
    assert [row.seq for row in read(compacted, 0).rows] == [1, 4]
    assert [row.seq for row in read(compacted, 1, since=4).rows] == [4]
    assert b"".join(snapshot(compacted, Reader("XH", b"\1" * 32), feed=FEED, after=1, since=4))
    with pytest.raises(HubProblem, match="compacted"):
        read(compacted, 1, since=2)


def test_numbers_go_on_where_they_were(compacted: Hub) -> None:
    FakeCounter(compacted, device="dev-3").do(stock("BL-003"))
    assert [seq for seq, _, _ in rows(compacted)] == [1, 4, 5]


def test_settled_matters_leave_the_feed_and_open_ones_stay(hub: Hub) -> None:
    counter = FakeCounter(hub)
    first, second = (counter.wire(AssignDelivery(name, "G01", 0)) for name in ("one", "two"))
    counter.send(first, second)
    counter.do(ResolveHeld(first.id, Resolution.ACCEPT))
    compact(hub)
    turn(hub, KEEP)
    assert compact(hub)["matters"] == 1
    assert [(kind, there) for _, kind, there in rows(hub)] == [("held", True), ("held", False)]
    turn(hub, KEEP)
    assert compact(hub)["matters"] == 0
    assert [row.id for row in read(hub, 0).rows if row.body] == [second.id]


def test_results_are_kept_for_half_a_year_and_what_waits_as_long_as_it_waits(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MAY_ASK_AGAIN", 0)
    counter = FakeCounter(hub)
    counter.do(stock())
    counter.send(counter.wire(stock(), kind="of.tomorrow"))
    turn(hub, RESULTS_KEPT)
    assert compact(hub)["results"] == 0
    turn(hub, timedelta(seconds=1))
    assert compact(hub)["results"] == 1
    with hub.db.reading() as connection:
        assert connection.scalar(sa.select(command_result.c.status)) == "parked"
    assert counter.do(stock("BL-002")).last_seq == 3


def test_the_newest_results_of_each_numbering_stay_however_long_their_counter_is_off(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "MAY_ASK_AGAIN", 2)
    counter, other = FakeCounter(hub), FakeCounter(hub, device="dev-2", store="HH")
    sent = [counter.wire(stock(f"BL-00{n}")) for n in range(1, 6)]
    counter.send(*sent)
    other.do(stock(store="HH"))
    turn(hub, 2 * RESULTS_KEPT)
    assert compact(hub)["results"] == 3
    again = counter.send(*sent[3:])
    assert [result.status for result in again.results] == [ResultStatus.REPLAYED] * 2


def test_it_is_done_once_a_day_by_one_process(hub: Hub) -> None:
    assert [compact_when_due(hub), compact_when_due(hub)] == [True, False]
    turn(hub, timedelta(days=1))
    assert compact_when_due(hub)


def test_old_notes_of_where_a_feed_stood_are_dropped(hub: Hub) -> None:
    FakeCounter(hub).do(stock())
    for _ in range(40):
        compact(hub)
        turn(hub, timedelta(days=1))
    with hub.db.reading() as connection:
        notes = connection.scalar(sa.select(sa.func.count()).select_from(feed_mark).where(feed_mark.c.feed == FEED))
    assert notes == KEEP.days + 1


def test_a_serving_process_does_it_by_itself(hub: Hub) -> None:
    keeper = Housekeeper(hub)
    keeper.start()
    keeper.stop()
    assert not compact_when_due(hub)


def test_it_looks_again_after_whatever_has_failed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looked, again = list[int](), threading.Event()

    def fail(_: Hub) -> bool:
        looked.append(1)
        if len(looked) > 1:
            again.set()
        raise LookupError("a person's name")

    monkeypatch.setattr(compaction, "compact_when_due", fail)
    keeper = Housekeeper(hub, look_s=0.01)
    keeper.start()
    assert again.wait(PATIENCE_S)
    keeper.stop()
    assert {record.getMessage() for record in caplog.records} == {"could not compact: LookupError"}
    caplog.clear()
