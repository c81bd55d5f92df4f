"""Road maps: reading extracts, shortest ways, and the file."""

from pathlib import Path
from random import Random

import numpy as np
import osmium
import pytest

from storeapp.adapters.osm_extract import EVERYBODY, Going, Network, directions, read_extract
from storeapp.adapters.road_errors import ExtractUnreadable, RoadsBroken
from storeapp.adapters.roads import RoadMap, load_roads, save_roads
from storeapp.domain.place import distance_m
from storeapp.domain.words import TravelMode
from tests.support.osm import CENTRE, Town, at, grid

ON_FOOT_AND_BIKE = Going.FOOT | Going.BIKE


def read(town: Town, tmp_path: Path, radius_m: float = 5000) -> Network:
    return read_extract(town.save(tmp_path / "town.osm"), CENTRE, radius_m=radius_m)


def test_ways_of_a_grid_go_around_corners(tmp_path: Path) -> None:
    roads = RoadMap(read(grid(5), tmp_path))
    rows = roads.metres(TravelMode.EBIKE, [at(0, 0), at(400, 600), at(-1000, 0)])
    assert rows is not None
    assert rows[0][0] == 0
    assert rows[0][1] == pytest.approx(1000, abs=5)
    assert rows[1][2] == pytest.approx(2000, abs=8)
    assert rows[2][1] == rows[1][2]


def test_a_river_is_crossed_at_its_bridge(tmp_path: Path) -> None:
    town = Town()
    south = [town.node(at(-100, k * 200)) for k in range(11)]
    north = [town.node(at(100, k * 200)) for k in range(11)]
    town.way(south)
    town.way(north)
    town.way([south[10], north[10]], bridge="yes")
    rows = RoadMap(read(town, tmp_path)).metres(TravelMode.WALK, [at(-100, 0), at(100, 0)])
    assert rows is not None
    assert rows[0][1] == pytest.approx(4200, abs=10)


def test_a_one_way_street_binds_wheels_and_not_feet(tmp_path: Path) -> None:
    town = Town()
    corners = [town.node(at(*place)) for place in ((0, 0), (0, 1000), (1000, 1000), (1000, 0))]
    town.way([*corners, corners[0]], oneway="yes")
    roads = RoadMap(read(town, tmp_path))
    places = [at(0, 0), at(1000, 0)]
    walk, ride = roads.metres(TravelMode.WALK, places), roads.metres(TravelMode.EBIKE, places)
    assert walk is not None
    assert ride is not None
    assert walk[0][1] == walk[1][0] == pytest.approx(1000, abs=5)
    assert ride[0][1] == pytest.approx(3000, abs=10)
    assert ride[1][0] == pytest.approx(1000, abs=5)


@pytest.mark.parametrize(
    ("tags", "there", "back"),
    [
        ({"highway": "residential"}, EVERYBODY, EVERYBODY),
        ({"highway": "motorway"}, Going.CAR, Going.NOBODY),
        ({"highway": "footway"}, Going.FOOT, Going.FOOT),
        ({"highway": "footway", "bicycle": "yes"}, ON_FOOT_AND_BIKE, ON_FOOT_AND_BIKE),
        ({"highway": "service", "access": "private"}, ON_FOOT_AND_BIKE, ON_FOOT_AND_BIKE),
        ({"highway": "service", "access": "no"}, Going.NOBODY, Going.NOBODY),
        ({"highway": "residential", "oneway": "-1"}, Going.FOOT, EVERYBODY),
        ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, EVERYBODY, ON_FOOT_AND_BIKE),
        ({"highway": "tertiary", "junction": "roundabout"}, EVERYBODY, Going.FOOT),
        ({"highway": "proposed"}, Going.NOBODY, Going.NOBODY),
        ({"waterway": "river", "foot": "yes"}, Going.NOBODY, Going.NOBODY),
    ],
)
def test_tags_say_who_may_go_where(tags: dict[str, str], there: Going, back: Going) -> None:
    assert directions(tags) == (there, back)


def test_what_is_off_the_map_or_on_an_island_of_it_has_no_way(tmp_path: Path) -> None:
    town = grid(4)
    island = [town.node(at(300, 310)), town.node(at(320, 330))]
    town.way(island)
    roads = RoadMap(read(town, tmp_path))
    rows = roads.metres(TravelMode.WALK, [at(0, 0), at(310, 320), at(4000, 4000)])
    assert rows is not None
    assert rows[0][1] > 0, "the nearest street that leads anywhere counts"
    assert rows[0][2] == rows[2][0] == -1
    assert roads.metres(TravelMode.METRO, [at(0, 0)]) is None


def test_only_what_lies_around_the_store_is_kept(tmp_path: Path) -> None:
    far = read(grid(10), tmp_path, radius_m=5000)
    near = read(grid(10), tmp_path, radius_m=900)
    assert len(near.lat) < len(far.lat) / 3


def test_both_forms_of_a_file_give_the_same_map(tmp_path: Path) -> None:
    plain = grid(3).save(tmp_path / "town.osm")
    packed = tmp_path / "town.osm.pbf"
    with osmium.SimpleWriter(str(packed)) as writer:
        for item in osmium.FileProcessor(str(plain)):
            writer.add(item)
    first, second = (read_extract(path, CENTRE, radius_m=3000) for path in (plain, packed))
    assert len(first.lat) == len(second.lat)
    assert np.allclose(np.sort(first.metres), np.sort(second.metres), atol=0.1)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "roads_unreadable"),
        (b"not a map", "roads_unreadable"),
        (b"<osm version='0.6'></osm>", "roads_empty"),
        (b"<osm version='0.6'><node id='1'", "roads_unreadable"),
        (b"<osm version='0.6'><way id='1'><nd ref='7'/><tag k='highway' v='path'/></way></osm>", "roads_empty"),
    ],
)
def test_another_file_is_refused_without_its_name(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "customer.osm"
    path.write_bytes(content)
    with pytest.raises(ExtractUnreadable) as failed:
        read_extract(path, CENTRE, radius_m=3000)
    assert failed.value.code == code
    assert failed.value.__suppress_context__ or failed.value.__context__ is None


def test_the_file_gives_back_the_same_ways(tmp_path: Path) -> None:
    network = read(grid(5), tmp_path)
    about = save_roads(tmp_path / "roads.npz", network, imported_at="2026-11-21T00:00:00+00:00", radius_m=5000)
    assert 110 <= about.detour_percent["ebike"] <= 142
    found = load_roads(tmp_path / "roads.npz")
    assert found is not None
    places = [at(0, 0), at(333, 777)]
    assert found[0] == about
    assert found[1].metres(TravelMode.WALK, places) == RoadMap(network).metres(TravelMode.WALK, places)


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_file_is_told_and_never_used(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "roads.npz"
    save_roads(path, read(grid(3), tmp_path), imported_at="2026-11-21T00:00:00+00:00", radius_m=5000)
    whole = path.read_bytes()
    path.write_bytes(whole[: Random(seed).randrange(len(whole))])
    with pytest.raises(RoadsBroken):
        load_roads(path)
    assert load_roads(tmp_path / "another.npz") is None


def test_a_way_is_never_shorter_than_the_straight_line(tmp_path: Path) -> None:
    chance = Random(4)
    roads = RoadMap(read(grid(6), tmp_path))
    places = [at(chance.uniform(-1200, 1200), chance.uniform(-1200, 1200)) for _ in range(40)]
    rows = roads.metres(TravelMode.EBIKE, places)
    assert rows is not None
    for i, row in enumerate(rows):
        assert all(way_m >= distance_m(places[i], places[j]) * 0.995 - 1 for j, way_m in enumerate(row) if i != j)
