"""Takes GCJ-02, the shifted datum of Chinese map services, back to WGS-84, which everything inside works with."""

import math

from storeapp.domain.place import Datum, Position

_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_SQUARED = 0.00669342162296594323
"""Krasovsky 1940, the ellipsoid of the shift."""
_ROUNDS = 5
"""Each round leaves a hundredth of the error; five leave less than a millimetre."""


def to_wgs84(position: Position) -> Position:
    """The same place in WGS-84; outside China the shift does not exist."""
    if position.datum is Datum.WGS84:
        return position
    lat, lng = position.lat, position.lng
    for _ in range(_ROUNDS if _in_china(lat, lng) else 0):
        north, east = _shift(lat, lng)
        lat, lng = position.lat - north, position.lng - east
    return Position(lat, lng)


def to_gcj02(position: Position) -> Position:
    """The same place as a Chinese map service states it."""
    if position.datum is Datum.GCJ02:
        return position
    inside = _in_china(position.lat, position.lng)
    north, east = _shift(position.lat, position.lng) if inside else (0.0, 0.0)
    return Position(position.lat + north, position.lng + east, Datum.GCJ02)


def _in_china(lat: float, lng: float) -> bool:
    return 0.8293 <= lat <= 55.8271 and 72.004 <= lng <= 137.8347


def _shift(lat: float, lng: float) -> tuple[float, float]:
    """How far GCJ-02 lies north and east of WGS-84, in degrees."""
    x, y = lng - 105.0, lat - 35.0
    bow = 1 - _ECCENTRICITY_SQUARED * math.sin(math.radians(lat)) ** 2
    degree_north_m = math.radians(_SEMI_MAJOR_M * (1 - _ECCENTRICITY_SQUARED) / bow**1.5)
    degree_east_m = math.radians(_SEMI_MAJOR_M / math.sqrt(bow) * math.cos(math.radians(lat)))
    return _north_m(x, y) / degree_north_m, _east_m(x, y) / degree_east_m


def _north_m(x: float, y: float) -> float:
    metres = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    return metres + _ripple(x) + _waves(y, (20, 1), (40, 3), (160, 12), (320, 30))


def _east_m(x: float, y: float) -> float:
    metres = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    return metres + _ripple(x) + _waves(x, (20, 1), (40, 3), (150, 12), (300, 30))


def _ripple(x: float) -> float:
    return (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3


def _waves(value: float, *parts: tuple[float, float]) -> float:
    """Sine waves, each given by height in metres and the divisor of its frequency."""
    return sum(height * math.sin(value / part * math.pi) for height, part in parts) * 2 / 3
