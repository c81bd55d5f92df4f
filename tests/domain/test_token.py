from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.domain import token as tokens
from storeapp.domain.token import BadgeToken, Malformed, MalformedReason, Parsed, SlipToken, issue, link, read

MINUTE = st.integers(0, 2**24 - 1).map(lambda minutes: tokens.EPOCH + timedelta(minutes=minutes))
BYTE = st.integers(0, 255)
LIFETIME = st.integers(1, 255)
KEY = st.binary(min_size=4, max_size=4)
PAPER = st.binary(min_size=8, max_size=8)
SLIPS = st.builds(SlipToken, key_id=KEY, slip_id=PAPER, reprint=BYTE, issued_at=MINUTE, ttl_hours=LIFETIME)
BADGES = st.builds(BadgeToken, key_id=KEY, badge_id=PAPER, serial=BYTE, issued_at=MINUTE, valid_days=LIFETIME)

SLIP = SlipToken(
    key_id=b"\x01\x02\x03\x04",
    slip_id=b"\x00\x01\x02\x03\x04\x05\x06\x07",
    reprint=2,
    issued_at=datetime(2026, 11, 22, 10, 30, tzinfo=UTC),
    ttl_hours=48,
)
SIGNATURE = bytes(range(64))
DIGITS = tokens.canonical(SLIP.body(), SIGNATURE)


def reason(text: str) -> MalformedReason | None:
    found = read(text)
    return found.reason if isinstance(found, Malformed) else None


def test_the_layout_is_the_documented_one() -> None:
    minutes = (SLIP.issued_at - tokens.EPOCH) // timedelta(minutes=1)
    expected = bytes.fromhex("11 01020304 0001020304050607 02") + minutes.to_bytes(3, "big") + b"\x30"
    assert SLIP.body() == expected
    assert int(DIGITS).to_bytes(82, "big") == expected + SIGNATURE
    assert tokens.signed_message(SLIP.body(), "brand") == b"cslip/1|brand" + expected


@given(st.one_of(SLIPS, BADGES), st.binary(min_size=64, max_size=64))
def test_what_is_issued_is_read_back(token: tokens.Token, signature: bytes) -> None:
    digits = issue(token, brand_id="b", sign=lambda _: signature)
    assert len(digits) == 198
    found = read(digits)
    assert found == Parsed(token, signature)
    assert found.digits == digits
    assert found.message("b") == b"cslip/1|b" + token.body()


@given(st.one_of(st.text(), st.integers(0, 10**198 - 1).map(lambda number: f"{number:0198d}")))
def test_reading_never_fails_and_has_one_spelling(text: str) -> None:
    found = read(text)
    assert isinstance(found, Malformed) or found.digits == text.strip()


@pytest.mark.parametrize(
    "text",
    [
        DIGITS,
        f"  {DIGITS}\r\n",
        link("hub.example.com", DIGITS),
        link("HUB.example.com", DIGITS).upper(),
        link("localhost:8443", DIGITS),
    ],
)
def test_the_carrier_does_not_matter(text: str) -> None:
    assert read(text) == Parsed(SLIP, SIGNATURE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" ", MalformedReason.EMPTY),
        (DIGITS.translate({0x30 + n: 0xFF10 + n for n in range(10)}), MalformedReason.FULL_WIDTH),
        (f"http://hub.example.com/{DIGITS}", MalformedReason.OTHER_SCHEME),
        (f"javascript:{DIGITS}", MalformedReason.OTHER_SCHEME),
        (f"https://user@hub.example.com/{DIGITS}", MalformedReason.NOT_A_TOKEN),
        (f"https://hub.example.com/a/{DIGITS}", MalformedReason.NOT_A_TOKEN),
        (f"https://hub.example.com/{DIGITS}?x=1", MalformedReason.NOT_A_TOKEN),
        ("https://hub.example.com/", MalformedReason.NOT_A_TOKEN),
        ("-" + DIGITS[1:], MalformedReason.NOT_A_TOKEN),
        (DIGITS[1:], MalformedReason.LENGTH),
        (DIGITS + "0", MalformedReason.LENGTH),
        ("6901234567892", MalformedReason.LENGTH),
        (str(2**656), MalformedReason.TOO_LARGE),
        ("9" * 198, MalformedReason.TOO_LARGE),
        (tokens.canonical(b"\x21" + SLIP.body()[1:], SIGNATURE), MalformedReason.UNKNOWN_VERSION),
        (tokens.canonical(b"\x13" + SLIP.body()[1:], SIGNATURE), MalformedReason.UNKNOWN_TYPE),
        (tokens.canonical(SLIP.body()[:-1] + b"\x00", SIGNATURE), MalformedReason.NO_LIFETIME),
    ],
)
def test_what_is_no_token_has_its_reason(text: str, expected: MalformedReason) -> None:
    assert reason(text) == expected


def test_lifetimes_are_hours_for_slips_and_days_for_badges() -> None:
    badge = BadgeToken(key_id=b"kkkk", badge_id=b"b" * 8, serial=0, issued_at=SLIP.issued_at, valid_days=2)
    assert SLIP.expires_at == badge.expires_at == SLIP.issued_at + timedelta(hours=48)


@pytest.mark.parametrize(
    "change",
    [
        {"key_id": b"123"},
        {"slip_id": b"123"},
        {"reprint": 256},
        {"ttl_hours": 0},
        {"issued_at": SLIP.issued_at + timedelta(seconds=1)},
        {"issued_at": tokens.EPOCH - timedelta(minutes=1)},
        {"issued_at": tokens.EPOCH + timedelta(minutes=2**24)},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, object]) -> None:
    values = {"key_id": b"kkkk", "slip_id": b"s" * 8, "reprint": 0, "issued_at": SLIP.issued_at, "ttl_hours": 1}
    with pytest.raises(ValueError, match="token"):
        SlipToken(**(values | change))  # type: ignore[arg-type]  # wrong values are the point


def test_a_part_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        tokens.canonical(SLIP.body(), b"short")


def test_a_whole_minute_is_never_later_than_the_truth() -> None:
    assert tokens.whole_minute(SLIP.issued_at + timedelta(seconds=59, milliseconds=999)) == SLIP.issued_at
