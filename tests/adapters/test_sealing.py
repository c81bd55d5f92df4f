import base64
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters.sealing import SealBroken, new_order_key, pickup_code, seal, sealed_with, unseal
from storeapp.domain.incoming import Person
from storeapp.domain.place import Datum, Position
from storeapp.domain.sealed import key_check

KEY = bytes(range(32))
PERSON = Person(name="顾客甲", phone="13800138000", address="示例路 1 号", position=Position(31.2, 121.4, Datum.GCJ02))
POSITIONS = st.builds(
    Position, st.floats(-90, 90, allow_nan=False), st.floats(-180, 180, allow_nan=False), st.sampled_from(Datum)
)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
PEOPLE = st.builds(
    Person,
    name=WORDS,
    address=WORDS,
    note=WORDS,
    position=st.none() | POSITIONS,
    phone_extension=WORDS,
    phone_until=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(PEOPLE)
def test_a_person_comes_back_unchanged(person: Person) -> None:
    assert unseal(seal(person, KEY, subject="o1"), KEY, subject="o1") == person


def test_nothing_of_the_person_shows_and_length_tells_little() -> None:
    sealed = {len(base64.urlsafe_b64decode(seal(Person(name="甲" * size), KEY, subject="o1"))) for size in range(1, 7)}
    assert sealed == {4 + 12 + 32 + 16}
    assert b"13800138000" not in base64.urlsafe_b64decode(seal(PERSON, KEY, subject="o1"))


def test_sealing_twice_never_looks_the_same() -> None:
    assert seal(PERSON, KEY, subject="o1") != seal(PERSON, KEY, subject="o1")


def test_a_sealed_record_names_its_key() -> None:
    key = new_order_key()
    assert sealed_with(seal(PERSON, key, subject="o1")) == key_check(key)
    with pytest.raises(SealBroken):
        sealed_with("a")


def broken(sealed: str, *, key: bytes = KEY, subject: str = "o1") -> SealBroken:
    with pytest.raises(SealBroken) as caught:
        unseal(sealed, key, subject=subject)
    return caught.value


def test_another_key_another_subject_or_garbage_breaks_the_seal_without_a_trace() -> None:
    sealed = seal(PERSON, KEY, subject="o1")
    for error in (
        broken(sealed, key=bytes(32)),
        broken(sealed, subject="o2"),
        broken(sealed, key=b"short"),
        broken("顾客甲"),
        broken(""),
        broken(sealed[:40]),
    ):
        assert str(error) == "seal_broken"
        assert error.__cause__ is None
        assert error.__suppress_context__


@given(st.integers(4, 90), st.integers(1, 255))
def test_one_changed_byte_breaks_the_seal(place: int, change: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(seal(PERSON, KEY, subject="o1")))
    raw[place] ^= change
    broken(base64.urlsafe_b64encode(raw).decode())


@given(st.binary(min_size=32, max_size=32))
def test_a_pickup_code_is_six_digits(key: bytes) -> None:
    code = pickup_code(key)
    assert len(code) == 6
    assert code.isdigit()


def test_a_pickup_code_never_changes_between_releases() -> None:
    assert pickup_code(KEY) == "141985"
