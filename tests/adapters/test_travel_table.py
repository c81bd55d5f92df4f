from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.travel_table import TravelTable, tabled
from storeapp.domain.travel import Detour, Haversine
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


def test_nothing_is_worked_out_where_another_service_answers_or_there_is_no_place() -> None:
    table = tabled(random_problem(1, stops=3, vehicles=1).travel)
    assert tabled(table) is table
    empty = Haversine([])
    assert tabled(empty) is empty
