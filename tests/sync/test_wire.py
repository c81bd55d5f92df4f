"""Every call of a counter through every way in which a line breaks, byte by byte: nothing lost, nothing twice."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from devtools.proxy import HEALTHY, Fault, Proxy, Way
from hub import limits
from hub.core import Hub
from hub.devices import new_code
from hub.feeds import feeds_of
from hub.tables import command_result, event_log, state
from storeapp.domain.certificate import parse
from storeapp.domain.kernel import Key
from storeapp.services.counter import Counter
from storeapp.services.enrolment import Names
from sync import cycle
from sync.engine import SyncEngine
from sync.transport import Offline
from tests.support.counters import bare, join, run, shown, stand_alone, sync
from tests.support.hubs import FakeCounter, an_order, make_hub
from tests.support.hubserver import serving

STOPS = 3
"""At how many places of each request and reply CI cuts; at night it is every single byte."""

CALLS: dict[str, bytes] = {
    "enrol": b"POST /v1/devices/enrol ",
    "hello": b"POST /v1/devices/dev",
    "renew": b"POST /v1/devices/dev",
    "push": b"POST /v1/commands ",
    "pull": b"GET /v1/feeds/store%3AXH/changes",
    "snapshot": b"GET /v1/feeds/store%3AXH/snapshot",
}
CUTS = (Way.RESET, Way.CLOSE, Way.HALF_CLOSE, Way.PAUSE)


@dataclass
class Line:
    """A counter that meets its hub over a line that can break, and another one that makes changes."""

    folder: Path
    hub: Hub
    proxy: Proxy
    counter: Counter
    other: FakeCounter
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def number(self) -> str:
        return f"T{next(self.numbers)}"

    def saved(self) -> set[str]:
        return {entry.id for entry in self.counter.journal.pending()}

    def check(self) -> None:
        """After quiet both sides have the same, each command once."""
        report = sync(self.counter)
        assert (report.problem, report.pending) == ("", 0)
        with self.hub.db.reading() as connection:
            rows = connection.execute(sa.select(state).where(state.c.feed.in_(feeds_of("XH"))))
            projection = {Key(row.kind, row.id): bytes(row.body) for row in rows if row.body}
            decided = list(connection.scalars(sa.select(command_result.c.id)))
            happened = list(connection.scalars(sa.select(event_log.c.command_id)))
        assert shown(self.counter) == projection
        assert len(decided) == len(set(decided))
        assert len(happened) == len(set(happened))
        assert {entry.id for entry in self.counter.journal.after(0, limit=100_000)} <= set(decided)


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    # A cut at every byte asks more often than any counter may.
    for bucket in ("AT_ONCE", "ENROL_AT_ONCE"):
        monkeypatch.setattr(limits, bucket, 10**6)
    hub = make_hub(tmp_path / "hub")
    with serving(hub) as server:
        proxy = Proxy(server.port)
        counter = stand_alone(tmp_path / "counter")
        join(counter, hub, proxy.url)
        assert sync(counter).problem == ""
        yield Line(tmp_path, hub, proxy, counter, FakeCounter(hub, device="dev-2"))
        counter.close()
        proxy.close()
    hub.close()


def exchange(line: Line, fault: Fault) -> None:
    """One exchange through a fault: what is pending changes by an answer only."""
    before = line.saved()
    line.proxy.become(fault)
    report = sync(line.counter)
    line.proxy.become(HEALTHY)
    assert line.saved() in (before, set())
    assert report.pending == len(line.saved())
    if fault.watched == CALLS["push"] and report.problem:
        assert line.saved() == before
    line.check()


def push(line: Line, fault: Fault) -> None:
    run(line.counter, an_order(line.number()), an_order(line.number()))
    exchange(line, fault)


def pull(line: Line, fault: Fault) -> None:
    line.other.do(an_order(line.number()), an_order(line.number()))
    exchange(line, fault)


def enrol(line: Line, fault: Fault) -> None:
    """A new home each time; the same code serves until the hub's answer has arrived."""
    counter, code = bare(line.folder / line.number()), new_code(line.hub, store="XH")
    line.proxy.become(fault)
    with contextlib.suppress(Offline):
        SyncEngine().enrol(counter, url=line.proxy.url, code=code)
    line.proxy.become(HEALTHY)
    if not counter.enrolled:
        SyncEngine().enrol(counter, url=line.proxy.url, code=code)
    assert sync(counter).problem == ""
    counter.close()


def renew(line: Line, fault: Fault) -> None:
    run(line.counter, an_order(line.number()))
    exchange(line, fault)
    mine = parse(line.counter.identity[Names.DEVICE_CERTIFICATE])
    assert mine.not_after - line.hub.now() > timedelta(days=399)


DEEDS: dict[str, Callable[[Line, Fault], None]] = {
    "enrol": enrol,
    "hello": push,
    "renew": renew,
    "push": push,
    "pull": pull,
    "snapshot": pull,
}


@pytest.fixture
def deed(request: pytest.FixtureRequest, line: Line, monkeypatch: pytest.MonkeyPatch) -> tuple[str, bytes]:
    """What is tried, and how its request begins."""
    call: str = request.param
    monkeypatch.setattr(cycle, "SNAPSHOT_FROM", 1 if call == "snapshot" else 10**9)
    if call == "renew":
        monkeypatch.setattr(cycle, "RENEW_BEFORE", timedelta(days=10_000))
    begins = CALLS[call]
    if call in {"hello", "renew"}:
        begins = f"POST /v1/devices/{line.counter.device}/{call} ".encode()
    return call, begins


every_call = pytest.mark.parametrize("deed", sorted(CALLS), indirect=True)


def sizes(line: Line, deed: tuple[str, bytes]) -> tuple[int, int]:
    """How long the request and its reply are where nothing breaks."""
    call, begins = deed
    line.proxy.become(Fault(watched=begins))
    DEEDS[call](line, Fault(watched=begins))
    assert all(line.proxy.passed)
    return line.proxy.passed


def faults(line: Line, deed: tuple[str, bytes], *, stops: int) -> Iterator[Fault]:
    """A cut at each stop of the request and of the reply, in one way after the other."""
    sent, received = sizes(line, deed)
    for number, at in enumerate(_stops(sent, stops)):
        yield Fault(cut_request=at, watched=deed[1], way=CUTS[number % len(CUTS)], once=True)
    for number, at in enumerate(_stops(received, stops)):
        yield Fault(cut_reply=at, watched=deed[1], way=CUTS[number % len(CUTS)], once=True)


def _stops(length: int, count: int) -> list[int]:
    """Both ends, and so many between them."""
    if count >= length:
        return list(range(length))
    return sorted({0, 1, length - 1, *(length * n // (count + 1) for n in range(1, count + 1))})


def through_all(line: Line, deed: tuple[str, bytes], *, stops: int) -> None:
    for fault in faults(line, deed, stops=stops):
        cuts = line.proxy.cuts
        DEEDS[deed[0]](line, fault)
        # Numbers grow and signatures vary by a few bytes, so only the last stops can be missed.
        at = fault.cut_reply if fault.cut_request is None else fault.cut_request
        assert line.proxy.cuts == cuts + 1 or (at or 0) > 100


@every_call
def test_a_line_that_breaks_loses_nothing_and_doubles_nothing(line: Line, deed: tuple[str, bytes]) -> None:
    through_all(line, deed, stops=STOPS)


@every_call
def test_a_request_that_arrives_twice_counts_once(line: Line, deed: tuple[str, bytes]) -> None:
    DEEDS[deed[0]](line, Fault(twice=True, watched=deed[1]))
    assert line.proxy.copies >= 1


@pytest.mark.nightly
@pytest.mark.timeout(10_800)
@every_call
def test_a_line_that_breaks_at_any_byte_loses_nothing(line: Line, deed: tuple[str, bytes]) -> None:
    through_all(line, deed, stops=10**9)
