from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest

from storeapp.adapters.insertion import InsertionPlanner
from storeapp.domain.kernel import Refusal
from storeapp.domain.moment import STORE_ZONE
from storeapp.services import dispatch, shifts
from storeapp.services.counter import Counter
from tests.services.store_day import MANAGER, move_clock, open_counter

DAY = date(2026, 11, 21)


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    opened = open_counter(tmp_path)
    yield opened
    opened.close()


def hours(counter: Counter, guide: str, day: date = DAY) -> tuple[str, str] | None:
    (shift,) = [shift for shift in shifts.shifts_of(counter, day) if shift.guide == guide]
    if shift.window is None:
        return None
    start, end = (moment.astimezone(STORE_ZONE) for moment in (shift.window.start, shift.window.end))
    return f"{start:%d %H:%M}", f"{end:%d %H:%M}"


def test_guides_work_their_usual_hours(counter: Counter) -> None:
    assert [shift.guide for shift in shifts.shifts_of(counter)] == ["G07", "G01", "G04", "G10"]
    assert hours(counter, "G10") == ("21 13:00", "21 21:30")
    assert not any(shift.changed for shift in shifts.shifts_of(counter))


def test_hours_of_one_day_leave_the_others_alone(counter: Counter) -> None:
    shifts.set_hours(counter, MANAGER, "G10", DAY, start=time(20), end=time(2))
    assert hours(counter, "G10") == ("21 20:00", "22 02:00")
    assert hours(counter, "G10", date(2026, 11, 22)) == ("22 13:00", "22 21:30")


def test_who_is_off_stands_last_and_gets_nothing(counter: Counter) -> None:
    shifts.set_off(counter, MANAGER, "G01", DAY)
    last = shifts.shifts_of(counter)[-1]
    assert (last.guide, last.window, last.changed) == ("G01", None, True)
    assert "G01" not in {item.guide for item in dispatch.propose(counter, InsertionPlanner()).assignments}


def test_the_usual_hours_can_be_had_back(counter: Counter) -> None:
    shifts.set_off(counter, MANAGER, "G01", DAY)
    shifts.set_usual(counter, MANAGER, "G01", DAY)
    assert hours(counter, "G01") == ("21 10:00", "21 18:30")
    assert not any(shift.changed for shift in shifts.shifts_of(counter))


def test_a_shift_past_midnight_still_counts_on_the_next_day(counter: Counter) -> None:
    shifts.set_hours(counter, MANAGER, "G10", DAY, start=time(20), end=time(2))
    move_clock(counter, "23:30")
    problem = dispatch.situation(counter, counter.clock.now()).problem
    assert [(vehicle.guide, vehicle.end_s) for vehicle in problem.vehicles] == [("G10", 9000)]


def test_refusals_have_codes(counter: Counter) -> None:
    same = shifts.set_hours(counter, MANAGER, "G10", DAY, start=time(9), end=time(9))
    unknown = shifts.set_off(counter, MANAGER, "G99", DAY)
    assert [refusal.code for refusal in (same, unknown) if isinstance(refusal, Refusal)] == [
        "bad_hours",
        "unknown_guide",
    ]
