"""Papers refuse what must not stand on them."""

import pytest

from storeapp.domain.paper import MaskedRecipient, check_short_code
from tests.ui.paper.samples import slip


def test_an_unmasked_phone_cannot_be_put_on_a_slip_and_is_not_repeated():
    with pytest.raises(ValueError, match="not masked") as refused:
        MaskedRecipient(phone="13800138000")
    assert "138" not in str(refused.value)


def test_a_phone_with_six_masked_digits_may_stand_on_a_slip():
    assert MaskedRecipient(phone="138******00").phone == "138******00"


@pytest.mark.parametrize("code", ["", "ABC", "abcd", "ABCD EFG", "A" * 13, "１２３４"])
def test_a_short_code_that_would_not_fit_as_bars_is_refused(code):
    with pytest.raises(ValueError, match="short code"):
        check_short_code(code)


def test_pieces_are_counted_over_all_lines():
    assert slip().pieces == 4
