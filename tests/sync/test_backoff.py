import random

from sync.backoff import LONGEST_S, Backoff


class Chance(random.Random):
    """Always the same draw."""

    def __init__(self, draw: float) -> None:
        super().__init__()
        self._draw = draw

    def random(self) -> float:
        return self._draw


def test_the_wait_doubles_up_to_five_minutes() -> None:
    backoff = Backoff(Chance(0.0))
    assert [backoff.next_s() for _ in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, LONGEST_S, LONGEST_S]


def test_two_counters_never_wait_the_same() -> None:
    assert Backoff(Chance(0.0)).next_s() == 1.0
    assert Backoff(Chance(0.5)).next_s() == 0.75


def test_success_begins_with_the_shortest_wait() -> None:
    backoff = Backoff(Chance(0.0))
    for _ in range(20):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1
