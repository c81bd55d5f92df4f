"""Masks hide what they promise for every text, and depend on nothing hidden."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain.masking import mask_address, mask_name, mask_phone


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王娜", "王*"), ("欧阳娜娜", "欧***"), ("王", "*"), ("", ""), (" 王娜 ", "王*"), ("Ada King", "A***")],
)
def test_a_name_keeps_its_first_character(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13800138033", "138******33"),
        ("１３８00138033", "138******33"),
        ("138 0013 8033", "138******33"),
        ("138****8033", "138******33"),
        ("02164371234", "021******34"),
        ("62345678", "******78"),
        ("12345", "*****"),
        ("", ""),
        ("none", ""),
    ],
)
def test_a_phone_hides_six_digits_or_all(phone: str, masked: str) -> None:
    assert mask_phone(phone) == masked


@given(st.text())
def test_a_masked_name_shows_one_character_at_most(name: str) -> None:
    masked = mask_name(name)
    shown = masked.rstrip("*")
    assert len(shown) <= 1
    assert name.strip().startswith(shown) or not shown
    assert masked.count("*") >= min(1, len(name.strip()))


@given(st.text(alphabet="0123456789*+- １２³", max_size=30) | st.text())
def test_a_masked_phone_shows_five_digits_at_most(phone: str) -> None:
    masked = mask_phone(phone)
    shown = [sign for sign in masked if sign != "*"]
    assert len(shown) <= 5
    assert not shown or masked.count("*") >= 6


@given(st.integers(0, 999_999), st.integers(0, 999_999))
def test_a_masked_phone_is_the_same_whatever_is_hidden(one: int, two: int) -> None:
    assert mask_phone(f"138{one:06d}33") == mask_phone(f"138{two:06d}33")


@given(st.text())
def test_any_address_can_be_masked(address: str) -> None:
    assert isinstance(mask_address(address), str)
