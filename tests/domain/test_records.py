"""Records are changed by a copy that has the values asked for and passes its class's checks."""

from dataclasses import FrozenInstanceError, dataclass

import pytest

from storeapp.domain.order import OrderLine
from storeapp.domain.records import replace

LINE = OrderLine("SKU-1", 3, 500, title="茶", reserved=1)


def test_only_the_named_fields_differ() -> None:
    assert replace(LINE, reserved=2, price_fen=400) == OrderLine("SKU-1", 3, 400, title="茶", reserved=2)
    assert LINE.reserved == 1


def test_the_copy_is_frozen_too() -> None:
    with pytest.raises(FrozenInstanceError):
        replace(LINE, reserved=2).reserved = 3  # type: ignore[misc]  # that it is refused is the test


def test_the_copy_is_checked() -> None:
    with pytest.raises(ValueError, match="pieces"):
        replace(LINE, reserved=4)


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(KeyError):
        replace(LINE, colour="red")


def test_a_class_without_slots_is_refused() -> None:
    @dataclass(frozen=True)
    class Loose:
        one: int
        two: int

    with pytest.raises(TypeError):
        replace(Loose(1, 2), one=3)
