import pytest

from hub import limits
from hub.limits import RateLimit
from hub.problems import HubProblem


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_so_many_at_once_and_then_one_after_the_other() -> None:
    clock = Seconds()
    limit = RateLimit(per_second=2, at_once=3, monotonic=clock)
    for _ in range(3):
        limit.count("dev-1")
    with pytest.raises(HubProblem, match="too_many_requests") as caught:
        limit.count("dev-1")
    assert caught.value.problem.data == {"seconds": 1}
    clock.now += 0.5
    limit.count("dev-1")
    with pytest.raises(HubProblem):
        limit.count("dev-1")


def test_one_counter_takes_nothing_from_another() -> None:
    limit = RateLimit(per_second=1, at_once=1, monotonic=Seconds())
    limit.count("dev-1")
    limit.count("dev-2")


def test_whoever_was_quiet_is_forgotten_and_whoever_was_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REMEMBERED", 2)
    clock = Seconds()
    limit = RateLimit(per_second=1, at_once=2, monotonic=clock)
    limit.count("quiet")
    clock.now += 10
    limit.count("busy")
    limit.count("busy")
    limit.count("new")
    assert set(limit._buckets) == {"busy", "new"}
    with pytest.raises(HubProblem):
        limit.count("busy")
