"""Positions say their datum, because Chinese map services shift every point by some hundred metres."""

import math
from enum import StrEnum

from msgspec import Struct

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius, IUGG 1980."""


class Datum(StrEnum):
    """The reference in which a latitude and longitude are given."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"


class Position(Struct, frozen=True, gc=False):
    """A point in decimal degrees.

    Raises:
        ValueError: a coordinate is outside the globe or not a number.
    """

    lat: float
    lng: float
    datum: Datum = Datum.WGS84

    def __post_init__(self) -> None:
        if not (-90 <= self.lat <= 90 and -180 <= self.lng <= 180):
            raise ValueError("a position outside the globe")


def distance_m(a: Position, b: Position) -> float:
    """Great-circle distance in metres (haversine).

    Raises:
        ValueError: the positions have different datums.
    """
    if a.datum is not b.datum:
        raise ValueError("positions of different datums have no distance")
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    half = (
        math.sin((lat_b - lat_a) / 2) ** 2
        + math.cos(lat_a) * math.cos(lat_b) * math.sin(math.radians(b.lng - a.lng) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))
