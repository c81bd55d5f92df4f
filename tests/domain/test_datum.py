from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain.datum import to_gcj02, to_wgs84
from storeapp.domain.place import Datum, Position, distance_m


@given(st.floats(18, 53), st.floats(74, 134))
def test_there_and_back_is_the_same_place(lat: float, lng: float) -> None:
    assert distance_m(to_wgs84(to_gcj02(Position(lat, lng))), Position(lat, lng)) < 0.01


def test_the_shift_in_shanghai_is_some_hundred_metres() -> None:
    here = Position(31.1951, 121.4333)
    shifted = to_gcj02(here)
    assert 400 < distance_m(here, Position(shifted.lat, shifted.lng)) < 600


def test_outside_china_there_is_no_shift() -> None:
    paris = Position(48.8584, 2.2945)
    assert to_gcj02(paris) == Position(48.8584, 2.2945, Datum.GCJ02)
    assert to_wgs84(to_gcj02(paris)) == paris
