from datetime import date
from random import Random
from statistics import StatisticsError, mean

import pytest

from storeapp.domain.experience import ANY_HOUR, Leg, TravelProfile
from storeapp.domain.learning import MOST_PERCENT, huber, learn
from storeapp.domain.travel import PACES
from storeapp.domain.words import TravelMode

DAY = date(2026, 11, 20)


def leg(key: object, percent: float, *, metres: int = 1000, hour: int = 10, mode: TravelMode = TravelMode.EBIKE) -> Leg:
    pace = PACES[mode]
    took_s = round(pace.overhead_s + metres * percent / 100 / pace.speed_m_s)
    return Leg(str(key), mode, hour, metres, took_s, took_s, took_s)


def learned(legs: list[Leg], hour: int = ANY_HOUR, mode: TravelMode = TravelMode.EBIKE) -> int:
    profile = learn("XH", legs, version=1, day=DAY)
    found = profile.detour(mode, hour)
    assert found is not None
    return found.percent


def test_with_many_legs_the_detour_is_theirs() -> None:
    noise = Random(1)
    legs = [leg(k, noise.gauss(180, 15), metres=noise.randrange(300, 4000)) for k in range(600)]
    assert learned(legs) == pytest.approx(180, abs=4)


def test_few_legs_move_the_detour_a_little() -> None:
    assert learned([leg(k, 200) for k in range(2)]) < 145
    assert 135 < learned([leg(k, 200) for k in range(2)]) < learned([leg(k, 200) for k in range(20)]) < 175


def test_a_busy_hour_is_slower_than_the_day_and_an_unknown_one_is_like_the_day() -> None:
    legs = [leg(k, 150) for k in range(200)] + [leg(f"busy{k}", 250, hour=18) for k in range(60)]
    assert learned(legs, 18) > learned(legs) + 30
    assert learned(legs, 4) == learned(legs)


def test_another_mode_learns_for_itself() -> None:
    legs = [leg(k, 150) for k in range(200)] + [leg(f"walk{k}", 110, mode=TravelMode.WALK) for k in range(200)]
    assert learned(legs) > 145
    assert learned(legs, mode=TravelMode.WALK) < 115


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_deliveries_that_were_entered_late_hardly_count(share: float) -> None:
    noise = Random(2)
    legs = [leg(k, noise.gauss(150, 10)) for k in range(400)]
    late = [leg(f"late{k}", noise.uniform(300, 3000)) for k in range(int(400 * share))]
    plain, spoilt = learned(legs), learned(legs + late)
    assert spoilt <= plain * 1.12
    assert mean([150] * 400 + [1650] * len(late)) > plain * 1.5


def test_legs_that_say_nothing_are_left_out() -> None:
    odd = [leg("short", 150, metres=100), leg("slow", MOST_PERCENT + 50), leg("quick", 20), leg("never", -100)]
    assert learn("XH", odd, version=1, day=DAY) == TravelProfile("XH", 1, DAY, 0)


def test_the_same_legs_in_any_order_teach_the_same() -> None:
    legs = [leg(k, 120 + k % 60, hour=8 + k % 12) for k in range(300)]
    other = list(legs)
    Random(3).shuffle(other)
    assert learn("XH", legs, version=1, day=DAY) == learn("XH", other, version=1, day=DAY)


def test_the_middle_of_equal_values_is_that_value_and_of_none_there_is_none() -> None:
    assert huber([4.0] * 9) == 4.0
    assert huber([1.0, 1.1, 0.9, 1.0, 50.0]) < 1.2
    with pytest.raises(StatisticsError):
        huber([])
