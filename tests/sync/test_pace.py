from storeapp.services.ports import SyncStep
from sync.pace import Advance, Pace


class Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_follows_from_the_speed_so_far() -> None:
    clock = Seconds()
    pace = Pace(clock)
    assert pace.left_s(Advance(SyncStep.FETCHING, 1000, 5000)) is None
    clock.now += 2
    assert pace.left_s(Advance(SyncStep.FETCHING, 2000, 5000)) == 6.0
    assert pace.left_s(Advance(SyncStep.FETCHING, 5000, 5000)) == 0.0


def test_nobody_can_tell_at_once_or_while_nothing_moves() -> None:
    clock = Seconds()
    pace = Pace(clock)
    pace.left_s(Advance(SyncStep.FETCHING, 0, 10))
    clock.now += 0.5
    assert pace.left_s(Advance(SyncStep.FETCHING, 5, 10)) is None
    clock.now += 5
    assert pace.left_s(Advance(SyncStep.FETCHING, 0, 10)) is None


def test_another_step_is_measured_from_its_own_beginning() -> None:
    clock = Seconds()
    pace = Pace(clock)
    pace.left_s(Advance(SyncStep.SENDING, 0, 10))
    clock.now += 100
    assert pace.left_s(Advance(SyncStep.FETCHING, 0, 10)) is None
    clock.now += 2
    assert pace.left_s(Advance(SyncStep.FETCHING, 5, 10)) == 2.0
