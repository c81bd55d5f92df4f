"""Learns a store's detours from its finished legs: robust against what was recorded late, careful while legs are few.

The detour of a mode is a Huber estimate over the logarithms of what each leg shows, drawn towards the policy's detour
as if `PRIOR_LEGS` more legs had shown that; the one of an hour is drawn towards the mode's in the same way.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from storeapp.domain.experience import ANY_HOUR, LearnedDetour, Leg, TravelProfile
from storeapp.domain.risk import spreads
from storeapp.domain.travel import PACES, Pace
from storeapp.domain.words import TravelMode

PRIOR_LEGS = 20
SHORTEST_M = 150
"""On shorter ways the stairs and the doorbell are most of the time."""
LEAST_PERCENT, MOST_PERCENT = 60, 600
"""Beyond these nobody went straight there: the delivery was entered late, or there was a break on the way."""
_HUBER = 1.345
"""Keeps 95 % of the mean's efficiency on clean data (Huber 1964)."""
_MAD_TO_SIGMA = 1.4826
_LEAST_SCALE = 0.05
_ROUNDS = 20


def learn(
    store: str,
    legs: Sequence[Leg],
    *,
    version: int,
    day: date,
    detour_percent: int = 135,
    paces: Mapping[TravelMode, Pace] = PACES,
) -> TravelProfile:
    """What these legs teach.

    Args:
        store: whose legs they are.
        legs: of the days to learn from.
        version: of the profile; higher than the one before.
        day: when it is learned.
        detour_percent: what is assumed while nothing is known.
        paces: how the modes move.
    """
    used = [leg for leg in legs if _shown(leg, paces) is not None]
    return TravelProfile(store, version, day, len(used), tuple(_detours(used, detour_percent, paces)), spreads(used))


def _detours(legs: Sequence[Leg], usual: int, paces: Mapping[TravelMode, Pace]) -> Iterable[LearnedDetour]:
    by_mode: dict[TravelMode, list[Leg]] = defaultdict(list)
    for leg in legs:
        by_mode[leg.mode].append(leg)
    for mode in sorted(by_mode):
        found = _drawn(by_mode[mode], math.log(usual), paces)
        yield LearnedDetour(mode, ANY_HOUR, round(math.exp(found)), len(by_mode[mode]))
        by_hour: dict[int, list[Leg]] = defaultdict(list)
        for leg in by_mode[mode]:
            by_hour[leg.hour].append(leg)
        for hour in sorted(by_hour):
            yield LearnedDetour(mode, hour, round(math.exp(_drawn(by_hour[hour], found, paces))), len(by_hour[hour]))


def _drawn(legs: Sequence[Leg], towards: float, paces: Mapping[TravelMode, Pace]) -> float:
    """The logarithm of a detour that these legs and what is assumed agree on."""
    shown = [math.log(percent) for leg in legs if (percent := _shown(leg, paces)) is not None]
    return (len(shown) * huber(shown) + PRIOR_LEGS * towards) / (len(shown) + PRIOR_LEGS)


def _shown(leg: Leg, paces: Mapping[TravelMode, Pace]) -> float | None:
    """The detour in percent that explains a leg's time; None where the leg says nothing about the way."""
    if leg.metres < SHORTEST_M:
        return None
    pace = paces[leg.mode]
    percent = 100 * (leg.took_s - pace.overhead_s) * pace.speed_m_s / leg.metres
    return percent if LEAST_PERCENT <= percent <= MOST_PERCENT else None


def huber(values: Sequence[float]) -> float:
    """Where the middle of some values lies when a few of them are far off.

    Raises:
        StatisticsError: there are none.
    """
    middle = statistics.median(values)
    scale = max(_LEAST_SCALE, _MAD_TO_SIGMA * statistics.median(abs(value - middle) for value in values))
    for _ in range(_ROUNDS):
        weights = [min(1.0, _HUBER * scale / max(abs(value - middle), 1e-12)) for value in values]
        after = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)
        if abs(after - middle) < 1e-6:
            break
        middle = after
    return middle
