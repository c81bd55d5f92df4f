"""Reads the ways around a store from an extract of OpenStreetMap, as .osm XML or .osm.pbf."""

import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

import numpy as np
import numpy.typing as npt

from storeapp.adapters.road_errors import ExtractUnreadable
from storeapp.domain.datum import to_wgs84
from storeapp.domain.place import Position, distance_m


class Going(IntFlag):
    """Who may use a way in a direction."""

    NOBODY = 0
    FOOT = 1
    BIKE = 2
    CAR = 4


EVERYBODY = Going.FOOT | Going.BIKE | Going.CAR
_WHEELS = Going.BIKE | Going.CAR
HIGHWAYS: Mapping[str, Going] = {
    **dict.fromkeys(("motorway", "motorway_link"), Going.CAR),
    **dict.fromkeys(
        ("trunk", "trunk_link", "primary", "primary_link", "secondary", "secondary_link", "tertiary", "tertiary_link"),
        EVERYBODY,
    ),
    **dict.fromkeys(("unclassified", "residential", "living_street", "service", "road"), EVERYBODY),
    **dict.fromkeys(("cycleway", "path", "track"), Going.FOOT | Going.BIKE),
    **dict.fromkeys(("footway", "pedestrian", "steps", "corridor"), Going.FOOT),
}
"""What may be used by whom where no other tag says so."""
LONGEST_EDGE_M = 150.0
"""A door is taken to the nearest junction, so streets have one at least this often."""
_NO, _YES = frozenset({"no"}), frozenset({"yes", "designated", "permissive", "destination"})


@dataclass(frozen=True, slots=True)
class Network:
    """Junctions and what joins them.

    Attributes:
        lat, lng: of each junction, in degrees (WGS-84).
        origin, goal: of each edge, as indices of junctions.
        metres: of each edge.
        there, back: who may go along an edge, and against it, as `Going`.
    """

    lat: npt.NDArray[np.float64]
    lng: npt.NDArray[np.float64]
    origin: npt.NDArray[np.int32]
    goal: npt.NDArray[np.int32]
    metres: npt.NDArray[np.float32]
    there: npt.NDArray[np.uint8]
    back: npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Way:
    nodes: tuple[int, ...]
    places: tuple[Position, ...]
    there: Going
    back: Going


def read_extract(path: Path, around: Position, *, radius_m: float) -> Network:
    """The ways within a radius.

    Raises:
        ExtractUnreadable: ``roads_unreadable`` or ``roads_empty``.
        OSError: there is no such file.
    """
    os.stat(path)
    around = to_wgs84(around)
    try:
        ways = list(_ways(path, around, radius_m))
    except (RuntimeError, ValueError):
        # The library names the file in its message, and a file's name may be personal.
        raise ExtractUnreadable("roads_unreadable") from None
    if not ways:
        raise ExtractUnreadable("roads_empty")
    return _joined(ways)


def _ways(path: Path, around: Position, radius_m: float) -> Iterator[_Way]:
    # Imported late: only IT reads extracts, once.
    import osmium

    ways = osmium.FileProcessor(path, osmium.osm.NODE | osmium.osm.WAY).with_locations()
    for way in ways:
        if not isinstance(way, osmium.osm.Way):
            continue
        tags = dict(way.tags)
        there, back = directions(tags)
        if there | back:
            nodes = [(node.ref, Position(node.lat, node.lon)) for node in way.nodes if node.location.valid()]
            for part in _inside(nodes, around, radius_m):
                yield _Way(tuple(ref for ref, _ in part), tuple(place for _, place in part), there, back)


def _inside(
    nodes: list[tuple[int, Position]], around: Position, radius_m: float
) -> Iterator[list[tuple[int, Position]]]:
    """The stretches of a way that lie within the radius."""
    part: list[tuple[int, Position]] = []
    for node in nodes:
        if distance_m(node[1], around) <= radius_m:
            part.append(node)
            continue
        if len(part) > 1:
            yield part
        part = []
    if len(part) > 1:
        yield part


def directions(tags: Mapping[str, str]) -> tuple[Going, Going]:
    """Who may go along a way with these tags, and who against it.

    Private ways count for those who walk or ride: the gate of a housing estate is where customers live.
    """
    going = HIGHWAYS.get(tags.get("highway", ""), Going.NOBODY)
    access = tags.get("access", "")
    if access == "no":
        going = Going.NOBODY
    elif access == "private":
        going &= ~Going.CAR
    for key, one in (("foot", Going.FOOT), ("bicycle", Going.BIKE), ("motor_vehicle", Going.CAR)):
        if tags.get(key) in _NO:
            going &= ~one
        elif tags.get(key) in _YES and "highway" in tags:
            going |= one
    return _one_way(tags, going)


def _one_way(tags: Mapping[str, str], going: Going) -> tuple[Going, Going]:
    oneway = tags.get("oneway", "")
    if oneway in {"", "no"} and tags.get("junction") != "roundabout" and not tags.get("highway", "").startswith("moto"):
        return going, going
    bound = _WHEELS if tags.get("oneway:bicycle") != "no" else Going.CAR
    free = going & ~bound
    return (free, going) if oneway == "-1" else (going, free)


class _Joining:
    """Collects junctions and edges."""

    def __init__(self) -> None:
        self._index: dict[int, int] = {}
        self.places: list[Position] = []
        self.edges: list[tuple[int, int, float, int, int]] = []

    def junction(self, node: int, place: Position) -> int:
        """The junction at a node of the file."""
        if node not in self._index:
            self._index[node] = self.between(place)
        return self._index[node]

    def between(self, place: Position) -> int:
        """A junction that the file does not have."""
        self.places.append(place)
        return len(self.places) - 1

    def add(self, way: _Way, uses: Mapping[int, int]) -> None:
        """Cut a way where others meet it, and where a stretch would be too long to say where on it a door is."""
        origin, length_m = self.junction(way.nodes[0], way.places[0]), 0.0
        for before, place, node in zip(way.places, way.places[1:], way.nodes[1:], strict=False):
            step_m = distance_m(before, place)
            parts = max(1, math.ceil(step_m / LONGEST_EDGE_M))
            for part in range(1, parts):
                goal = self.between(_along(before, place, part / parts))
                self.edges.append((origin, goal, length_m + step_m / parts, int(way.there), int(way.back)))
                origin, length_m = goal, 0.0
            length_m += step_m / parts
            if uses[node] > 1 or length_m >= LONGEST_EDGE_M / 2:
                goal = self.junction(node, place)
                self.edges.append((origin, goal, length_m, int(way.there), int(way.back)))
                origin, length_m = goal, 0.0


def _along(a: Position, b: Position, share: float) -> Position:
    return Position(a.lat + (b.lat - a.lat) * share, a.lng + (b.lng - a.lng) * share)


def _joined(ways: list[_Way]) -> Network:
    # The ends of a way count twice, so that it is never cut off before its last node.
    uses = Counter(node for way in ways for node in (*way.nodes, way.nodes[0], way.nodes[-1]))
    joining = _Joining()
    for way in ways:
        joining.add(way, uses)
    origins, goals, metres, there, back = zip(*joining.edges, strict=True)
    return Network(
        np.array([place.lat for place in joining.places]),
        np.array([place.lng for place in joining.places]),
        np.array(origins, np.int32),
        np.array(goals, np.int32),
        np.array(metres, np.float32),
        np.array(there, np.uint8),
        np.array(back, np.uint8),
    )
