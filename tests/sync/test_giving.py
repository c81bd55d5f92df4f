"""A counter sends the next batch before the hub has answered the last."""

import secrets
import threading
from collections.abc import Iterator
from itertools import count, pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from hub.core import Hub
from hub.requests import MAX_CONTENT_BYTES, MAX_SENT_BYTES
from storeapp.domain.sealed import KEY_BYTES
from storeapp.services.counter import Counter
from storeapp.services.exchange import Exchange
from storeapp.services.outgoing import ENVELOPE_BYTES
from sync.cycle import BATCHES_UNDER_WAY, Cycle
from sync.engine import quiet
from sync.protocol.gzipping import gzipped
from sync.protocol.messages import (
    MAX_BATCH_BYTES,
    MAX_BATCH_COMMANDS,
    BatchReply,
    CommandBatch,
    Hello,
    HelloReply,
    Limits,
    WireBox,
    WireCommand,
    encode,
)
from sync.transport import HubTrouble, Rejected
from tests.support.counters import bare, run
from tests.support.direct import LossyClient, enrol
from tests.support.hubs import START, an_order, stock

PATIENCE_S = 60
LIMITS = Limits(commands=2)
SAVED = 7
"""Before the exchange; what a counter does about its own staff after the first one is left for the next."""


class Client(LossyClient):
    """Takes two commands at a time and notes the numbers that each batch begins with."""

    def __init__(self, hub: Hub, counter: Counter) -> None:
        super().__init__(hub, counter, [])
        self.sent: list[int] = []
        self.under_way = threading.Semaphore(0)

    def hello(self, hello: Hello) -> HelloReply:
        return msgspec.structs.replace(super().hello(hello), limits=LIMITS)

    def commands(self, batch: CommandBatch) -> BatchReply:
        self.sent.append(batch.commands[0].seq)
        self.under_way.release()
        return super().commands(batch)


class Patient(Client):
    """The first batch is not decided before the second one is under way."""

    def commands(self, batch: CommandBatch) -> BatchReply:
        if not self.sent:
            self.sent.append(batch.commands[0].seq)
            assert self.under_way.acquire(timeout=PATIENCE_S)
            return LossyClient.commands(self, batch)
        return super().commands(batch)


class Overtaken(Client):
    """The first batch arrives when the second one was answered."""

    def __init__(self, hub: Hub, counter: Counter) -> None:
        super().__init__(hub, counter)
        self.answers: list[str] = []
        self._answered = threading.Event()

    def commands(self, batch: CommandBatch) -> BatchReply:
        if not self.sent:
            self.sent.append(batch.commands[0].seq)
            assert self._answered.wait(PATIENCE_S)
            return LossyClient.commands(self, batch)
        try:
            return super().commands(batch)
        except Rejected as rejected:
            self.answers.append(rejected.code)
            raise
        finally:
            self._answered.set()


class Troubled(Client):
    """The hub fails at the first batch when the second one is under way."""

    def commands(self, batch: CommandBatch) -> BatchReply:
        if not self.sent:
            self.sent.append(batch.commands[0].seq)
            assert self.under_way.acquire(timeout=PATIENCE_S)
            raise HubTrouble
        return super().commands(batch)


@pytest.fixture
def counter(tmp_path: Path, hub: Hub) -> Iterator[Counter]:
    counter = bare(tmp_path / "one")
    enrol(hub, counter)
    run(counter, stock(), *[an_order(f"T{number}") for number in range(6)])
    yield counter
    counter.close()


def gave(counter: Counter, client: Any, **more: Any) -> Cycle:
    cycle = Cycle(Exchange(counter), client, **more)
    cycle.run(quiet)
    assert not [entry for entry in counter.journal.pending(limit=1) if entry.n <= SAVED]
    assert not counter.journal.rejected()
    return cycle


def test_two_are_under_way_at_once(hub: Hub, counter: Counter) -> None:
    client = Patient(hub, counter)
    cycle = gave(counter, client)
    assert set(client.sent) == {1, 3, 5, 7}
    assert (cycle.report.applied, cycle.report.replayed) == (SAVED, 0)


def test_each_is_larger_than_the_one_before_up_to_the_limit(
    hub: Hub, counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sync.cycle.FIRST_COMMANDS", 1)
    client = Client(hub, counter)
    gave(counter, client)
    assert sorted(set(client.sent)) == [1, 2, 4, 6]


def test_on_a_slow_line_they_become_smaller(hub: Hub, counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sync.cycle.FIRST_COMMANDS", 4)
    monkeypatch.setattr(f"{__name__}.LIMITS", Limits())
    run(counter, *[an_order(f"U{number}") for number in range(30)])
    # Each look at the clock is one second later than the last, so a batch with another beside it takes two or three.
    monkeypatch.setattr("sync.cycle.BATCH_S", 1.0)
    client, clock = Client(hub, counter), count()
    gave(counter, client, monotonic=lambda: float(next(clock)))
    sizes = [after - first for first, after in pairwise(sorted({*client.sent, SAVED + 31}))]
    assert sizes[:2] == [4, 10]
    assert max(sizes[2:]) <= 5


def test_one_that_has_overtaken_another_is_sent_again(hub: Hub, counter: Counter) -> None:
    client = Overtaken(hub, counter)
    cycle = gave(counter, client)
    assert client.answers[0] == "sequence_hole"
    assert client.sent.count(3) == 2
    assert (cycle.report.applied, cycle.report.replayed) == (SAVED, 0)


def test_those_behind_one_that_has_overtaken_another_do_not_all_go_twice(hub: Hub, counter: Counter) -> None:
    run(counter, *[an_order(f"U{number}") for number in range(20)])
    client = Overtaken(hub, counter)
    cycle = gave(counter, client)
    assert cycle.report.applied == SAVED + 20
    assert len(client.sent) - len(set(client.sent)) <= BATCHES_UNDER_WAY


def test_what_was_behind_a_failure_is_offered_again(hub: Hub, counter: Counter) -> None:
    with pytest.raises((HubTrouble, Rejected)):
        Cycle(Exchange(counter), Troubled(hub, counter)).run(quiet)
    assert len(counter.journal.pending(limit=10)) == SAVED
    gave(counter, Client(hub, counter))


def test_the_hub_takes_the_largest_batch_even_where_nothing_in_it_can_be_compressed() -> None:
    most = MAX_BATCH_COMMANDS
    letters = MAX_BATCH_BYTES // most - ENVELOPE_BYTES

    def command(seq: int) -> WireCommand:
        body = f'"{secrets.token_urlsafe(letters)[: letters - 2]}"'.encode()
        return WireCommand(seq, str(uuid4()), "order.place", START, "manager", "manager", "XH", msgspec.Raw(body))

    box = WireBox([secrets.token_hex(8) for _ in range(most)], secrets.token_bytes(KEY_BYTES * most))
    content = encode(CommandBatch(str(uuid4()), [command(seq) for seq in range(1, most + 1)], box))
    assert MAX_BATCH_BYTES * 0.9 < len(content) <= MAX_CONTENT_BYTES
    assert len(gzipped(content)) <= MAX_SENT_BYTES
