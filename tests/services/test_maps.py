"""Asking a map service beside the work, and planning with what it said."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.kernel import Refusal
from storeapp.domain.place import Position
from storeapp.domain.travel import SourceKind
from storeapp.domain.words import TravelMode
from storeapp.services import dispatch, maps
from storeapp.services.clock import FixedClock
from storeapp.services.counter import Counter
from storeapp.services.ports import MapAccess, MapFailed, MapWay
from storeapp.services.situation import situation
from sync.map_errand import AFTER_FAILURE_S, EVERY_S, MapErrand
from tests.services.store_day import MANAGER, STAFF, open_counter

KEY = "TESTS-ONLY0-KEY00"


@dataclass
class FakeMaps:
    """Says that every way takes 1,000 seconds, or fails."""

    failing: str = ""
    most_pairs: int = 50
    asked: list[tuple[TravelMode, Position, tuple[Position, ...]]] = field(default_factory=list)

    def __call__(self, access: MapAccess) -> "FakeMaps":
        assert access.key == KEY
        return self

    def matrix(
        self, mode: TravelMode, origins: Sequence[Position], places: Sequence[Position], /
    ) -> list[list[MapWay | None]]:
        if self.failing:
            raise MapFailed(self.failing)
        (origin,) = origins
        self.asked.append((mode, origin, tuple(places)))
        return [[MapWay(2000, 1000) for _ in places]]


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="10:00")
    yield opened
    opened.close()


def on(counter: Counter) -> None:
    assert maps.enable(counter, MANAGER, MapAccess(KEY)) is None


def fetch(counter: Counter, service: FakeMaps) -> maps.Fetched:
    return maps.fetch(counter, service, situation(counter, counter.clock.now()).problem)


def told(counter: Counter) -> int:
    """How many ways from the store a service has told the time of."""
    problem = situation(counter, counter.clock.now()).problem
    sources = [problem.travel.source(0, place, TravelMode.EBIKE) for place in range(1, len(problem.places))]
    return sum(source.kind is SourceKind.MAP for source in sources)


def test_without_a_key_nobody_is_asked(counter: Counter) -> None:
    service = FakeMaps()
    assert fetch(counter, service) == maps.Fetched(problem="map_off")
    assert service.asked == []


def test_only_a_manager_with_a_vault_and_a_sensible_key_turns_it_on(counter: Counter) -> None:
    assert maps.enable(counter, STAFF, MapAccess(KEY)) == Refusal("manager_only")
    assert maps.enable(counter, MANAGER, MapAccess(" ")) == Refusal("map_key_bad")
    assert maps.disable(counter, STAFF) == Refusal("manager_only")
    assert not maps.status(counter).enabled


def test_plans_use_what_was_told_and_say_so(counter: Counter) -> None:
    on(counter)
    assert told(counter) == 0
    assert fetch(counter, FakeMaps()).pairs > 0
    assert told(counter) > 10
    problem = situation(counter, counter.clock.now()).problem
    assert 1000 in problem.travel.seconds_from(0, TravelMode.EBIKE)
    reasons = [item.reasons for item in dispatch.propose(counter, InsertionPlanner()).assignments]
    assert any(reason.code == "time_map" for each in reasons for reason in each)


def test_what_is_known_is_not_asked_again_until_it_is_old(counter: Counter) -> None:
    on(counter)
    fetch(counter, FakeMaps())
    again = FakeMaps()
    fetch(counter, again)
    assert {mode for mode, _, _ in again.asked} <= {TravelMode.CAR}
    assert isinstance(counter.clock, FixedClock)
    counter.clock.moment += timedelta(days=29)
    later = FakeMaps()
    fetch(counter, later)
    assert TravelMode.EBIKE in {mode for mode, _, _ in later.asked}


def test_old_answers_are_not_planned_with(counter: Counter) -> None:
    on(counter)
    fetch(counter, FakeMaps())
    problem = situation(counter, counter.clock.now()).problem
    later = problem.now + timedelta(days=31)
    travel = maps.with_maps(counter, problem.travel, problem.places, later)
    assert travel is problem.travel


@pytest.mark.parametrize("code", ["map_offline", "map_quota", "map_key"])
def test_a_failure_is_told_and_plans_go_on(counter: Counter, code: str) -> None:
    on(counter)
    assert fetch(counter, FakeMaps(failing=code)) == maps.Fetched(problem=code)
    assert maps.status(counter).problem == code
    assert dispatch.propose(counter, InsertionPlanner()).assignments


def test_a_question_is_no_longer_than_the_service_allows_and_a_day_has_its_share(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(counter)
    monkeypatch.setattr(maps, "MOST_A_DAY", 100)
    service = FakeMaps(most_pairs=7)
    fetch(counter, service)
    assert max(len(places) for _, _, places in service.asked) == 7
    assert 90 < sum(len(places) for _, _, places in service.asked) <= 100
    assert maps.status(counter).asked_today <= 100


def test_places_leave_on_a_grid_and_no_home_leaves(counter: Counter) -> None:
    on(counter)
    service = FakeMaps()
    fetch(counter, service)
    problem = situation(counter, counter.clock.now()).problem
    asked = {place for _, origin, places in service.asked for place in (origin, *places)}
    assert all(round(p.lat, 4) == p.lat and round(p.lng, 4) == p.lng for p in asked)
    ends = {vehicle.end for vehicle in problem.vehicles} - {0}
    homes = {(round(problem.places[k].lat, 4), round(problem.places[k].lng, 4)) for k in ends}
    assert homes
    assert not homes & {(p.lat, p.lng) for p in asked}


def test_neither_key_nor_place_lies_on_the_disk(counter: Counter) -> None:
    on(counter)
    service = FakeMaps()
    fetch(counter, service)
    with sqlite3.connect(counter.home / "cache.db") as db:
        rows = db.execute("SELECT origin, place FROM map_time").fetchall()
    db.close()
    assert rows
    assert all(len(origin) == len(there) == 16 for origin, there in rows)
    content = b"".join(path.read_bytes() for path in counter.home.iterdir() if path.is_file())
    assert KEY.encode() not in content


def test_turning_it_off_forgets_the_key_and_the_answers(counter: Counter) -> None:
    on(counter)
    fetch(counter, FakeMaps())
    assert maps.disable(counter, MANAGER) is None
    assert maps.access_of(counter) is None
    assert told(counter) == 0


def test_the_errand_goes_when_it_is_time_and_later_after_a_failure(counter: Counter) -> None:
    time_s = [1000.0]
    service = FakeMaps()
    errand = MapErrand(service, lambda: time_s[0])
    assert not errand.run(counter)
    on(counter)
    service.failing = "map_quota"
    time_s[0] += EVERY_S
    assert errand.run(counter)
    time_s[0] += EVERY_S
    assert not errand.run(counter)
    service.failing = ""
    time_s[0] += AFTER_FAILURE_S
    assert errand.run(counter)
    assert service.asked
    assert not errand.run(counter)
    time_s[0] += EVERY_S
    assert errand.run(counter)


def test_a_key_is_tried_with_one_way_that_counts(counter: Counter) -> None:
    on(counter)
    service = FakeMaps()
    assert maps.try_key(counter, service) == maps.Fetched(1)
    ((mode, origin, (place,)),) = service.asked
    assert (mode, round(place.lat - origin.lat, 4)) == (TravelMode.WALK, 0.01)
    assert maps.status(counter).asked_today == 1


@pytest.mark.parametrize("code", ["map_key", "map_offline"])
def test_a_key_that_is_of_no_use_is_told_until_it_is(counter: Counter, code: str) -> None:
    assert maps.try_key(counter, FakeMaps()) == maps.Fetched(problem="map_off")
    on(counter)
    assert maps.try_key(counter, FakeMaps(failing=code)) == maps.Fetched(problem=code)
    assert maps.status(counter).problem == code
    maps.try_key(counter, FakeMaps())
    assert maps.status(counter).problem == ""
