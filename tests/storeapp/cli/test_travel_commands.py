"""Travel times, road maps and the map service on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from storeapp.cli.travel_commands import KEY_VARIABLE
from tests.support.osm import grid


def test_travel_tells_what_is_assumed_while_nothing_is_learned(terminal: Any) -> None:
    assert terminal.json("travel") == {"learned": None, "detour_percent": 135}
    assert terminal.json("travel", "--learn")["learned"] is None


def test_a_road_map_is_made_shown_and_taken_away(terminal: Any, tmp_path: Path) -> None:
    assert terminal.json("roads")["roads"] is None
    file = grid(4).save(tmp_path / "town.osm")
    made = terminal.json("roads", "import", file, "--radius", 2000)["roads"]
    assert made["edges"] > 100
    assert terminal.json("roads")["roads"] == made
    assert terminal.run("roads") == 0
    assert "OpenStreetMap" in terminal.out
    assert terminal.json("roads", "remove")["roads"] is None


def test_another_file_is_no_road_map(terminal: Any, tmp_path: Path) -> None:
    (tmp_path / "orders.osm").write_bytes(b"no map")
    failed = terminal.json("roads", "import", tmp_path / "orders.osm", status=3)
    assert failed["error"]["code"] == "roads_unreadable"
    assert "orders.osm" not in terminal.err
    assert terminal.json("roads", "import", status=2)["error"]["code"] == "usage"
    assert terminal.json("roads", "import", tmp_path / "none.osm", status=3)["error"]["code"] == "file_failed"


def test_the_map_service_is_turned_on_asked_and_turned_off(terminal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert terminal.json("maps")["enabled"] is False
    monkeypatch.setenv(KEY_VARIABLE, "TESTS-ONLY0-KEY00")
    assert terminal.json("maps", "--on")["enabled"] is True
    asked = terminal.json("maps", "--ask", status=4)
    assert asked["problem"] == "map_offline"
    assert terminal.json("maps")["problem"] == "map_offline"
    assert "TESTS" not in terminal.out + terminal.err
    assert terminal.json("maps", "--off") == {"enabled": False, "asked": 0, "asked_today": 0, "problem": ""}


def test_windows_of_a_place_are_listed_with_the_best(terminal: Any) -> None:
    found = terminal.json("windows", "--place", 31.2, 121.44)
    assert found["best"] in found["windows"]
    assert terminal.run("windows", "--place", 31.2, 121.44) == 0
    assert found["best"]["guide"] in terminal.out
    assert terminal.json("windows", status=2)["error"]["code"] == "usage"
    assert terminal.json("windows", "--place", 99, 0, status=2)["error"]["code"] == "usage"


def test_risks_are_listed_and_watched(terminal: Any, waiting: Any) -> None:
    assert terminal.json("risks") == {"risks": [], "warned": [], "cleared": []}
    job = waiting()
    terminal.json("assign", job, "G01")
    (found,) = terminal.json("risks", "--watch")["risks"]
    assert found["guide"] == "G01"
    assert 0 <= found["chance_percent"] < 100
    assert terminal.run("risks") == 0
    assert found["delivery_id"] in terminal.out


def test_an_area_is_tried_set_and_shown_with_its_history(terminal: Any, tmp_path: Path) -> None:
    assert terminal.json("area")["rule"] is None
    tried = terminal.json("area", "try", "--radius", 1000)
    assert tried["before"] is None
    assert len(tried["after"]["days"]) == 30
    assert terminal.json("area")["rule"] is None
    assert terminal.json("area", "set", "--radius", 4000, "--orders", 60)["rule"]["version"] == 1
    zones = tmp_path / "zones.json"
    ring = [[121.4, 31.1], [121.5, 31.1], [121.5, 31.3], [121.4, 31.1]]
    zones.write_text(json.dumps({"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}}))
    shown = terminal.json("area", "set", "--zones", zones)
    assert shown["rule"]["radius_m"] == 4000
    assert shown["rule"]["zones"] == [[[31.1, 121.4], [31.1, 121.5], [31.3, 121.5]]]
    assert [rule["version"] for rule in shown["history"]] == [1, 2]
    assert terminal.run("area") == 0
    assert "4000 m" in terminal.out


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"type":"Point","coordinates":[1,2]}', '{"type":"Polygon","coordinates":[[[999,999]]]}',
     '{"type":"Polygon","coordinates":[[["a",1]]]}', '{"type":"FeatureCollection","features":7}'],
)  # fmt: skip
def test_a_file_without_zones_is_refused(terminal: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / "zones.json").write_text(text)
    assert terminal.json("area", "set", "--zones", tmp_path / "zones.json", status=1)["error"]["code"] == "zone_file"
