"""The store's own road map in plans and on the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.adapters.roads import About
from storeapp.domain.experience import Leg
from storeapp.domain.kernel import Refusal
from storeapp.domain.rules.travel import ObserveLegs
from storeapp.domain.travel import SourceKind
from storeapp.domain.words import TravelMode
from storeapp.services import dispatch, roads
from storeapp.services.counter import Counter
from storeapp.services.experience import learn_in
from storeapp.services.situation import situation
from tests.services.store_day import MANAGER, STAFF, moment, open_counter
from tests.support.osm import grid


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path, at="10:00")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def extract(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four kilometres of grid around the demo store."""
    return grid(20).save(tmp_path_factory.mktemp("osm") / "town.osm")


def known(counter: Counter) -> float:
    """The share of ways from the store by e-bike that the map knows."""
    problem = situation(counter, counter.clock.now()).problem
    sources = [problem.travel.source(0, k, TravelMode.EBIKE) for k in range(1, len(problem.places))]
    found = [source.kind is SourceKind.ROADS for source in sources]
    return sum(found) / len(found)


def test_plans_follow_the_roads_and_say_so_until_the_map_is_taken_away(counter: Counter, extract: Path) -> None:
    assert roads.about_roads(counter) is None
    assert known(counter) == 0
    made = roads.import_roads(counter, MANAGER, extract)
    assert isinstance(made, About)
    assert known(counter) > 0.9
    proposal = dispatch.propose(counter, InsertionPlanner())
    assert len(proposal.assignments) >= 25
    codes = {reason.code for item in proposal.assignments for reason in item.reasons}
    assert "time_roads" in codes
    assert roads.remove_roads(counter, MANAGER) is True
    assert known(counter) == 0


def test_what_was_learned_slows_the_roads_too(counter: Counter, extract: Path) -> None:
    roads.import_roads(counter, MANAGER, extract)
    before = situation(counter, counter.clock.now()).problem.travel.seconds_from(0, TravelMode.EBIKE)
    day = moment("08:00").date().replace(day=19)
    legs = tuple(Leg(f"k{k}", TravelMode.EBIKE, 10, 1000, 630, 630, 630) for k in range(200))
    with counter.transaction(MANAGER) as tx:
        tx.must(ObserveLegs(counter.store, day, legs))
        learn_in(counter, tx, upto=day)
    after = situation(counter, counter.clock.now()).problem.travel.seconds_from(0, TravelMode.EBIKE)
    assert sum(after) > 1.5 * sum(before)


def test_a_damaged_map_is_left_out_of_plans(counter: Counter, extract: Path) -> None:
    roads.import_roads(counter, MANAGER, extract)
    path = counter.home / roads.FILE
    path.write_bytes(path.read_bytes()[:-100])
    assert known(counter) == 0
    assert dispatch.propose(counter, InsertionPlanner()).assignments


def test_refusals_say_why(counter: Counter, extract: Path) -> None:
    assert roads.import_roads(counter, STAFF, extract) == Refusal("manager_only")
    assert roads.remove_roads(counter, STAFF) == Refusal("manager_only")
    refused = roads.import_roads(counter, MANAGER, extract, radius_m=10)
    assert isinstance(refused, Refusal)
    assert refused.code == "radius_bound"


def test_a_map_that_was_taken_away_comes_back(counter: Counter, extract: Path) -> None:
    assert roads.restore_roads(counter, MANAGER) is False
    roads.import_roads(counter, MANAGER, extract)
    assert roads.remove_roads(counter, MANAGER) is True
    assert not roads.has_roads(counter)
    assert roads.restore_roads(counter, STAFF) == Refusal("manager_only")
    assert roads.restore_roads(counter, MANAGER) is True
    assert roads.about_roads(counter) is not None
