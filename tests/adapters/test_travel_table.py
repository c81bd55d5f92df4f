from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.travel_table import TravelTable, tabled
from storeapp.domain.travel import ByStore, Detour, Haversine
from storeapp.domain.words import TravelMode
from tests.domain.problems import north, random_problem

metres = st.floats(-6000, 6000)


detours = st.dictionaries(st.sampled_from(TravelMode), st.builds(Detour, st.integers(60, 600)))


@given(st.lists(st.tuples(metres, metres), min_size=1, max_size=12), detours)
def test_a_table_says_the_same_to_the_metre_and_second(
    offsets: list[tuple[float, float]], learned: dict[TravelMode, Detour]
) -> None:
    travel = Haversine([north(*offset) for offset in [*offsets, offsets[0]]], detours=learned)
    table = tabled(travel)
    assert isinstance(table, TravelTable)
    for place in range(len(offsets) + 1):
        assert table.metres_from(place) == travel.metres_from(place)
        assert all(table.seconds_from(place, mode) == travel.seconds_from(place, mode) for mode in TravelMode)
    assert all(table.source(0, 1, mode) == travel.source(0, 1, mode) for mode in TravelMode)


places_of_stores = st.lists(st.tuples(metres, metres, st.integers(0, 2)), min_size=1, max_size=9)


@given(places_of_stores, st.lists(detours, min_size=3, max_size=3))
def test_a_table_of_a_region_says_what_each_store_has_learned(
    offsets: list[tuple[float, float, int]], learned: list[dict[TravelMode, Detour]]
) -> None:
    places = [north(*offset[:2]) for offset in offsets]
    bases = [Haversine(places, detours=each) for each in learned]
    travel = ByStore(bases, [offset[2] for offset in offsets])
    table = tabled(travel)
    assert isinstance(table, TravelTable)
    for place, (_, _, store) in enumerate(offsets):
        assert table.metres_from(place) == bases[store].metres_from(place)
        for mode in TravelMode:
            assert table.seconds_from(place, mode) == bases[store].seconds_from(place, mode)
            assert table.source(place, 0, mode) == bases[store].source(place, 0, mode)


def test_nothing_is_worked_out_where_another_service_answers_or_there_is_no_place() -> None:
    table = tabled(random_problem(1, stops=3, vehicles=1).travel)
    assert tabled(table) is table
    empty = Haversine([])
    assert tabled(empty) is empty
