"""All lengths and times between the places of a problem at once, for planners that ask for most of them."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from storeapp.domain.travel import WALKING_M_S, ByStore, Haversine, Pace, Source, Travel
from storeapp.domain.words import TravelMode

Matrix = npt.NDArray[np.int64]
_DOUBT = 1e-6
"""So near to the next whole metre the last bits decide, and they may differ between libraries."""


class TravelTable:
    """Tables of metres and seconds, a row a place; rows are lists, because a planner reads single numbers from them."""

    def __init__(self, metres: Matrix, seconds: Mapping[TravelMode, Matrix], travel: Travel) -> None:
        """Build it; ``travel`` is what was tabled, and says where its times come from."""
        self.metres = metres
        self._travel = travel
        self._seconds = dict(seconds)
        self._rows_m: dict[int, list[int]] = {}
        self._rows_s: dict[tuple[int, TravelMode], list[int]] = {}

    def seconds(self, mode: TravelMode) -> Matrix:
        """The times of a mode."""
        return self._seconds[mode]

    def metres_from(self, place: int, /) -> Sequence[int]:
        """The way in metres from one place to every place."""
        row = self._rows_m.get(place)
        if row is None:
            row = self._rows_m[place] = self.metres[place].tolist()
        return row

    def seconds_from(self, place: int, mode: TravelMode, /) -> Sequence[int]:
        """The time in seconds from one place to every place."""
        row = self._rows_s.get((place, mode))
        if row is None:
            row = self._rows_s[place, mode] = self._seconds[mode][place].tolist()
        return row

    def source(self, origin: int, place: int, mode: TravelMode, /) -> Source:
        """Where the time between two places comes from."""
        return self._travel.source(origin, place, mode)


def tabled(travel: Travel) -> Travel:
    """The same lengths and times, to the metre and second, all worked out at once where that is possible."""
    if isinstance(travel, ByStore) and travel.of:
        return _by_store(travel)
    if not isinstance(travel, Haversine) or not travel.points:
        return travel
    metres = _metres(travel)
    seconds = {mode: _seconds(_learned(metres, travel, mode), pace) for mode, pace in travel.paces.items()}
    return TravelTable(metres, seconds, travel)


def _by_store(travel: ByStore) -> TravelTable:
    first, of = travel.bases[0], np.array(travel.of)
    metres = _metres(first)
    seconds = {mode: np.zeros_like(metres) for mode in first.paces}
    for number, base in enumerate(travel.bases):
        rows = of == number
        for mode, pace in base.paces.items():
            seconds[mode][rows] = _seconds(_learned(metres[rows], base, mode), pace)
    return TravelTable(metres, seconds, travel)


def _learned(metres: Matrix, travel: Haversine, mode: TravelMode) -> Matrix:
    """The ways by which a mode's times are told, as `Haversine.seconds_from` has them."""
    learned = travel.detours.get(mode)
    return metres if learned is None else -(-metres * learned.percent // travel.percent)


def _metres(travel: Haversine) -> Matrix:
    points = np.array(travel.points)
    squares = np.zeros((len(points), len(points)))
    for axis in points.T:
        squares += (axis[:, None] - axis) ** 2
    exact = travel.factor * np.arcsin(np.minimum(1.0, np.sqrt(squares) / 2)) - 0.01
    metres: Matrix = np.ceil(exact).astype(np.int64)
    doubtful = np.abs(exact - np.rint(exact)) < _DOUBT
    for here, there in np.argwhere(doubtful).tolist():
        metres[here, there] = travel.metres_from(here)[there]
    return metres


def _seconds(metres: Matrix, pace: Pace) -> Matrix:
    """As `Pace.seconds` has it, whose divisions are exact to the last bit here, too."""
    ridden = pace.overhead_s + metres / pace.speed_m_s
    seconds: Matrix = np.ceil(np.minimum(metres / min(WALKING_M_S, pace.speed_m_s), ridden)).astype(np.int64)
    seconds[metres <= 0] = 0
    return seconds
