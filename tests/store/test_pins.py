from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storeapp.store.keys import Keys
from storeapp.store.pins import LONGEST_LOCK, PinAnswer, Pins, PinWeakness, pin_weakness

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
PIN, WRONG = "270591", "270592"


@pytest.fixture
def pins(tmp_path: Path) -> Iterator[Pins]:
    with closing(Keys.open(tmp_path / "keys.db")) as keys:
        assert keys.pins.set("staff-1", PIN) is None
        yield keys.pins


def fail(pins: Pins, times: int, *, now: datetime = NOW) -> None:
    for _ in range(times):
        pins.verify("staff-1", WRONG, now=now)


def test_the_right_pin_signs_in_without_any_root_key(pins: Pins) -> None:
    assert pins.has("staff-1")
    assert pins.verify("staff-1", PIN, now=NOW).answer is PinAnswer.OK


def test_a_wrong_pin_says_how_many_tries_are_left(pins: Pins) -> None:
    assert [pins.verify("staff-1", WRONG, now=NOW).tries_left for _ in range(5)] == [4, 3, 2, 1, 0]


def test_five_wrong_pins_lock_for_a_minute_and_then_doubling(pins: Pins) -> None:
    now = NOW
    for minutes in (1, 2, 4):
        fail(pins, 5 if minutes == 1 else 1, now=now)
        found = pins.verify("staff-1", PIN, now=now)
        assert (found.answer, found.locked_until) == (PinAnswer.LOCKED, now + timedelta(minutes=minutes))
        now += timedelta(minutes=minutes)
    assert pins.verify("staff-1", PIN, now=now).answer is PinAnswer.OK


def test_a_lock_never_lasts_longer_than_half_a_day(pins: Pins) -> None:
    now = NOW
    for _ in range(30):
        fail(pins, 1, now=now)
        now += LONGEST_LOCK
    assert pins.verify("staff-1", PIN, now=now).answer is PinAnswer.OK


def test_the_last_free_try_may_still_be_right(pins: Pins) -> None:
    fail(pins, 4)
    assert pins.verify("staff-1", PIN, now=NOW).answer is PinAnswer.OK
    assert pins.verify("staff-1", WRONG, now=NOW).tries_left == 4


def test_an_unknown_person_is_not_told_from_a_wrong_pin(pins: Pins) -> None:
    assert pins.verify("staff-9", PIN, now=NOW).answer is PinAnswer.WRONG
    assert not pins.has("staff-9")


def test_a_new_pin_lifts_the_lock(pins: Pins) -> None:
    fail(pins, 5)
    assert pins.set("staff-1", "905172") is None
    assert pins.verify("staff-1", "905172", now=NOW).answer is PinAnswer.OK
    assert pins.verify("staff-1", PIN, now=NOW).answer is PinAnswer.WRONG


def test_a_removed_pin_no_longer_signs_in(pins: Pins) -> None:
    pins.remove("staff-1")
    assert not pins.has("staff-1")
    assert pins.verify("staff-1", PIN, now=NOW).answer is PinAnswer.WRONG


@pytest.mark.parametrize("pin", ["123", "1234567890123", "12a4", "", "１２３５", "12 45"])
def test_a_pin_is_four_to_twelve_digits(pin: str) -> None:
    assert pin_weakness(pin) is PinWeakness.FORMAT


@pytest.mark.parametrize("pin", ["0000", "1234", "987654"])
def test_a_pin_that_everybody_tries_first_is_refused(pins: Pins, pin: str) -> None:
    assert pins.set("staff-1", pin) is PinWeakness.SIMPLE
    assert pins.verify("staff-1", PIN, now=NOW).answer is PinAnswer.OK


def test_no_pin_is_stored(pins: Pins) -> None:
    assert PIN not in "".join(map(repr, pins._db["pin"].rows))
