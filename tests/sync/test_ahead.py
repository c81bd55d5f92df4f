"""What is fetched ahead arrives in order, and what ends the fetching comes last."""

import threading
from collections.abc import Callable, Generator

import pytest

from sync.ahead import ahead


def test_all_items_arrive_in_order() -> None:
    with ahead(lambda _: (number for number in range(100)), most=2) as fetched:
        assert [item for items in fetched for item in items] == list(range(100))


def test_nothing_is_handed_over_for_a_source_without_items() -> None:
    with ahead(lambda _: (number for number in ()), most=2) as fetched:
        assert list(fetched) == []


def test_what_had_come_is_handed_over_before_the_failure() -> None:
    def source() -> Generator[int, None, None]:
        yield from (1, 2, 3)
        raise ConnectionAbortedError

    kept: list[int] = []

    def keep() -> None:
        with ahead(lambda _: source(), most=2) as fetched:
            for items in fetched:
                kept.extend(items)

    with pytest.raises(ConnectionAbortedError):
        keep()
    assert kept == [1, 2, 3]


def test_a_nudge_hands_over_what_there_is_even_if_it_is_nothing() -> None:
    def source(nudge: Callable[[], None]) -> Generator[int, None, None]:
        nudge()
        go_on.wait(60)
        yield 1

    go_on = threading.Event()
    handed: list[list[int]] = []
    with ahead(source, most=2) as fetched:
        for items in fetched:
            handed.append(items)
            go_on.set()
    assert handed == [[], [1]]


def test_who_stops_early_ends_the_fetching() -> None:
    fetched_so_far: list[int] = []

    def source() -> Generator[int, None, None]:
        for number in range(1000):
            fetched_so_far.append(number)
            yield number

    with ahead(lambda _: source(), most=2) as fetched:
        next(fetched)
    assert len(fetched_so_far) < 1000
    assert not [thread for thread in threading.enumerate() if thread.name == "sync-ahead"]


def test_who_stops_early_ends_what_fetches_for_the_fetching() -> None:
    def doubled(_nudge: Callable[[], None]) -> Generator[int, None, None]:
        with ahead(lambda _: (number for number in range(1000)), most=2) as fetched:
            for numbers in fetched:
                yield from (2 * number for number in numbers)

    with ahead(doubled, most=2) as fetched:
        assert next(fetched)[0] == 0
    assert not [thread for thread in threading.enumerate() if thread.name == "sync-ahead"]
