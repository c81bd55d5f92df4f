"""Kinds of commands whose bodies nobody looks through for endless numbers: what they hold, the decoder bounds."""

from typing import Annotated, Any

import msgspec
import pytest

from hub import admission
from storeapp.codec import Malformed, decode_command, encode
from storeapp.domain.kernel import MOST_NUMBER, Whole
from storeapp.domain.rules.orders import PlaceOrder
from sync.protocol.messages import are_ids
from tests.support.hubs import an_order

HUGE = ["9007199254740993", "-9007199254740993", "1" + "0" * 40, "1e16", "1e300", "123.5"]


def test_orders_are_such_a_kind_and_what_has_any_other_number_is_not() -> None:
    assert PlaceOrder.KIND in admission._BOUNDED
    assert "stock.move" not in admission._BOUNDED


@pytest.mark.parametrize("name", ["quantity", "price_fen", "reserved"])
@pytest.mark.parametrize("number", HUGE)
def test_the_decoder_refuses_endless_numbers_in_an_order(name: str, number: str) -> None:
    order = msgspec.to_builtins(an_order("T1"))
    order["lines"][0][name] = msgspec.Raw(number.encode())
    body = encode(order)
    admission.check_body(PlaceOrder.KIND, body)
    with pytest.raises(Malformed):
        decode_command(PlaceOrder.KIND, body)


@pytest.mark.parametrize(
    ("of", "bounded"),
    [
        (Whole, True),
        (Whole | None, True),
        (tuple[Whole, ...], True),
        (dict[str, Whole], True),
        (Annotated[int, msgspec.Meta(ge=0)], False),
        (Annotated[int, msgspec.Meta(ge=0, le=2 * MOST_NUMBER)], False),
        (Annotated[str, msgspec.Meta(max_length=3)], True),
        (int, False),
        (float, False),
        (tuple[int, ...], False),
        (dict[str, str | int], False),
        (list[Any], False),
        (dict, False),
    ],
)
def test_what_the_decoder_bounds(of: Any, *, bounded: bool) -> None:
    assert admission._is_bounded(of) is bounded


@pytest.mark.parametrize("names", [["a b"], ["a\n"], ["ä"], ["", "\0"], ["a", "\x7f"]])
def test_names_of_other_than_visible_ascii(names: list[str]) -> None:
    assert not are_ids(names)
    assert are_ids(["a", "~!", "dev-1/2"])
