"""A store's road map: a compact file beside the journal, and the shortest ways on it (rustworkx).

Nothing of it needs a network. Ways are found from one place to all others at once and kept in memory, so a plan of
known places costs no search at all.
"""

import io
import json
import threading
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import rustworkx

from storeapp.adapters.osm_extract import Going, Network
from storeapp.adapters.road_errors import RoadsBroken
from storeapp.domain.datum import to_wgs84
from storeapp.domain.place import EARTH_RADIUS_M, Position
from storeapp.domain.words import TravelMode

GOING = {TravelMode.WALK: Going.FOOT, TravelMode.EBIKE: Going.BIKE, TravelMode.CAR: Going.CAR}
"""The metro has no road map."""
FURTHEST_SNAP_M = 400.0
"""A door further from every way than that is not on this map."""
SAMPLES = 40
MOST_KEPT = 2000
"""Rows of ways kept for each mode; one takes four bytes a junction."""
_ARRAYS = ("lat", "lng", "origin", "goal", "metres", "there", "back")

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class About:
    """What a road map says of itself; ``detour_percent`` is how much longer its ways are than straight lines."""

    imported_at: str
    radius_m: int
    junctions: int
    edges: int
    detour_percent: dict[str, int]


class RoadMap:
    """Shortest ways in metres."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._graphs = {mode: _graph(network, going) for mode, going in GOING.items()}
        self._joined = {mode: _largest(graph) for mode, graph in self._graphs.items()}
        self._rows: dict[tuple[TravelMode, int], Floats] = {}
        self._lock = threading.Lock()

    def ways(self, places: Sequence[Position]) -> dict[TravelMode, list[list[int]]]:
        """`metres` of every mode that the map is for; any thread may ask."""
        with self._lock:
            measured = {mode: self.metres(mode, places) for mode in GOING}
        return {mode: rows for mode, rows in measured.items() if rows is not None}

    def metres(self, mode: TravelMode, places: Sequence[Position]) -> list[list[int]] | None:
        """From each place to each place; -1 where the map does not know the way, None for a mode without a map."""
        if mode not in self._graphs or not self._joined[mode].size:
            return None
        snapped = [self._snap(mode, to_wgs84(place)) for place in places]
        nodes = np.array([node for node, _ in snapped], np.int64)
        aside = np.array([off_m for _, off_m in snapped])
        on_map = aside <= FURTHEST_SNAP_M
        found = []
        for k, (node, off_m) in enumerate(snapped):
            row = np.full(len(places), -1.0)
            if on_map[k]:
                ways = self._row(mode, node)[nodes] + aside + off_m
                row = np.where(on_map & np.isfinite(ways), np.ceil(ways), -1.0)
                row[k] = 0
            found.append(cast("list[int]", row.astype(int).tolist()))
        return found

    def _snap(self, mode: TravelMode, place: Position) -> tuple[int, float]:
        """The nearest junction from which the mode gets anywhere, and how far it is."""
        joined = self._joined[mode]
        north = np.radians(self._network.lat[joined] - place.lat)
        east = np.radians(self._network.lng[joined] - place.lng) * np.cos(np.radians(place.lat))
        away = np.hypot(north, east) * EARTH_RADIUS_M
        nearest = int(np.argmin(away))
        return int(joined[nearest]), float(away[nearest])

    def _row(self, mode: TravelMode, node: int) -> Floats:
        row = self._rows.get((mode, node))
        if row is None:
            if len(self._rows) >= MOST_KEPT:
                self._rows.pop(next(iter(self._rows)))
            lengths = rustworkx.digraph_dijkstra_shortest_path_lengths(self._graphs[mode], node, float)
            row = np.full(len(self._network.lat), np.inf, np.float32)
            row[list(lengths.keys())] = list(lengths.values())
            row[node] = 0
            self._rows[mode, node] = row
        return row

    def detour_percent(self, mode: TravelMode) -> int:
        """The median of way over straight line between junctions spread over the map; 0 where there is no map."""
        joined = self._joined[mode]
        picked = joined[np.linspace(0, len(joined) - 1, min(SAMPLES, len(joined))).astype(int)] if joined.size else []
        places = [Position(float(self._network.lat[k]), float(self._network.lng[k])) for k in picked]
        ways = np.array(self.metres(mode, places) or [[0]], float)
        straight = _straight(places)
        far = straight > 500
        return round(100 * float(np.median(ways[far] / straight[far]))) if far.any() else 0


def _straight(places: Sequence[Position]) -> npt.NDArray[np.float64]:
    lat = np.radians([place.lat for place in places] or [0.0])
    lng = np.radians([place.lng for place in places] or [0.0])
    east = (lng[:, None] - lng[None, :]) * np.cos(lat)[:, None]
    away: npt.NDArray[np.float64] = np.hypot(lat[:, None] - lat[None, :], east) * EARTH_RADIUS_M
    return away


def _graph(network: Network, going: Going) -> "rustworkx.PyDiGraph[int, float]":
    graph: rustworkx.PyDiGraph[int, float] = rustworkx.PyDiGraph()
    graph.add_nodes_from(range(len(network.lat)))
    for allowed, origin, goal in (
        (network.there, network.origin, network.goal),
        (network.back, network.goal, network.origin),
    ):
        used = (allowed & int(going)) > 0
        graph.add_edges_from(
            list(zip(origin[used].tolist(), goal[used].tolist(), network.metres[used].tolist(), strict=True))
        )
    return graph


def _largest(graph: "rustworkx.PyDiGraph[int, float]") -> npt.NDArray[np.int64]:
    """The junctions from which one gets to most others and back; the rest are islands of a cut-off extract."""
    parts = rustworkx.strongly_connected_components(graph)
    largest = max(parts, key=len, default=[])
    return np.array(sorted(largest) if len(largest) > 1 else [], np.int64)


# -- the file


def save_roads(path: Path, network: Network, *, imported_at: str, radius_m: int) -> About:
    """Keep a road map, whole or not at all; the one before is gone then.

    Raises:
        OSError: it cannot be written.
    """
    road_map = RoadMap(network)
    about = About(
        imported_at,
        radius_m,
        len(network.lat),
        len(network.metres),
        {mode.value: road_map.detour_percent(mode) for mode in GOING},
    )
    kept = io.BytesIO()
    text = json.dumps({name: getattr(about, name) for name in About.__slots__}).encode()
    arrays = {name: getattr(network, name) for name in _ARRAYS}
    np.savez_compressed(kept, about=np.frombuffer(text, np.uint8), **arrays)
    draft = path.with_name(f"{path.name}.new")
    draft.write_bytes(kept.getvalue())
    draft.replace(path)
    return about


def load_roads(path: Path) -> tuple[About, RoadMap] | None:
    """The road map in a file, None where there is none; read once for each file.

    Raises:
        RoadsBroken: it is damaged.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return _loaded(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _loaded(path: Path, _written: int, _size: int) -> tuple[About, RoadMap]:
    try:
        # Read at once: the library leaves the file open where it is damaged.
        with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
            about = About(**json.loads(kept["about"].tobytes()))
            network = Network(*(kept[name] for name in _ARRAYS))
        return about, RoadMap(network)
    except (OSError, ValueError, KeyError, TypeError, IndexError, OverflowError, EOFError, zipfile.BadZipFile) as error:
        raise RoadsBroken from error
