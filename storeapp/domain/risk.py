"""How likely an arrival is on time, from how far past arrivals were off what was foretold (split conformal).

An arrival's score is its error over a scale that grows with the way ahead. Among n scores of past arrivals and the next
one every rank is as likely, so the share of past scores that would still be on time, counted out of n + 1, is a
probability that holds whatever shape the errors have, as long as the next arrival is like the past ones.
"""

import bisect
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from storeapp.domain.experience import ANY_HOUR, Leg, Spread, TravelProfile
from storeapp.domain.words import TravelMode

LEAST_SCORES = 40
"""Below that a group says too little for itself and is judged with a larger one."""
MOST_SCORES = 99
"""Of a larger group only so many quantiles are kept."""
_SHORTEST_S = 120
"""Even the shortest way can be off by what a lift or a gate takes."""
ASSUMED = tuple(sorted(round(1000 * math.tan(math.pi * (k / 40 - 0.5)) * 0.5) for k in range(2, 39)))
"""What is assumed while nothing is known: half of all arrivals are off by no more than half the scale, some by far."""

Group = tuple[TravelMode | None, int]


def scale_s(ahead_s: int) -> float:
    """The seconds that count as one for a way of so many seconds: errors of legs add up like independent ones."""
    return math.sqrt(60.0 * max(ahead_s, _SHORTEST_S))


def score(leg: Leg) -> int:
    """How far an arrival was off, in thousandths of its scale."""
    return round(1000 * leg.late_s / scale_s(leg.ahead_s))


def spreads(legs: Iterable[Leg]) -> tuple[Spread, ...]:
    """The scores of every group that has enough of them: mode and hour, mode, all."""
    groups: dict[Group, list[int]] = defaultdict(list)
    for leg in legs:
        for group in _groups(leg.mode, leg.hour):
            groups[group].append(score(leg))
    enough = {group: thinned(sorted(found)) for group, found in groups.items() if len(found) >= LEAST_SCORES}
    return tuple(Spread(mode, hour, enough[mode, hour]) for mode, hour in sorted(enough, key=_order))


def _groups(mode: TravelMode, hour: int) -> tuple[Group, ...]:
    return (mode, hour), (mode, ANY_HOUR), (None, ANY_HOUR)


def _order(group: Group) -> tuple[str, int]:
    return group[0] or "", group[1]


def thinned(scores: Sequence[int], most: int = MOST_SCORES) -> tuple[int, ...]:
    """At most so many quantiles of sorted scores, each rounded up to the next score, so that risk is never hidden."""
    n = len(scores)
    if n <= most:
        return tuple(scores)
    return tuple(scores[min(n - 1, math.ceil((n + 1) * k / (most + 1)) - 1)] for k in range(1, most + 1))


class Spreads:
    """The scores to judge by, for a mode at an hour."""

    def __init__(self, profile: TravelProfile | None) -> None:
        found = profile.spreads if profile else ()
        self._known: Mapping[Group, tuple[int, ...]] = {(item.mode, item.hour): item.permille for item in found}

    def of(self, mode: TravelMode, hour: int) -> tuple[int, ...]:
        """Rising scores of the smallest group that has enough, else `ASSUMED`."""
        return next((self._known[group] for group in _groups(mode, hour) if group in self._known), ASSUMED)

    def learned(self, mode: TravelMode, hour: int) -> bool:
        """Whether these scores are the store's own."""
        return any(group in self._known for group in _groups(mode, hour))


def on_time(scores: Sequence[int], *, ahead_s: int, slack_s: int) -> float:
    """How likely an arrival that is ``ahead_s`` away is at most ``slack_s`` later than foretold."""
    most = 1000 * slack_s / scale_s(ahead_s)
    return bisect.bisect_right(scores, most) / (len(scores) + 1)
