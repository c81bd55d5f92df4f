import pytest
from hypothesis import given
from hypothesis import strategies as st

from storeapp.adapters import recovery
from storeapp.adapters.vault_errors import RecoveryMistyped
from storeapp.domain.crockford import ALPHABET

SECRETS = st.binary(min_size=30, max_size=30)


@given(SECRETS)
def test_a_recovery_key_is_read_back_however_it_is_typed(secret: bytes) -> None:
    shown = recovery.write(secret)
    assert [len(group) for group in shown.split("-")] == [4] * 13
    sloppy = shown.lower().replace("0", "o").replace("1", "i").replace("-", " ")
    assert recovery.read(shown) == recovery.read(sloppy) == secret


@given(SECRETS, st.integers(0, 51), st.sampled_from(ALPHABET))
def test_a_wrong_character_shows(secret: bytes, place: int, letter: str) -> None:
    plain = recovery.write(secret).replace("-", "")
    typed = plain[:place] + letter + plain[place + 1 :]
    if typed != plain:
        with pytest.raises(RecoveryMistyped):
            recovery.read(typed)


@pytest.mark.parametrize("typed", ["", "ABCD", "U" * 52, "恢" * 52, "0" * 53])
def test_anything_else_is_mistyped(typed: str) -> None:
    with pytest.raises(RecoveryMistyped):
        recovery.read(typed)


def test_every_recovery_key_is_new() -> None:
    assert recovery.generate() != recovery.generate()
