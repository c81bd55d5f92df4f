"""Phones: every usual spelling gives the same digits, everything else says why it cannot be dialled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain.phone import Phone, PhoneState, parse_phone


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "+86 13800138000",
        "+8613800138000",
        "8613800138000",
        "0086-138-0013-8000",
        "'+86 138 0013 8000",
        "１３８００１３８０００",
        "(138) 0013.8000",
    ],
)
def test_one_number_in_many_spellings(text: str) -> None:
    assert parse_phone(text) == Phone(PhoneState.USABLE, "13800138000")


@pytest.mark.parametrize(
    ("text", "number", "extension"),
    [
        ("13800138000-1234", "13800138000", "1234"),
        ("13800138000转1234", "13800138000", "1234"),
        ("+86 13800138000,1234", "13800138000", "1234"),
        ("021-64370000", "02164370000", ""),
        ("021-64370000转801", "02164370000", "801"),
        ("64370000", "64370000", ""),
        ("400-800-0000", "4008000000", ""),
    ],
)
def test_extensions_and_landlines(text: str, number: str, extension: str) -> None:
    assert parse_phone(text) == Phone(PhoneState.USABLE, number, extension)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", PhoneState.MISSING),
        (" - ", PhoneState.MISSING),
        ("138****8000", PhoneState.MASKED),
        ("138＊＊＊＊8000", PhoneState.MASKED),
        ("138xxxx8000", PhoneState.MASKED),
        ("1380013800", PhoneState.INVALID),
        ("12800138000", PhoneState.INVALID),
        ("1.38E+10", PhoneState.INVALID),
        ("13800138000/13800138001", PhoneState.INVALID),
        ("+852 5800 0000", PhoneState.INVALID),
        ("无", PhoneState.INVALID),
        ("1" * 100, PhoneState.INVALID),
    ],
)
def test_what_cannot_be_dialled_says_why(text: str, state: PhoneState) -> None:
    assert parse_phone(text) == Phone(state)


@given(st.text(max_size=80))
def test_a_number_is_ascii_digits_or_empty(text: str) -> None:
    phone = parse_phone(text)
    assert (phone.state is PhoneState.USABLE) == bool(phone.number)
    assert not phone.number or (phone.number.isascii() and phone.number.isdigit())
