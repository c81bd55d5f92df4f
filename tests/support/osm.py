"""Small towns in the form of OpenStreetMap: streets in a grid around the demo store."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from storeapp.domain.place import Position

CENTRE = Position(31.1951, 121.4333)
HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6" generator="tests">\n'


def at(north_m: float, east_m: float, centre: Position = CENTRE) -> Position:
    return Position(centre.lat + north_m / 111_195, centre.lng + east_m / 111_195 / math.cos(math.radians(centre.lat)))


@dataclass
class Town:
    """Nodes and ways that are written as .osm."""

    nodes: list[Position] = field(default_factory=list)
    ways: list[tuple[list[int], dict[str, str]]] = field(default_factory=list)

    def node(self, place: Position) -> int:
        self.nodes.append(place)
        return len(self.nodes)

    def way(self, refs: Iterable[int], **tags: str) -> None:
        self.ways.append((list(refs), {"highway": "residential"} | tags))

    def save(self, path: Path) -> Path:
        lines = [HEADER]
        lines += [
            f'<node id="{k}" lat="{p.lat:.7f}" lon="{p.lng:.7f}" version="1"/>\n' for k, p in enumerate(self.nodes, 1)
        ]
        for number, (refs, tags) in enumerate(self.ways, 1):
            inner = "".join(f'<nd ref="{ref}"/>' for ref in refs)
            inner += "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
            lines.append(f'<way id="{number}" version="1">{inner}</way>\n')
        path.write_text("".join(lines) + "</osm>\n", "utf-8")
        return path


def grid(half: int, *, step_m: float = 200) -> Town:
    """Streets every so many metres, north to south and west to east."""
    town = Town()
    span = range(-half, half + 1)
    node = {(i, j): town.node(at(i * step_m, j * step_m)) for i in span for j in span}
    for i in span:
        town.way([node[i, j] for j in span])
        town.way([node[j, i] for j in span])
    return town
