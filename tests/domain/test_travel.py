from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain.datum import to_gcj02
from storeapp.domain.place import distance_m
from storeapp.domain.travel import PACES, Haversine
from storeapp.domain.words import TravelMode
from tests.domain.problems import STORE, north

metres = st.floats(-5000, 5000)
spots = st.tuples(metres, metres).map(lambda at: north(*at))


@given(spots, spots, spots)
def test_a_detour_never_saves_way_or_time(a: object, b: object, c: object) -> None:
    travel = Haversine([a, b, c])  # type: ignore[list-item] # positions from the strategy
    way = travel.metres_from(0)[1] + travel.metres_from(1)[2]
    assert travel.metres_from(0)[2] <= way
    for mode in TravelMode:
        time_s = travel.seconds_from(0, mode)[1] + travel.seconds_from(1, mode)[2]
        assert travel.seconds_from(0, mode)[2] <= time_s


def test_the_way_is_the_distance_times_the_detour() -> None:
    there = north(1000, 500)
    way_m = Haversine([STORE, there], detour_percent=150).metres_from(0)[1]
    assert abs(way_m - 1.5 * distance_m(STORE, there)) <= 1.1


def test_the_same_place_is_no_way() -> None:
    travel = Haversine([STORE, STORE])
    assert travel.metres_from(0) == [0, 0]
    assert travel.seconds_from(0, TravelMode.METRO) == [0, 0]


def test_places_of_both_datums_meet() -> None:
    assert Haversine([STORE, to_gcj02(STORE)]).metres_from(0)[1] <= 1


def test_nobody_takes_the_metro_around_the_corner() -> None:
    assert PACES[TravelMode.METRO].seconds(100) == PACES[TravelMode.WALK].seconds(100)
    assert PACES[TravelMode.METRO].seconds(5000) < PACES[TravelMode.WALK].seconds(5000)
