"""Keeps one counter from taking the hub away from all others: a bucket of requests for each."""

from collections.abc import Callable
from dataclasses import dataclass

from hub.problems import HubProblem

PER_SECOND = 20.0
AT_ONCE = 200
ENROL_PER_SECOND = 0.5
ENROL_AT_ONCE = 20
WRONG_PER_SECOND = 0.1
WRONG_AT_ONCE = 20
"""Wrong passwords from one address."""
REMEMBERED = 20_000


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class RateLimit:
    """So many requests at once, and so many a second in the long run; every process of a hub counts for itself."""

    def __init__(self, *, per_second: float, at_once: float, monotonic: Callable[[], float]) -> None:
        self._per_second = per_second
        self._at_once = at_once
        self._monotonic = monotonic
        self._buckets: dict[str, _Bucket] = {}

    def count(self, who: str) -> None:
        """Take one request of somebody.

        Raises:
            HubProblem: ``too_many_requests`` with the seconds to wait.
        """
        bucket = self._buckets.get(who)
        if bucket is None:
            now_s = self._monotonic()
            self._make_room(now_s)
            bucket = self._buckets[who] = _Bucket(self._at_once, now_s)
        self.check(who)
        bucket.left -= 1

    def check(self, who: str) -> None:
        """Look whether somebody has one left, and take none.

        Raises:
            HubProblem: ``too_many_requests`` with the seconds to wait.
        """
        bucket, now_s = self._buckets.get(who), self._monotonic()
        if bucket is None:
            return
        bucket.left, bucket.at_s = self._filled(bucket, now_s), now_s
        if bucket.left < 1:
            raise HubProblem("too_many_requests", seconds=max(1, round((1 - bucket.left) / self._per_second)))

    def _filled(self, bucket: _Bucket, now_s: float) -> float:
        return min(self._at_once, bucket.left + (now_s - bucket.at_s) * self._per_second)

    def _make_room(self, now_s: float) -> None:
        """Forget everybody whose bucket is full again: they are as good as new."""
        if len(self._buckets) >= REMEMBERED:
            busy = {who: b for who, b in self._buckets.items() if self._filled(b, now_s) < self._at_once}
            self._buckets = busy
