"""Batches of one counter that are under way at once."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from hub.turns import Turns

COUNTER = "dev-1"


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


class Batch:
    """Goes through its turn as far as it is let."""

    def __init__(self, turns: Turns, pool: ThreadPoolExecutor, first: int, sender: str = COUNTER) -> None:
        self.came, self.prepared, self.decides = threading.Event(), threading.Event(), threading.Event()
        self.may_decide, self.may_end = threading.Event(), threading.Event()
        self._turns, self._first, self._sender = turns, first, sender
        self.over: Future[None] = pool.submit(self._go)
        assert self.came.wait(10)

    def _go(self) -> None:
        with self._turns.take(self._sender, self._first) as turn:
            self.came.set()
            turn.until_decided()
            self.prepared.set()
            turn.until_over()
            self.decides.set()
            self.may_decide.wait(10)
            turn.decided()
            self.may_end.wait(10)

    def end(self) -> None:
        self.may_decide.set()
        self.may_end.set()
        self.over.result(10)


def test_the_next_is_made_ready_when_the_one_before_is_decided_and_decided_when_it_is_over(
    pool: ThreadPoolExecutor,
) -> None:
    turns = Turns()
    one, two = Batch(turns, pool, 1), Batch(turns, pool, 5)
    assert one.decides.wait(10)
    assert not two.prepared.is_set()
    one.may_decide.set()
    assert two.prepared.wait(10)
    assert not two.decides.is_set()
    one.end()
    assert two.decides.wait(10)
    two.end()


def test_one_that_has_overtaken_another_does_not_hold_it_up(pool: ThreadPoolExecutor) -> None:
    turns = Turns()
    two = Batch(turns, pool, 5)
    assert two.decides.wait(10)
    one = Batch(turns, pool, 1)
    assert one.decides.wait(10)
    one.end()
    two.end()


def test_other_counters_and_the_same_batch_again_wait_for_nobody(pool: ThreadPoolExecutor) -> None:
    turns = Turns()
    batches = [Batch(turns, pool, 1), Batch(turns, pool, 1), Batch(turns, pool, 5, "dev-2")]
    assert all(batch.decides.wait(10) for batch in batches)
    for batch in batches:
        batch.end()


def test_one_that_fails_lets_the_next_go_on(pool: ThreadPoolExecutor) -> None:
    turns = Turns()

    def fails() -> None:
        with turns.take(COUNTER, 1) as turn:
            turn.until_over()
            raise RuntimeError

    one = Batch(turns, pool, 0)
    failing = pool.submit(fails)
    two = Batch(turns, pool, 5)
    one.end()
    with pytest.raises(RuntimeError):
        failing.result(10)
    assert two.decides.wait(10)
    two.end()


def test_nothing_is_kept_of_batches_that_are_over(pool: ThreadPoolExecutor) -> None:
    turns = Turns()
    one, two = Batch(turns, pool, 1), Batch(turns, pool, 5)
    one.end()
    two.end()
    assert turns.under_way(COUNTER) == 0
